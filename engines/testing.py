"""Test kit for engines: an engine in this process, a scripted engine, a clock that is set by hand.

    async with lab(EchoEngine, echo.Config()) as bench:
        answer = await bench.peer.request(echo.ECHO, echo.Echo(text="hi"))

The lines go through the real codec and the real harness; only the pipes are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from msgspec import Struct

from engines.harness.call import Call
from engines.harness.engine import Engine, handles
from engines.harness.host import Host
from engines.wire.codec import decode, encode
from engines.wire.envelope import Cancel, Event, Frame, Response
from engines.wire.message import EventKind, RequestKind, Traffic
from engines.wire.peer import Peer

B = TypeVar("B", bound=Struct)


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """The configuration of an engine that has none."""


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


def scripted(
    name: str,
    answers: Mapping[RequestKind[Any, Any], Callable[[Any, Call], Any]],
    *,
    config: type[Struct] = Nothing,
) -> type[Engine[Any]]:
    """An engine that answers by script: each request with the function that serves it.

    A function gets parameters and call, and returns the result, raises `Refused`, or is a coroutine
    function that sends events first, like an engine's own handlers.
    """
    members: dict[str, Any] = {"name": name, "Config": config}
    for number, (kind, answer) in enumerate(answers.items()):
        members[f"answer_{number}"] = handles(kind)(_method(answer))
    return type("Scripted", (Engine,), members)


def _method(answer: Callable[[Any, Call], Any]) -> Callable[[Any, Any, Call], Any]:
    return lambda _, params, call: answer(params, call)


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


__all__ = ["Bench", "Clock", "Nothing", "lab", "scripted"]
