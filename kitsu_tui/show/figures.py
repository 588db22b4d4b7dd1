"""What the show and its engines use of the machine, told every two seconds."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping

import psutil

from engines.wire import show
from kitsu_tui.show.unit import Unit
from kitsu_tui.show.watchdog import Lag, Watchdog

log = logging.getLogger("show.supervisor")

FIGURES_EVERY_S = 2.0
OWN = ""
"""Stands for the show among the processes whose figures are taken."""


class Figures:
    """Takes and tells them.

    Attributes:
        watchdog: whose figures of the show's loop are told with the engines'.
    """

    def __init__(self, units: Mapping[str, Unit], tell: Callable[[show.ShowEvent], None]) -> None:
        self.watchdog: Watchdog | None = None
        self._units = units
        self._tell = tell

    async def run(self) -> None:
        """For ever."""
        processes: dict[int, psutil.Process] = {}
        while True:
            await asyncio.sleep(FIGURES_EVERY_S)
            pids = {name: unit.pid for name, unit in self._units.items() if unit.pid}
            pids[OWN] = os.getpid()
            try:
                usage = await asyncio.to_thread(_usage, pids, processes)
            except Exception:  # figures are not worth the task that brings them
                log.exception("the engines' figures cannot be taken")
                continue
            for name, (cpu, memory) in usage.items():
                if name == OWN:
                    self._tell_own(cpu, memory)
                else:
                    self._tell_engine(name, cpu, memory)

    def _tell_own(self, cpu: float, memory: int) -> None:
        lag = self.watchdog.lag() if self.watchdog is not None else Lag(0, 0, 0, 0)
        self._tell(
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

    def _tell_engine(self, name: str, cpu: float, memory: int) -> None:
        unit = self._units[name]
        if (link := unit.link) is None:
            return
        self._tell(
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
