"""Test kit for engines: an engine in this process, a scripted engine, a clock that is set by hand.

    async with lab(EchoEngine, echo.Config()) as bench:
        answer = await bench.peer.request(echo.ECHO, echo.Echo(text="hi"))

The lines go through the real codec and the real harness; only the pipes are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from msgspec import Struct

from engines.harness.engine import Engine
from engines.harness.host import Host
from engines.wire.codec import decode, encode
from engines.wire.envelope import Bye, Cancel, Event, Frame, Hello, Pong, Response
from engines.wire.message import EventKind, Traffic
from engines.wire.peer import Peer

B = TypeVar("B", bound=Struct)


class Clock:
    """A clock that moves when told to: seconds by calling it, `ns` for nanoseconds."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def ns(self) -> int:
        """Now in nanoseconds."""
        return round(self.now * 1e9)

    def advance(self, seconds: float) -> float:
        """Move on and return the new time."""
        self.now += seconds
        return self.now


class Bench:
    """Both ends of a connection to one engine, in memory.

    Attributes:
        peer: asks the engine.
        said: every frame that the engine sent, in order.
        host: the harness around it.
    """

    def __init__(self, engine: type[Engine[Any]]) -> None:
        self.said: list[Frame] = []
        self._arrived = asyncio.Event()
        self.host = Host(engine, self._out)
        self.peer = Peer(self._send)

    def send(self, frame: Frame) -> None:
        """Send any frame to the engine."""
        self._send(frame, Traffic.CONTROL, "")

    def cancel(self, cancel: Cancel) -> None:
        """Send a cancellation."""
        self.send(cancel)

    def raw(self, *lines: bytes) -> None:
        """Send lines as they are, well-formed or not."""
        self.host.lines(list(lines))

    def events(self, kind: EventKind[B]) -> list[B]:
        """All events of a kind so far, decoded."""
        return [
            kind.decode(frame.data)
            for frame in self.said
            if isinstance(frame, Event) and frame.name == kind.name
        ]

    async def wait_event(self, kind: EventKind[B], count: int = 1, timeout: float = 30.0) -> B:
        """Wait until `count` events of a kind have come and return the last of them."""
        async with asyncio.timeout(timeout):
            while len(found := self.events(kind)) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return found[count - 1]

    def _out(self, line: bytes, traffic: Traffic, key: str) -> bool:
        frame = decode(line)
        self.said.append(frame)
        self._arrived.set()
        if isinstance(frame, (Response, Event)):
            # As on a pipe, the other side hears of it later, not inside this call.
            self.host.loop.call_soon(self.peer.receive, frame)
        return False

    def _send(self, frame: Frame, traffic: Traffic, key: str) -> None:
        self.host.loop.call_soon(self.host.lines, [encode(frame)])


@asynccontextmanager
async def lab(engine: type[Engine[Any]], config: Struct) -> AsyncIterator[Bench]:
    """Start an engine in this process and stop it afterwards."""
    bench = Bench(engine)
    await bench.host.start(config)
    try:
        yield bench
    finally:
        await bench.host.stop("test over")
        bench.peer.close("test over")


__all__ = ["Bench", "Bye", "Clock", "Hello", "Pong", "lab"]
