"""A whole conversation in memory: the real director on scripted engines, in time that a test moves.

    async with Stage() as stage:
        turn = stage.director.say("hi", "me")
        await stage.settle()
        stage.mind.asked[-1].say("Hello there.")

Lines are encoded, queued by their class of traffic and decoded as on a pipe. The loop's clock
stands still unless `advance` moves it.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import msgspec
from msgspec import Struct

from engines.wire import audio, show
from engines.wire.message import EventKind
from kitsu_tui.config import Profile
from kitsu_tui.config.persona import Persona, Preset
from kitsu_tui.show import stage as of_show
from kitsu_tui.show.director import Director
from kitsu_tui.show.durable import Latch
from kitsu_tui.show.history import History
from kitsu_tui.show.judge import Judge
from kitsu_tui.show.panic import Panic
from kitsu_tui.show.safety import Gate, Keeper, Rule
from kitsu_tui.show.turn import Turn
from tests.show import cast, loudspeaker
from tests.show.screen import Screen, ScreenDesk
from tests.show.stand_in import NAMES, Cast

E = TypeVar("E", bound=show.ShowEvent)

ROUNDS = 20_000


class AtOnce(Executor):
    """Does it here and now: a thread would need the clock that stands still."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def rule(
    term: str, action: Literal["drop", "replace"], side: Literal["allow", "drop", "replace"]
) -> Rule:
    """A rule for one word, for what she says and for what is said to her."""
    return Rule(
        id=f"no-{term}",
        category="test",
        severity=3,
        action=action,
        input=side,
        match="word",
        squeeze=False,
        replace="flower",
        terms=(term,),
        patterns=(),
        file="test.yaml",
        line=1,
    )


GATE = Gate([rule("grommit", "drop", "drop"), rule("weed", "replace", "replace")])


