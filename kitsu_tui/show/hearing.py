"""From the microphone to words: utterances of `audio` through `asr`.

An utterance is kept until it is understood, so that an `asr` that dies in the middle costs no
word: its successor gets the sound again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

from engines.wire import asr, audio
from engines.wire.envelope import At
from engines.wire.message import Empty
from engines.wire.peer import Exchange, RequestFailed
from kitsu_tui.show.speech import has_gone
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.turn import Turn

log = logging.getLogger("show.hearing")

KEPT_BYTES = 48000 * 2 * 130
FINAL_S = 15.0
BACK_S = 10.0
LONGEST_S = 150.0
LOOK_S = 0.2
"""How often a listener looks whether the microphone's engine still lives."""


class Ears(Protocol):
    """Who wants to know what is heard."""

    def new_turn(self) -> Turn | None:
        """A turn for somebody who begins to speak; None: nobody listens now."""

    def onset(self, turn: Turn) -> None:
        """They began."""

    def words(self, turn: Turn, text: str) -> None:
        """What is understood so far."""

    def guess(self, turn: Turn, text: str) -> None:
        """What they said, if they are done."""

    def resumed(self, turn: Turn) -> None:
        """They were not done."""

    def final(self, turn: Turn, text: str, trouble: str) -> None:
        """What they said; empty when it was nothing. `turn.zero_ns` is set."""


@dataclass
class Utterance:
    """Somebody speaking."""

    number: int
    turn: Turn
    rate: int
    preroll_ms: float
    exchange: Exchange[asr.Transcript] | None = None
    pcm: list[bytes] = field(default_factory=list)
    size: int = 0
    ended: bool = False
    paused: bool = False
    over: bool = False
    """Nobody wants to know any more."""


