"""The control socket's server: operators, consoles and scripts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
from msgspec import Struct

from engines.wire import common, control, show
from engines.wire.codec import BadLine, LineSplitter, decode, encode
from engines.wire.envelope import (
    WIRE_VERSIONS,
    Bye,
    Cancel,
    Event,
    Failure,
    Frame,
    Hello,
    Ping,
    Pong,
    Request,
    Response,
)
from engines.wire.message import BadBody, RequestKind
from kitsu_tui import __version__
from kitsu_tui.config.errors import ConfigError, MissingError, nearest
from kitsu_tui.show.bus import Bus
from kitsu_tui.show.director import Refusal

log = logging.getLogger("show.control")

CLIENTS = 32
AT_ONCE = 64
"""Requests that one client may have under way."""
BEHIND = 1 << 20
"""Bytes that may wait for a watcher; past it events are dropped, and a snapshot follows."""
FLEETING_BEHIND = 64 << 10
READ = 64 << 10
BAD_LINES = 100
"""Unusable lines after which a client is hung up on."""
READERS = (control.WATCH, control.STATUS, control.PING, control.PANIC)
"""What a connection that said it only reads may ask: anybody may pull the brake."""
NO_SIGN = (control.WATCH, control.STATUS, control.PING)
"""What may be asked without anybody being there; all else is an operator's sign of life."""
LINGER_S = 30.0
"""How long what a client asked for may go on once it has said all, or has gone."""

Verb = Callable[[Any, "Client"], Awaitable[Struct]]


