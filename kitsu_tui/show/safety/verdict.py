"""What is said of a text by any of the means that judge it, and which of several counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from engines.wire.lines import Action, Ruled

RANK: dict[Action, int] = {
    "allow": 0,
    "replace": 1,
    "sanitise": 2,
    "hold": 3,
    "drop": 4,
    "panic": 5,
}
"""The milder first."""
SAID = frozenset(("allow", "replace", "sanitise"))
"""With these something is said at once: `Verdict.text`."""
GATE_ERROR = "gate-error"
NO_GATE = "no gate"
"""Why nothing could be judged: there are no valid rules."""

Side = Literal["input", "output"]


class Verdict(Struct, frozen=True, kw_only=True):
    """What is said of one text.

    Attributes:
        action: allow (say `text`, it is unchanged), replace and sanitise (say `text`), hold (say
            `text` if an operator lets it go), drop (say nothing), panic (nothing, and panic).
        category: of the rule, `gate-error` when the means itself failed, empty when allowed.
        rule: its id.
        view: how the text had to be read: plain, folded, joined, leet, spaced, squeezed, masked,
            repeats, collapsed, text (a pattern) ...; `markup+` before it when tags hid it.
        text: what may be said; empty when dropped.
        ms: what the judgement took.
        term: the rule's term that was found, for the operator's eyes.
        severity: 1 to 5, 0 when allowed.
        risk: 0 to 1: how doubtful the text is, also when it is let through.
        means: `gate`, `sound`, `leak`, `repeat`, `opinion`.
        split: what was found began in the context: what was said before is part of it.
    """

    action: Action
    category: str = ""
    rule: str = ""
    view: str = ""
    text: str = ""
    ms: float = 0.0
    term: str = ""
    severity: int = 0
    risk: float = 0.0
    means: str = "gate"
    split: bool = False

    def timed(self, ms: float) -> Verdict:
        """The same with what it took."""
        return replace(self, ms=ms)

    def ruled(self) -> Ruled:
        """As it is told and kept."""
        return Ruled(
            means=self.means,
            action=self.action,
            category=self.category,
            rule=self.rule,
            view=self.view,
            ms=round(self.ms, 3),
        )


def failed(why: str, means: str = "gate") -> Verdict:
    """The verdict of a means that could not judge: nothing is said."""
    return Verdict(
        action="drop", category=GATE_ERROR, rule=why[:200], severity=5, risk=1.0, means=means
    )


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The one that counts: the strictest, the first among equals."""
    return max(verdicts, key=lambda verdict: RANK[verdict.action])
