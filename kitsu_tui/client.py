"""The control client: one connection to a running show. Used by the console and by `kitsu` verbs.

    async with connect() as show:
        await show.ask(control.MUTE, control.Mute(what="mic", by=actor()))

Where the socket is and how a client proves itself is `kitsu_tui.config.endpoint`'s business.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from msgspec import Struct

from engines.wire.codec import BadLine, LineSplitter, decode, encode
from engines.wire.envelope import WIRE_VERSIONS, Event, Frame, Hello, Response
from engines.wire.message import BadBody, RequestKind, Traffic
from engines.wire.peer import Exchange, Peer, RequestFailed
from kitsu_tui import __version__
from kitsu_tui.config import endpoint, paths

P = TypeVar("P", bound=Struct)
R = TypeVar("R", bound=Struct)

CONNECT_TIMEOUT = 3.0

log = logging.getLogger("client")


class NoShow(Exception):
    """No show is running, or none answers. The message says what to do."""


class WrongShow(NoShow):
    """There is a show, but not for this client: it is another user's, or of another version.

    Attributes:
        brief: the message without what to do.
        pid: its process, 0 when it is not known.
    """

    def __init__(self, brief: str, todo: str = "", pid: int = 0) -> None:
        super().__init__(f"{brief}: {todo}" if todo else brief)
        self.brief = brief
        self.pid = pid


class Client:
    """An open connection. `hello` is what the show said of itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.peer = Peer(self._send)
        self.hello: Hello | None = None
        self._greeted = asyncio.Event()
        self.closed = asyncio.Event()
        """Set when the show has gone or the connection broke."""
        self._task = asyncio.create_task(self._read(), name="control-client")

    async def greeted(self, timeout: float = CONNECT_TIMEOUT) -> None:
        """Wait for the show's hello.

        Raises:
            NoShow: it does not come.
            WrongShow: it speaks no version of the wire that is spoken here.
        """
        waiting = {
            asyncio.ensure_future(self._greeted.wait()),
            asyncio.ensure_future(self.closed.wait()),
        }
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        if not self._greeted.is_set():
            raise NoShow("something listens on the control socket, but no show says hello there")
        hello = self.hello
        if hello is not None and not set(hello.wire) & set(WIRE_VERSIONS):
            raise WrongShow(
                f"the show is of another version ({hello.version}, wire {hello.wire}; "
                f"this is {__version__}, wire {WIRE_VERSIONS})",
                "use the kitsu that started it, or end it with kitsu stop and start it anew",
                hello.pid,
            )

    async def ask(self, kind: RequestKind[P, R], params: P, timeout: float = 10.0) -> R:
        """Ask and wait for the result.

        Raises:
            RequestFailed: it was refused, failed or is late.
        """
        return await self.peer.request(kind, params, timeout=timeout)

    def open(self, kind: RequestKind[P, R], params: P) -> Exchange[R]:
        """Ask for something that tells as it goes, such as `show.watch`."""
        return self.peer.open(kind, params, credit=None)

    async def close(self) -> None:
        """Detach."""
        self._task.cancel()
        self._writer.close()
        try:
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            pass

    def _send(self, frame: Frame, traffic: Traffic, key: str) -> None:
        if self.closed.is_set():
            raise ConnectionError("the show has gone")
        self._writer.write(encode(frame))

    async def _read(self) -> None:
        splitter = LineSplitter()
        try:
            while data := await self._reader.read(256 << 10):
                for line in splitter.feed(data):
                    self._line(line)
        except OSError:
            pass
        finally:
            self.closed.set()
            self.peer.close("the show has gone")

    def _line(self, line: bytes) -> None:
        try:
            frame = decode(line)
            if isinstance(frame, (Response, Event)):
                self.peer.receive(frame)
            elif isinstance(frame, Hello):
                self.hello = frame
                self._greeted.set()
        except (BadLine, BadBody):
            return  # a newer show may say more than this client understands
        except Exception:  # whoever listens has failed; the connection has not
            log.exception("what the show said could not be acted on")


@asynccontextmanager
async def connect(timeout: float = CONNECT_TIMEOUT) -> AsyncIterator[Client]:
    """Connect to the running show.

    Raises:
        NoShow: none is running, or it does not answer.
        WrongShow: there is one, but not for this client.
    """
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await endpoint.open_connection()
    except paths.PathError as err:
        brief, _, todo = str(err).partition(": ")
        raise WrongShow(brief, todo) from None
    except PermissionError:
        raise WrongShow("a show listens, but not for this user") from None
    except (OSError, TimeoutError):
        raise NoShow("no show is running; start one with: kitsu run --detach") from None
    client = Client(reader, writer)
    try:
        await client.greeted(timeout)
        yield client
    finally:
        await client.close()


__all__ = ["Client", "NoShow", "RequestFailed", "WrongShow", "connect"]
