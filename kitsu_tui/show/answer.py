"""One answer: a text to her through the gate, the model, the gate again, and out aloud.

An answer belongs to one revision of a turn. It may be begun before it is sure that the speaker is
done; then everything is made but nothing is heard until `commit`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field

from msgspec.structs import replace

from engines.wire import audio, control, policy, show, tts
from engines.wire.envelope import At, Cancel, Failure
from engines.wire.lines import Ruled
from engines.wire.peer import RequestFailed
from kitsu_tui.config import Profile
from kitsu_tui.config.persona import Persona
from kitsu_tui.show.desk import Desk
from kitsu_tui.show.gap import Gap
from kitsu_tui.show.history import History
from kitsu_tui.show.judge import Judge, Judgement
from kitsu_tui.show.line import Line, Words
from kitsu_tui.show.provenance import Origin, provenance
from kitsu_tui.show.refusals import Refusals
from kitsu_tui.show.safety import RANK, SAID, Verdict, failed
from kitsu_tui.show.speech import Speech, has_gone, heard_text
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.turn import SpokenLine, Status, Turn
from kitsu_tui.show.viewers import fit_name

log = logging.getLogger("show.answer")

CONTEXT = 120
"""Characters of what was said before that the gate reads along with a sentence."""
BACK_S = 10.0
WARM_S = 60.0
READING_S = 4.0
"""How long the judgement of how a sentence is pronounced may take beyond the gate's own time."""

Reading = Callable[[str, str, SpokenLine], Awaitable[Verdict | None]]
"""Judges how a sentence is about to be pronounced: what is spoken of it, its phonemes, the line.
None, or a verdict that allows: nothing against it. `hold`: it waits; all else: it is not heard."""
_UNFIT = Failure(code="cancelled", message="it must not be heard as it is pronounced")


@dataclass
class Stage:
    """What an answer needs of the show around it."""

    supervisor: Supervisor
    tell: Callable[[show.ShowEvent], None]
    judge: Judge
    persona: Persona
    history: History
    profile: Profile
    preset: str
    mood: str = ""
    """The mood that an operator holds her in; empty: her own."""
    felt: Callable[[int, str], None] = lambda turn, mood: None
    """Called with the mood of a turn's answer, as soon as it is known."""
    gap: Gap = field(default_factory=Gap)
    refusals: Refusals = field(default_factory=Refusals)
    reading: Reading | None = None
    """Judges how a sentence is pronounced, before any sound of it."""
    panic: Callable[[str], object] = lambda by: None
    """Presses panic, in the name of a rule that says so."""
    desk: Desk = field(init=False)
    """Has the lines that are not on air yet."""

    def __post_init__(self) -> None:
        self.desk = Desk(self.profile.safety, self.tell)

    def prompt(self, preset: str = "") -> policy.Prompt:
        """What she knows before anything is asked; its beginning stays the same."""
        family = self.profile.persona.family_friendly
        return policy.Prompt(
            system=self.persona.system_text(preset or self.preset, family=family),
            history=[*self.persona.opening(), *self.history.messages()],
            moods=[self.mood] if self.mood else list(self.persona.moods),
        )

    async def warm(self, epoch: int) -> None:
        """Have the model read the beginning of the prompt, so that the next answer is quick."""
        if not self.supervisor.is_ready("policy"):
            return
        try:
            await self.supervisor.request(
                "policy", policy.WARM, self.prompt(), at=At(epoch=epoch), timeout=WARM_S
            )
        except RequestFailed as err:
            log.info("warming up: %s", err)


