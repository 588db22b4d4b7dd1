"""What the rules found in a text, weighed by what it means as a whole and by how it is heard."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from unicodedata import normalize

from kitsu_tui.show.safety.match import Hit, Index, outermost
from kitsu_tui.show.safety.meant import GUESSED_VIEWS, HEARD, MOST_ROWS, Meant, Read
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
"""Rules so severe are excused only in a text that is surely ordinary."""
GRAVE = 4
"""Rules so severe are not excused by how a text is heard."""
FEW = 4
"""Words; of fewer, what they mean says little."""
_WORD = re.compile(r"[^\W\d_]+")
FOREIGN = 3
"""A text is of another language where one word in so many has a letter that no English one has."""
_AS_WRITTEN = frozenset(("plain", "folded", "text"))


def in_english(text: str) -> bool:
    """Whether words of a text may be English ones that are spelt by ear."""
    if text.isascii():
        return True
    words = _WORD.findall(normalize("NFKC", text))
    return FOREIGN * sum(not word.isascii() for word in words) < len(words)


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
        excused = False
        if len(found) < MAX_HITS:  # at the bound, what else there is has not been looked for
            kept = [
                hit
                for hit in found
                if not self._guessed(hit, read, rows, aloud) and not self._misheard(hit, read)
            ]
            excused = len(kept) < len(found)
            found[:] = kept
        near = NEAR_ALLOWED if excused else 0.0
        if read.ordinary:
            return near
        hit = self._meant_by(read, low, edge, side)
        if hit is not None:
            found.append(hit)
        if read.aloud and not found:
            found += self._aloud(read.aloud, whole, side)
        return max(near, read.risk * NEAR_MEANING)

    def _meant_by(
        self, read: Read, low: str, edge: int, side: Side, *, part: bool = False
    ) -> Hit | None:
        """What a text means is forbidden; where that is allowed on this side, what the rest of it
        means without the words that say so (`part`)."""
        allowed = False
        for rule in self._meant.rules(read):
            if rule.on(side) == "allow":
                allowed = True
                continue
            spans = outermost(self._index.allowed_by(low, rule, self._own_allow))
            if spans and self._meant.left(read, edge, spans) < rule.above:
                continue
            told = self._meant.telling(read, edge)
            return Hit(rule, read.view, (0, len(low) - edge), told)
        rest = self._meant.without(read, edge) if allowed and not part else None
        return self._meant_by(rest, low, edge, side, part=True) if rest is not None else None

    def _guessed(self, hit: Hit, read: Read, rows: Sequence[Row], aloud: bool) -> bool:
        """Whether a hit does not count, because the text is an ordinary one. What began in what was
        said before is not all in this text, nor was every row of a long one read."""
        rule = hit.rule
        if not rule.soft or hit.span[0] < 0 or not read.ordinary or id(rule) in self._own:
            return False
        if hit.view not in _AS_WRITTEN:
            seen = len(rows) <= MOST_ROWS and (aloud or GUESSED_VIEWS.isdisjoint(_parts(hit)))
            return seen and read.surely
        return read.surely or (rule.severity < GRAVEST and read.words >= FEW)

    def _misheard(self, hit: Hit, read: Read) -> bool:
        """Whether what a single word was taken for does not count, because the text is heard as
        an ordinary one."""
        return (
            read.clear
            and hit.span[0] >= 0
            and hit.rule.severity < GRAVE
            and id(hit.rule) not in self._own
            and not GUESSED_VIEWS.isdisjoint(_parts(hit))
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


def _parts(hit: Hit) -> list[str]:
    return hit.view.split("+")
