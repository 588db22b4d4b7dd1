"""She speaks, somebody presses panic, and she is resumed: rounds of it, each timed.

All times are of `time.perf_counter_ns()`, which is one clock for all processes of a machine
(CLOCK_MONOTONIC on Linux).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engines.wire import control, show
from kitsu_tui.bench.loudspeaker import Loudspeaker
from kitsu_tui.bench.place import BenchFailed, cpu_seconds, watch
from kitsu_tui.bench.stage import Seen, Stage
from kitsu_tui.client import Client

SOUNDING_MS = 60
"""She sounded at a press when something loud was handed over in so long before it, or after it."""
DELAY_S = (0.02, 0.45)
"""After her first sound comes the press: no multiple of a block, and while all engines work."""
AUDIBLE_S, DONE_S = 20.0, 10.0
TAIL_S = 0.3
"""So long after a press the recording of the loudspeaker is waited for."""
TOLD = 10
"""Samples between two lines of how far it is."""
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
    waits: list[str] = field(default_factory=list)
    """Surfaces that were not there."""
    seen: Seen | None = None
    """What became of OBS, where there is one."""
    heard_ms: float | None = None
    """To the last sound on the recording of the loudspeaker, where there is one."""

    @property
    def last_sound_ms(self) -> float:
        """Milliseconds to the last sound, 0 when none was handed over after the press."""
        return max(0.0, (self.silent - self.at) / 1e6)

    def surface_ms(self, name: str) -> float | None:
        """Milliseconds from the press until the show had read a surface back; None: it had not."""
        ms = self.surfaces.get(name)
        return None if ms is None else ms + (self.taken - self.at) / 1e6

    @property
    def cut_ms(self) -> float:
        """Milliseconds to the moment from which `audio` had nothing left to hand over."""
        return max(0.0, (self.cut - self.at) / 1e6)


class Rounds:
    """She speaks, panic, resume: over and over.

    Attributes:
        presses: by condition, those at which she sounded.
        missed: rounds in which she was silent at the press, or never began.
        stage: the OBS beside her; None where there is none.
        loudspeaker: what is recorded; None where nothing is.
    """

    def __init__(
        self,
        client: Client,
        engines: dict[str, int],
        tell: Callable[[str], None],
        stage: Stage | None = None,
    ) -> None:
        self.stage = stage
        self.loudspeaker: Loudspeaker | None = None
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

    async def collect(
        self,
        condition: str,
        samples: int,
        press: Callable[[int], int],
        *,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        """Take `samples` presses. `press` is given the round's number, and returns when it pressed.

        Args:
            after: called when every surface has answered, before the resume.

        Raises:
            BenchFailed: she does not speak, or a press had no effect.
        """
        found = self.presses.setdefault(condition, [])
        began, before = time.monotonic(), len(found)
        self._tell(f"{condition}: {samples - before} drills")
        for _ in range(samples * (1 + MISSES) + 10):
            if len(found) >= samples:
                return
            pressed = await self._round(press, after)
            if pressed is not None and pressed.silent > pressed.at - SOUNDING_MS * 1_000_000:
                found.append(pressed)
                if len(found) % TOLD == 0:
                    each = (time.monotonic() - began) / (len(found) - before)
                    left = each * (samples - len(found))
                    self._tell(f"{condition}: {len(found)} of {samples}, {left:.0f} s to go")
            else:
                self.missed += 1
        raise BenchFailed(f"{condition}: she sounded at {len(found)} presses only")

    async def _round(
        self, press: Callable[[int], int], after: Callable[[], None]
    ) -> Pressed | None:
        self._count += 1
        said = await self._say(TOPICS[self._count % len(TOPICS)])
        if self.stage is not None:
            await self.stage.prepare()
        if not await self._sounds(said.turn):
            return None
        delay = random.uniform(*DELAY_S)  # noqa: S311 -- a phase, not a secret
        await asyncio.sleep(max(0.0, delay - 0.1))
        before = cpu_seconds(self._engines.values())
        await asyncio.sleep(min(delay, 0.1))
        used = cpu_seconds(self._engines.values())
        if self.stage is not None:
            self.stage.begin()
        at = press(self._count)
        try:
            done = await self._panicked(at)
        finally:
            after()
        working = [n for n, p in self._engines.items() if used.get(p, 0) > before.get(p, 0)]
        pressed = Pressed(at, done.pressed_ns, done.silent_ns, done.cut_ns, done.surfaces, working)
        pressed.waits = list(done.waits)
        if self.stage is not None:
            pressed.seen = await self.stage.reached(at)
        if self.loudspeaker is not None:
            await asyncio.sleep(max(0.0, TAIL_S - (time.perf_counter_ns() - at) / 1e9))
            pressed.heard_ms = self.loudspeaker.last_sound_ms(at)
        asked = time.perf_counter_ns()
        await self._quietly_resume()
        if self.stage is not None and pressed.seen is not None:
            await self.stage.put_back(pressed.seen, asked)
        return pressed

    async def _say(self, text: str) -> control.Said:
        """Let her speak; what was told before is forgotten."""
        while not self._events.empty():
            self._events.get_nowait()
        return await self._client.ask(control.SAY, control.Say(text=text, by="bench"))

    async def _sounds(self, turn: int) -> bool:
        try:
            async with asyncio.timeout(AUDIBLE_S):
                while True:
                    event = await self._events.get()
                    if isinstance(event, show.Airing) and event.turn == turn:
                        return True
                    if isinstance(event, show.TurnDone) and event.turn == turn:
                        return False
        except TimeoutError:
            raise BenchFailed(f"she was not heard within {AUDIBLE_S:g} s") from None

    async def _panicked(self, at: int) -> show.Panicked:
        try:
            async with asyncio.timeout(DONE_S):
                while True:
                    event = await self._events.get()
                    ours = isinstance(event, show.Panicked) and event.pressed_ns >= at
                    if ours and isinstance(event, show.Panicked) and event.done:
                        return event
        except TimeoutError:
            raise BenchFailed(f"a press had no effect within {DONE_S:g} s") from None

    async def _quietly_resume(self) -> None:
        await self._client.ask(control.RESUME, control.Resume(by="bench"))
