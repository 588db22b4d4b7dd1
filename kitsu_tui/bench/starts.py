"""Starts and ends: of a whole show, and of one engine that is killed in the middle of it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from engines.wire import control, show
from kitsu_tui import platform
from kitsu_tui.bench.place import BenchFailed, Place, watch
from kitsu_tui.client import Client
from kitsu_tui.config import ConfigError, load_profile

STOP_S = 20.0
BACK_S = 60.0
SETTLE_S = 3.0
"""What came with being ready (the mind reads its prompt) is over by then."""


@dataclass
class Start:
    """Seconds after the command was begun."""

    answers: float = 0.0
    """The command has come back: the show answers."""
    ready: float = 0.0
    stop: float = 0.0
    """What its end took, after it was asked for."""
    hello: dict[str, float] = field(default_factory=dict)
    ready_by: dict[str, float] = field(default_factory=dict)


async def one_start(profile: str, *, cold: bool = False) -> Start:
    """Start a show and end it.

    Args:
        profile: text of its profile.
        cold: the files that it needs are dropped from memory first, where that can be asked for.

    Raises:
        BenchFailed: it does not start, or does not end.
    """
    with Place(profile) as place:
        if cold:
            await asyncio.to_thread(forget_files, place)
        began = await asyncio.to_thread(place.detach)
        start = Start(answers=time.time() - began)
        state = await place.ready()
        start.stop = await stopped(place, state.pid)
        for told in place.events():
            event = told.event
            if not isinstance(event, show.EngineChanged):
                continue
            if event.state == "loading":
                start.hello.setdefault(event.engine, told.t - began)
            elif event.state in ("ready", "degraded"):
                start.ready_by.setdefault(event.engine, told.t - began)
        start.ready = max(start.ready_by.values(), default=0.0)
        return start


async def stopped(place: Place, pid: int) -> float:
    """Ask a show to end; returns the seconds until its process has.

    Raises:
        BenchFailed: it goes on.
    """
    born = platform.start_time(pid)
    began = time.perf_counter()
    async with place.connect() as client:
        with suppress(ConnectionError):
            await client.ask(control.STOP, control.Ask(by="bench"))
    while platform.start_time(pid) == born != 0:
        if time.perf_counter() - began > STOP_S:
            raise BenchFailed(f"the show has not ended within {STOP_S:g} s")
        await asyncio.sleep(0.01)
    return time.perf_counter() - began


class Changes:
    """What engines of a show come to. Wall times are the show's."""

    def __init__(self) -> None:
        self._ready: dict[str, float] = {}
        self._changed = asyncio.Event()

    def take(self, told: show.Told) -> None:
        """An event."""
        event = told.event
        if isinstance(event, show.EngineChanged) and event.state in ("ready", "degraded"):
            self._ready[event.engine] = told.t
            self._changed.set()

    async def ready_after(self, engine: str, moment: float) -> float:
        """When an engine is ready again after a moment.

        Raises:
            BenchFailed: it does not come back.
        """
        try:
            async with asyncio.timeout(BACK_S):
                while self._ready.get(engine, 0.0) <= moment:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise BenchFailed(f"{engine} was not ready again within {BACK_S:g} s") from None
        return self._ready[engine]


@asynccontextmanager
async def changes(place: Place) -> AsyncIterator[Changes]:
    """The changes of a show's engines from now on."""
    found = Changes()
    async with place.connect() as client:
        watch(client, found.take)
        yield found


async def restart(
    client: Client, found: Changes, engine: str, *, settle: float = SETTLE_S
) -> float:
    """Kill an engine (-9); returns the seconds until it is ready again."""
    snapshot = await client.ask(control.STATUS, control.Ask(by="bench"))
    pid = int(snapshot.state["engines"][engine]["pid"])
    killed = time.time()
    psutil.Process(pid).kill()
    took = await found.ready_after(engine, killed) - killed
    await asyncio.sleep(settle)
    return took


def can_forget() -> bool:
    """True where the system takes the wish to drop files from memory."""
    return hasattr(os, "posix_fadvise")


def forget_files(place: Place) -> None:
    """Have code and models dropped from memory, but for what another process has in use."""
    if sys.platform == "win32" or not can_forget():
        return
    os.sync()  # what is still to be written stays
    for path in _files(place):
        with suppress(OSError):
            fd = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(fd)


def _files(place: Place) -> Iterator[Path]:
    folders = {Path(entry) for entry in sys.path if entry and Path(entry).is_dir()}
    folders |= {Path(__file__).parents[1]}
    loaded = load_profile(str(place.profile), place.environ)
    for engine in ("asr", "policy", "tts"):
        with suppress(ConfigError):
            folders.add(Path(str(loaded.engine_config(engine)["model"])))
    for folder in folders:
        if folder.is_file():
            yield folder
        for where, _, names in os.walk(folder):
            yield from (Path(where) / name for name in names)
