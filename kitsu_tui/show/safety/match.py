"""Looking for all terms at once: one Aho-Corasick automaton over rows of words.

The time is linear in the text, whatever the number of terms (Aho and Corasick, 1975); patterns
and phrases run in RE2, which has the same promise. A text is searched as it stands; where pieces
of it ask to be read in another way (resolve.py), it is searched again with those in their place,
and only what a piece so read has part in counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from operator import is_not
from typing import Any

from msgspec import Struct

from kitsu_tui.show.safety.normal import Span
from kitsu_tui.show.safety.patterns import Patterns
from kitsu_tui.show.safety.resolve import TOGETHER, Resolver
from kitsu_tui.show.safety.row import Row
from kitsu_tui.show.safety.rows import Text
from kitsu_tui.show.safety.rule import Rule
from kitsu_tui.show.safety.squeezed import Squeezed
from kitsu_tui.show.safety.terms import Terms, allowances, both


class Hit(Struct, frozen=True):
    """A rule's term, or its pattern, and where it lies in the cleaned text."""

    rule: Rule
    view: str
    span: Span
    term: str = ""


class Index:
    """All rules, ready to search with.

    Args:
        rules: they.
        allow: words and phrases in which nothing is found.
        own: further rules, a few; with others all else is made again and not these.
        past: made before; what is the same now is taken from it.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        allow: Iterable[str],
        own: Iterable[Rule] = (),
        past: Index | None = None,
    ) -> None:
        base, some = tuple(rules), tuple(own)
        old: Terms | None = past._base if past is not None else None
        if old is None or len(old.rules) != len(base) or any(map(is_not, old.rules, base)):
            old = Terms(base, before=old)
        own_terms = Terms(some, old) if some else None
        if own_terms is not None and not own_terms.plain:
            old, own_terms = Terms((*base, *some), before=old), None
        self._base: Terms = old
        terms = own_terms or old
        same = past is not None and past._base is old
        self._patterns: Patterns = (
            past._patterns if past and same else Patterns(old.patterns, old.phrases)
        )
        if own_terms is None:
            self._tree, self._squeezed, spread = old.tree, old.squeezed, old.spread
        else:
            self._tree = both(old.tree, own_terms.tree)
            self._squeezed = both(old.squeezed, own_terms.squeezed)
            spread = both(old.spread, own_terms.spread, instead=True)
        self._resolver = Resolver(self._tree, spread, terms.whole, terms.lexicon)
        self._loose = terms.loose
        self._allow = allowances(allow)
        self._own = old.allow if own_terms is None else {**old.allow, **own_terms.allow}

    def complete(self) -> Iterator[None]:
        """Compile ahead what would be compiled at a first hit, one pattern at each step; beside
        searches, in a thread."""
        yield from self._patterns.complete()

    def search(
        self, whole: str, low: str, side: str = "", rows: list[Row] | None = None
    ) -> Iterator[Hit]:
        """Every hit in a cleaned text; `low` is the same folded. Views are tried as needed.

        Patterns and phrases that count on the other `side` alone are left out. `rows` takes in
        what was searched, the text as it stands first.
        """
        text = Text(whole, low, self._resolver)
        row = text.plain()
        others = list(text.others(self._loose))
        if rows is not None:
            rows += [row, *others]
        written = [whole] if low == whole or whole.isascii() else [whole, low]
        short = [*written, row.text, *[other.fresh() for other in others]]
        texts = [other.text for other in others]
        likely = self._patterns.likely(short, written + texts, side, [row.text, *texts])
        parted = bisect_left(likely, self._patterns.parted)
        patterns, phrases = likely[:parted], likely[parted:]
        yield from self._in_row(row, phrases)
        if self._squeezed is not None and len(text.chunks) > 1:
            for basic in (False, True):
                pieces = text.squeezed(basic)
                squeezed: Squeezed | None = None
                for end, (size, some) in self._squeezed.iter("".join(pieces)):
                    start = end + 1 - size
                    squeezed = squeezed or text.squeezed_at(pieces)
                    for rule, term in some:
                        span = squeezed.span(start, end + 1, rule, " " in term)
                        if span is not None and "squeezed" not in rule.without:
                            yield Hit(rule, "squeezed", span, term)
        for other in others:
            yield from self._in_row(other, phrases)
            for rule, start, end in self._patterns.find(other.text, patterns, other.views):
                yield from self._hit(other, rule, start, end, "")
        for searched, view in zip(written, ("text", "folded"), strict=False):
            for rule, start, end in self._patterns.find(searched, patterns):
                yield Hit(rule, view, (start, end))

    def _in_row(self, row: Row, phrases: list[int]) -> Iterator[Hit]:
        if self._tree is not None:
            for end, (size, some) in self._tree.iter(row.text):
                for rule, term in some:
                    yield from self._hit(row, rule, end + 1 - size, end + 1, term)
        for rule, start, end in self._patterns.find(row.text, phrases, row.views):
            yield from self._hit(row, rule, start, end, row.text[start:end].strip())

    def _hit(self, row: Row, rule: Rule, start: int, end: int, term: str) -> Iterator[Hit]:
        place = row.place(start, end)
        if place is None:
            return
        span, view = place
        if TOGETHER in view:
            if " " not in term:
                return
            view = view.replace(TOGETHER, "joined")
        if not (rule.without and any(part in rule.without for part in view.split("+"))):
            yield Hit(rule, view, span, term)

    def allowed(self, low: str, rule: Rule) -> list[Span]:
        """Where words and phrases lie that are allowed for this rule."""
        return self._spans(self._allow, low) + self._spans(self._own.get(id(rule)), low)

    def allowed_by(self, low: str, rule: Rule, more: Any) -> list[Span]:
        """Where those lie that the rule itself allows, or another automaton of allowances."""
        return self._spans(more, low) + self._spans(self._own.get(id(rule)), low)

    def _spans(self, tree: Any, low: str) -> list[Span]:
        if tree is None:
            return []
        row = Row.plain(low)
        found: list[Span] = []
        for end, (size, stem) in tree.iter(row.text):
            stop = row.text.index(" ", end + 1) if stem else end + 1
            place = row.place(end + 1 - size, stop)
            if place is not None:
                found.append(place[0])
        return found


def outermost(spans: list[Span]) -> list[Span]:
    """In order, none inside another."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not found or span[1] > found[-1][1]:
            found.append(span)
    return found
