"""All engines together: started in order, stopped in reverse, asked by name."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import psutil
from msgspec import Struct

from engines.wire import show
from engines.wire.envelope import At, Cancel, Failure
from engines.wire.message import EventKind, RequestKind
from engines.wire.peer import Exchange, RequestFailed
from kitsu_tui.config import ENGINES, Loaded
from kitsu_tui.show.graph import start_order
from kitsu_tui.show.link import Listener
from kitsu_tui.show.spec import Around, Spec, progress_limit, thread_budget
from kitsu_tui.show.unit import Unit
from kitsu_tui.show.watchdog import Lag, Watchdog

log = logging.getLogger("show.supervisor")

P = TypeVar("P", bound=Struct)
R = TypeVar("R", bound=Struct)

FIGURES_EVERY_S = 2.0
STOP_S = 8.0
"""For all together; the ladder of one that obeys nothing takes 7.3 s."""
DEPENDANTS_S = 2.5
"""How long an engine is kept for those that need it, once the show ends."""
KILL_S = 3.0
OWN = ""
"""Stands for the show among the processes whose figures are taken."""


def specs(loaded: Loaded) -> list[Spec]:
    """What the profile says of each engine.

    Raises:
        ConfigError: the engines' needs do not fit together.
    """
    processes = {name: getattr(loaded.profile.engines, name) for name in ENGINES}
    start_order({name: process.needs for name, process in processes.items()})
    found = []
    for name, process in processes.items():
        command = list(process.command) or [
            sys.executable,
            "-m",
            "kitsu_tui.cli",
            "engine",
            name,
            "--supervised",
        ]
        reason = ""
        if not process.enabled:
            reason = "not in this profile"
        if name in loaded.disabled:
            reason = f"PIPELINE_DISABLE names {loaded.disabled[name]}"
            log.info("%s is skipped: %s", name, reason)
        found.append(
            Spec(
                name=name,
                command=command,
                config=_config_of(loaded, name),
                needs=list(process.needs),
                nice=process.nice,
                load_s=process.load_s,
                progress_s=process.progress_s or progress_limit(loaded.profile, name),
                env=thread_budget(_threads(loaded, name), loaded.environ) | dict(process.env),
                enabled=loaded.enabled(name),
                off_reason=reason,
            )
        )
    return found


def _threads(loaded: Loaded, name: str) -> int:
    """The CPU threads of its model; one for an engine without a model."""
    return int(getattr(getattr(loaded.profile, name), "threads", 1))


def _config_of(loaded: Loaded, name: str) -> Callable[[], dict[str, Any]]:
    return lambda: loaded.engine_config(name)


class Supervisor:
    """The engines of a show."""

    def __init__(self, engine_specs: list[Spec], around: Around) -> None:
        self._around = around
        self.units = {spec.name: Unit(spec, around) for spec in engine_specs}
        for unit in self.units.values():
            unit.after([self.units[need] for need in unit.spec.needs])
        self._order = start_order({spec.name: spec.needs for spec in engine_specs})
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._watch: asyncio.Task[None] | None = None
        self.watchdog: Watchdog | None = None
        """Whose figures of the show's loop are told with the engines'."""

    def start(self) -> None:
        """Start what is wanted, in order of need."""
        for name in self._order:
            unit = self.units[name]
            self._tasks[name] = asyncio.create_task(self._guard(unit), name=f"unit-{name}")
        self._watch = asyncio.create_task(self._figures(), name="engine-figures")

    async def _guard(self, unit: Unit) -> None:
        try:
            await unit.run()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the supervision of %s failed", unit.spec.name)

    async def stop(self) -> None:
        """Stop every engine, each after those that need it. What has not left after `STOP_S`
        seconds is killed; returns within `STOP_S` + `KILL_S` seconds whatever engines do.
        """
        if self._watch is not None:
            self._watch.cancel()
        leaving = [asyncio.create_task(self._leave(name)) for name in self._tasks]
        left = await self._until_done(STOP_S)
        for task in (*leaving, *left):
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
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=timeout)
        return [task for task in self._tasks.values() if not task.done()]

    async def settled(self, timeout: float) -> None:
        """Wait until every engine that is wanted is ready or has failed, or `timeout`."""
        waits = [asyncio.ensure_future(unit.settled.wait()) for unit in self.units.values()]
        await asyncio.wait(waits, timeout=timeout)
        for wait in waits:
            wait.cancel()

    def is_ready(self, name: str) -> bool:
        """True when requests may be sent to it."""
        return name in self.units and self.units[name].ready.is_set()

    async def wait_ready(self, name: str, timeout: float) -> bool:
        """Wait for an engine that may be starting again; False when it is not ready in time."""
        unit = self.units.get(name)
        if unit is None or not unit.wanted or unit.state == "failed":
            return False
        try:
            async with asyncio.timeout(timeout):
                await unit.ready.wait()
        except TimeoutError:
            return False
        return True

    def why_not(self, name: str) -> str:
        """Why an engine cannot be asked, for people."""
        view = self.units.get(name)
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
        if unit is None or unit.link is None or not unit.ready.is_set():
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
        self._around.stale.cancel(cancel)
        for unit in self.units.values():
            if unit.link is not None:
                unit.link.cancel(cancel)

    async def _figures(self) -> None:
        processes: dict[int, psutil.Process] = {}
        while True:
            await asyncio.sleep(FIGURES_EVERY_S)
            pids = {name: unit.pid for name, unit in self.units.items() if unit.pid}
            pids[OWN] = os.getpid()
            try:
                usage = await asyncio.to_thread(_usage, pids, processes)
            except Exception:  # figures are not worth the task that brings them
                log.exception("the engines' figures cannot be taken")
                continue
            for name, (cpu, memory) in usage.items():
                if name == OWN:
                    self._tell_own_figures(cpu, memory)
                else:
                    self._tell_figures(name, cpu, memory)

    def _tell_own_figures(self, cpu: float, memory: int) -> None:
        lag = self.watchdog.lag() if self.watchdog is not None else Lag(0, 0, 0, 0)
        self._around.tell(
            show.ShowFigures(
                cpu=cpu,
                memory=memory,
                samples=lag.samples,
                lag_p50_ms=lag.p50,
                lag_p99_ms=lag.p99,
                lag_max_ms=lag.max,
                stalls=self.watchdog.stalls if self.watchdog is not None else 0,
            )
        )

    def _tell_figures(self, name: str, cpu: float, memory: int) -> None:
        unit = self.units[name]
        if (link := unit.link) is None:
            return
        self._around.tell(
            show.EngineFigures(
                engine=name,
                queue=link.figures.queue,
                dropped=link.figures.dropped + unit.dropped,
                stale=link.figures.stale + link.stale_count,
                cpu=cpu,
                memory=memory,
                ping_ms=round(link.health.ping_ms, 2),
            )
        )


def _usage(
    pids: dict[str, int], processes: dict[int, psutil.Process]
) -> dict[str, tuple[float, int]]:
    """CPU in percent of a core since the last call, and resident bytes, by engine."""
    for pid in set(processes) - set(pids.values()):
        del processes[pid]
    found = {}
    for name, pid in pids.items():
        try:
            process = processes.setdefault(pid, psutil.Process(pid))
            with process.oneshot():
                found[name] = (process.cpu_percent(), process.memory_info().rss)
        except psutil.Error:
            processes.pop(pid, None)
    return found
