"""The conversation: who speaks, what she answers, and when she must stop.

At most one answer is under way. A voice takes the floor by being understood; what is typed waits
on the floor until she is free.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from engines.wire import audio, policy, show
from engines.wire.envelope import At, Cancel
from engines.wire.peer import RequestFailed
from kitsu_tui.show.answer import Answer, Stage, Status
from kitsu_tui.show.bargein import meaning, same_words, words
from kitsu_tui.show.durable import Latch
from kitsu_tui.show.floor import Floor, Wish
from kitsu_tui.show.hearing import Hearing
from kitsu_tui.show.turn import Turn

log = logging.getLogger("show.director")

UNPAUSE_S = 3.0
"""A sound that has given no words by then does not hold her line any longer."""
ECHO_S = 1.5
"""How long after her last word its echo may still come in."""
LOOK_S = 0.1
"""How often what was typed looks whether somebody still speaks."""
SURE_WORDS = 2
"""Words that end her line before they are sure to be all."""
WARM_S = 60.0


class Refusal(Exception):
    """Something cannot be done now; the message is for the person who asked."""


class Director:
    """Runs the turns."""

    def __init__(self, stage: Stage, latch: Latch) -> None:
        self._stage = stage
        self._supervisor = stage.supervisor
        self._latch = latch
        self._floor = Floor()
        self._count = 0
        self._active: Answer | None = None
        self._asked = ""
        self._announced: dict[int, Turn] = {}
        self._paused = False
        self._unpause: asyncio.TimerHandle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._said = ("", float("-inf"))
        self._waiting: dict[int, Turn] = {}
        self._concluding: set[asyncio.Task[None]] = set()
        self._answering: set[int] = set()
        """Turns with an answer whose end will be told."""
        self._voice_hooks: list[Callable[[Turn], None]] = []
        self.hearing = Hearing(self._supervisor, self)

    # -- what is typed -----------------------------------------------------------------------

    def say(
        self,
        text: str,
        who: str,
        source: show.Source = "operator",
        *,
        play: bool = True,
        preset: str = "",
        keep_pcm: bool = False,
    ) -> Turn:
        """Queue a text to her; returns its turn.

        Raises:
            Refusal: panicked.
            ConfigError: no such preset.
        """
        if self._latch.panicked:
            raise Refusal("panic is latched: resume first (kitsu resume)")
        if preset:
            self._stage.persona.check_preset(preset)
        turn = self._turn(source, who, text)
        turn.play, turn.preset, turn.keep_pcm = play, preset, keep_pcm
        turn.zero_ns = time.perf_counter_ns()
        self._announce(turn, text)
        self._waiting[turn.number] = turn
        wish = Wish(turn.number, source, who, text, time.monotonic(), play, preset)
        dropped = self._floor.push(wish)
        if dropped is not None:
            self._finish_unheard(self._waiting.pop(dropped.turn), "stopped", "too many wait")
        self._pump()
        return turn

    def next_voice_turn(self, callback: Callable[[Turn], None]) -> Callable[[], None]:
        """Call `callback` with the next turn that somebody speaks; returns what undoes it."""
        self._voice_hooks.append(callback)

        def undo() -> None:
            if callback in self._voice_hooks:
                self._voice_hooks.remove(callback)

        return undo

    # -- stopping ----------------------------------------------------------------------------

    def interrupt(self, status: Status = "interrupted") -> str:
        """End what she says now; returns what to tell the person."""
        answer = self._active
        if answer is None:
            return "she was not answering"
        self._drop(answer, status)
        self._resume_playback()
        return f"turn {answer.turn.number} ended"

    def fall_silent(self, status: Status) -> None:
        """Drop everything: the answer, what waits, what is being said (panic, stop).

        The cancellation itself has been sent by raising the epoch.
        """
        self.hearing.drop()
        if self._active is not None:
            self._active.end(status)
            self._active = None
        for wish in self._floor.clear():
            self._finish_unheard(self._waiting.pop(wish.turn), status, "")
        for turn in list(self._announced.values()):
            if turn.number not in self._answering:
                self._finish_unheard(turn, status, "")
        self._resume_playback()  # everything is stale by now: nothing sounds

    def go_on(self) -> None:
        """After a resume."""
        self._pump()

    def _drop(self, answer: Answer, status: Status) -> None:
        turn = answer.turn
        self._supervisor.cancel(Cancel(scope="turn", at=turn.at(), reason=status))
        answer.end(status)
        if self._active is answer:
            self._active = None

    # -- what is heard (Ears) ----------------------------------------------------------------

    def new_turn(self) -> Turn | None:
        """A turn for somebody who begins to speak."""
        if self._latch.panicked:
            return None
        turn = self._turn("voice", self._stage.profile.conversation.operator_name, "")
        if self._active is not None:
            turn.on_air = _lines(self._active)
        said, at = self._said
        if time.monotonic() - at < ECHO_S:
            turn.just_said = said
        return turn

    def onset(self, turn: Turn) -> None:
        """Somebody began to speak: what she says or is about to say waits."""
        if self._active is None or self._paused:
            return
        self._paused = True
        self._send_pause(True)
        loop = asyncio.get_running_loop()
        self._unpause = loop.call_later(UNPAUSE_S, self._resume_playback)

    def words(self, turn: Turn, text: str) -> None:
        """Part of what they say."""
        what = self._meaning(turn, text)
        if what == "echo":
            self._resume_playback()
        if what != "speech" or (self._others(turn) and len(words(text)) < SURE_WORDS):
            return
        self._announce(turn)
        self._give_way(turn)
        self._heard(turn, text, final=False)

    def guess(self, turn: Turn, text: str) -> None:
        """They may be done: think ahead."""
        self.words(turn, text)
        if not self._stage.profile.conversation.work_ahead:
            return
        if self._meaning(turn, text) != "speech" or self._active is not None:
            return
        self._begin(turn, _whole(turn, text), committed=False)

    def resumed(self, turn: Turn) -> None:
        """They were not done: what was thought is void."""
        self._void(turn)

    def final(self, turn: Turn, text: str, trouble: str) -> None:
        """They are done."""
        if self._latch.panicked:
            return
        if self._meaning(turn, text) != "speech":
            self._void(turn)
            self._resume_playback()
            if trouble:
                self._announce(turn)
                self._finish_unheard(turn, "error", f"not understood: {trouble}")
            elif turn.number in self._announced:
                self._finish_unheard(turn, "silent", "nothing was said")
            self._pump()
            return
        self._announce(turn)
        self._give_way(turn)
        turn.text = _whole(turn, text)
        if self._active is not None and not same_words(self._asked, turn.text):
            self._void(turn)
        self._heard(turn, text, final=True)
        if self._active is not None:
            self._active.commit()
        else:
            self._begin(turn, turn.text, committed=True)

    def _heard(self, turn: Turn, text: str, *, final: bool) -> None:
        self._stage.tell(
            show.Heard(turn=turn.number, rev=turn.rev, text=_whole(turn, text), final=final)
        )

    def _meaning(self, turn: Turn, text: str) -> str:
        now = _lines(self._active) if self._active is not None and self._others(turn) else ""
        return meaning(text, f"{turn.on_air} {now}".strip(), turn.just_said)

    def _others(self, turn: Turn) -> bool:
        """True when what she says or thinks now is for another turn."""
        return self._active is not None and self._active.turn is not turn

    def _give_way(self, turn: Turn) -> None:
        """Another answer under way ends for this turn's sake."""
        if self._active is None or self._active.turn is turn:
            return
        other = self._active.turn
        if other.source == "voice" and "audible" not in other.marks_ns:
            # They paused longer than a turn's end, and went on: it is one thing that they say.
            turn.before = other.text
        self._drop(self._active, "interrupted")
        self._resume_playback()

    def _void(self, turn: Turn) -> None:
        """What was thought of this turn so far is stale from now on."""
        answer = self._active
        if answer is None or answer.turn is not turn:
            return
        turn.revise()
        self._answering.discard(turn.number)
        self._supervisor.cancel(Cancel(scope="rev", at=turn.at(), reason="the speaker went on"))
        answer.end("interrupted")
        self._active = None

    def _send_pause(self, paused: bool) -> None:
        try:
            self._supervisor.open("audio", audio.PAUSE, audio.Pause(paused=paused))
        except RequestFailed as err:
            log.info("pause: %s", err)

    def _resume_playback(self) -> None:
        if self._paused:
            self._send_pause(False)
        self._forget_pause()

    def _forget_pause(self) -> None:
        self._paused = False
        if self._unpause is not None:
            self._unpause.cancel()
            self._unpause = None

    # -- turns -------------------------------------------------------------------------------

    def _turn(self, source: show.Source, who: str, text: str) -> Turn:
        self._count += 1
        return Turn(self._count, source, who, self._latch.epoch, text)

    def _announce(self, turn: Turn, text: str = "") -> None:
        if turn.number in self._announced:
            return
        self._announced[turn.number] = turn
        self._stage.tell(
            show.TurnStarted(turn=turn.number, source=turn.source, who=turn.who, text=text)
        )
        if turn.source == "voice":
            hooks, self._voice_hooks = self._voice_hooks, []
            for hook in hooks:
                hook(turn)

    def _begin(self, turn: Turn, text: str, *, committed: bool) -> None:
        self._asked = text
        answer = Answer(self._stage, turn, text, committed=committed)
        self._active = answer
        self._answering.add(turn.number)
        task = asyncio.create_task(self._conclude(answer), name=f"conclude-{turn.number}")
        self._concluding.add(task)
        task.add_done_callback(self._concluding.discard)

    async def _conclude(self, answer: Answer) -> None:
        await asyncio.wait({answer.task})
        turn = answer.turn
        if answer.rev != turn.rev:
            return  # a newer revision answers
        self._answering.discard(turn.number)
        if self._active is answer:
            self._active = None
        self._said = (_lines(answer), time.monotonic())
        remembered = answer.remembered()
        self._stage.history.add(turn.text, remembered, answer.mood)
        self._end(turn, answer.done_event())
        self._pump()
        if remembered and self._active is None:
            await self.warm()

    def _finish_unheard(self, turn: Turn, status: Status, detail: str) -> None:
        self._end(
            turn,
            show.TurnDone(
                turn=turn.number,
                rev=turn.rev,
                status=status,
                answer="",
                detail=detail,
                marks_ms=turn.marks_ms(),
            ),
        )

    def _end(self, turn: Turn, event: show.TurnDone) -> None:
        self._announced.pop(turn.number, None)
        self._stage.tell(event)
        if not turn.done.done():
            turn.done.set_result(event)

    def _pump(self) -> None:
        """Begin the next turn that waits, if she is free."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._active is not None or self._latch.panicked:
            return  # called again when she is free
        if self.hearing.busy:
            self._later = asyncio.get_running_loop().call_later(LOOK_S, self._pump)
            return
        wish = self._floor.next(time.monotonic())
        if wish is None:
            return
        turn = self._waiting.pop(wish.turn)
        turn.epoch = self._latch.epoch
        self._begin(turn, wish.text, committed=True)

    # -- the mind's cache --------------------------------------------------------------------

    async def warm(self) -> None:
        """Have the model read the beginning of the prompt, so that the next answer is quick."""
        if not self._supervisor.is_ready("policy"):
            return
        prompt = self._stage.prompt()
        try:
            await self._supervisor.request(
                "policy",
                policy.WARM,
                prompt,
                at=At(epoch=self._latch.epoch),
                timeout=WARM_S,
            )
        except RequestFailed as err:
            log.info("warming up: %s", err)


def _lines(answer: Answer) -> str:
    """What she says in an answer, as far as it was given to her voice."""
    return " ".join(line.text for line in answer.turn.lines)


def _whole(turn: Turn, text: str) -> str:
    """What they said, with what they had said just before it."""
    return f"{turn.before} {text}".strip()