class Hearing:
    """Utterances in the making."""

    def __init__(self, supervisor: Supervisor, ears: Ears) -> None:
        self._supervisor = supervisor
        self._ears = ears
        self._open: Utterance | None = None
        self._tasks: dict[asyncio.Task[None], Utterance] = {}
        listen: list[tuple[object, Callable[..., None]]] = [
            (audio.SPEECH_START, self._start),
            (audio.SPEECH, self._pcm),
            (audio.SPEECH_PAUSE, self._pause),
            (audio.SPEECH_RESUME, self._resume),
            (audio.SPEECH_END, self._end),
        ]
        for kind, listener in listen:
            supervisor.listen("audio", kind, listener)  # type: ignore[arg-type]

    @property
    def busy(self) -> bool:
        """True while somebody speaks or what they said is not understood yet."""
        return bool(self._tasks)

    @property
    def speaker(self) -> Turn | None:
        """The turn of who is speaking now."""
        utterance = self._open
        return utterance.turn if utterance is not None and not utterance.ended else None

    def drop(self) -> None:
        """Forget what is being said (panic)."""
        self._open = None
        for task, utterance in self._tasks.items():
            utterance.over = True
            task.cancel()

    def _start(self, event: audio.SpeechStart, at: At | None) -> None:
        if self._open is not None:
            self._close(self._open)  # `audio` was started anew in mid-utterance
        turn = self._ears.new_turn()
        if turn is None:
            self._open = None
            return
        turn.onset_ns = event.onset_ns
        utterance = Utterance(event.utterance, turn, event.rate, event.preroll_ms)
        self._open = utterance
        self._ask(utterance)
        task = asyncio.create_task(self._follow(utterance), name=f"utterance-{event.utterance}")
        self._tasks[task] = utterance
        task.add_done_callback(self._tasks.pop)
        self._ears.onset(turn)

    def _ask(self, utterance: Utterance) -> bool:
        try:
            utterance.exchange = self._supervisor.open(
                "asr",
                asr.TRANSCRIBE,
                asr.Transcribe(rate=utterance.rate, preroll_ms=utterance.preroll_ms),
                # No turn and no revision: what is said outlives what is thought of it so far.
                at=At(epoch=utterance.turn.epoch),
            )
        except RequestFailed:
            utterance.exchange = None
            return False
        for pcm in utterance.pcm:
            utterance.exchange.feed(asr.PCM, asr.Pcm(pcm=pcm))
        if utterance.ended:
            utterance.exchange.feed(asr.END, Empty())
        return True

    def _current(self, number: int) -> Utterance | None:
        utterance = self._open
        if utterance is None or utterance.number != number or utterance.ended:
            return None
        return utterance

    def _pcm(self, event: audio.SpeechPcm, at: At | None) -> None:
        utterance = self._current(event.utterance)
        if utterance is None:
            return
        if utterance.size < KEPT_BYTES:
            utterance.pcm.append(event.pcm)
            utterance.size += len(event.pcm)
        if utterance.exchange is not None:
            utterance.exchange.feed(asr.PCM, asr.Pcm(pcm=event.pcm))

    def _pause(self, event: audio.SpeechPause, at: At | None) -> None:
        utterance = self._current(event.utterance)
        if utterance is None:
            return
        utterance.paused = True
        if utterance.exchange is not None:
            utterance.exchange.feed(asr.PAUSE, Empty())

    def _resume(self, event: audio.SpeechResume, at: At | None) -> None:
        utterance = self._current(event.utterance)
        if utterance is None:
            return
        utterance.paused = False
        if utterance.exchange is not None:
            utterance.exchange.feed(asr.RESUME, Empty())
        self._ears.resumed(utterance.turn)

    def _end(self, event: audio.SpeechEnd, at: At | None) -> None:
        utterance = self._current(event.utterance)
        if utterance is None:
            return
        utterance.turn.zero_ns = event.speech_end_ns
        utterance.turn.mark("endpoint", event.endpoint_ns)
        self._close(utterance)

    def _close(self, utterance: Utterance) -> None:
        """No more sound of it will come."""
        if utterance.ended:
            return
        utterance.ended = True
        if utterance.exchange is not None:
            utterance.exchange.feed(asr.END, Empty())

    async def _follow(self, utterance: Utterance) -> None:
        turn = utterance.turn
        trouble = ""
        text = ""
        for attempt in (1, 2):
            if utterance.exchange is None and not await self._again(utterance):
                trouble = self._supervisor.why_not("asr")
                break
            assert utterance.exchange is not None  # noqa: S101 -- _again made it
            try:
                text = await self._transcript(utterance, utterance.exchange)
                trouble = ""
                break
            except RequestFailed as err:
                if utterance.over:
                    return
                trouble = str(err)
                if attempt == 2 or not has_gone(self._supervisor, "asr", err):
                    break
                utterance.exchange = None
        if utterance.over:
            return
        utterance.ended = True
        turn.mark("asr_final", time.perf_counter_ns())
        turn.zero_ns = turn.zero_ns or time.perf_counter_ns()
        if self._open is utterance:
            self._open = None
        self._ears.final(turn, text, "" if text else trouble)

    async def _again(self, utterance: Utterance) -> bool:
        return await self._supervisor.wait_ready("asr", BACK_S) and self._ask(utterance)

    async def _transcript(self, utterance: Utterance, exchange: Exchange[asr.Transcript]) -> str:
        exchange.on_event(lambda event: self._heard(utterance, event))
        started = asyncio.get_running_loop().time()
        while not exchange.done and not utterance.ended:
            late = asyncio.get_running_loop().time() - started > LONGEST_S
            if late or not self._supervisor.is_ready("audio"):
                self._close(utterance)  # what was heard until now is all there will be
                break
            await exchange.wait_change(LOOK_S)
        return (await exchange.result(FINAL_S)).text.strip()

    def _heard(self, utterance: Utterance, event: Struct) -> None:
        if utterance.over:
            return
        if isinstance(event, asr.Partial) and event.text.strip():
            self._ears.words(utterance.turn, event.text.strip())
        elif isinstance(event, asr.Guess) and event.text.strip() and utterance.paused:
            self._ears.guess(utterance.turn, event.text.strip())
