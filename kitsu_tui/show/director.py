"""The conversation: who speaks, what she answers, and when she must stop.

At most one answer is under way. A voice takes the floor by being understood; what is typed waits
on the floor until she is free.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from engines.wire import show
from engines.wire.envelope import Cancel
from kitsu_tui.show.answer import Answer
from kitsu_tui.show.bargein import meaning, same_words, words
from kitsu_tui.show.durable import Latch
from kitsu_tui.show.floor import Floor, Wish
from kitsu_tui.show.hearing import Hearing
from kitsu_tui.show.hold import Hold
from kitsu_tui.show.stage import Stage
from kitsu_tui.show.turn import Status, Turn
from kitsu_tui.show.turns import Turns, VoiceHook
from kitsu_tui.show.voice import heard_text

ECHO_S = 1.5
"""How long after her last word its echo may still come in."""
LOOK_S = 0.1
"""How often what was typed looks whether somebody still speaks."""
SURE_WORDS = 2
"""Words that end her line before they are sure to be all."""


class Refusal(Exception):
    """Something cannot be done now; the message is for the person who asked."""


class Director:
    """Runs the turns.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(
        self, stage: Stage, latch: Latch, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stage = stage
        self._supervisor = stage.supervisor
        self._latch = latch
        self._clock = clock
        self._floor = Floor(stage.profile.safety)
        self._turns = Turns(stage.tell, latch)
        self._hold = Hold(stage.supervisor)
        self._active: Answer | None = None
        self._asked = ""
        self._later: asyncio.TimerHandle | None = None
        self._said = ("", float("-inf"))
        self._waiting: dict[int, Turn] = {}
        self._concluding: set[asyncio.Task[None]] = set()
        self._answering: set[int] = set()
        """Turns with an answer whose end will be told."""
        self._warming = self._warm_wanted = False
        self._over = False
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
            Refusal: panicked, or the show ends.
            ConfigError: no such preset.
        """
        if self._over:
            raise Refusal("the show is stopping")
        if self._latch.panicked:
            raise Refusal("panic is latched: resume first (kitsu resume)")
        if preset:
            self._stage.persona.check_preset(preset)
        turn = self._turns.new(source, who, text)
        turn.play, turn.preset, turn.keep_pcm = play, preset, keep_pcm
        turn.zero_ns = time.perf_counter_ns()
        self._turns.announce(turn, text)
        self._waiting[turn.number] = turn
        wish = Wish(turn.number, source, who, text, self._clock(), play, preset)
        self._floor.bounds = self._stage.profile.safety
        dropped = self._floor.push(wish)
        if dropped is not None:
            self._no_answer(dropped, "stopped", dropped.out)
        self._pump()
        return turn

    def next_voice_turn(self, callback: VoiceHook) -> Callable[[], None]:
        """Call `callback` with the next turn that somebody speaks; returns what undoes it."""
        return self._turns.next_voice(callback)

    # -- stopping ----------------------------------------------------------------------------

    def interrupt(self, status: Status = "interrupted") -> str:
        """End what she says now; returns what to tell the person."""
        answer = self._active
        if answer is None:
            return "she was not answering"
        self._drop(answer, status)
        self._hold.let_go()
        return f"turn {answer.turn.number} ended"

    def skip(self) -> str:
        """End the sentence on air and go on with the next; returns what to tell the person."""
        if self._active is None or not self._active.skip():
            return "nothing is on air"
        return f"a sentence of turn {self._active.turn.number} skipped"

    def forget(self) -> int:
        """Drop what waits for an answer; returns how many."""
        wishes = self._floor.clear()
        for wish in wishes:
            self._no_answer(wish, "stopped", "forgotten")
        return len(wishes)

    def fall_silent(self, status: Status) -> None:
        """Drop everything: the answer, what waits, what is being said (panic, stop).

        The cancellation itself has been sent by raising the epoch. Nothing begins after a stop.
        """
        self._over = self._over or status == "stopped"
        self.hearing.drop()
        if self._active is not None:
            self._end(self._active, status)
        for wish in self._floor.clear():
            self._no_answer(wish, status, "")
        for turn in self._turns.open():
            if turn.number not in self._answering:
                self._turns.end_unheard(turn, status)
        self._hold.let_go()  # everything is stale by now: nothing sounds

    async def warm(self) -> None:
        """Make the next answer quick; see `Stage.warm`. One at a time: an answer has to wait behind
        them, and of several that are asked for meanwhile only the last is of use.
        """
        self._warm_wanted = True
        if self._warming:
            return
        self._warming = True
        try:
            while self._warm_wanted:
                self._warm_wanted = False
                await self._stage.warm(self._latch.epoch)
        finally:
            self._warming = False

    def go_on(self) -> None:
        """After a resume."""
        self._pump()

    def _drop(self, answer: Answer, status: Status) -> None:
        self._supervisor.cancel(Cancel(scope="turn", at=answer.turn.at(), reason=status))
        self._end(answer, status)

    def _end(self, answer: Answer, status: Status) -> None:
        answer.turn.over = True
        answer.end(status)
        if self._active is answer:
            self._active = None

    # -- what is heard (Ears) ----------------------------------------------------------------

    def new_turn(self) -> Turn | None:
        """A turn for somebody who begins to speak."""
        if self._latch.panicked or self._over:
            return None
        turn = self._turns.new("voice", self._stage.profile.conversation.operator_name, "")
        if self._active is not None:
            turn.on_air = self._active.turn.given()
        said, at = self._said
        if self._clock() - at < ECHO_S:
            turn.just_said = said
        return turn

    def onset(self, turn: Turn) -> None:
        """Somebody began to speak: what she says or is about to say waits."""
        if self._active is not None:
            self._hold.take(turn)

    def words(self, turn: Turn, text: str) -> None:
        """Part of what they say."""
        self._understood(turn, text)

    def guess(self, turn: Turn, text: str) -> None:
        """They may be done: think ahead."""
        if not self._understood(turn, text):
            return
        if not self._stage.profile.conversation.work_ahead:
            return
        if self._active is not None:
            if same_words(self._asked, turn.whole(text)):
                return
            self._void(turn)  # a guess from before they went on
        self._begin(turn, turn.whole(text), committed=False)

    def resumed(self, turn: Turn) -> None:
        """They were not done: what was thought is void."""
        self._void(turn)

    def final(self, turn: Turn, text: str, trouble: str) -> None:
        """They are done."""
        if self._latch.panicked or turn.over:
            return
        if self._meaning(turn, text) != "speech":
            self._nothing(turn, trouble)
            return
        self._turns.announce(turn)
        later = self._later_voice(turn)
        if later is None:
            self._give_way(turn)
        turn.text = turn.whole(text)
        self._heard(turn, text, final=True)
        if later is not None:
            self._belongs_to(later, turn)
            return
        self._hold.let_go(turn)
        if self._active is not None and not same_words(self._asked, turn.text):
            self._void(turn)
        if self._active is not None:
            self._active.commit()
        else:
            self._begin(turn, turn.text, committed=True)
        speaker = self.hearing.speaker
        if speaker is not None:
            self._hold.take(speaker)  # they began before she had anything to hold

    def _understood(self, turn: Turn, text: str) -> bool:
        """Act on a part of what they say; False when it is not speech to her, or not surely."""
        if turn.over or self._later_voice(turn) is not None:
            return False
        what = self._meaning(turn, text)
        if what == "echo":
            self._hold.let_go(turn)
        if what != "speech" or (self._others(turn) and len(words(text)) < SURE_WORDS):
            return False
        self._turns.announce(turn)
        self._give_way(turn)
        self._heard(turn, text, final=False)
        return True

    def _nothing(self, turn: Turn, trouble: str) -> None:
        """What they said is nothing that she could answer."""
        self._void(turn)
        self._hold.let_go(turn)
        if trouble:
            self._turns.announce(turn)
            self._turns.end_unheard(turn, "error", f"not understood: {trouble}")
        elif turn in self._turns:
            self._turns.end_unheard(turn, "silent", "nothing was said")
        turn.over = True
        self._pump()

    def _heard(self, turn: Turn, text: str, *, final: bool) -> None:
        self._stage.tell(
            show.Heard(turn=turn.number, rev=turn.rev, text=turn.whole(text), final=final)
        )

    def _meaning(self, turn: Turn, text: str) -> str:
        now = self._active.turn.given() if self._active is not None and self._others(turn) else ""
        return meaning(text, f"{turn.on_air} {now}".strip(), turn.just_said)

    def _others(self, turn: Turn) -> bool:
        """True when what she says or thinks now is for another turn."""
        return self._active is not None and self._active.turn is not turn

    def _later_voice(self, turn: Turn) -> Turn | None:
        """The turn of somebody who spoke after this one, if that is being answered already."""
        later = self._active.turn if self._active is not None else turn
        return later if later.source == "voice" and later.number > turn.number else None

    def _give_way(self, turn: Turn) -> None:
        """Another answer under way ends for this turn's sake."""
        if self._active is None or self._active.turn is turn:
            return
        other = self._active.turn
        heard = "audible" in other.marks_ns
        if other.source == "voice" and (not heard or turn.went_on_after(other)):
            # They paused longer than a turn's end, and went on: it is one thing that they say.
            turn.join(other, other.text or self._asked)
        self._drop(self._active, "interrupted")
        self._hold.let_go(turn)

    def _belongs_to(self, later: Turn, turn: Turn) -> None:
        """A turn is understood only after the next one, which is one thing with it."""
        answer = self._active
        if answer is not None and "audible" not in later.marks_ns:
            later.join(turn, turn.text)
            sure = bool(later.text)
            later.text = f"{turn.text} {later.text}" if sure else ""
            self._void(later)
            if sure:
                self._begin(later, later.text, committed=True)
        self._turns.end_unheard(turn, "interrupted", "they went on")

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

    # -- turns -------------------------------------------------------------------------------

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
        if self._latch.panicked:
            answer.end("panic")  # the new epoch ended it before it was told so
        self._answering.discard(turn.number)
        if self._active is answer:
            self._active = None
        heard = " ".join(filter(None, (heard_text(line) for line in turn.lines)))
        if heard:
            self._said = (heard, self._clock())
        remembered = answer.remembered()
        self._stage.history.add(answer.text, remembered, answer.mood, answer.viewer)
        self._turns.end(turn, answer.done_event())
        self._pump()
        if remembered and self._active is None:
            await self.warm()

    def _no_answer(self, wish: Wish, status: Status, detail: str) -> None:
        self._turns.end_unheard(self._waiting.pop(wish.turn), status, detail)

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
        now = self._clock()
        for old in self._floor.expire(now):
            self._no_answer(old, "stopped", old.out)
        wish = self._floor.next(now)
        if wish is None:
            return
        turn = self._waiting.pop(wish.turn)
        turn.epoch = self._latch.epoch
        turn.zero_ns = time.perf_counter_ns()  # what it waited for is no latency of hers
        self._begin(turn, wish.text, committed=True)
