"""Whether an engine gets on with what it was asked. Pure: frames and the time come in.

A pong speaks for an engine's loop and says nothing of a model's thread that is stuck. So what is
under way at an engine owes signs of progress (`engines.wire.message.Owes`), and an engine that
owes them for too long is ended. What may rightly wait is not counted: a request that owes nothing,
that is not fed to its end yet, that has no credit left for what it would say, or that was asked
after one that has none: an engine works on one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engines.wire import asr, audio, common, echo, policy, tts
from engines.wire.envelope import Event, Frame, Request, Response
from engines.wire.message import BadBody, Owes, RequestKind, Traffic

KINDS: dict[str, RequestKind[Any, Any]] = {
    kind.name: kind
    for domain in (asr, audio, policy, tts, echo)
    for kind in domain.REQUESTS
    if kind.owes is not None
}
BRIEF_S = 5.0
"""A request that was given up sooner than this says nothing: she was interrupted."""
NEVER = float("-inf")


@dataclass
class _Debt:
    """One request under way."""

    kind: RequestKind[Any, Any]
    owes: Owes
    since: float | None
    """From when on a sign is owed, None while none is."""
    credit: int | None
    fed: bool

    @property
    def waits_for_us(self) -> bool:
        """It may say no more before we let it."""
        return self.credit is not None and self.credit <= 0


class Progress:
    """What is owed on one connection.

    A sign of any request speaks for all of them: an engine works on one after the other. What was
    waited for in vain by a request that was then given up is remembered until the next sign, since
    callers lose patience before this does.

    Args:
        limit_s: seconds without a sign that are too long; 0 is no limit.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit = limit_s
        self._debts: dict[str, _Debt] = {}
        self._moved = NEVER
        self._carried = 0.0
        self._carried_to = NEVER

    def sent(self, frame: Frame, now: float) -> None:
        """We send it this."""
        if isinstance(frame, Request):
            if (kind := KINDS.get(frame.name)) is not None and kind.owes is not None:
                fed = kind.owes.after is None
                self._debts[frame.id] = _Debt(kind, kind.owes, None, frame.credit, fed)
                self._count(self._debts[frame.id], now)
        elif isinstance(frame, Event):
            debt = self._debts.get(frame.id or "")
            if debt is None:
                return
            if frame.name == common.CREDIT.name and debt.credit is not None:
                if debt.waits_for_us:
                    self._moved = max(self._moved, now)  # what waited behind it begins now
                debt.credit += _credit(frame)
                self._count(debt, now)
            elif debt.owes.after is not None and frame.name == debt.owes.after.name:
                debt.fed = True
                self._count(debt, now)

    def came(self, frame: Frame, now: float) -> None:
        """It sends us this."""
        if isinstance(frame, Event):
            debt = self._debts.get(frame.id or "")
            if debt is None:
                return
            if any(sign.name == frame.name for sign in debt.owes.signs):
                self._sign(now)
            kind = next((kind for kind in debt.kind.events if kind.name == frame.name), None)
            if debt.credit is not None and kind is not None and kind.traffic is Traffic.RESULT:
                debt.credit -= 1
                self._count(debt, now)
        elif isinstance(frame, Response):
            debt = self._debts.pop(frame.id, None)
            if debt is None:
                return
            given_up = frame.error is not None and frame.error.code in ("cancelled", "stale")
            if debt.owes.answer and not given_up:
                self._sign(now)
            else:
                self._carry(debt, now)

    def excuse(self, now: float) -> None:
        """It could not get on, or we could not see it: what is owed is owed from now."""
        self._moved = now

    def overdue(self, now: float) -> str:
        """Why it must be ended, or nothing."""
        owing: dict[str, float] = {}
        for id_, debt in self._debts.items():
            if debt.waits_for_us:
                break  # a sentence that is held, say: what was asked after it may wait behind it
            if debt.since is not None:
                owing[id_] = self._waited(debt, now)
        if not owing or not self._limit:
            return ""
        longest = max(owing, key=lambda id_: owing[id_])
        waited = self._carried + owing[longest]
        if waited < self._limit:
            return ""
        return f"no progress on {self._debts[longest].kind.name} for {waited:.0f} s"

    def _count(self, debt: _Debt, now: float) -> None:
        """See from when on it owes."""
        if not debt.fed or (debt.credit is not None and debt.credit <= 0):
            debt.since = None
        elif debt.since is None:
            debt.since = now

    def _waited(self, debt: _Debt, now: float) -> float:
        since = NEVER if debt.since is None else debt.since
        return now - max(since, self._moved, self._carried_to)

    def _sign(self, now: float) -> None:
        self._moved, self._carried, self._carried_to = now, 0.0, NEVER

    def _carry(self, debt: _Debt, now: float) -> None:
        if debt.since is None or now - max(debt.since, self._moved) < BRIEF_S:
            return
        self._carried += self._waited(debt, now)
        self._carried_to = now


def _credit(frame: Event) -> int:
    try:
        return common.CREDIT.decode(frame.data).n
    except BadBody:
        return 0