class Client:
    """One connection, which may watch.

    Attributes:
        tasks: its requests that are under way.
        heard: when it last said something, in the loop's seconds.
        bad: lines of its that could not be used.
        read_only: it said once that it only reads; it cannot take that back.
    """

    def __init__(self, server: Server, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._writer = writer
        self._watch_id: str | None = None
        self._lagging = False
        self._logs_dropped = 0
        self.wants_logs = False
        self.name = ""
        self.operator = False
        self.read_only = False
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.heard = asyncio.get_running_loop().time()
        self.bad = 0

    @property
    def waiting(self) -> int:
        """Bytes that it has not read yet."""
        return self._writer.transport.get_write_buffer_size()

    def send(self, frame: Frame) -> None:
        """Send a frame. The server reads no further requests while too much waits."""
        if not self._writer.is_closing():
            self._writer.write(encode(frame))

    async def watch(self, id_: str, params: control.Watch) -> None:
        """Watch under this request's id, until cancelled.

        Raises:
            Refusal: it watches already.
        """
        if self._watch_id is not None:
            raise Refusal("this connection watches already")
        self._watch_id, self.wants_logs = id_, params.logs
        self.name, self.operator = params.by, params.operator
        bus = self._server.bus
        self._event(control.SNAPSHOT.name, bus.snapshot())
        if params.logs:
            for data in bus.backlog(params.backlog):
                self._event(show.LOGS.name, data)
        bus.attach(self)
        try:
            if self.operator:
                self._server.tell_operators()
            await asyncio.Event().wait()
        finally:
            bus.detach(self)
            self._watch_id = None
            if self.operator:
                self.operator = False
                self._server.tell_operators()

    async def finish(self, timeout: float) -> None:
        """It has said all: what it asked for is still done and answered, watching ends."""
        if self._watch_id is not None:
            self.tasks[self._watch_id].cancel()
        if self.tasks:
            await asyncio.wait(self.tasks.values(), timeout=timeout)

    def told(self, data: msgspec.Raw, *, fleeting: bool) -> None:
        """An event (see `kitsu_tui.show.bus.Watcher`)."""
        waiting = self.waiting
        if self._lagging and waiting < FLEETING_BEHIND:
            self._lagging = False
            self._event(control.SNAPSHOT.name, self._server.bus.snapshot())
            return
        if self._lagging or (fleeting and waiting > FLEETING_BEHIND):
            return
        if waiting > BEHIND:
            self._lagging = True
            return
        self._event(show.TOLD.name, data)

    def logs(self, data: msgspec.Raw) -> None:
        """A batch of log lines."""
        if self._lagging or self.waiting > BEHIND // 2:
            missed = show.LOGS.decode(data)
            self._logs_dropped += len(missed.lines) + missed.dropped
            return
        if self._logs_dropped:
            body = show.LOGS.encode(show.Logs(lines=[], dropped=self._logs_dropped))
            self._logs_dropped = 0
            self._event(show.LOGS.name, body)
        self._event(show.LOGS.name, data)

    def _event(self, name: str, data: msgspec.Raw) -> None:
        try:
            self.send(Event(name=name, data=data, id=self._watch_id))
        except BadLine as err:
            log.warning("not sent to %s: %s", self.name, err)

    def close(self) -> None:
        """Hang up: what is under way for it ends."""
        for task in self.tasks.values():
            task.cancel()
        self._writer.close()

    def abort(self) -> None:
        """Hang up without waiting for what it has not read."""
        self.close()
        self._writer.transport.abort()


class Server:
    """Answers clients.

    Args:
        verbs: what each request does; `Refusal` and `ConfigError` are told to the asker.

    Attributes:
        sign: called with the name of an operator who asks for something.
    """

    def __init__(self, bus: Bus, verbs: dict[RequestKind[Any, Any], Verb]) -> None:
        self.bus = bus
        self._verbs = {kind.name: (kind, verb) for kind, verb in verbs.items()}
        self._clients: set[Client] = set()
        self.sign: Callable[[str], object] = lambda by: None

    @property
    def behind(self) -> int:
        """Bytes that wait for the slowest client."""
        return max((client.waiting for client in self._clients), default=0)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        client = Client(self, writer)
        if len(self._clients) >= CLIENTS and not self._make_room():
            log.warning("a client was sent away: there are %d", CLIENTS)
            client.send(Bye(reason=f"{CLIENTS} clients are connected already"))
            writer.close()
            return
        self._clients.add(client)
        client.send(Hello(wire=WIRE_VERSIONS, engine="show", version=__version__, pid=os.getpid()))
        try:
            with contextlib.suppress(OSError):
                await self._read(client, reader, writer)
            await client.finish(LINGER_S)
        except asyncio.CancelledError:
            pass
        finally:
            self._clients.discard(client)
            client.close()

    async def _read(
        self, client: Client, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        splitter = LineSplitter()
        oversized = 0
        while data := await reader.read(READ):
            if client.waiting > BEHIND * 2:
                await writer.drain()  # it asks and does not read the answers
            client.heard = asyncio.get_running_loop().time()
            for line in splitter.feed(data):
                self._line(client, line)
            if splitter.oversized > oversized:
                self._bad(client, "oversized", "a line over 1 MiB", splitter.oversized - oversized)
                oversized = splitter.oversized
            if client.bad >= BAD_LINES:
                log.warning("hung up on a client: %d of its lines cannot be used", client.bad)
                client.abort()
                return

    def _make_room(self) -> bool:
        """Hang up on the client that has been idle for longest, if there is one."""
        idle = [client for client in self._clients if not client.tasks]
        if not idle:
            return False
        oldest = min(idle, key=lambda client: client.heard)
        self._clients.discard(oldest)
        oldest.abort()
        return True

    def close(self) -> None:
        """Hang up on everybody."""
        for client in list(self._clients):
            client.close()

    def operators(self) -> list[str]:
        """Who is attached and may ask."""
        return [c.name for c in self._clients if c.operator and not c.read_only]

    def tell_operators(self) -> None:
        """Tell who is attached."""
        names = sorted(
            f"{c.name} (reads)" if c.read_only else c.name for c in self._clients if c.operator
        )
        self.bus.tell(show.Operators(names=names))

    def _line(self, client: Client, line: bytes) -> None:
        try:
            frame = decode(line)
        except BadLine as err:
            self._bad(client, "malformed", str(err), 1)
            return
        if isinstance(frame, Request):
            self._request(client, frame)
        elif isinstance(frame, Cancel):
            task = client.tasks.get(frame.id or "")
            if task is not None:
                task.cancel()
        elif isinstance(frame, Ping):
            client.send(Pong(n=frame.n))

    def _request(self, client: Client, request: Request) -> None:
        known = self._verbs.get(request.name)
        if known is None:
            hint = nearest(request.name, self._verbs)
            self._no(client, request.id, "unknown", f"the show knows no {request.name}{hint}")
            return
        if len(client.tasks) >= AT_ONCE or request.id in client.tasks:
            self._no(client, request.id, "busy", "too much at once on this connection")
            return
        kind, verb = known
        if client.read_only and kind not in READERS:
            self._no(client, request.id, "refused", "this console only reads (and may panic)")
            return
        try:
            params = kind.decode(request.data)
        except BadBody as err:
            self._no(client, request.id, "bad-request", str(err))
            return
        if isinstance(params, control.Watch) and params.read_only:
            client.read_only = True  # from the next line on, and for good
        if kind not in NO_SIGN and not client.read_only:
            self.sign(getattr(params, "by", ""))
        task = asyncio.create_task(self._serve(client, request.id, kind, verb, params))
        client.tasks[request.id] = task
        task.add_done_callback(lambda done: self._served(client, request.id, done))

    async def _serve(
        self, client: Client, id_: str, kind: RequestKind[Any, Any], verb: Verb, params: Any
    ) -> None:
        try:
            if kind is control.WATCH:
                await client.watch(id_, params)
            result = await verb(params, client)
            # The picture has a bound of its own, for it must fit on a line.
            data = self.bus.snapshot() if kind is control.STATUS else kind.encode_result(result)
            client.send(Response(id=id_, ok=True, data=data))
        except Refusal as err:
            self._no(client, id_, "refused", str(err))
        except ConfigError as err:
            missing = isinstance(err, MissingError)
            self._no(client, id_, "missing" if missing else "bad-config", str(err))
        except Exception as err:
            log.exception("%s failed", kind.name)
            self._no(client, id_, "failed", f"{type(err).__name__}: {err}")

    def _served(self, client: Client, id_: str, task: asyncio.Task[None]) -> None:
        del client.tasks[id_]
        if task.cancelled():  # perhaps before it began
            self._no(client, id_, "cancelled", "cancelled")

    def _bad(
        self, client: Client, kind: Literal["malformed", "oversized"], why: str, n: int
    ) -> None:
        client.bad += n
        if client.bad == n:  # the first; a flood of them is not worth a log line each
            log.warning("a client's line cannot be used: %s", why)
            data = common.TROUBLE.encode(common.Trouble(kind=kind, count=n, detail=why))
            client.send(Event(name=common.TROUBLE.name, data=data))

    def _no(self, client: Client, id_: str, code: str, message: str) -> None:
        client.send(Response(id=id_, ok=False, error=Failure(code=code, message=message)))
