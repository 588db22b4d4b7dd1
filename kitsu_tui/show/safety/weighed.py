"""What the rules found in a text, weighed by what it means as a whole and by how it is heard."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from kitsu_tui.show.safety.match import Hit, Index, outermost
from kitsu_tui.show.safety.meant import GUESSED_VIEWS, HEARD, MOST_ROWS, Meant
from kitsu_tui.show.safety.normal import Span
from kitsu_tui.show.safety.row import Row
from kitsu_tui.show.safety.rule import Rule
from kitsu_tui.show.safety.terms import allowances
from kitsu_tui.show.safety.verdict import Side

MAX_HITS = 64
"""Hits taken from one text; at the bound it is dropped, so the rest need not be known."""
NEAR_ALLOWED = 0.3
"""The risk of a text in which an allowed word excuses what some other reading found."""
NEAR_MEANING = 0.6
"""Times its probability: the risk of a text that means nothing that is certainly bad."""
GRAVEST = 5
"""Rules so severe are not excused by how a text is heard."""
FOREIGN = re.compile(r"[^\W\d_A-Za-z]")
"""A letter that no English word has: words of another language are not made-up spellings."""
_AS_WRITTEN = frozenset(("plain", "folded", "text"))


class Weigh:
    """Asks what a text means.

    Args:
        index: the rules, to be asked of a text as it is heard.
        own: those of `rules` that are the operator's: nothing excuses what they find.
        own_allow: what of all that is allowed is the operator's.

    Attributes:
        problem: why the model cannot be used, so that nothing may be said. Empty: it can.
    """

    def __init__(
        self, rules: Sequence[Rule], index: Index, own: Sequence[Rule], own_allow: Iterable[str]
    ) -> None:
        self._meant = Meant(rules)
        self._index = index
        self._own = frozenset(map(id, own))
        self._own_allow = allowances(own_allow)
        self.problem = self._meant.problem

    @property
    def asked(self) -> bool:
        """Whether any rule wants to know."""
        return self._meant.asked

    def __call__(
        self, found: list[Hit], rows: list[Row], low: str, edge: int, side: Side, *, aloud: bool
    ) -> float:
        """Adds to `found` what the text means as a whole, takes from it guesses where that is
        ordinary; returns how near an ordinary text comes.

        `rows` are those of `low`, which is the folded text behind what was said before; the text
        begins at `edge` of it. `aloud`: it may be spelt by ear.
        """
        read = self._meant.read(rows, edge, aloud=aloud)
        whole = (0, len(low) - edge)
        if len(found) < MAX_HITS:  # at the bound, what else there is has not been looked for
            kept = [
                hit
                for hit in found
                if not (read.ordinary and self._guessed(hit, rows))
                and not (read.clear and self._misheard(hit))
            ]
            excused = len(kept) < len(found)
            found[:] = kept
            if read.ordinary:
                return NEAR_ALLOWED if excused else 0.0
        elif read.ordinary:
            return 0.0
        for rule in self._meant.rules(read):
            if rule.on(side) == "allow":
                continue
            spans = outermost(self._index.allowed_by(low, rule, self._own_allow))
            if spans and self._meant.left(read, edge, spans) < rule.above:
                continue
            found.append(Hit(rule, read.view, whole, self._meant.telling(read, edge)))
            break
        if read.aloud and not found:
            found += self._aloud(read.aloud, whole, side)
        return read.risk * NEAR_MEANING

    def _guessed(self, hit: Hit, rows: Sequence[Row]) -> bool:
        """Whether a hit does not count in a text that is an ordinary one. What began in what was
        said before is not all in this text, nor was every row of a long one read."""
        read = len(rows) <= MOST_ROWS or hit.view in _AS_WRITTEN
        return hit.rule.soft and hit.span[0] >= 0 and read

    def _misheard(self, hit: Hit) -> bool:
        """Whether what a single word was taken for does not count in a text that is heard as
        an ordinary one."""
        return (
            hit.span[0] >= 0
            and hit.rule.severity < GRAVEST
            and id(hit.rule) not in self._own
            and not GUESSED_VIEWS.isdisjoint(hit.view.split("+"))
        )

    def _aloud(self, text: str, span: Span, side: Side) -> list[Hit]:
        """What the rules find in a text as it is heard; it counts for all of what is written."""
        found: list[Hit] = []
        for hit in self._index.search(text, text, side, []):
            if hit.rule.on(side) == "allow":
                continue
            allowed = outermost(self._index.allowed(text, hit.rule))
            start, end = hit.span
            holder = bisect_right(allowed, (start, len(text) + 1)) - 1
            if holder < 0 or end > allowed[holder][1]:
                found.append(Hit(hit.rule, HEARD, span, hit.term))
                if len(found) >= MAX_HITS:
                    break
        return found