class Answer:
    """The answer to `turn.text`, in its present revision. Owns its lines (`line.Owner`), and may
    stop them on their way (`speech.Stops`).
    """

    def __init__(self, stage: Stage, turn: Turn, text: str, *, committed: bool) -> None:
        self.turn = turn
        self.text = text
        self.rev = turn.rev
        self.viewer = ""
        """What the viewer is called who said it, when one did."""
        self._at = turn.at()  # the turn's own may rise while this still winds up
        self.status: Status = "ok"
        self.mood = ""
        self.actions: list[str] = []
        self.detail = ""
        self._stage = stage
        self._committed = asyncio.Event()
        if committed:
            self._committed.set()
        conversation = stage.profile.conversation
        self._speech = Speech(
            stage.supervisor,
            self._tell,
            turn,
            self._committed,
            conversation.speak_timeout_s,
            stage.gap,
            self,
        )
        self._timeout = conversation.answer_timeout_s
        self._lines: list[Line] = []
        """Those that the gate let through, or lets wait."""
        self._seq = 0
        self._stopped = 0
        self._origin: Origin | None = None
        self._thought = False
        """Nothing more comes from the model."""
        self._owed: list[Line] = []
        """On air, and it is not known yet which model's words they are."""
        self._asides: set[asyncio.Task[None]] = set()
        self._ended: Status | None = None
        self._canned = False
        self.task = asyncio.create_task(self._run(), name=f"answer-{turn.number}.{turn.rev}")

    def commit(self) -> None:
        """The speaker is done: let it be heard."""
        if self._committed.is_set():
            return
        self._committed.set()
        self._stage.desk.counts(self)
        if self.turn.play and self._stage.supervisor.is_ready("audio"):
            self._stage.supervisor.open("audio", audio.RELEASE, self._speech.release())

    def skip(self) -> bool:
        """End the sentence on air and go on with the next; False when none is."""
        return self._speech.skip() is not None

    def end(self, status: Status) -> None:
        """It is no longer wanted (its cancellation has been sent). The task ends soon."""
        if not self._ended:
            self._ended = status
            self._stage.desk.clear(self)
            self._committed.set()
            asyncio.get_running_loop().call_later(0.5, self._give_up)

    @property
    def _said(self) -> list[str]:
        """What is said, or was."""
        return [line.text for line in self._lines if line.decided != "drop"]

    def _give_up(self) -> None:
        self._speech.abandon()
        self.task.cancel()

    def done_event(self) -> show.TurnDone:
        """What is told at its end."""
        turn = self.turn
        spoken = " ".join(self._said)
        heard = " ".join(filter(None, (heard_text(line) for line in turn.lines)))
        whole = all(line.status in ("played", "muted") for line in turn.lines)
        status = self._ended or self.status
        if status == "ok" and not self._said:
            status = "blocked" if self._stopped or self._lines else "silent"
        return show.TurnDone(
            turn=turn.number,
            rev=self.rev,
            status=status,
            answer=spoken if whole or not turn.play else heard,
            mood=self.mood,
            actions=self.actions,
            detail=self.detail,
            marks_ms=turn.marks_ms(),
        )

    def remembered(self) -> str:
        """What of it belongs in memory: what was heard, or all of it when it was not for ears."""
        if self._canned or self.turn.went_on is not None:
            return ""  # the profile's words, not hers; or to half of what they said
        if not self.turn.play:
            return " ".join(self._said)
        return " ".join(filter(None, (heard_text(line) for line in self.turn.lines)))

    # -- the way of an answer ----------------------------------------------------------------

    async def _run(self) -> None:
        try:
            if await self._let_in():
                await self._think()
            self._thought = True
            self._tell_owed()
            line = self._stage.profile.conversation.failure_line
            if self.status == "error" and not self._said and line and not self._ended:
                self._canned = True
                await self._sentence(line, "profile")
            await self._speech.finished()  # also when it was ended: it tells what was heard
            if self._speech.trouble and not self._ended:
                self.status, self.detail = "error", self._speech.trouble
            await self._committed.wait()  # until the speaker is done, this is only a guess
        except asyncio.CancelledError:
            if not self._ended:
                raise
        except Exception as err:
            log.exception("turn %d failed", self.turn.number)
            self.status, self.detail = "error", f"{type(err).__name__}: {err}"
        finally:
            for task in self._asides:
                task.cancel()

    async def _let_in(self) -> bool:
        judge = self._stage.judge
        verdict = await judge.incoming(self.text)
        if verdict.action in SAID:
            verdict = await judge.second(verdict.text, "input", "", verdict) or verdict
            if verdict.action == "allow" and verdict.means == "opinion":
                verdict = replace(verdict, text=self.text)
        self._judged(-1, self.text, verdict.text, verdict)
        if verdict.action in SAID:
            self.text = verdict.text
            if self.turn.source == "chat":
                self.viewer = await fit_name(judge, self.turn.who, self._stage.persona.viewer)
            return True
        self.status = "blocked"
        self.detail = f"the gate did not let it in: {verdict.category} {verdict.rule}".strip()
        fallback = self._stage.profile.conversation.refusal_line
        refusal = self._stage.refusals.line(self._stage.persona, verdict.category, fallback)
        if refusal:
            self._canned = True
            await self._sentence(refusal, "profile")
        return False

    async def _think(self) -> None:
        for attempt in (1, 2):
            try:
                await self._ask()
                return
            except RequestFailed as err:
                gone = has_gone(self._stage.supervisor, "policy", err)
                if self._ended or err.code == "stale" or (err.code == "cancelled" and not gone):
                    return
                if gone and attempt == 1 and not self._said:
                    log.info("turn %d: policy has gone, waiting for it", self.turn.number)
                    if await self._stage.supervisor.wait_ready("policy", BACK_S):
                        continue
                self.status, self.detail = "error", str(err)
                return

    async def _ask(self) -> None:
        prompt = self._stage.prompt(self.turn.preset)
        exchange = self._stage.supervisor.open(
            "policy",
            policy.RESPOND,
            policy.Respond(
                system=prompt.system,
                history=prompt.history,
                moods=prompt.moods,
                text=self.text,
                who=self.viewer,
                viewer=self.turn.source == "chat",
            ),
            at=self._at,
        )
        try:
            async for event in exchange.events(self._timeout):
                if self._ended:
                    return
                now = time.perf_counter_ns()
                if isinstance(event, policy.Begun):
                    self._origin = Origin(event.model, event.prompt_hash)
                elif isinstance(event, policy.Token):
                    self.turn.mark("first_token", now)
                    self._tell(show.Delta(turn=self.turn.number, rev=self.rev, text=event.text))
                elif isinstance(event, policy.Sentence):
                    self.turn.mark("first_sentence", now)
                    await self._sentence(event.text)
            reply = await exchange.result(self._timeout)
        finally:
            exchange.cancel("no longer wanted")
        if self._origin is None:
            self._origin = Origin(reply.model, reply.prompt_hash)
        self.mood, self.actions = reply.mood, list(reply.actions)
        if self.rev == self.turn.rev:
            self._stage.felt(self.turn.number, self.mood)
        if reply.status == "error" and not self._said:
            self.status, self.detail = "error", reply.detail or "the model gave no words"

    async def _sentence(self, text: str, words: Words = "model") -> None:
        """Judge a sentence, and have said what may be said of it."""
        seq, self._seq = self._seq, self._seq + 1
        judge = self._stage.judge
        context = self._context()
        found = await judge.weigh(text, context, "output")
        verdict = found.verdict
        play = self.turn.play
        if not play and verdict.action in SAID and words == "model":
            second = await judge.second(verdict.text, "output", self.text, verdict)
            if second is not None and RANK[second.action] > 0:
                verdict = second
        waits = verdict.action == "hold" and play
        spoken = verdict.text.strip() if verdict.action in SAID or waits else ""
        self._judged(seq, text, "" if waits else spoken, verdict)
        if RANK[verdict.action] >= RANK["drop"] and verdict.split:
            self._retract(verdict)
        if not spoken:
            self._stopped += 1
            return
        line = Line(
            seq=seq,
            text=spoken,
            owner=self,
            turn=self.turn.number,
            rev=self.rev,
            written=text,
            verdict=verdict,
            ruled=list(found.ruled),
            words=words,
        )
        first = not self._said
        self._lines.append(line)
        if play and not self._ended:
            if judge.opinion is not None and words == "model":
                line.asked = True
                self._aside(self._opine(line))
            self._stage.desk.admit(line, first=first)
            self._speech.say(line)

    def _context(self, line: Line | None = None) -> str:
        """What an audience has in its ear when this line (or the next) is heard."""
        said = [
            other.text
            for other in self._lines
            if other.decided != "drop" and (line is None or other.seq < line.seq)
        ]
        before = self._stage.desk.heard_before(self, heard_text)
        return " ".join(filter(None, (before, *said)))[-CONTEXT:]

    def _retract(self, verdict: Verdict) -> None:
        """With the line that follows it would be unsafe: it is not heard, or no further."""
        before = next((line for line in reversed(self._lines) if line.decided != "drop"), None)
        if before is not None and not before.ended.is_set():
            self._stage.desk.drop(before, why="split", ruled=verdict.ruled())

    async def _opine(self, line: Line) -> None:
        """Ask for a second opinion while the line is being made."""
        desk, text = self._stage.desk, line.text
        found = await self._stage.judge.second(text, "output", self.text, line.verdict)
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

    async def _judge_again(self, line: Line) -> None:
        """What was said before it is not what it was judged with."""
        found = await self.weigh(line, line.text)
        verdict = found.verdict
        if line.open and (verdict.action not in SAID or verdict.text.strip() != line.text):
            if verdict.action == "hold" and (line.approved_by or line.verdict.action == "hold"):
                return  # so much was known
            self._stage.desk.drop(line, why="split", ruled=verdict.ruled())

    def _aside(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=f"line-{self.turn.number}")
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    # -- its lines (line.Owner) --------------------------------------------------------------

    @property
    def counts(self) -> bool:
        """It is no guess any more."""
        return self._committed.is_set()

    def tell(self, event: show.ShowEvent) -> None:
        """Tell it, if this answer is not overtaken."""
        self._tell(event)

    async def weigh(self, line: Line, text: str) -> Judgement:
        """Judge a text in a line's place."""
        return await self._stage.judge.weigh(text, self._context(line), "output")

    async def pull_back(self, line: Line, *, remake: bool = False) -> bool:
        """Take its sound back from `audio`; False when it was being heard."""
        return await self._speech.pull_back(line, remake=remake)

    def stopped(self, line: Line, why: str, by: str, ruled: Ruled | None) -> None:
        """It is not to be heard: end its sound, judge anew what follows it."""
        at = replace(self._at, seq=line.seq)
        self._stage.supervisor.cancel(Cancel(scope="sentence", at=at, reason=why))
        if self.rev == self.turn.rev:
            self.turn.verdicts.append(
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

    def changed(self, line: Line) -> None:
        """Something else is said, or nothing: judge anew what follows it."""
        for later in self._lines:
            if later.seq > line.seq and later.open:
                self._aside(self._judge_again(later))

    # -- on their way (speech.Stops) ---------------------------------------------------------

    async def read(self, line: Line, reading: tts.Reading) -> None:
        """Judge how it is about to be pronounced. RequestFailed: it must not be heard."""
        judge, desk = self._stage.judge, self._stage.desk
        if self._stage.reading is None:
            return
        try:
            async with asyncio.timeout(judge.late_s + READING_S):
                verdict = await self._stage.reading(reading.text, reading.phonemes, line)
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
        if line.words != "profile" and self._origin is None and not self._thought:
            self._owed.append(line)
        else:
            self._tell(provenance(self.turn, line, self.text, self._origin or Origin()))

    def ended(self, line: Line) -> None:
        """It was heard, or is not going to be."""
        self._stage.desk.leave(line)

    def _tell_owed(self) -> None:
        owed, self._owed = self._owed, []
        for line in owed:
            self._tell(provenance(self.turn, line, self.text, self._origin or Origin()))

    # -- telling -----------------------------------------------------------------------------

    def _panic(self, verdict: Verdict) -> None:
        if verdict.action == "panic":
            self._stage.panic(f"gate: {verdict.rule}")

    def _judged(self, seq: int, text: str, spoken: str, verdict: Verdict) -> None:
        if self.rev == self.turn.rev:
            self.turn.verdicts.append(
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
        self._tell(
            show.Judged(
                turn=self.turn.number,
                rev=self.rev,
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

    def _tell(self, event: show.ShowEvent) -> None:
        if self.rev == self.turn.rev:
            self._stage.tell(event)


def _means(why: str, by: str) -> str:
    if by:
        return "operator"
    return why if why in ("sound", "opinion") else "desk"
