"""The desk between the gate and the air: lines that are kept back, and what becomes of them.

A line waits because a rule says `hold`, because every line is reviewed, because an operator holds
it, because it is the first of an answer and doubtful, or because a second opinion is not there yet.
What waits has a time, at whose end it is dropped or let go; nothing waits for ever. The time of a
line of a guess (the speaker may not be done) begins, and is told, when the guess counts. Lines that
wait for a person because of review or a rule stand in a row: the time of each begins when no line
before it waits for a person any more, for who reads can read one after the other. So a row of lines
about which nobody decides waits for the sum of their times.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from engines.wire import show
from engines.wire.lines import Ruled, Waiting
from kitsu_tui.config.schema import Safety
from kitsu_tui.show.line import Fate, Line, Owner

IN_A_ROW = ("review", "rule")
"""Waits whose time begins when the line is the first one that waits,"""
BEFORE = (*IN_A_ROW, "operator")
"""and those that it waits behind. What an operator holds has its time from then on."""
PAST = 32
"""Lines that are over and still known by name."""
HEARD = 8


class Review(NamedTuple):
    """Whether each line waits for approval, for how long, and what happens when none comes."""

    on: bool
    wait_s: float
    then: Fate
    by: str = ""


class Desk:
    """Lines that have not been heard yet, of all answers.

    Args:
        tell: tells the show's events.
        wall: wall time in seconds.

    Attributes:
        review: review mode as it is now.
        lines: those that are open, in order.
        past: the last ones that are over.
    """

    def __init__(
        self,
        safety: Safety,
        tell: Callable[[show.ShowEvent], None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._safety = safety
        self._tell = tell
        self._wall = wall
        self.review = _review(safety)
        self.lines: list[Line] = []
        self.past: deque[Line] = deque(maxlen=PAST)
        self._heard: deque[Line] = deque(maxlen=HEARD)

    # -- review mode -------------------------------------------------------------------------

    def use(self, safety: Safety, by: str = "") -> None:
        """Go by a profile's limits. Review as an operator set it stays, unless the profile brings
        another one than the profile before.
        """
        before, self._safety = self._safety, safety
        if _review(before) != _review(safety):
            self.review = _review(safety)._replace(by=by)
            self.tell_review()

    def tell_review(self) -> None:
        """Tell review mode as it is."""
        on, wait_s, then, by = self.review
        self._tell(show.ReviewMode(on=on, wait_s=wait_s, then=then, by=by))

    async def set_review(self, review: Review) -> int:
        """Another mode from now on. Lines that are not on air yet wait as well when it begins;
        those that wait when it ends go on waiting, for somebody may have stopped it in a hurry.
        Returns how many lines wait for approval now.
        """
        begins = review.on and not self.review.on
        self.review = review
        self.tell_review()
        for line in list(self.lines) if begins else ():
            if line.words == "profile":
                continue
            if line.open and not line.approved_by and line.waits in ("", "risk", "opinion"):
                await self.hold(line, "review", review.wait_s, review.then)
        return sum(1 for line in self.lines if line.waits == "review")

    # -- a line's way ------------------------------------------------------------------------

    def admit(self, line: Line, *, first: bool) -> None:
        """A line that was judged and is to be heard, or waits. `first`: nothing of its answer
        goes before it, so nothing gives anybody the time to stop it.
        """
        self.lines.append(line)
        safety, risk = self._safety, line.verdict.risk
        if line.verdict.action == "hold":
            line.unmade = True
            self._keep(line, "rule", safety.hold_s, "drop")
        elif self.review.on and line.words != "profile":
            line.unmade = True
            self._keep(line, "review", self.review.wait_s, self.review.then)
        elif first and safety.risk_ms and risk > 0 and risk >= safety.risk_from:
            self._keep(line, "risk", safety.risk_ms * min(risk, 1.0) / 1000, "air")

    def counts(self, owner: Owner) -> None:
        """An answer is no guess any more: the time of what waits begins."""
        for line in [line for line in self.lines if line.owner is owner and line.waits]:
            self._begin(line)

    def clear(self, owner: Owner) -> None:
        """An answer is not wanted any more: nothing of it waits."""
        gone = [line for line in self.lines if line.owner is owner and line.open]
        for line in gone:
            line.waits = ""  # none of them comes up when the one before it leaves
        for line in gone:
            self.leave(line)

    def rules_changed(self) -> None:
        """What is not on air yet was judged by other rules than hold now."""
        for line in [line for line in self.lines if line.open]:
            line.owner.judge_again(line, "rules")

    def leave(self, line: Line) -> None:
        """It has ended, or never will be heard."""
        self._stop_timer(line)
        if line in self.lines:
            self.lines.remove(line)
            self.past.append(line)
        line.over = True
        line.waits, line.asked = "", False
        line.wake()
        self._next()

    def opinion_is_late(self, line: Line, seconds: float) -> None:
        """It could be heard, were it not for the second opinion: say so."""
        if line.asked and not line.waits and not line.slow:
            line.slow = True
            self._keep(line, "opinion", seconds, "air")

    def opinion_is_there(self, line: Line) -> None:
        """Nothing was found against it."""
        line.asked = False
        if line.waits == "opinion":
            self.let_go(line, why="opinion")
        line.wake()

    # -- decisions ---------------------------------------------------------------------------

    async def hold(
        self,
        line: Line,
        why: Waiting = "operator",
        seconds: float | None = None,
        then: Fate = "drop",
        by: str = "",
    ) -> bool:
        """Keep back a line that is not on air, also one that `audio` has; False when it was too
        late for that.
        """
        if not line.open:
            return False
        self._keep(
            line, why, self._safety.hold_s if seconds is None else seconds, then, by, tell=False
        )
        # Nothing of it is given to `audio` from here on; what `audio` has comes back.
        try:
            came_back = await line.owner.pull_back(line)
        except BaseException:  # whoever asked hung up: it is held all the same, and has its time
            if line.waits == why:
                self._begin(line)
            raise
        if not came_back:
            line.waits = ""
            self._stop_timer(line)
            self._next()
            return False
        if line.waits == why:
            self._begin(line)
        return line.open

    def let_go(self, line: Line, by: str = "", why: str = "time") -> None:
        """It may be heard, in its order."""
        line.approved_by = by or line.approved_by
        self._free(line)
        self._decided(line, "air", by, why)
        line.wake()

    def drop(self, line: Line, by: str = "", why: str = "time", ruled: Ruled | None = None) -> None:
        """It is not heard, or no further."""
        if line.over or line.decided == "drop":
            return
        self._decided(line, "drop", by, why, ruled=ruled)
        airing = bool(line.audible_ns)
        self.leave(line)
        line.over = not airing
        line.owner.stopped(line, why, by, ruled)

    async def replace(self, line: Line, text: str, by: str) -> bool:
        """Say this in its place, now that it was judged. False when it was too late for that."""
        before, line.text = line.text, text
        if not await line.owner.pull_back(line, remake=True) or not line.open:
            line.text = before
            return False
        line.written = line.written or before
        line.words = "operator"
        line.approved_by = by
        self._free(line)
        self._decided(line, "replace", by, "replaced", text=text)
        line.wake()
        line.owner.changed(line)
        return True

    def _decided(
        self,
        line: Line,
        what: Literal["air", "drop", "replace"],
        by: str,
        why: str,
        *,
        text: str = "",
        ruled: Ruled | None = None,
    ) -> None:
        line.decided, line.decided_by = what, by
        line.owner.tell(
            show.LineDecided(
                turn=line.turn,
                rev=line.rev,
                seq=line.seq,
                what=what,
                by=by,
                text=text,
                why=why,
                ruled=ruled,
            )
        )

    # -- what was heard ----------------------------------------------------------------------

    def airs(self, line: Line) -> None:
        """It is on air."""
        self._heard.append(line)

    def heard_before(self, owner: Owner) -> list[Line]:
        """Those of the answers before this one that are, or were, on air."""
        return [line for line in self._heard if line.owner is not owner]

    def cut_short(self, gone: Line) -> None:
        """Less of it was heard than was thought: what follows it was judged with all of it."""
        for line in [line for line in self.lines if line is not gone]:
            line.owner.judge_again(line, "split")

    # -- time --------------------------------------------------------------------------------

    def _keep(
        self,
        line: Line,
        why: Waiting,
        seconds: float,
        then: Fate,
        by: str = "",
        *,
        tell: bool = True,
    ) -> None:
        self._stop_timer(line)
        line.waits, line.wait_s, line.then, line.held_by = why, seconds, then, by
        if tell and line.owner.counts:
            self._begin(line)

    def _begin(self, line: Line) -> None:
        """It is told that it waits, and its time begins, if it need not wait for that as well."""
        if not line.owner.counts or not line.waits:
            return
        self._stop_timer(line)
        line.until = 0.0
        if not self._stands_behind(line):
            line.until = self._wall() + line.wait_s
            line.timer = asyncio.get_running_loop().call_later(line.wait_s, self._time, line)
        line.owner.tell(
            show.LineWaits(
                turn=line.turn,
                rev=line.rev,
                seq=line.seq,
                text=line.text,
                why=line.waits,
                until=round(line.until, 3),
                then=line.then,
                category=line.verdict.category,
                rule=line.verdict.rule,
                risk=line.verdict.risk,
                by=line.held_by,
            )
        )

    def _stands_behind(self, line: Line) -> bool:
        """Its time does not begin yet: a person looks at another one first."""
        if line.waits not in IN_A_ROW or line not in self.lines:
            return False
        before = self.lines[: self.lines.index(line)]
        return any(other.waits in BEFORE and other.owner.counts for other in before)

    def _next(self) -> None:
        """A line waits no more: the time of the one behind it begins."""
        for line in self.lines:
            idle = line.waits in IN_A_ROW and line.owner.counts and line.timer is None
            if idle and not self._stands_behind(line):
                self._begin(line)
                return

    def _time(self, line: Line) -> None:
        line.timer = None
        if not line.waits or line.over:
            return
        if line.waits == "opinion":
            line.waits = ""  # whoever asks for the opinion keeps its time
        elif line.then == "air":
            self.let_go(line)
        else:
            self.drop(line)

    def _free(self, line: Line) -> None:
        self._stop_timer(line)
        line.waits, line.until, line.held_by = "", 0.0, ""
        line.unmade = False
        if line.approved_by:
            line.asked = False  # an operator has the last word
        self._next()

    def _stop_timer(self, line: Line) -> None:
        if line.timer is not None:
            line.timer.cancel()
            line.timer = None


def _review(safety: Safety) -> Review:
    return Review(safety.review, safety.review_s, safety.review_then)
