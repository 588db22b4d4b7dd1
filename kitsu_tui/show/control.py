"""The control socket's server: operators, consoles and scripts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct

from engines.wire import control, show
from engines.wire.codec import BadLine, LineSplitter, decode, encode
from engines.wire.envelope import (
    WIRE_VERSIONS,
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
from kitsu_tui.config.errors import ConfigError, nearest
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

Verb = Callable[[Any, "Client"], Awaitable[Struct]]


class Client:
    """One connection, which may watch."""

    def __init__(self, server: Server, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._writer = writer
        self._watch_id = ""
        self._lagging = False
        self._logs_dropped = 0
        self.wants_logs = False
        self.name = ""
        self.operator = False
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def send(self, frame: Frame) -> None:
        """Send a frame; what waits is bounded by what may be under way."""
        if not self._writer.is_closing():
            self._writer.write(encode(frame))

    def watch(self, id_: str, params: control.Watch) -> None:
        """Begin to watch under this request's id."""
        self._watch_id, self.wants_logs = id_, params.logs
        self.name, self.operator = params.by, params.operator
        bus = self._server.bus
        bus.flush_logs()  # to those before: for this one they are in the backlog
        self._event(control.SNAPSHOT.name, bus.snapshot())
        if params.logs:
            for data in bus.backlog(params.backlog):
                self._event(show.LOGS.name, data)
        bus.attach(self)

    def told(self, data: msgspec.Raw, *, fleeting: bool) -> None:
        """An event (see `kitsu_tui.show.bus.Watcher`)."""
        waiting = self._writer.transport.get_write_buffer_size()
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
        if self._lagging or self._writer.transport.get_write_buffer_size() > BEHIND // 2:
            self._logs_dropped += 1
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
        """The connection has gone."""
        self._server.bus.detach(self)
        for task in self.tasks.values():
            task.cancel()
        self._writer.close()


class Server:
    """Answers clients.

    Args:
        verbs: what each request does; `Refusal` and `ConfigError` are told to the asker.
    """

    def __init__(self, bus: Bus, verbs: dict[RequestKind[Any, Any], Verb]) -> None:
        self.bus = bus
        self._verbs = {kind.name: (kind, verb) for kind, verb in verbs.items()}
        self._clients: set[Client] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        client = Client(self, writer)
        if len(self._clients) >= CLIENTS:
            writer.close()
            return
        self._clients.add(client)
        client.send(Hello(wire=WIRE_VERSIONS, engine="show", version=__version__, pid=os.getpid()))
        splitter = LineSplitter()
        try:
            while data := await reader.read(READ):
                for line in splitter.feed(data):
                    self._line(client, line)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._clients.discard(client)
            client.close()
            if client.operator:
                self.tell_operators()

    def close(self) -> None:
        """Hang up on everybody."""
        for client in list(self._clients):
            client.close()

    def tell_operators(self) -> None:
        """Tell who is attached."""
        names = sorted(c.name for c in self._clients if c.operator)
        self.bus.tell(show.Operators(names=names))

    def _line(self, client: Client, line: bytes) -> None:
        try:
            frame = decode(line)
        except BadLine as err:
            log.warning("a client's line cannot be used: %s", err)
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
        try:
            params = kind.decode(request.data)
        except BadBody as err:
            self._no(client, request.id, "bad-request", str(err))
            return
        task = asyncio.create_task(self._serve(client, request.id, kind, verb, params))
        client.tasks[request.id] = task

    async def _serve(
        self, client: Client, id_: str, kind: RequestKind[Any, Any], verb: Verb, params: Any
    ) -> None:
        try:
            if kind is control.WATCH:
                client.watch(id_, params)
                if client.operator:
                    self.tell_operators()
                await asyncio.Event().wait()  # until the client goes
            result = await verb(params, client)
            client.send(Response(id=id_, ok=True, data=kind.encode_result(result)))
        except asyncio.CancelledError:
            with contextlib.suppress(OSError):
                self._no(client, id_, "cancelled", "cancelled")
        except (Refusal, ConfigError) as err:
            self._no(client, id_, "refused", str(err))
        except Exception as err:
            log.exception("%s failed", kind.name)
            self._no(client, id_, "failed", f"{type(err).__name__}: {err}")
        finally:
            client.tasks.pop(id_, None)

    def _no(self, client: Client, id_: str, code: str, message: str) -> None:
        client.send(Response(id=id_, ok=False, error=Failure(code=code, message=message)))
