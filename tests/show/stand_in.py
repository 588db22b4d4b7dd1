"""Stands in for the supervisor: the same methods, its engines scripted and in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from engines.harness import Engine, Host
from engines.wire.codec import decode
from engines.wire.envelope import At, Cancel, Event, Failure, Request
from engines.wire.message import EventKind, RequestKind, Traffic
from engines.wire.outbox import Outbox
from engines.wire.peer import Exchange, RequestFailed
from engines.wire.stale import StaleFilter
from kitsu_tui.show.link import Link, Listener
from tests.show.cast import Faults

P = TypeVar("P", bound=Struct)
R = TypeVar("R", bound=Struct)

NAMES = ("audio", "asr", "policy", "tts")


class Wire:
    """One way of a pipe: what is said in one turn of the loop arrives together, control first."""

    def __init__(self, arrive: Callable[[list[bytes]], None]) -> None:
        self._arrive = arrive
        self._outbox = Outbox()
        self._flushing = False
        self.open = True

    def write(self, line: bytes, traffic: Traffic, key: str = "") -> bool:
        self._outbox.put(line, traffic, key)
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)
        return False

    def _flush(self) -> None:
        self._flushing = False
        while self.open and (batch := self._outbox.take()):
            self._arrive(batch.splitlines(keepends=True))


class Unit:
    """A scripted engine as the show sees it."""

    def __init__(self, name: str, stale: StaleFilter, faults: Faults) -> None:
        self.name = name
        self.state = "off"
        self.wanted = True
        self.pid = 0
        self.link: Link | None = None
        self.ready = asyncio.Event()
        self.listeners: dict[str, tuple[EventKind[Any], Listener]] = {}
        self.host: Host | None = None
        self._stale = stale
        self._faults = faults
        self._told = StaleFilter()
        self._wires: tuple[Wire, ...] = ()

    @property
    def engine(self) -> Any:
        """The engine of this life."""
        assert self.host is not None
        return self.host.engine

    async def start(self, engine: type[Engine[Any]]) -> None:
        """Bring it to life."""
        link = Link(self.name, self._stale, self.listeners, lambda status: None)
        up = Wire(link.lines)
        self.host = Host(engine, up.write)
        down = Wire(self.host.lines)
        self._told = StaleFilter(self._stale.epoch)

        class Pipe:
            def write(_, line: bytes, traffic: Traffic, key: str = "") -> None:  # noqa: N805
                self._look(line)
                down.write(line, traffic, key)

        link.attach(Pipe())  # type: ignore[arg-type]
        self.host.hello()
        while link.hello is None:
            await asyncio.sleep(0)
        self._wires = (up, down)
        await self.host.start(msgspec.convert({}, engine.Config), self._stale.epoch)
        self.link, self.pid, self.state = link, 4711, "ready"
        self.ready.set()

    def _look(self, line: bytes) -> None:
        frame = decode(line)
        if isinstance(frame, Cancel):
            self._told.cancel(frame)
        elif isinstance(frame, Request | Event):
            if self._told.is_stale(frame.at):
                self._faults.append(f"{self.name}: {frame.name} is stale: {frame.at}")
            self._told.observe(frame.at)

    async def stop(self, *, asked: bool = False) -> None:
        """It dies, or leaves because it was asked to (what is under way is then answered)."""
        link, host = self.link, self.host
        assert link is not None
        assert host is not None
        self.ready.clear()
        self.state = "stopping" if asked else "backoff"
        if asked:
            await host.stop("asked to")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        for wire in self._wires:
            wire.open = False
        self.link, self.pid = None, 0
        link.close(f"{self.name} has gone")
        if not asked:
            await host.stop("dead")


class Cast:
    """Stands in for the supervisor."""

    def __init__(self, faults: Faults, more: Iterable[str] = ()) -> None:
        self.stale = StaleFilter()
        self.units = {name: Unit(name, self.stale, faults) for name in (*NAMES, *more)}

    def is_ready(self, name: str) -> bool:
        return name in self.units and self.units[name].ready.is_set()

    async def wait_ready(self, name: str, timeout: float) -> bool:
        if not self.units[name].wanted:
            return False
        try:
            await asyncio.wait_for(self.units[name].ready.wait(), timeout)
        except TimeoutError:
            return False
        return True

    def why_not(self, name: str) -> str:
        return f"{name} is {self.units[name].state}"

    def listen(self, name: str, kind: EventKind[Any], listener: Listener) -> None:
        self.units[name].listeners[kind.name] = (kind, listener)

    def open(
        self,
        name: str,
        kind: RequestKind[P, R],
        params: P,
        *,
        at: At | None = None,
        credit: int | None = None,
    ) -> Exchange[R]:
        unit = self.units[name]
        if unit.link is None or not unit.ready.is_set():
            raise RequestFailed(kind.name, Failure(code="gone", message=self.why_not(name)))
        return unit.link.peer.open(kind, params, at=at, credit=credit)

    async def request(
        self,
        name: str,
        kind: RequestKind[P, R],
        params: P,
        *,
        at: At | None = None,
        timeout: float = 10.0,
    ) -> R:
        return await self.open(name, kind, params, at=at).result(timeout)

    def cancel(self, cancel: Cancel) -> None:
        self.stale.cancel(cancel)
        for unit in self.units.values():
            if unit.link is not None:
                unit.link.cancel(cancel)
