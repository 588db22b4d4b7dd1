"""All engines together: started in order, stopped in reverse, asked by name, replaced."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from msgspec import Struct

from engines.wire.envelope import At, Cancel, Failure
from engines.wire.message import EventKind, RequestKind
from engines.wire.peer import Exchange, RequestFailed
from kitsu_tui.show.figures import Figures
from kitsu_tui.show.graph import start_order
from kitsu_tui.show.link import Listener
from kitsu_tui.show.spec import Around, Spec, specs
from kitsu_tui.show.successor import take_over
from kitsu_tui.show.unit import Unit

log = logging.getLogger("show.supervisor")

P = TypeVar("P", bound=Struct)
R = TypeVar("R", bound=Struct)

STOP_S = 8.0
"""For all together; the ladder of one that obeys nothing takes 7.3 s."""
DEPENDANTS_S = 2.5
"""How long an engine is kept for those that need it, once the show ends."""
KILL_S = 3.0
LEAVE_S = 60.0
"""How long an engine whose place was taken may go on with what it has under way."""
LOOK_S = 0.02


class Supervisor:
    """The engines of a show."""

    def __init__(self, engine_specs: list[Spec], around: Around) -> None:
        self.around = around
        self.units = {spec.name: Unit(spec, around) for spec in engine_specs}
        self.figures = Figures(self.units, around.tell)
        self._order = start_order({spec.name: spec.needs for spec in engine_specs})
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._beside: dict[Unit, asyncio.Task[None]] = {}
        """Those that stand by, and those that leave."""
        self._letting_go: set[asyncio.Task[None]] = set()
        self._held: set[str] = set()
        self._watch: asyncio.Task[None] | None = None
        self._stopping = False
        self._tie()

    def _tie(self) -> None:
        for unit in self.units.values():
            unit.after([self.units[need] for need in unit.spec.needs])

    def start(self) -> None:
        """Start what is wanted, in order of need."""
        for name in self._order:
            self._tasks[name] = self._begin(self.units[name])
        self._watch = asyncio.create_task(self.figures.run(), name="engine-figures")

    def _begin(self, unit: Unit) -> asyncio.Task[None]:
        return asyncio.create_task(self._guard(unit), name=f"unit-{unit.spec.name}")

    async def _guard(self, unit: Unit) -> None:
        try:
            await unit.run()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the supervision of %s failed", unit.spec.name)
        finally:
            self._beside.pop(unit, None)

    async def stop(self) -> None:
        """Stop every engine, each after those that need it. What has not left after `STOP_S`
        seconds is killed; returns within `STOP_S` + `KILL_S` seconds whatever engines do.
        """
        self._stopping = True
        if self._watch is not None:
            self._watch.cancel()
        for unit in list(self._beside):
            unit.close()
        leaving = [asyncio.create_task(self._leave(name)) for name in self._tasks]
        left = await self._until_done(STOP_S)
        for task in (*leaving, *self._letting_go, *left):
            task.cancel()
        if left:
            log.warning("not stopped in time, killed: %s", ", ".join(t.get_name() for t in left))
            await self._until_done(KILL_S)

    async def _leave(self, name: str) -> None:
        dependants = [n for n, u in self.units.items() if name in u.spec.needs and n in self._tasks]
        if dependants:
            await asyncio.wait([self._tasks[n] for n in dependants], timeout=DEPENDANTS_S)
        self.units[name].close()

    async def _until_done(self, timeout: float) -> list[asyncio.Task[None]]:
        """Wait for the units' tasks; returns those that are not done."""
        tasks = [*self._tasks.values(), *self._beside.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=timeout)
        return [task for task in tasks if not task.done()]

    async def settled(self, timeout: float) -> None:
        """Wait until every engine that is wanted is ready or has failed, or `timeout`."""
        waits = [asyncio.ensure_future(unit.settled.wait()) for unit in self.units.values()]
        await asyncio.wait(waits, timeout=timeout)
        for wait in waits:
            wait.cancel()

    # -- one takes another's place -----------------------------------------------------------

    def stand_by(self, fresh: Iterable[Spec], around: Around) -> list[Unit]:
        """Start engines beside those of their names, to take their places by `swap`."""
        units = {spec.name: Unit(spec, around, place="next") for spec in fresh}
        for name, unit in units.items():
            unit.wanted = True
            unit.after([self._or(units, need) for need in unit.spec.needs])
            unit.listeners.same_as(self.units[name].listeners)
            self._beside[unit] = self._begin(unit)
            if self._stopping:
                unit.close()
        return list(units.values())

    def _or(self, units: dict[str, Unit], name: str) -> Unit:
        """The engine that serves, or the one that will when none does."""
        return self.units[name] if self.is_ready(name) else units.get(name, self.units[name])

    async def dismiss(self, units: Iterable[Unit]) -> None:
        """End those that stood by in vain."""
        tasks = [self._beside[unit] for unit in units if unit in self._beside]
        for unit in units:
            unit.close()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)

    def swap(
        self, units: Iterable[Unit], engine_specs: list[Spec], around: Around, by: str
    ) -> None:
        """From now on these serve, all at once, and every engine's next start is by these specs.

        Whose place was taken ends what it has under way, and leaves.
        """
        self.around = around
        for unit in units:
            name = unit.spec.name
            old = self.units[name]
            self.units[name] = unit
            self._beside[old] = self._tasks.pop(name)
            self._tasks[name] = self._beside.pop(unit)
            take_over(unit, old, by)
            task = asyncio.create_task(self._let_go(old), name=f"leaving-{name}")
            self._letting_go.add(task)
            task.add_done_callback(self._letting_go.discard)
        for spec in engine_specs:
            self.units[spec.name].use(spec, around)
        self._order = start_order({spec.name: spec.needs for spec in engine_specs})
        self._tie()

    async def _let_go(self, unit: Unit) -> None:
        await self.idle(unit, LEAVE_S)
        if unit.link is not None:
            # What is still under way is asked again, of the one that serves.
            unit.link.peer.close(f"another {unit.spec.name} has taken its place")
        unit.close()

    async def idle(self, unit: Unit, timeout: float) -> bool:
        """Wait until nothing is under way at an engine; False when `timeout` seconds went by."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while unit.link is not None and len(unit.link.peer):  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_S)
                return True
        return False

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Meanwhile it is asked nothing new: who would ask it waits (`wait_ready`)."""
        self._held.add(name)
        try:
            yield
        finally:
            self._held.discard(name)

    # -- asked by name -----------------------------------------------------------------------

    def is_ready(self, name: str) -> bool:
        """True when requests may be sent to it."""
        return name in self.units and self.units[name].ready.is_set() and name not in self._held

    async def wait_ready(self, name: str, timeout: float) -> bool:
        """Wait for an engine that may be starting again; False when it is not ready in time. One
        that is being replaced is waited for as long as that takes.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while not self.is_ready(name):
            unit = self.units.get(name)
            if name not in self._held:
                if unit is None or not unit.wanted or unit.state == "failed":
                    return False
                if loop.time() > end:
                    return False
            else:
                end = loop.time() + timeout
            await asyncio.sleep(LOOK_S)
        return True

    def why_not(self, name: str) -> str:
        """Why an engine cannot be asked, for people."""
        view = self.units.get(name)
        if name in self._held:
            return f"{name} is being replaced"
        return f"{name} is {view.state}" if view is not None else f"there is no {name}"

    def listen(self, name: str, kind: EventKind[Any], listener: Listener) -> None:
        """Call `listener` for an engine's own events."""
        if name in self.units:
            self.units[name].listen(kind, listener)

    def open(
        self,
        name: str,
        kind: RequestKind[P, R],
        params: P,
        *,
        at: At | None = None,
        credit: int | None = None,
    ) -> Exchange[R]:
        """Send a request to an engine.

        Raises:
            RequestFailed: it is not ready (code `gone`).
        """
        unit = self.units.get(name)
        if unit is None or unit.link is None or not self.is_ready(name):
            raise RequestFailed(
                kind.name, Failure(code="gone", message=self.why_not(name), retry=True)
            )
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
        """Ask an engine and wait.

        Raises:
            RequestFailed: it is not ready, refuses, fails or is late.
        """
        exchange = self.open(name, kind, params, at=at)
        return await exchange.result(timeout)

    def cancel(self, cancel: Cancel) -> None:
        """Make work stale everywhere: here first, then at every engine."""
        self.around.stale.cancel(cancel)
        for unit in (*self.units.values(), *self._beside):
            if unit.link is not None:
                unit.link.cancel(cancel)


__all__ = ["Supervisor", "specs"]
