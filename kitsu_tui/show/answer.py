"""One answer: a text to her through the gate, the model, the gate again, and out aloud.

An answer belongs to one revision of a turn. It may be begun before it is sure that the speaker is
done; then everything is made but nothing is heard until `commit`.
"""

from __future__ import annotations

import asyncio
import logging
import time

from engines.wire import audio, policy, show
from engines.wire.peer import RequestFailed
from kitsu_tui.show import stopped
from kitsu_tui.show.lines import Lines
from kitsu_tui.show.provenance import Origin
from kitsu_tui.show.safety import RANK, SAID
from kitsu_tui.show.safety.verdict import GATE_ERROR
from kitsu_tui.show.speech import has_gone
from kitsu_tui.show.stage import Stage
from kitsu_tui.show.turn import Status, Turn
from kitsu_tui.show.viewers import fit_name
from kitsu_tui.show.voice import heard_text

log = logging.getLogger("show.answer")

BACK_S = 10.0


class Answer:
    """The answer to `turn.text`, in its present revision."""

    def __init__(self, stage: Stage, turn: Turn, text: str, *, committed: bool) -> None:
        self.turn = turn
        self.text = text
        self.rev = turn.rev
        self.viewer = ""
        """What the viewer is called who said it, when one did."""
        # The turn's own may rise while this still winds up. No sentence's: of an answer whose first
        # line is dropped the rest is still wanted.
        self._at = turn.at(-1)
        self.status: Status = "ok"
        self.mood = ""
        self.actions: list[str] = []
        self.detail = ""
        self._stage = stage
        self._committed = asyncio.Event()
        if committed:
            self._committed.set()
        self._hers = Lines(stage, turn, text, self._committed)
        self._speech = self._hers.speech
        self._timeout = stage.profile.conversation.answer_timeout_s
        self._ended: Status | None = None
        self._canned = False
        self.task = asyncio.create_task(self._run(), name=f"answer-{turn.number}.{turn.rev}")

    def commit(self) -> None:
        """The speaker is done: let it be heard."""
        if self._committed.is_set():
            return
        self._committed.set()
        self._hers.commit()
        if self.turn.play and self._stage.supervisor.is_ready("audio"):
            self._stage.supervisor.open("audio", audio.RELEASE, self._speech.release())

    def skip(self) -> bool:
        """End the sentence on air and go on with the next; False when none is."""
        return self._speech.skip() is not None

    def end(self, status: Status) -> None:
        """It is no longer wanted (its cancellation has been sent). The task ends soon."""
        if not self._ended:
            self._ended = status
            self._hers.end()
            self._committed.set()
            asyncio.get_running_loop().call_later(0.5, self._give_up)

    def _give_up(self) -> None:
        self._speech.abandon()
        self.task.cancel()

    def done_event(self) -> show.TurnDone:
        """What is told at its end."""
        turn = self.turn
        spoken = " ".join(self._hers.said)
        heard = " ".join(filter(None, (heard_text(line) for line in turn.lines)))
        whole = all(line.status in ("played", "muted") for line in turn.lines)
        status = self._ended or self.status
        if status == "ok" and not self._hers.said:
            status = "blocked" if self._hers.all_stopped else "silent"
        blocked = status == "blocked"
        return show.TurnDone(
            turn=turn.number,
            rev=self.rev,
            status=status,
            answer=spoken if whole or not turn.play else heard,
            mood=self.mood,
            actions=self.actions,
            detail=self.detail or (stopped.why_stopped(turn.verdicts) if blocked else ""),
            marks_ms=turn.marks_ms(),
        )

    def remembered(self) -> str:
        """What of it belongs in memory: what was heard, or all of it when it was not for ears."""
        if self._canned or self.turn.went_on is not None:
            return ""  # the profile's words, not hers; or to half of what they said
        if not self.turn.play:
            return " ".join(self._hers.said)
        return " ".join(filter(None, (heard_text(line) for line in self.turn.lines)))

    # -- the way of an answer ----------------------------------------------------------------

    async def _run(self) -> None:
        try:
            if await self._let_in():
                await self._think()
            self._hers.thought()
            line = self._stage.profile.conversation.failure_line
            if self.status == "error" and not self._hers.said and line and not self._ended:
                self._canned = True
                await self._hers.sentence(line, "profile")
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
            # After an error as well nothing of it goes on: nobody could end it any more.
            self._hers.end()
            self._speech.abandon()
            self._hers.close()

    async def _let_in(self) -> bool:
        judge = self._stage.judge
        verdict = await judge.incoming(self.text)
        if verdict.action in SAID:
            second = await judge.second(verdict.text, "input", "", verdict)
            if second is not None and RANK[second.action] > 0:
                verdict = second
        self._hers.judged(-1, self.text, verdict.text, verdict)
        if verdict.action in SAID and verdict.text.strip():
            self.text = self._hers.asked = verdict.text
            if self.turn.source == "chat":
                self.viewer = await fit_name(judge, self.turn.who, self._stage.persona.viewer)
            return True
        self.status = "blocked"
        why = f"{verdict.category} {verdict.rule}".strip()
        if verdict.category == GATE_ERROR:
            why = stopped.why(self.turn.verdicts[-1]) if self.turn.verdicts else verdict.rule
        self.detail = f"the gate did not let it in: {why}"
        fallback = self._stage.profile.conversation.refusal_line
        refusal = self._stage.refusals.line(self._stage.persona, verdict.category, fallback)
        if refusal:
            self._canned = True
            await self._hers.sentence(refusal, "profile")
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
                if gone and attempt == 1 and not self._hers.begun:
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
                    self._hers.thought(Origin(event.model, event.prompt_hash))
                elif isinstance(event, policy.Token):
                    self.turn.mark("first_token", now)
                    self._tell(show.Delta(turn=self.turn.number, rev=self.rev, text=event.text))
                elif isinstance(event, policy.Sentence):
                    self.turn.mark("first_sentence", now)
                    await self._hers.sentence(event.text)
            reply = await exchange.result(self._timeout)
        finally:
            exchange.cancel("no longer wanted")
        self._hers.thought(Origin(reply.model, reply.prompt_hash))
        self.mood, self.actions = reply.mood, list(reply.actions)
        if self.rev == self.turn.rev:
            self._stage.felt(self.turn.number, self.mood)
        if reply.status == "error" and not self._hers.said:
            self.status, self.detail = "error", reply.detail or "the model gave no words"

    def _tell(self, event: show.ShowEvent) -> None:
        self._hers.tell(event)
