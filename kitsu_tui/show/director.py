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
from kitsu_tui.show.bargein import meaning, same_words
from kitsu_tui.show.durable import Latch
from kitsu_tui.show.floor import Floor, Wish
from kitsu_tui.show.hearing import Hearing
from kitsu_tui.show.turn import Turn

log = logging.getLogger("show.director")

UNPAUSE_S = 3.0
"""A sound that has given no words by then does not hold her line any longer."""
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
        self._announced: set[int] = set()
        self._paused = False
        self._unpause: asyncio.TimerHandle | None = None
        self._waiting: dict[int, Turn] = {}
        self._concluding: set[asyncio.Task[None]] = set()
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
        self._forget_pause()

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
        return self._turn("voice", self._stage.profile.conversation.operator_name, "")

    def onset(self, turn: Turn) -> None:
        """Somebody began to speak: if she is speaking, she pauses."""
        if self._active is None or self._active.turn is turn or self._paused:
            return
        if not any(line.status == "airing" for line in self._active.turn.lines):
            return
        self._paused = True
        self._send_pause(True)
        loop = asyncio.get_running_loop()
        self._unpause = loop.call_later(UNPAUSE_S, self._resume_playback)

    def words(self, turn: Turn, text: str) -> None:
        """Part of what they say."""
        what = self._meaning(turn, text)
        if what == "speech":
            self._announce(turn)
            self._give_way(turn)
            self._stage.tell(show.Heard(turn=turn.number, rev=turn.rev, text=text, final=False))
        elif what == "echo":
            self._resume_playback()

    def guess(self, turn: Turn, text: str) -> None:
        """They may be done: think ahead."""
        self.words(turn, text)
        if not self._stage.profile.conversation.work_ahead:
            return
        if self._meaning(turn, text) != "speech" or self._active is not None:
            return
        self._begin(turn, text, committed=False)

    def resumed(self, turn: Turn) -> None:
        """They were not done: what was thought is void."""
        self._void(turn)

    def final(self, turn: Turn, text: str, trouble: str) -> None:
        """They are done."""
        if self._latch.panicked:
            return
        what = self._meaning(turn, text)
        if what != "speech":
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
        turn.text = text
        self._give_way(turn)
        answer = self._active
        if answer is not None and not same_words(self._asked, text):
            self._void(turn)
            answer = None
        self._stage.tell(show.Heard(turn=turn.number, rev=turn.rev, text=text, final=True))
        if answer is not None:
            answer.commit()
        else:
            self._begin(turn, text, committed=True)

    def _meaning(self, turn: Turn, text: str) -> str:
        on_air = ""
        if self._active is not None and self._active.turn is not turn:
            on_air = " ".join(line.text for line in self._active.turn.lines)
        return meaning(text, on_air)

    def _give_way(self, turn: Turn) -> None:
        """Another answer under way ends for this turn's sake."""
        if self._active is not None and self._active.turn is not turn:
            self._drop(self._active, "interrupted")
            self._resume_playback()

    def _void(self, turn: Turn) -> None:
        """What was thought of this turn so far is stale from now on."""
        answer = self._active
        if answer is None or answer.turn is not turn:
            return
        turn.revise()
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
        self._announced.add(turn.number)
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
        task = asyncio.create_task(self._conclude(answer), name=f"conclude-{turn.number}")
        self._concluding.add(task)
        task.add_done_callback(self._concluding.discard)

    async def _conclude(self, answer: Answer) -> None:
        await asyncio.wait({answer.task})
        turn = answer.turn
        if answer.rev != turn.rev:
            return  # a newer revision answers
        if self._active is answer:
            self._active = None
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
        self._announced.discard(turn.number)
        self._stage.tell(event)
        if not turn.done.done():
            turn.done.set_result(event)

    def _pump(self) -> None:
        """Begin the next turn that waits, if she is free."""
        if self._active is not None or self._latch.panicked or self.hearing.busy:
            if self._floor and self._active is None and not self._latch.panicked:
                asyncio.get_running_loop().call_later(0.1, self._pump)
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
