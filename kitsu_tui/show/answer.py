"""One answer: a text to her through the gate, the model, the gate again, and out aloud.

An answer belongs to one revision of a turn. It may be begun before it is sure that the speaker is
done; then everything is made but nothing is heard until `commit`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engines.wire import audio, control, policy, show
from engines.wire.envelope import At
from engines.wire.peer import RequestFailed
from kitsu_tui.config import Profile
from kitsu_tui.config.persona import Persona
from kitsu_tui.show.gap import Gap
from kitsu_tui.show.history import History
from kitsu_tui.show.judge import Judge
from kitsu_tui.show.safety import SAID, Verdict
from kitsu_tui.show.speech import Reading, Speech, has_gone, heard_text
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.turn import Status, Turn

log = logging.getLogger("show.answer")

CONTEXT = 120
"""Characters of what was said before that the gate reads along with a sentence."""
BACK_S = 10.0
WARM_S = 60.0


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
    reading: Reading | None = None
    """Judges how a sentence is pronounced, before any sound of it."""

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
    """The answer to `turn.text`, in its present revision."""

    def __init__(self, stage: Stage, turn: Turn, text: str, *, committed: bool) -> None:
        self.turn = turn
        self.text = text
        self.rev = turn.rev
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
            stage.reading,
        )
        self._timeout = conversation.answer_timeout_s
        self._said: list[str] = []
        self._seq = 0
        self._stopped = 0
        self._ended: Status | None = None
        self._canned = False
        self.task = asyncio.create_task(self._run(), name=f"answer-{turn.number}.{turn.rev}")

    def commit(self) -> None:
        """The speaker is done: let it be heard."""
        if self._committed.is_set():
            return
        self._committed.set()
        if self.turn.play and self._stage.supervisor.is_ready("audio"):
            self._stage.supervisor.open("audio", audio.RELEASE, self._speech.release())

    def skip(self) -> bool:
        """End the sentence on air and go on with the next; False when none is."""
        return self._speech.skip() is not None

    def end(self, status: Status) -> None:
        """It is no longer wanted (its cancellation has been sent). The task ends soon."""
        if not self._ended:
            self._ended = status
            self._committed.set()
            asyncio.get_running_loop().call_later(0.5, self._give_up)

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
            status = "blocked" if self._stopped else "silent"
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
            line = self._stage.profile.conversation.failure_line
            if self.status == "error" and not self._said and line and not self._ended:
                self._canned = True
                await self._sentence(line)
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

    async def _let_in(self) -> bool:
        verdict = await self._stage.judge.incoming(self.text)
        self._judged(-1, self.text, verdict.text, verdict)
        if verdict.action in SAID:
            self.text = verdict.text
            return True
        self.status = "blocked"
        self.detail = f"the gate did not let it in: {verdict.category} {verdict.rule}".strip()
        refusal = self._stage.profile.conversation.refusal_line
        if refusal:
            self._canned = True
            await self._sentence(refusal)
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
                system=prompt.system, history=prompt.history, moods=prompt.moods, text=self.text
            ),
            at=self._at,
        )
        try:
            async for event in exchange.events(self._timeout):
                if self._ended:
                    return
                now = time.perf_counter_ns()
                if isinstance(event, policy.Token):
                    self.turn.mark("first_token", now)
                    self._tell(show.Delta(turn=self.turn.number, rev=self.rev, text=event.text))
                elif isinstance(event, policy.Sentence):
                    self.turn.mark("first_sentence", now)
                    await self._sentence(event.text)
            reply = await exchange.result(self._timeout)
        finally:
            exchange.cancel("no longer wanted")
        self.mood, self.actions = reply.mood, list(reply.actions)
        if self.rev == self.turn.rev:
            self._stage.felt(self.turn.number, self.mood)
        if reply.status == "error" and not self._said:
            self.status, self.detail = "error", reply.detail or "the model gave no words"

    async def _sentence(self, text: str) -> None:
        """Judge a sentence, and say what may be said of it."""
        seq, self._seq = self._seq, self._seq + 1
        context = " ".join(self._said)[-CONTEXT:]
        verdict = await self._stage.judge.sentence(text, context)
        spoken = verdict.text.strip() if verdict.action in SAID else ""
        self._judged(seq, text, spoken, verdict)
        if not spoken:
            self._stopped += 1
            return
        self._said.append(spoken)
        if self.turn.play:
            self._speech.say(seq, spoken)

    def _judged(self, seq: int, text: str, spoken: str, verdict: Verdict) -> None:
        if self.rev == self.turn.rev:
            self.turn.verdicts.append(
                control.Verdict(
                    seq=seq,
                    action=verdict.action,
                    category=verdict.category,
                    rule=verdict.rule,
                    view=verdict.view,
                )
            )
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
