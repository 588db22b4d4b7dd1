"""Whatever happens in whatever order: every turn ends once, and no sound comes that must not."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engines.wire import control, show
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.line_verbs import decide, set_review
from tests.show.cast import Job
from tests.show.stage import Stage, Voice
from tests.show.stand_in import NAMES

LINES = ["I chase butterflies, of course!", "And then I nap.", "A grommit.", "So do I."]
SPOKEN = ["", "yeah", "stop", "tell me a story", "what about dogs", "I chase butterflies of course"]

line = st.sampled_from(LINES)
spoken = st.sampled_from(SPOKEN)
one = st.integers(0, 2)
engine = st.sampled_from(NAMES)
events = st.one_of(
    st.tuples(st.just("type"), st.sampled_from(["operator", "chat", "api"])),
    st.tuples(st.just("speak"), one),
    st.tuples(st.just("partial"), spoken),
    st.tuples(st.just("guess"), spoken),
    st.tuples(st.just("go_on"), one),
    st.tuples(st.just("end"), one),
    st.tuples(st.just("final"), spoken, one),
    st.tuples(st.just("think"), line),
    st.tuples(st.just("thought"), st.booleans()),
    st.tuples(st.just("make"), st.integers(1, 5), one),
    st.tuples(st.just("made"), one),
    st.tuples(st.just("play"), st.sampled_from([20, 300, 2000])),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 0.6, 4.0, 17.0])),
    st.tuples(st.just("interrupt"), one),
    st.tuples(st.just("skip"), one),
    st.tuples(st.just("panic"), one),
    st.tuples(st.just("resume"), one),
    st.tuples(st.just("kill"), engine, st.booleans()),
    st.tuples(st.just("start"), engine),
    st.tuples(
        st.just("decide"),
        st.sampled_from(["air", "drop", "hold", "replace", "drop behind", "hold behind"]),
    ),
    st.tuples(st.just("review"), st.booleans()),
)
scenes = st.one_of(
    st.tuples(st.just("work_ahead"), spoken, st.lists(line, min_size=1, max_size=4)),
    st.tuples(st.just("exchange"), spoken, st.lists(line, min_size=1, max_size=4)),
    st.tuples(st.just("barge_in"), spoken, spoken),
)
scripts = st.lists(st.one_of(events, scenes), min_size=4, max_size=40)


class Chaos:
    """Does one event after another, and looks each time."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.voice: Voice | None = None
        self.typed = 0
        self.dropped: set[tuple[int, int, int]] = set()
        self.tasks: list[asyncio.Task[Any]] = []

    async def happen(self, event: tuple[Any, ...]) -> None:
        heard, ended = len(self.stage.speaker.heard), self.ended()
        name, *arguments = event
        await getattr(self, name)(*arguments)
        await self.stage.settle()
        for piece in self.stage.speaker.heard[heard:]:
            assert piece.at.turn not in ended, f"heard after its end: {piece.at}"
            assert piece.at.epoch == self.stage.latch.epoch, f"heard after a panic: {piece.at}"
            assert not self.stage.latch.panicked
            assert self.sure(piece.at.turn), f"heard before it was sure: {piece.at}"
            key = (piece.at.turn, piece.at.rev, piece.at.seq)
            assert key not in self.dropped, f"heard although it was dropped: {piece.at}"
            waits = [(x.turn, x.rev, x.seq) for x in self.stage.scene.desk.lines if x.waits]
            assert key not in waits or piece.at.seq in self.airing(), f"heard: {piece.at}"
        order = self.stage.speaker.order()
        assert len(set(order)) == len(order), f"two answers at once: {order}"
        assert not self.stage.faults, self.stage.faults
        self.stage.open_turns()

    def airing(self) -> set[int]:
        return {line.seq for line in self.stage.scene.desk.lines if line.audible_ns}

    def ended(self) -> set[int]:
        return {event.turn for event in self.stage.of(show.TurnDone)}

    def sure(self, turn: int) -> bool:
        typed = {e.turn for e in self.stage.of(show.TurnStarted) if e.source != "voice"}
        return turn in typed or turn in {e.turn for e in self.stage.of(show.Heard) if e.final}

    def newest(self, jobs: list[Any], back: int = 0) -> Any:
        under_way = [job for job in jobs if isinstance(job, Job) and not job.over]
        return under_way[-1 - back] if len(under_way) > back else None

    async def type(self, source: show.Source) -> None:
        self.typed += 1
        try:
            self.stage.director.say(f"line {self.typed}", "me", source)
        except Refusal:
            assert self.stage.latch.panicked

    async def speak(self, _: int) -> None:
        if self.stage.cast.is_ready("audio"):
            self.voice = await self.stage.voice()

    async def partial(self, text: str) -> None:
        if job := self.newest(self.stage.ear.asked):
            job.partial(text)

    async def guess(self, text: str) -> None:
        if self.voice is not None:
            self.voice.pause()
        await self.stage.settle()
        if job := self.newest(self.stage.ear.asked):
            job.guess(text)

    async def go_on(self, _: int) -> None:
        if self.voice is not None:
            self.voice.resume()

    async def end(self, _: int) -> None:
        if self.voice is not None:
            self.voice.end()

    async def final(self, text: str, back: int) -> None:
        if job := self.newest(self.stage.ear.asked, back):
            job.final(text)

    async def think(self, text: str) -> None:
        if job := self.newest(self.stage.mind.asked):
            job.say(text)

    async def thought(self, well: bool) -> None:
        if job := self.newest(self.stage.mind.asked):
            if well:
                job.finish()
            else:
                job.fail()

    async def make(self, chunks: int, back: int) -> None:
        if job := self.newest(self.stage.throat.asked, back):
            job.make(chunks)

    async def made(self, back: int) -> None:
        if job := self.newest(self.stage.throat.asked, back):
            job.make()
            job.finish()

    async def play(self, ms: int) -> None:
        await self.stage.play(ms)

    async def wait(self, seconds: float) -> None:
        await self.stage.advance(seconds)

    async def interrupt(self, _: int) -> None:
        self.stage.director.interrupt()

    async def decide(self, what: str) -> None:
        """An operator decides about the next line, or about the one behind it."""
        what, _, behind = what.partition(" ")
        desk = self.stage.scene.desk
        still = [line for line in desk.lines if line.open]
        turn, seq = (still[-1].turn, still[-1].seq) if still and behind else (0, 0)
        text = "I say so." if what == "replace" else ""
        ask = control.Line(what=what, turn=turn, seq=seq, text=text)  # type: ignore[arg-type]
        work = asyncio.ensure_future(decide(desk, ask))
        while not work.done():
            await self.stage.advance(0.1)
        if work.exception() is not None:
            assert isinstance(work.exception(), Refusal), work.exception()
            return
        if what == "drop":
            gone = [line for line in still if line.decided == "drop"]
            self.dropped |= {(one.turn, one.rev, one.seq) for one in gone if not one.audible_ns}

    async def review(self, on: bool) -> None:
        review = control.Review(on=on, wait_s=2.0, then="air" if on else "drop")
        work = asyncio.ensure_future(set_review(self.stage.scene.desk, review))
        while not work.done():
            await self.stage.advance(0.1)
        work.result()

    async def skip(self, _: int) -> None:
        self.stage.director.skip()

    async def panic(self, _: int) -> None:
        self.tasks.append(asyncio.create_task(self.stage.panic.press("me")))

    async def resume(self, _: int) -> None:
        self.tasks.append(asyncio.create_task(self.stage.panic.resume("me")))

    async def kill(self, name: str, asked: bool) -> None:
        if self.stage.cast.is_ready(name):
            await self.stage.kill(name, asked=asked)

    async def start(self, name: str) -> None:
        if not self.stage.cast.is_ready(name):
            await self.stage.start(name)

    # -- some of it in a likely order, for deeper water ------------------------------------------

    async def work_ahead(self, text: str, lines: list[str]) -> None:
        """Somebody speaks and pauses, and she thinks of an answer."""
        await self.speak(0)
        await self.guess(text)
        await self.stage.settle()
        for said in lines:
            await self.think(said)
        await self.play(300)

    async def exchange(self, text: str, lines: list[str]) -> None:
        """Somebody says something, and she begins to answer."""
        await self.speak(0)
        await self.end(0)
        await self.stage.settle()
        await self.final(text, 0)
        await self.stage.settle()
        for said in lines:
            await self.think(said)
        await self.thought(True)
        await self.play(300)

    async def barge_in(self, partial: str, final: str) -> None:
        """Somebody speaks, whatever she does."""
        await self.speak(0)
        await self.partial(partial)
        await self.play(100)
        await self.end(0)
        await self.stage.settle()
        await self.final(final, 0)

    async def wind_up(self) -> None:
        """Everybody does their work; then everything must come to its end."""
        stage = self.stage
        for name in NAMES:
            await self.start(name)
        if self.voice is not None:
            self.voice.end()
        stage.mind.auto, stage.throat.auto = ["So do I."], True
        for _ in range(60):
            for jobs in (stage.mind.asked, stage.throat.asked):
                while job := self.newest(jobs):
                    job.finish()
                    await stage.settle()
            while job := self.newest(stage.ear.asked):
                job.final("")
                await stage.settle()
            await self.happen(("play", 1000))
            if not stage.open_turns() and not stage.director.hearing.busy:
                break
        assert not stage.open_turns()
        await stage.advance(5.0)
        assert not stage.director.hearing.busy
        assert not stage.cast.units["audio"].engine.paused
        assert all(task.done() for task in self.tasks)
        for task in self.tasks:
            task.result()


async def run(script: list[tuple[Any, ...]], *, auto: bool) -> None:
    async with Stage(failure="Oops.") as stage:
        stage.throat.auto = auto
        chaos = Chaos(stage)
        for event in script:
            await chaos.happen(event)
        await chaos.wind_up()


@settings(max_examples=300, deadline=None)
@given(script=scripts, auto=st.booleans())
def test_whatever_happens(script: list[tuple[Any, ...]], auto: bool) -> None:
    with asyncio.Runner() as runner:
        runner.run(run(script, auto=auto))
