"""Lines of hers that are not on air yet: which one the keys are about, its state in words. Pure.

Time is the show's wall time. Of a show that does not answer no time is counted: what is known of a
line then is how it was when it was last seen.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from engines.wire import show
from kitsu_tui.console.lines import visible
from kitsu_tui.console.words import span, who
from kitsu_tui.model.state import SentenceView, ShowState, TurnView

What: TypeAlias = Literal["air", "drop", "replace", "hold"]
OpenLine: TypeAlias = tuple[TurnView, SentenceView]

ASKED_S = 10.0
"""Seconds for which what was asked stands beside a line that nothing was told of."""
ANSWERED_S = 2.0
"""As above, once the show has said yes: its event is on the way."""
MOMENT_S = 1.0
"""A wait that was shorter from the first is over before anybody can act on it."""
QUIET_S = 30.0
"""Seconds without a line that waits, after which the next that does is news."""

ASKING: dict[str, str] = {
    "air": "letting it air…",
    "drop": "dropping…",
    "replace": "replacing…",
    "hold": "holding…",
}


class LineKey(NamedTuple):
    """What tells a line from all others."""

    turn: int
    rev: int
    seq: int


def line_key(turn: TurnView, line: SentenceView) -> LineKey:
    """The key of a line."""
    return LineKey(turn.turn, turn.rev, line.seq)


def momentary(line: SentenceView) -> bool:
    """True for a wait that only means that something is being looked at."""
    brief = 0 < line.until - line.since < MOMENT_S
    return line.waits in ("risk", "opinion") and brief


@dataclass
class ToCome:
    """What the operator does about the lines to come.

    Attributes:
        chosen: the line that was chosen by hand; None: the next one, whichever that is.
        shown: the line that was last in sight as the one that keys are about, and its text: what
            was decided is decided about that one, whatever came since.
    """

    chosen: LineKey | None = None
    shown: tuple[LineKey, str] | None = None
    _asked: dict[LineKey, tuple[What, float]] = field(default_factory=dict)
    _waited: float = float("-inf")

    # Which one

    def target(self, state: ShowState) -> OpenLine | None:
        """The line that keys are about: the chosen one, or the next."""
        lines = state.open_lines()
        for turn, line in lines:
            if line_key(turn, line) == self.chosen:
                return turn, line
        self.chosen = None
        return lines[0] if lines else None

    def look(self, state: ShowState) -> OpenLine | None:
        """As `target`; that one is in sight from now on."""
        found = self.target(state)
        self.shown = (line_key(*found), found[1].spoken) if found is not None else None
        return found

    def step(self, state: ShowState) -> None:
        """Choose the line after the one that is chosen; after the last comes the first."""
        keys = [line_key(turn, line) for turn, line in state.open_lines()]
        if keys:
            at = keys.index(self.chosen) if self.chosen in keys else 0
            self.chosen = keys[(at + 1) % len(keys)]

    def choose(self, turn: TurnView) -> None:
        """Choose the first line of a turn, if it has one to come."""
        if not turn.status:
            keys = [line_key(turn, line) for line in turn.sentences if line.open]
            self.chosen = keys[0] if keys else None

    # What was asked

    def asking(self, key: LineKey, what: What, now: float) -> None:
        """This was asked for; the answer is not there yet."""
        self._asked = {k: v for k, v in self._asked.items() if now < v[1]}
        self._asked[key] = (what, now + ASKED_S)

    def answered(self, key: LineKey, now: float, *, ok: bool) -> None:
        """The show has answered."""
        if key in self._asked:
            if ok:
                self._asked[key] = (self._asked[key][0], now + ANSWERED_S)
            else:
                del self._asked[key]

    def told(self, event: show.ShowEvent) -> None:
        """An event: what was asked about its line is settled."""
        if isinstance(event, show.LineWaits | show.LineDecided | show.Airing | show.Aired):
            self._asked.pop(LineKey(event.turn, event.rev, event.seq), None)

    def asked(self, key: LineKey, now: float) -> What | None:
        """What was asked about a line and is not settled."""
        what, until = self._asked.get(key, (None, 0.0))
        return what if now < until else None

    # When one waits

    def rings(self, state: ShowState, by: str, now: float) -> bool:
        """True when a line begins to wait for a person after none has for a while."""
        waits = [line for _, line in state.waiting_lines() if line.waits not in ("risk", "opinion")]
        if not waits:
            return False
        new = now - self._waited > QUIET_S
        self._waited = now
        return new and any(line.held_by != by for line in waits)


@dataclass(frozen=True)
class Coming:
    """How the lines to come stand now, for those who show them.

    Attributes:
        alive: the show answers: time may be counted.
        target: the line that keys are about.
    """

    now: float
    alive: bool = True
    target: LineKey | None = None
    memory: ToCome = field(default_factory=ToCome)

    def asked(self, key: LineKey) -> What | None:
        """What was asked about a line and is not settled."""
        return self.memory.asked(key, self.now)

    def stamp(self, turn: TurnView) -> Hashable:
        """What the lines of a turn depend on, apart from the turn itself."""
        if turn.status:
            return None
        return tuple(
            (state_words(turn, line, self)[0], line_key(turn, line) == self.target)
            for line in turn.sentences
            if line.open
        )


def counts(state: ShowState, now: float) -> float:
    """Seconds to the end of the wait that ends next; 0 when none has an end."""
    ends = [line.until for _, line in state.waiting_lines() if line.until]
    return max(0.01, min(ends) - now) if ends else 0.0


def left_words(seconds: float) -> str:
    """What is left of a wait: tenths where they matter, else whole seconds."""
    return f"{seconds:.1f} s" if seconds < 1 else span(seconds)


_WAITS = {
    "review": ("waits for approval", "approval"),
    "rule": ("held by a rule", "rule"),
    "risk": ("doubtful", "doubtful"),
    "opinion": ("waits for a second opinion", "opinion"),
}
_SEEN = {
    "review": "waited for approval",
    "rule": "was held by a rule",
    "risk": "was doubtful",
    "opinion": "waited for a second opinion",
}


def state_words(turn: TurnView, line: SentenceView, coming: Coming) -> tuple[str, ...]:
    """How a line to come stands, from the longest form to the shortest."""
    asked = coming.asked(line_key(turn, line))
    if asked is not None:
        return (ASKING[asked] if coming.alive else f"{ASKING[asked]} no answer",)
    holder = visible(who(line.held_by)) or "somebody"
    if not coming.alive:
        if not line.waits:
            return ("not said when last seen", "not said")
        seen = _SEEN.get(line.waits, f"was held by {holder}")
        return (f"{seen} when last seen", seen)
    if not line.waits:
        done = {"air": "approved", "replace": "replaced"}.get(line.decided, "")
        if not done or not line.decided_by:
            return ("made",)
        return (f"{done} by {visible(who(line.decided_by))}, made", done)
    long, short = _WAITS.get(line.waits, (f"held by {holder}", f"held by {holder}"))
    if not line.until:
        row = line.waits in ("review", "rule")
        return (f"{long}, {'in its turn' if row else 'without end'}", long, short)
    left = line.until - coming.now
    if left <= 0:
        return (f"{long}: time is up", f"{short}: time is up", "time is up")
    time = left_words(left)
    then, brief = ("said", "air") if line.then == "air" else ("dropped", "drop")
    return (f"{long}: {time}, then {then}", f"{short} {time}, then {brief}", f"{short} {time}")


def reason(line: SentenceView) -> str:
    """What was found in a line: by which means, category, rule, view, and its risk; or nothing."""
    named = [visible(part) for part in (line.category, line.rule) if part]
    found = " ".join(named)
    if found and line.means != "gate":
        found = f"{visible(line.means)}: {found}"
    view = visible(line.view) if found else ""
    return ", ".join(filter(None, (found, view, f"risk {line.risk:.2f}" if line.risk else "")))
