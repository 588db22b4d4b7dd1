"""The show's end of one engine's wire: hello, init, pings, requests, and what is stale."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from engines.wire import common
from engines.wire.codec import BadLine, decode, encode
from engines.wire.envelope import (
    WIRE_VERSIONS,
    At,
    Bye,
    Cancel,
    Event,
    Failure,
    Frame,
    Hello,
    Init,
    Ping,
    Pong,
    Request,
    Response,
    Shutdown,
)
from engines.wire.message import BadBody, EventKind, Traffic
from engines.wire.peer import Peer
from engines.wire.stale import StaleFilter
from kitsu_tui.show.child import Child
from kitsu_tui.show.health import Health
from kitsu_tui.show.progress import Progress

log = logging.getLogger("show.link")

Listener = Callable[[Any, At | None], None]
FLOOD = 200
"""Unusable lines within `FLOOD_S` seconds that make an engine degraded."""
FLOOD_S = 10.0


class Link:
    """A connection to one running engine.

    Attributes:
        hello: what it said first, None before.
        status: its last status.
        bad: lines of its that could not be used.
    """

    def __init__(
        self,
        engine: str,
        stale: StaleFilter,
        listeners: dict[str, tuple[EventKind[Any], Listener]],
        on_status: Callable[[common.Status], None],
        progress_s: float = 0.0,
    ) -> None:
        self.engine = engine
        self.hello: Hello | None = None
        self.status: common.Status | None = None
        self.figures = common.Figures()
        self.bad = 0
        self.said_bye = ""
        self.greeted = asyncio.Event()
        self.mismatch = ""
        self._stale = stale
        self._listeners = listeners
        self._on_status = on_status
        self._child: Child | None = None
        self._bad_times: deque[float] = deque(maxlen=FLOOD)
        self._told_at: dict[str, float] = {}
        self._closed = False
        self.stale_count = 0
        self.health = Health(time.monotonic())
        self.progress = Progress(progress_s)
        self.peer = Peer(self.send)

    def attach(self, child: Child) -> None:
        """The process whose pipes this speaks over."""
        self._child = child

    def send(self, frame: Frame, traffic: Traffic, key: str = "") -> None:
        """Send a frame; what is stale is dropped here too."""
        if isinstance(frame, (Request, Event)) and self._stale.is_stale(frame.at):
            self.stale_count += 1
            if isinstance(frame, Request):
                failure = Failure(code="stale", message="its turn is over")
                loop = asyncio.get_running_loop()
                loop.call_soon(self.peer.receive, Response(id=frame.id, ok=False, error=failure))
            return
        if isinstance(frame, (Request, Event)):
            self.progress.sent(frame, time.monotonic())
        if self._child is not None:
            self._child.write(encode(frame), traffic, key)

    def init(self, config: dict[str, Any], epoch: int) -> None:
        """Send its configuration."""
        self.send(Init(config=msgspec.Raw(msgspec.json.encode(config)), epoch=epoch), _CONTROL)

    def cancel(self, cancel: Cancel) -> None:
        """Tell it what is no longer wanted."""
        self.send(cancel, _CONTROL)

    def shutdown(self, reason: str = "") -> None:
        """Ask it to leave."""
        self.send(Shutdown(reason=reason), _CONTROL)

    def tick(self, now: float) -> None:
        """Ping when it is time."""
        n = self.health.due(now)
        if n is not None:
            self.send(Ping(n=n), _CONTROL)

    def close(self, reason: str) -> None:
        """It has gone: fail what is under way, and take nothing more from it."""
        self._closed = True
        self.peer.close(reason)

    def lines(self, lines: list[bytes]) -> None:
        """Act on lines from it, in order."""
        for line in lines:
            if self._closed:
                return
            try:
                self._frame(decode(line))
            except (BadLine, BadBody) as err:
                self.trouble(str(err))
            except Exception:  # a listener's own fault must not cost the lines behind this one
                log.exception("%s: what it said could not be acted on", self.engine)

    def trouble(self, detail: str, count: int = 1) -> None:
        """Count what cannot be used, and log it once a second at most."""
        self.bad += count
        self._bad_times.extend([time.monotonic()] * min(count, FLOOD))
        if self._may_tell("bad"):
            log.warning(
                "%s: a line that cannot be used (%d so far): %s", self.engine, self.bad, detail
            )

    def flooding(self, now: float) -> bool:
        """True when so much of what it says cannot be used that it is not well."""
        return len(self._bad_times) == FLOOD and now - self._bad_times[0] < FLOOD_S

    def _may_tell(self, what: str) -> bool:
        """Once a second for each kind of complaint."""
        now = time.monotonic()
        if now - self._told_at.get(what, float("-inf")) < 1.0:
            return False
        self._told_at[what] = now
        return True

    def _frame(self, frame: Frame) -> None:
        if isinstance(frame, (Event, Response)):
            self.progress.came(frame, time.monotonic())
        if isinstance(frame, Event):
            self._event(frame)
        elif isinstance(frame, Response):
            if not self.peer.receive(frame):
                self.stale_count += 1  # the asker has given up on it
        elif isinstance(frame, Pong):
            self.health.pong(frame.n, time.monotonic())
        elif isinstance(frame, Hello):
            self.hello = frame
            if not set(frame.wire) & set(WIRE_VERSIONS):
                self.mismatch = (
                    f"speaks wire {frame.wire}, this show speaks {WIRE_VERSIONS}: "
                    "one of them is of another version of Kitsu"
                )
            elif frame.engine != self.engine:
                self.mismatch = (
                    f"says that it is {frame.engine!r}, expected {self.engine!r}: "
                    f"look at engines.{self.engine}.command in the profile"
                )
            self.greeted.set()
        elif isinstance(frame, Bye):
            self.said_bye = frame.reason
        elif isinstance(frame, Request):
            # No engine of this version may ask the show for anything.
            failure = Failure(code="refused", message=f"{self.engine} may not ask for {frame.name}")
            self.send(Response(id=frame.id, ok=False, error=failure), _CONTROL)
        else:
            self.trouble(f"{type(frame).__name__.lower()}: not for the show")

    def _event(self, event: Event) -> None:
        if self._stale.is_stale(event.at):
            self.stale_count += 1
            return
        if event.id is not None:
            if not self.peer.receive(event):
                self.stale_count += 1
            return
        if event.name == common.STATUS.name:
            self.status = common.STATUS.decode(event.data)
            self._on_status(self.status)
        elif event.name == common.FIGURES.name:
            self.figures = common.FIGURES.decode(event.data)
        elif event.name == common.TROUBLE.name:
            trouble = common.TROUBLE.decode(event.data)
            if self._may_tell("trouble"):
                log.warning(
                    "%s could not use %d of our lines: %s",
                    self.engine,
                    trouble.count,
                    trouble.detail,
                )
        elif event.name in self._listeners:
            kind, listener = self._listeners[event.name]
            listener(kind.decode(event.data), event.at)
        else:
            self.trouble(f"event {event.name}: unknown")


_CONTROL = Traffic.CONTROL
