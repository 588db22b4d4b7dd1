"""She speaks, somebody presses panic, and she is resumed: rounds of it, each timed.

All times are of `time.perf_counter_ns()`, which is one clock for all processes of a machine
(CLOCK_MONOTONIC on Linux).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from engines.wire import control, show
from kitsu_tui.bench.place import BenchFailed, cpu_seconds, watch
from kitsu_tui.client import Client

SOUNDING_MS = 60
"""She sounded at a press when something loud was handed over in so long before it, or after it."""
DELAY_S = (0.02, 0.45)
"""After her first sound comes the press: no multiple of a block, and while all engines work."""
AUDIBLE_S, DONE_S = 20.0, 10.0
MISSES = 3
"""Rounds for each sample that may come to nothing (she paused, she was done)."""
TOPICS = (
    "Tell me a long story about a fox and the sea.",
    "Tell me about your favourite games, all of them.",
    "What do you dream of? Tell me everything.",
    "Describe the best day of the year for a fox.",
    "Tell me a long story about snow and lanterns.",
)


@dataclass
class Pressed:
    """One press and what came of it; times are of `time.perf_counter_ns()`."""

    at: int
    taken: int
    silent: int
    cut: int
    surfaces: dict[str, float | None]
    working: list[str] = field(default_factory=list)
    """Engines that had used the processor just before."""

    @property
    def last_sound_ms(self) -> float:
        """Milliseconds to the last sound, 0 when none was handed over after the press."""
        return max(0.0, (self.silent - self.at) / 1e6)

    @property
    def cut_ms(self) -> float:
        """Milliseconds to the moment from which `audio` had nothing left to hand over."""
        return max(0.0, (self.cut - self.at) / 1e6)


class Rounds:
    """She speaks, panic, resume: over and over.

    Attributes:
        presses: by condition, those at which she sounded.
        missed: rounds in which she was silent at the press, or never began.
    """

    def __init__(
        self, client: Client, engines: dict[str, int], tell: Callable[[str], None]
    ) -> None:
        self.presses: dict[str, list[Pressed]] = {}
        self.missed = 0
        self.cpu: dict[str, list[float]] = {}
        self._client = client
        self._engines = engines
        self._tell = tell
        self._events: asyncio.Queue[show.ShowEvent] = asyncio.Queue(10_000)
        self._count = 0
        watch(client, self._told)

    def _told(self, told: show.Told) -> None:
        event = told.event
        if isinstance(event, show.EngineFigures):
            self.cpu.setdefault(event.engine, []).append(event.cpu)
        elif isinstance(event, show.Airing | show.TurnDone | show.Panicked):
            if self._events.full():
                self._events.get_nowait()
            self._events.put_nowait(event)

    async def collect(self, condition: str, samples: int, press: Callable[[int], int]) -> None:
        """Take `samples` presses. `press` is given the round's number, and returns when it pressed.

        Raises:
            BenchFailed: she does not speak, or a press had no effect.
        """
        found = self.presses.setdefault(condition, [])
        for _ in range(samples * (1 + MISSES) + 10):
            if len(found) >= samples:
                return
            pressed = await self._round(press)
            if pressed is not None and pressed.silent > pressed.at - SOUNDING_MS * 1_000_000:
                found.append(pressed)
                if len(found) % 10 == 0:
                    self._tell(f"{condition}: {len(found)} of {samples}")
            else:
                self.missed += 1
        raise BenchFailed(f"{condition}: she sounded at {len(found)} presses only")

    async def _round(self, press: Callable[[int], int]) -> Pressed | None:
        self._count += 1
        await self._quietly_resume()
        while not self._events.empty():
            self._events.get_nowait()
        text = TOPICS[self._count % len(TOPICS)]
        said = await self._client.ask(control.SAY, control.Say(text=text, by="bench"))
        try:
            async with asyncio.timeout(AUDIBLE_S):
                while True:
                    event = await self._events.get()
                    if isinstance(event, show.Airing) and event.turn == said.turn:
                        break
                    if isinstance(event, show.TurnDone) and event.turn == said.turn:
                        return None
        except TimeoutError:
            raise BenchFailed(f"she was not heard within {AUDIBLE_S:g} s") from None
        delay = random.uniform(*DELAY_S)  # noqa: S311 -- a phase, not a secret
        await asyncio.sleep(max(0.0, delay - 0.1))
        before = cpu_seconds(self._engines.values())
        await asyncio.sleep(min(delay, 0.1))
        after = cpu_seconds(self._engines.values())
        at = press(self._count)
        done = await self._panicked()
        used = {n: after.get(p, 0) - before.get(p, 0) for n, p in self._engines.items()}
        working = [name for name, seconds in used.items() if seconds > 0]
        return Pressed(at, done.pressed_ns, done.silent_ns, done.cut_ns, done.surfaces, working)

    async def _panicked(self) -> show.Panicked:
        try:
            async with asyncio.timeout(DONE_S):
                while True:
                    event = await self._events.get()
                    if isinstance(event, show.Panicked) and event.done:
                        return event
        except TimeoutError:
            raise BenchFailed(f"a press had no effect within {DONE_S:g} s") from None

    async def _quietly_resume(self) -> None:
        await self._client.ask(control.RESUME, control.Resume(by="bench"))