class Latched(Latch):
    """A latch whose disk is quick, or not there."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere") / "latch.json")
        self.works = True
        self.saved: list[tuple[int, bool]] = []

    async def save(self) -> bool:
        await asyncio.sleep(0)
        self.saved.append((self.epoch, self.panicked))
        return self.works


class Voice:
    """Somebody who speaks into the microphone."""

    def __init__(self, stage: Stage, number: int) -> None:
        self._stage = stage
        self._number = number
        self._tell(
            audio.SPEECH_START,
            audio.SpeechStart(
                utterance=number, onset_ns=time.perf_counter_ns(), rate=16000, preroll_ms=300
            ),
        )

    def sound(self, pcm: bytes = b"\1\0" * 320) -> None:
        """A little sound."""
        self._tell(audio.SPEECH, audio.SpeechPcm(utterance=self._number, pcm=pcm))

    def pause(self) -> None:
        """They may be done."""
        now = time.perf_counter_ns()
        body = audio.SpeechPause(utterance=self._number, last_voiced_ns=now)
        self._tell(audio.SPEECH_PAUSE, body)

    def resume(self) -> None:
        """They were not."""
        self._tell(audio.SPEECH_RESUME, audio.SpeechResume(utterance=self._number))

    def end(self) -> None:
        """They are done."""
        now = time.perf_counter_ns()
        body = audio.SpeechEnd(
            utterance=self._number, speech_end_ns=now - 1000, endpoint_ns=now, duration_ms=500
        )
        self._tell(audio.SPEECH_END, body)

    def _tell(self, kind: EventKind[Any], body: Struct) -> None:
        if self._stage.cast.is_ready("audio"):
            self._stage.cast.units["audio"].engine.link.send(kind, body)


class Stage:
    """The conversation of a show, its engines played by `cast`."""

    def __init__(
        self,
        *,
        refusal: str = "I did not hear that!",
        failure: str = "",
        ahead: bool = True,
        screens: tuple[str, ...] = (),
        latch: Latched | None = None,
    ) -> None:
        self.faults = cast.Faults()
        self.mind = cast.MindDesk(self.faults)
        self.throat = cast.ThroatDesk(self.faults)
        self.ear = cast.EarDesk(self.faults)
        self.speaker = loudspeaker.SpeakerDesk(self.faults)
        self.told: list[show.ShowEvent] = []
        self._conversation = {
            "refusal_line": refusal,
            "failure_line": failure,
            "work_ahead": ahead,
        }
        self._engines = {
            "policy": cast.desk_class(cast.Mind, self.mind),
            "tts": cast.desk_class(cast.Throat, self.throat),
            "asr": cast.desk_class(cast.Ear, self.ear),
            "audio": cast.desk_class(loudspeaker.Speaker, self.speaker),
        }
        self.screens = {name: ScreenDesk() for name in screens}
        self._engines |= {
            name: type(name, (Screen,), {"name": name, "desk": desk})
            for name, desk in self.screens.items()
        }
        self._left = latch
        self._timers: list[float] = []
        self._utterances = 0

    async def __aenter__(self) -> Self:
        self._loop = loop = asyncio.get_running_loop()
        self.now = loop.time()
        real_call_at = loop.call_at

        def call_at(when: float, *args: Any, **kwargs: Any) -> asyncio.TimerHandle:
            heapq.heappush(self._timers, when)
            return real_call_at(when, *args, **kwargs)

        vars(loop).update(time=lambda: self.now, call_at=call_at)
        self.cast = Cast(self.faults, self.screens)
        self.latch = self._left or Latched()
        self.cast.stale.epoch = self.latch.epoch
        keeper = Keeper(Path("nowhere"))
        keeper.gate = GATE
        self.gate = keeper
        self.history = History(8, 4)
        self.scene = of_show.Stage(
            supervisor=self.cast,  # type: ignore[arg-type]
            tell=self.told.append,
            judge=Judge(keeper, 5.0, AtOnce()),
            persona=Persona(
                name="Kitsu",
                system="You are {style}.",
                moods=["happy", "sad"],
                preset="kawaii",
                presets={"kawaii": Preset(style="cute"), "calm": Preset(style="gentle")},
            ),
            history=self.history,
            profile=msgspec.convert({"conversation": self._conversation}, Profile),
            preset="kawaii",
        )
        self.director = Director(self.scene, self.latch, clock=lambda: self.now)
        self.panic = Panic(
            self.latch,
            self.cast,  # type: ignore[arg-type]
            self.director,
            self.told.append,
        )
        for name in (*NAMES, *self.screens):
            await self.start(name)
        await self.settle()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.panic.raise_epoch("the test ends")
        self.director.fall_silent("stopped")
        await self.advance(1.0)
        for unit in self.cast.units.values():
            if unit.link is not None:
                await unit.stop()
        await self.advance(20.0)
        for name in ("time", "call_at"):
            del vars(self._loop)[name]
        if error is None:
            assert not self.faults, "\n".join(self.faults)
            left = set(self.open_turns())
            assert not left, f"turns without an end: {left}"

    # -- time --------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Let everything happen that can happen now."""
        ready: Any = vars(self._loop)["_ready"]
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
            if not ready:
                return
        raise AssertionError("it never comes to rest")

    async def advance(self, seconds: float) -> None:
        """Let time go by."""
        await self.settle()
        target = self.now + seconds
        while self._timers and self._timers[0] <= target:
            self.now = max(self.now, heapq.heappop(self._timers))
            await self.settle()
        self.now = target
        await self.settle()

    async def play(self, ms: int) -> None:
        """Let the loudspeaker go on for so long."""
        await self.settle()
        for _ in range(ms // 20):
            if self.cast.is_ready("audio"):
                self.cast.units["audio"].engine.tick()
            await self.advance(0.02)

    # -- engines -----------------------------------------------------------------------------

    def play_by(self, name: str, engine: type[Screen], **members: Any) -> None:
        """Give a screen's part to another engine; before the stage is entered."""
        self._engines[name] = type(
            name, (engine,), {"name": name, "desk": self.screens[name], **members}
        )

    async def start(self, name: str) -> None:
        """Start an engine (again)."""
        unit = self.cast.units[name]
        await unit.start(self._engines[name])
        assert unit.link is not None
        self.panic.surfaces.greet(name, unit.link)

    async def kill(self, name: str, *, asked: bool = False) -> None:
        """End an engine."""
        await self.cast.units[name].stop(asked=asked)
        await self.settle()

    def deafen(self, name: str) -> None:
        """From now on it takes no notice of anything."""
        vars(self.cast.units[name].host)["_frame"] = lambda frame: None

    # -- people ------------------------------------------------------------------------------

    async def voice(self, text: str = "", *, end: bool = True) -> Voice:
        """Somebody speaks, and is understood at the end when there is a text."""
        self._utterances += 1
        voice = Voice(self, self._utterances)
        voice.sound()
        await self.settle()
        if text and end:
            await self.close(voice, text)
        return voice

    async def close(self, voice: Voice, text: str) -> None:
        """They end, and this is what was understood."""
        voice.end()
        await self.settle()
        self.ear.asked[-1].final(text)
        await self.settle()

    async def typed(self, text: str, **options: Any) -> Turn:
        """Somebody types."""
        turn = self.director.say(text, "me", **options)
        await self.settle()
        return turn

    async def answer(self, *sentences: str) -> None:
        """The newest thought becomes these sentences."""
        thought = self.mind.asked[-1]
        thought.say(*sentences)
        thought.finish()
        await self.settle()

    async def press(self, by: str = "test") -> dict[str, float | None]:
        """Panic, to its end."""
        task = asyncio.create_task(self.panic.press(by))
        await self.settle()
        await self.advance(2.5)
        return task.result().surfaces

    # -- what was told -----------------------------------------------------------------------

    def of(self, kind: type[E]) -> list[E]:
        """All events of a kind."""
        return [event for event in self.told if isinstance(event, kind)]

    def done(self, turn: Turn | int) -> show.TurnDone:
        """The one end of a turn."""
        number = turn if isinstance(turn, int) else turn.number
        ends = [event for event in self.of(show.TurnDone) if event.turn == number]
        assert len(ends) == 1, f"turn {number} ended {len(ends)} times: {ends}"
        return ends[0]

    def open_turns(self) -> list[int]:
        """Turns that were announced and have not ended; each is announced and ends once."""
        begun = [event.turn for event in self.of(show.TurnStarted)]
        ended = [event.turn for event in self.of(show.TurnDone)]
        assert len(set(begun)) == len(begun), f"announced twice: {begun}"
        assert len(set(ended)) == len(ended), f"ended twice: {ended}"
        assert set(ended) <= set(begun), f"ended without a beginning: {set(ended) - set(begun)}"
        return [number for number in begun if number not in ended]
