"""What the show tells of single lines of hers: verdict, air, which wait, who decided, where each
came from. Part of `engines.wire.show`, whose names these are.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from engines.wire.stage import Event

Action = Literal["allow", "replace", "sanitise", "hold", "drop", "panic"]
"""What is done with a text, the mildest first. `replace`: words are said in another way;
`sanitise`: what must not be read out is named instead ("a link"); `hold`: an operator decides;
`drop`: nothing is said; `panic`: the show panics."""

Waiting = Literal["rule", "review", "operator", "risk", "opinion"]
"""Why a line waits: a rule says hold, every line is reviewed, an operator holds it, it is doubtful
and gets a moment, a second opinion is not there yet."""


class Ruled(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One verdict of those that a line has."""

    means: str
    """`gate`, `sound` (how it is pronounced), `leak`, `repeat`, `opinion`."""
    action: Action
    category: str = ""
    rule: str = ""
    view: str = ""
    ms: float = 0


class Judged(Event, frozen=True, kw_only=True, tag="turn.judged"):
    """The gate's verdict on a text that came in (seq -1) or on a sentence of hers."""

    turn: int
    rev: int
    seq: int
    action: Action
    text: str
    """What was judged."""
    spoken: str = ""
    """What goes on air of it."""
    category: str = ""
    rule: str = ""
    view: str = ""
    ms: float = 0
    risk: float = 0
    """0 (nothing found) to 1; what was let through may still be doubtful."""
    means: str = "gate"
    """Which of the means judged it; see `Ruled`."""


class Airing(Event, frozen=True, kw_only=True, tag="turn.airing"):
    """A sentence became audible."""

    turn: int
    rev: int
    seq: int
    text: str


class Aired(Event, frozen=True, kw_only=True, tag="turn.aired"):
    """A sentence is over. `heard` is the part of it that was heard, clipped at the sample."""

    turn: int
    rev: int
    seq: int
    status: Literal["played", "cut", "stale", "muted", "failed"]
    heard: str
    heard_ms: float


class LineWaits(Event, frozen=True, kw_only=True, tag="line.waits"):
    """A line of hers is kept back. Told again when the reason or the time changes."""

    turn: int
    rev: int
    seq: int
    text: str
    """What would be said."""
    why: Waiting
    until: float = 0
    """Wall time at which `then` happens by itself; 0: its time has not begun, for others wait
    before it. It is told again when it begins."""
    then: Literal["air", "drop"] = "drop"
    category: str = ""
    rule: str = ""
    risk: float = 0
    by: str = ""
    """Who holds it; empty: nobody, the show does."""


class LineDecided(Event, frozen=True, kw_only=True, tag="line.decided"):
    """What becomes of a line, decided after its verdict: by an operator, by time, by what followed.

    A line that was given to her voice may still be dropped, until it has been heard.
    """

    turn: int
    rev: int
    seq: int
    what: Literal["air", "drop", "replace"]
    by: str = ""
    """Who decided; empty: the show."""
    text: str = ""
    """What is said instead, for `replace`."""
    why: str = ""
    """`approved`, `dropped`, `replaced`, `time`, `split` (with the next line it is unsafe),
    `sound`, `opinion`, `rules` (they are others now), ..."""
    ruled: Ruled | None = None
    """The verdict that decided it, if one did."""


class ReviewMode(Event, frozen=True, kw_only=True, tag="review"):
    """Whether each line waits for an operator's approval, and what happens when none comes."""

    on: bool
    wait_s: float = 0
    then: Literal["air", "drop"] = "drop"
    by: str = ""


class Provenance(Event, frozen=True, kw_only=True, tag="line.from"):
    """Where a line that is on air came from. Told when it becomes audible."""

    turn: int
    rev: int
    seq: int
    text: str
    """As it is said."""
    written: str = ""
    """As the model gave it; empty when it is the same."""
    source: str = ""
    """Of the turn: voice, operator, chat, api."""
    who: str = ""
    asked: str = ""
    """What was said to her."""
    words: Literal["model", "profile", "operator"] = "model"
    """Whose words they are: the model's, the profile's or persona's own, an operator's."""
    model: str = ""
    prompt_hash: str = ""
    """First 16 hex digits of the SHA-256 of the prompt as the model saw it."""
    ruled: list[Ruled] = []
    approved_by: str = ""


class Blocked(Event, frozen=True, kw_only=True, tag="blocklist"):
    """The operator's own blocklist changed."""

    added: list[str] = []
    removed: list[str] = []
    count: int = 0
    by: str = ""
