"""The second opinion: what the `guard` engine thinks of a text, behind the gate and never in its
place. It can only make a verdict stricter, and nothing waits for it longer than the profile says.

One that stops answering is told once, and costs no sentence any time after that: it is then asked
in the background only, until it answers again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

from engines.wire import guard
from engines.wire.message import RequestKind
from engines.wire.peer import Exchange, RequestFailed
from kitsu_tui.config.schema import Safety
from kitsu_tui.show.safety import RANK, Side, Verdict, failed

log = logging.getLogger("show.opinion")

PATIENCE = 2
"""So many in a row that are late or fail, and it counts as gone."""
AGAIN_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Waits before it is asked again whether it is back."""
AT_ONCE = 8
"""Texts that it is asked about at the same time; one more has no opinion."""
PIECE = 4000
PIECES = 4
"""A longer text is asked about in so many pieces; one longer still has no opinion."""
HARMLESS = "Hello there."
SEVERITY = 4

Alert = Callable[[Literal["info", "warning", "error"], str], None]


Opine = Callable[[str, Side, str, Verdict], Awaitable[Verdict | None]]


class Asked(Protocol):
    """What is needed of `kitsu_tui.show.supervisor.Supervisor`."""

    def is_ready(self, name: str) -> bool:
        """True when requests may be sent to it."""

    def why_not(self, name: str) -> str:
        """Why an engine cannot be asked, for people."""

    def open(
        self, name: str, kind: RequestKind[guard.Ask, guard.Opinion], params: guard.Ask
    ) -> Exchange[guard.Opinion]:
        """Send a request to an engine. Raises RequestFailed."""


class Opinions:
    """Asks for second opinions, and knows whether there are any to be had.

    Args:
        supervisor: asks the engine.
        alert: tells the operator.
        safety: the profile's section.
    """

    def __init__(
        self,
        supervisor: Asked,
        alert: Alert,
        safety: Safety,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._supervisor = supervisor
        self._alert = alert
        self._safety = safety
        self._clock = clock
        self._under_way = 0
        self._failed = 0
        self._gone = ""
        """Why there is none to be had; empty while there is."""
        self._looking: asyncio.Task[None] | None = None

    def use(self, safety: Safety) -> Opine | None:
        """Go by a profile from now on: who is to be asked, if anybody is."""
        self._safety = safety
        if safety.opinion != "never":
            return self.opine
        self.close()
        self._gone, self._failed = "", 0
        return None

    def close(self) -> None:
        """Ask nothing more in the background."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def opine(self, text: str, side: Side, context: str, verdict: Verdict) -> Verdict | None:
        """What is held against a text; None: nothing, or nobody was to be asked, or no opinion came
        and the gate's verdict holds then. Never raises, and never takes longer than `opinion_ms`.

        Args:
            text: what would be said, or what was said to her.
            context: for what she says, what it answers.
            verdict: of the gate and its checks.
        """
        if not self._wanted(side, verdict):
            return None
        if self._gone:
            return self._none(self._gone)
        pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
        if len(pieces) > PIECES or self._under_way + len(pieces) > AT_ONCE:
            return self._none("too much to ask about at once")
        began = self._clock()
        try:
            found = await self._all(pieces, side, context[-PIECE:])
        except Exception as err:  # whatever it is: there is no opinion
            if not self._wanted(side, verdict):  # another profile came meanwhile
                return None
            self._fails(err)
            return self._none(_why(err))
        self._failed = 0
        against = next((opinion for opinion in found if opinion.unsafe), None)
        if against is None:
            return None
        return Verdict(
            action="drop",
            category=against.category or "unsafe",
            rule=against.model,
            view="model",
            ms=(self._clock() - began) * 1000,
            severity=SEVERITY,
            risk=max(against.score, verdict.risk),
            means="opinion",
        )

    def _wanted(self, side: Side, verdict: Verdict) -> bool:
        """The profile wants it for such a text, and there is something left to decide."""
        if RANK[verdict.action] >= RANK["drop"]:
            return False
        wish = self._safety.opinion
        if wish == "doubtful":
            return verdict.risk > 0 and verdict.risk >= self._safety.risk_from
        return wish in (side, "both")

    def _none(self, why: str) -> Verdict | None:
        return failed(why, "opinion") if self._safety.opinion_late == "drop" else None

    async def _all(self, pieces: list[str], side: Side, context: str) -> list[guard.Opinion]:
        """An opinion of each piece, all at the same time; of one that is unsafe if there is one.

        Raises:
            Exception: of a piece there is none, and nothing is held against the others.
        """
        texts = [piece for piece in pieces if piece.strip()]
        wait = self._safety.opinion_ms / 1000
        self._under_way += len(texts)
        try:
            asked = (self._ask(guard.Ask(text=t, side=side, context=context), wait) for t in texts)
            found = await asyncio.gather(*asked, return_exceptions=True)
        finally:
            self._under_way -= len(texts)
        opinions = [one for one in found if isinstance(one, guard.Opinion)]
        errors = [one for one in found if isinstance(one, BaseException)]
        if errors and not any(opinion.unsafe for opinion in opinions):
            raise errors[0]
        return opinions

    async def _ask(self, ask: guard.Ask, timeout: float) -> guard.Opinion:
        exchange = self._supervisor.open("guard", guard.ASK, ask)
        try:
            return await exchange.result(timeout)
        finally:
            exchange.cancel("not wanted any more")

    # -- gone, and back ----------------------------------------------------------------------

    def _fails(self, err: Exception) -> None:
        self._failed += 1
        log.warning("no second opinion: %s", _why(err))
        at_once = isinstance(err, RequestFailed) and err.code == "gone"
        if self._gone or (self._failed < PATIENCE and not at_once):
            return
        self._gone = _why(err)
        then = (
            "nothing that waits for one is said"
            if self._safety.opinion_late == "drop"
            else "the gate alone decides"
        )
        self._alert("warning", f"there is no second opinion ({self._gone}): {then}")
        self._looking = asyncio.create_task(self._look(), name="opinion-back")

    async def _look(self) -> None:
        """Ask until it answers."""
        tries = 0
        while True:
            await asyncio.sleep(AGAIN_S[min(tries, len(AGAIN_S) - 1)])
            tries += 1
            try:
                if not self._supervisor.is_ready("guard"):
                    self._gone = self._supervisor.why_not("guard")
                    tries = 0  # whether it is there again costs nothing to see
                    continue
                await self._ask(guard.Ask(text=HARMLESS), self._safety.opinion_ms / 1000)
            except Exception as err:  # whatever it is: it is asked again
                log.info("still no second opinion: %s", _why(err))
                self._gone = _why(err)
                continue
            self._gone, self._failed, self._looking = "", 0, None
            self._alert("info", "there is a second opinion again")
            return


def _why(err: Exception) -> str:
    """In words; of an error that nobody expects its kind alone, for its words may quote."""
    if isinstance(err, RequestFailed):
        return err.detail or err.code
    return type(err).__name__
