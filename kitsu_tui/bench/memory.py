"""The console's memory under the events of hours: a real control socket with made-up events."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from engines.wire import control
from engines.wire.message import Empty
from kitsu_tui.bench import hour
from kitsu_tui.bench.place import Place
from kitsu_tui.bench.terminal import Late, Terminal, over_ssh
from kitsu_tui.config import endpoint
from kitsu_tui.show.bus import LOG_BACKLOG, LOGS_EVERY_S, Bus
from kitsu_tui.show.control import Client, Server

HOUR = 3600 * hour.A_SECOND
LOGS_A_SECOND = 5
FULL_TURNS = 2200
"""More turns than the console keeps."""
TURN_S = 0.005
"""For each of them: the console takes turns over when it draws, and must see every one."""
ROOM = 32 << 10
"""Bytes that may wait for the console before it is given more: nothing is dropped then."""
FAST = 25
"""Seconds of events in a second, where it is not in real time: what it draws is to be measured
too, and it draws five times a second.
"""
WARM_S = 300
"""Seconds of events before the first figure, at that pace."""
SETTLE_S = 3.0
PATIENCE_S = 60.0


class Samples(Struct, kw_only=True):
    """What was measured of one console: resident bytes by the number of events that it had."""

    start: int
    """Bytes after the first picture of the show, before the events."""
    points: list[tuple[int, int]]
    """Events since the warm-up, and bytes."""

    @property
    def slope(self) -> float:
        """Growth in kB for each 1,000 events, by least squares."""
        n = len(self.points)
        mean_x = sum(x for x, _ in self.points) / n
        mean_y = sum(y for _, y in self.points) / n
        spread = sum((x - mean_x) ** 2 for x, _ in self.points)
        if not spread:
            return 0.0
        return sum((x - mean_x) * (y - mean_y) for x, y in self.points) / spread


class Source:
    """A control socket that tells what it is given to its one console."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.bus = Bus(lambda _: None)
        self._server = Server(self.bus, {control.WATCH: self._watch, control.PING: self._ping})
        self._listener: asyncio.Server | None = None
        self._flusher: asyncio.Task[None] | None = None
        self._lines = 0

    async def __aenter__(self) -> Source:
        for event in hour.beginning():
            self.bus.tell(event)
        self._listener = await endpoint.serve(self._place.environ, self._server.handle)
        self._flusher = asyncio.create_task(self._flush())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._flusher is not None:
            self._flusher.cancel()
        if self._listener is not None:
            self._listener.close()
        self._server.close()
        endpoint.remove(self._place.environ)

    async def second(self, events: list[Any]) -> None:
        """Tell these events, and a second's log lines with them, when the console has room."""
        end = time.monotonic() + PATIENCE_S
        while self._server.behind > ROOM:
            if time.monotonic() > end:
                raise Late("the console takes no more events")
            await asyncio.sleep(0.002)
        for event in events:
            self.bus.tell(event)
        self.log(LOGS_A_SECOND)

    def log(self, count: int) -> None:
        """Send log lines."""
        self.bus.log_lines(hour.lines(count, self._lines))
        self._lines += count

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(LOGS_EVERY_S)
            self.bus.flush_logs()

    async def _watch(self, ask: Struct, client: Client) -> Struct:
        return control.Done()

    async def _ping(self, ask: Struct, client: Client) -> Struct:
        return Empty()


async def measure(
    place: Place, events: int, *, real_time: bool, say: Callable[[str], None]
) -> Samples:
    """Start a console, fill what is bounded in it, then give it `events` events.

    Args:
        real_time: 20 a second, else `FAST` times as many.
        say: told now and then how far it is.

    Raises:
        Late: the console does not come up, or stops taking events.
    """
    async with Source(place) as source:
        terminal = await asyncio.to_thread(Terminal, over_ssh(place.environ))
        try:
            await asyncio.to_thread(terminal.shows, "Bench", 30.0)
            await asyncio.sleep(SETTLE_S)
            start = terminal.memory()
            talk = hour.turns()
            while source.bus.state.turn_count < FULL_TURNS:
                await source.second(list(itertools.islice(talk, 50)))
                await asyncio.sleep(TURN_S)
            stream = hour.seconds(FULL_TURNS + 1)
            for _ in range(LOG_BACKLOG // 1000 + 2):
                source.log(1000)
                await asyncio.sleep(LOGS_EVERY_S)
            for _ in range(WARM_S):
                await source.second(next(stream))
                await asyncio.sleep(1 / FAST)
            await asyncio.sleep(SETTLE_S)
            began = time.perf_counter()
            points = [(0, terminal.memory())]
            for n in range(1, events // hour.A_SECOND + 1):
                await source.second(next(stream))
                due = began + (n if real_time else n / FAST)
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                if n * hour.A_SECOND % 1000 == 0:
                    points.append((n * hour.A_SECOND, terminal.memory()))
                    if real_time and n % 600 == 0:
                        say(f"{n} s: {points[-1][1] / 1e6:.1f} MB")
            await asyncio.sleep(SETTLE_S)
            points.append((events, terminal.memory()))
            return Samples(start=start, points=points)
        finally:
            await asyncio.to_thread(terminal.close)
