"""Units of supervision without a show around them: real children, what they told kept in a list."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from engines.wire import show
from engines.wire.logline import LogLine
from engines.wire.stale import StaleFilter
from kitsu_tui.show.durable import Ledger
from kitsu_tui.show.unit import Around, Spec, Unit, child_environ

TINY = str(Path(__file__).with_name("tiny.py"))


def command(*flags: str) -> list[str]:
    """The command line of the smallest engine (`tests.support.tiny`)."""
    return [sys.executable, "-S", TINY, *flags]


def no_config() -> dict[str, Any]:
    """A configuration for an engine that wants none."""
    return {}


class Rig:
    """What units need around them, and what they told."""

    def __init__(self, folder: Path, environ: dict[str, str] | None = None) -> None:
        self.told: list[show.ShowEvent] = []
        self.logs: list[LogLine] = []
        self.raw: list[bytes] = []
        self.on_tell: Callable[[show.ShowEvent], None] = lambda event: None
        self.around = Around(
            tell=self._tell,
            logs=self._logs,
            stale=StaleFilter(0),
            ledger=Ledger(folder / "children.json"),
            epoch=lambda: 1,
            cwd=str(folder),
            environ=child_environ(dict(os.environ) | (environ or {})),
        )

    def _tell(self, event: show.ShowEvent) -> None:
        self.told.append(event)
        self.on_tell(event)

    def _logs(self, service: str, raw: list[bytes], lines: list[LogLine]) -> None:
        self.raw.extend(raw)
        self.logs.extend(lines)

    def changes(self, name: str = "echo") -> list[show.EngineChanged]:
        """What was told of an engine."""
        return [e for e in self.told if isinstance(e, show.EngineChanged) and e.engine == name]

    def states(self, name: str = "echo") -> list[str]:
        """The states that it went through, repetitions left out."""
        found: list[str] = []
        for change in self.changes(name):
            if not found or found[-1] != change.state:
                found.append(change.state)
        return found

    def unit(
        self,
        *flags: str,
        name: str = "echo",
        line: list[str] | None = None,
        config: Callable[[], dict[str, Any]] = no_config,
        enabled: bool = True,
    ) -> Unit:
        """A unit with the smallest engine in it."""
        spec = Spec(name=name, command=line or command(*flags), config=config, enabled=enabled)
        return Unit(spec, self.around)


async def until(what: Callable[[], Any], timeout: float = 10.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*units: Unit) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Their tasks; in the end their children are killed and nothing of them is left."""
    tasks = [asyncio.ensure_future(unit.run()) for unit in units]
    try:
        yield tasks
    finally:
        for unit in units:
            unit.close()
            if unit.pid and unit._child is not None:
                unit._child.signal("KILL")
        _, late = await asyncio.wait(tasks, timeout=10)
        for task in late:
            task.cancel()
