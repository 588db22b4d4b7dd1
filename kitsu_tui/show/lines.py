"""Her lines in one answer: each judged, told, said, and stopped when it has to be.

The answer gives sentences as the model has them. Here they meet the judge, a second opinion, the
desk and her voice; whoever decides about a line later does it here, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

from msgspec.structs import replace

from engines.wire import control, show, tts
from engines.wire.envelope import Cancel, Failure
from engines.wire.lines import Ruled
from engines.wire.peer import RequestFailed
from kitsu_tui.show.judge import Judgement
from kitsu_tui.show.line import Line, Words
from kitsu_tui.show.provenance import Origin, provenance
from kitsu_tui.show.safety import RANK, SAID, Verdict, failed
from kitsu_tui.show.speech import Speech
from kitsu_tui.show.stage import Stage
from kitsu_tui.show.turn import Turn
from kitsu_tui.show.voice import contexts, in_ears

log = logging.getLogger("show.lines")

CONTEXT = 120
"""Characters of what was said before that the gate reads along with a sentence."""
AGAIN = 3
"""Times that a sentence is judged when what it is judged by changes under way."""
SPLIT = 4
"""Lines that are looked through for the beginning of what is unsafe together."""
READING_S = 7.0
"""How long the judgement of how a sentence is pronounced may take beyond the gate's own time."""
_UNFIT = Failure(code="cancelled", message="it must not be heard as it is pronounced")


class Lines:
    """The lines of one answer. Owns them (`line.Owner`), and may stop them on their way
    (`speech.Stops`).

    Args:
        asked: what was said to her.
        committed: set when the answer may be heard.

    Attributes:
        speech: says them aloud.
        over: the answer is not wanted any more: nothing more is said.
        blocked: something of it was stopped by the gate.
    """

    def __init__(self, stage: Stage, turn: Turn, asked: str, committed: asyncio.Event) -> None:
        self.asked = asked
        self.over = False
        self.blocked = False
        self._stage = stage
        self._turn = turn
        self._rev = turn.rev
        self._at = turn.at()  # the turn's own may rise while this still winds up
        self._committed = committed
        self.speech = Speech(
            stage.supervisor,
            self.tell,
            turn,
            committed,
            stage.profile.conversation.speak_timeout_s,
            stage.gap,
            self,
        )
        self._lines: list[Line] = []
        """Those that the gate let through, or lets wait."""
        self._seq = 0
        self._origin: Origin | None = None
        self._owed: list[Line] = []
        """On air, and it is not known yet which model's words they are."""
        self._asides: set[asyncio.Task[None]] = set()

    @property
    def said(self) -> list[str]:
        """What is said, or was."""
        return [line.text for line in self._lines if line.decided != "drop"]

    @property
    def begun(self) -> bool:
        """There is, or was, a line; thought of again it would come back though it was dropped."""
        return bool(self._lines)

    @property
    def all_stopped(self) -> bool:
        """There was something to say, and none of it is said."""
        return not self.said and (self.blocked or bool(self._lines))

    def commit(self) -> None:
        """They count: the time of those that wait begins."""
        self._stage.desk.counts(self)

    def end(self) -> None:
        """None of them is wanted any more."""
        self.over = True
        self._stage.desk.clear(self)

    def close(self) -> None:
        """Nothing more becomes of them."""
        for task in self._asides:
            task.cancel()

    async def sentence(self, text: str, words: Words = "model") -> None:
        """Judge a sentence, and have said what may be said of it."""
        seq, self._seq = self._seq, self._seq + 1
        judge = self._stage.judge
        tries = AGAIN
        while True:  # until no line before it was dropped meanwhile, and the rules are the same
            before, gate = self._contexts(), judge.keeper.gate
            found = await self._weigh(text, before)
            tries -= 1
            if not tries or (self._contexts() == before and judge.keeper.gate is gate):
                break
        verdict = found.verdict
        play = self._turn.play
        if not play and verdict.action in SAID and words == "model":
            second = await judge.second(verdict.text, "output", self.asked, verdict)
            if second is not None and RANK[second.action] > 0:
                verdict = second
        waits = verdict.action == "hold" and play
        spoken = verdict.text.strip() if verdict.action in SAID or waits else ""
        self.judged(seq, text, "" if waits else spoken, verdict)
        if RANK[verdict.action] >= RANK["drop"] and verdict.split:
            await self._retract(text, verdict)
        if not spoken:
            self.blocked = True
            return
        line = Line(
            seq=seq,
            text=spoken,
            owner=self,
            turn=self._turn.number,
            rev=self._rev,
            written=text,
            verdict=verdict,
            ruled=list(found.ruled),
            words=words,
        )
        first = not self.said
        self._lines.append(line)
        if play and not self.over:
            if judge.opinion is not None and words == "model":
                line.asked = True
                self._aside(self._opine(line), line)
            self._stage.desk.admit(line, first=first)
            self.speech.say(line)

    def _contexts(self, line: Line | None = None) -> list[str]:
        """What an audience has in its ears when this line (or the next) is heard; more than one
        text where a line before it was cut, for where is known only nearly.
        """
        mine = [
            other
            for other in self._lines
            if (line is None or other.seq < line.seq)
            and (other.decided != "drop" or other.audible_ns)
        ]
        return contexts([*self._stage.desk.heard_before(self), *mine], CONTEXT)

    async def _weigh(self, text: str, before: list[str]) -> Judgement:
        """Judge a text behind each of these; the gravest counts."""
        weigh = self._stage.judge.weigh
        worst = await weigh(text, before[0], "output")
        for context in before[1:]:
            if RANK[worst.verdict.action] >= RANK["drop"]:
                break
            found = await weigh(text, context, "output")
            if RANK[found.verdict.action] > RANK[worst.verdict.action]:
                worst = found
        return worst

    async def _retract(self, text: str, verdict: Verdict) -> None:
        """With what follows they would be unsafe: the lines in which it began are not heard, or no
        further.
        """
        before = [line for line in reversed(self._lines) if line.decided != "drop"]
        began, context = 1, ""
        for count, line in enumerate(before[:SPLIT], 1):
            context = f"{line.text} {context}".strip()
            found = (await self._stage.judge.weigh(text, context, "output")).verdict
            if found.split and RANK[found.action] >= RANK["drop"]:
                began = count
                break
        for line in before[:began]:
            if not line.ended.is_set():
                self._stage.desk.drop(line, why="split", ruled=verdict.ruled())

    async def _opine(self, line: Line) -> None:
        """Ask for a second opinion while the line is being made."""
        desk, text = self._stage.desk, line.text
        found = await self._stage.judge.second(text, "output", self.asked, line.verdict)
        if found is not None:
            line.ruled.append(found.ruled())
        if not line.open or not line.asked:
            return  # it is over, or an operator decided
        if found is not None and found.action == "hold":
            line.asked = False
            await desk.hold(line, "opinion")
        elif found is not None and RANK[found.action] > 0:
            self._panic(found)
            desk.drop(line, why="opinion", ruled=found.ruled())
        else:
            desk.opinion_is_there(line)

    async def _judge_again(self, line: Line, why: str = "split") -> None:
        """What was said before it, or a rule, is not what it was judged with."""
        found = await self.weigh(line, line.text)
        verdict = found.verdict
        # It may have come on air meanwhile: then it goes no further.
        still = not (line.over or line.ended.is_set())
        if still and (verdict.action not in SAID or verdict.text.strip() != line.text):
            if verdict.action == "hold" and (line.approved_by or line.verdict.action == "hold"):
                return  # so much was known
            self._stage.desk.drop(line, why=why, ruled=verdict.ruled())

    def _aside(self, work: Coroutine[None, None, None], line: Line) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            self._asides.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:  # what cannot be judged is not said
                log.error("turn %d: %s", self._turn.number, type(error).__name__, exc_info=error)
                ruled = failed(type(error).__name__).ruled()
                self._stage.desk.drop(line, why="error", ruled=ruled)

        task = asyncio.create_task(work, name=f"line-{self._turn.number}")
        self._asides.add(task)
        task.add_done_callback(ended)

    # -- its lines (line.Owner) --------------------------------------------------------------

    @property
    def counts(self) -> bool:
        """It is no guess any more."""
        return self._committed.is_set()

    def tell(self, event: show.ShowEvent) -> None:
        """Tell it, if this answer is not overtaken."""
        if self._rev == self._turn.rev:
            self._stage.tell(event)

    async def weigh(self, line: Line, text: str) -> Judgement:
        """Judge a text in a line's place."""
        return await self._weigh(text, self._contexts(line))

    async def pull_back(self, line: Line, *, remake: bool = False) -> bool:
        """Take its sound back from `audio`; False when it was being heard."""
        return await self.speech.pull_back(line, remake=remake)

    def stopped(self, line: Line, why: str, by: str, ruled: Ruled | None) -> None:
        """It is not to be heard: end its sound, judge anew what follows it."""
        at = replace(self._at, seq=line.seq)
        self._stage.supervisor.cancel(Cancel(scope="sentence", at=at, reason=why))
        if self._rev == self._turn.rev:
            self._turn.verdicts.append(
                control.Verdict(
                    seq=line.seq,
                    action="drop",
                    category=ruled.category if ruled is not None else why,
                    rule=ruled.rule if ruled is not None else "",
                    view=ruled.view if ruled is not None else "",
                    means=_means(why, by),
                    by=by,
                )
            )
        self.changed(line)

    def judge_again(self, line: Line, why: str) -> None:
        """The rules, or what was heard before it, are others: judge it by them."""
        self._aside(self._judge_again(line, why), line)

    def changed(self, line: Line) -> None:
        """Something else is said, or nothing: judge anew what follows it."""
        for later in self._lines:
            if later.seq > line.seq and later.open:
                self._aside(self._judge_again(later), later)

    # -- on their way (speech.Stops) ---------------------------------------------------------

    async def read(self, line: Line, reading: tts.Reading) -> None:
        """Judge how it is about to be pronounced. RequestFailed: it must not be heard."""
        judge, desk = self._stage.judge, self._stage.desk
        if self._stage.reading is None:
            return
        try:
            async with asyncio.timeout(judge.late_s + READING_S):
                verdict = await self._stage.reading(reading, line)
            judge.works("sound")
        except Exception as err:
            why = "late" if isinstance(err, TimeoutError) else type(err).__name__
            judge.fails("sound", why)
            verdict = failed(why, "sound")
        if verdict is None:
            return
        line.ruled.append(verdict.ruled())
        if verdict.action == "hold" and not line.approved_by:
            await desk.hold(line, "rule")
        elif RANK[verdict.action] > 0 and verdict.action != "hold":
            self._panic(verdict)
            desk.drop(line, why="sound", ruled=verdict.ruled())
            raise RequestFailed(tts.SPEAK.name, _UNFIT)

    def kept(self, line: Line) -> None:
        """It could be heard, were it not for what it waits for."""
        self._stage.desk.opinion_is_late(line, self._stage.judge.opinion_s)

    def airs(self, line: Line) -> None:
        """It is audible."""
        self._stage.desk.airs(line)
        self._stage.judge.said(line.text)
        if line.words != "profile" and self._origin is None:
            self._owed.append(line)
        else:
            self.tell(provenance(self._turn, line, self.asked, self._origin or Origin()))

    def ended(self, line: Line) -> None:
        """It was heard, or is not going to be."""
        self._stage.desk.leave(line)
        if in_ears(line) != [line.text]:
            self._stage.desk.cut_short(line)

    def thought(self, origin: Origin | None = None) -> None:
        """Whose words they are is known, or never will be."""
        self._origin = self._origin or origin or Origin()
        owed, self._owed = self._owed, []
        for line in owed:
            self.tell(provenance(self._turn, line, self.asked, self._origin))

    # -- telling -----------------------------------------------------------------------------

    def _panic(self, verdict: Verdict) -> None:
        if verdict.action == "panic":
            self._stage.panic(f"gate: {verdict.rule}")

    def judged(self, seq: int, text: str, spoken: str, verdict: Verdict) -> None:
        if self._rev == self._turn.rev:
            self._turn.verdicts.append(
                control.Verdict(
                    seq=seq,
                    action=verdict.action,
                    category=verdict.category,
                    rule=verdict.rule,
                    view=verdict.view,
                    means=verdict.means,
                )
            )
        self._panic(verdict)
        self.tell(
            show.Judged(
                turn=self._turn.number,
                rev=self._rev,
                seq=seq,
                action=verdict.action,
                text=text,
                spoken=spoken,
                category=verdict.category,
                rule=verdict.rule,
                view=verdict.view,
                ms=round(verdict.ms, 3),
                risk=verdict.risk,
                means=verdict.means,
            )
        )


def _means(why: str, by: str) -> str:
    if by:
        return "operator"
    return why if why in ("sound", "opinion") else "desk"
