"""RE2 patterns, of which only those are asked that a text may hold: see needed.py.

One automaton over the short texts that the patterns need tells which may be found, so what a
search costs goes with the text and hardly with the number of patterns, and nothing large is
compiled. The few of which nothing is known are asked all at once.

Not RE2's own Set: a Set that runs out of memory says "no match". Here each step is an ordinary
search, which then goes on more slowly and still says the truth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import ahocorasick
import re2

from kitsu_tui.show.safety.compiled import Pattern, pattern_options
from kitsu_tui.show.safety.figures import held
from kitsu_tui.show.safety.needed import flat
from kitsu_tui.show.safety.rule import VIEWS, Rule

_MOST = 24
"""Patterns of which nothing is known that are asked at once."""
_VIEWS = frozenset(VIEWS)
_ENDS = re.compile(r"\\[AzZ]")

Found = tuple[Rule, int, int]


class One(NamedTuple):
    """A pattern and its rule."""

    pattern: Pattern
    rule: Rule


class Patterns:
    """Patterns, ready to search with; `find` tells them by the order of what they do without.

    Args:
        patterns: what is looked for in texts.
        phrases: what is looked for in other texts, rows of words.

    Attributes:
        parted: the number of the first of the phrases.
    """

    def __init__(self, patterns: Iterable[One], phrases: Iterable[One] = ()) -> None:
        self._all = _sorted(patterns)
        self.parted = len(self._all)
        self._all += _sorted(phrases)
        first: dict[str, list[int]] = {}
        numbers: dict[str, int] = {}
        self._second: list[frozenset[int] | None] = []
        """For each pattern the automaton's texts of which it needs one as well."""
        unknown: tuple[list[int], list[int]] = ([], [])
        for at, (pattern, *_) in enumerate(self._all):
            needs = pattern.needed
            if not needs:
                unknown[at >= self.parted].append(at)
            for text in needs[0] if needs else ():
                first.setdefault(text, []).append(at)
            self._second.append(
                frozenset([numbers.setdefault(text, len(numbers)) for text in needs[1]])
                if len(needs) > 1
                else None
            )
        self._tree: Any = None
        self._first: list[tuple[int, ...]] = []
        """The patterns that need one of the automaton's texts, by the text's number."""
        if first:
            self._tree = ahocorasick.Automaton(ahocorasick.STORE_INTS)
            for text in first:
                numbers.setdefault(text, len(numbers))
            for text, number in numbers.items():
                self._tree.add_word(text, number)
                self._first.append(tuple(first.get(text, ())))
            self._tree.make_automaton()
        self._unknown: list[_Group] = []
        for one in unknown:
            for at in range(0, len(one), _MOST):
                some = one[at : at + _MOST]
                self._unknown.append(_Group(some, [self._all[number][0] for number in some]))

    def complete(self) -> Iterator[None]:
        """Compile, one at each step, what else is compiled when it is asked for the first time.

        May go on in another thread beside `find`.
        """
        every: list[Pattern | _Group] = [pattern for pattern, *_ in self._all]
        for one in every + self._unknown:
            if not one.compiled:
                one.compile()
                yield

    def likely(
        self, short: list[str], texts: list[str], side: str = "", rows: Sequence[str] = ()
    ) -> list[int]:
        """Which of the patterns may be found in any of some texts, by one search in all of them.

        The others are surely found in none. Those that only count on the other `side` are left out.

        Args:
            short: have all that is short in the texts: what patterns need, see needed.py.
            texts: they themselves.
            rows: those in which phrases are looked for.
        """
        some: list[int] = []
        if self._tree is not None:
            met = {number for _, number in self._tree.iter(flat("\n".join(short)))}
            every, second = self._first, self._second
            for at in {at for number in met for at in every[number]}:
                needed = second[at]
                if needed is None or not needed.isdisjoint(met):
                    some.append(at)
        if not some and not self._unknown:
            return some
        # A line's end is as good as a text's to all that ask for neither.
        asked = _Asked(texts), _Asked(rows)
        for group in self._unknown:
            if group.likely(asked[group.numbers[0] >= self.parted].joined):
                some += group.numbers
        some.sort()
        return [at for at in some if self._asked(at, side, asked[at >= self.parted])]

    def _asked(self, at: int, side: str, texts: _Asked) -> bool:
        pattern, _, _, silent = self._all[at]
        if side and side == silent:
            return False
        figures = pattern.figures
        if figures > 1 and figures > texts.figures:
            return False
        return pattern.anchored or pattern.search(texts.joined) is not None

    def find(
        self, text: str, likely: list[int], views: frozenset[str] | None = None
    ) -> Iterator[Found]:
        """Every match: its rule, and where it (or its first group) lies.

        Args:
            text: what is searched.
            likely: the patterns that are looked for.
            views: the ways in which pieces of it were read: a rule that does without all of them
                finds nothing there. None: it stands as written.
        """
        if not likely:
            return
        raw = text.encode()
        for at in likely:
            pattern, rule, without, _ = self._all[at]
            if views is not None and (views <= without or without >= _VIEWS):
                continue
            if pattern.search(raw) is None:
                continue
            for found in pattern.finditer(text):
                which = 1 if pattern.groups and found.span(1)[0] >= 0 else 0
                start, end = found.span(which)
                if end > start:
                    yield rule, start, end


def _sorted(patterns: Iterable[One]) -> list[tuple[Pattern, Rule, frozenset[str], str]]:
    """By kind: what they do without, and on which side they do not count."""
    kinds: dict[tuple[frozenset[str], str], list[One]] = {}
    for one in patterns:
        kinds.setdefault((one.rule.without, _silent(one.rule)), []).append(one)
    return [(one.pattern, one.rule, *kind) for kind, some in kinds.items() for one in some]


def _silent(rule: Rule) -> str:
    if (rule.action == "allow") == (rule.input == "allow"):
        return ""
    return "output" if rule.action == "allow" else "input"


class _Asked:
    """Texts in which something is looked for.

    Attributes:
        joined: they stand in lines.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.joined = "\n".join(texts).encode()
        self._texts = texts
        self._figures = -1

    @property
    def figures(self) -> int:
        """How many a text has at most."""
        if self._figures < 0:
            self._figures = max(map(held, self._texts), default=0)
        return self._figures


class _Group:
    """Patterns that are asked at once."""

    def __init__(self, numbers: list[int], patterns: list[Pattern]) -> None:
        self.numbers = numbers
        self._patterns = patterns
        self._whole: Any = None
        self.compiled = False
        self._ends = any(_ENDS.search(pattern.pattern) for pattern in patterns)
        """One of them asks for the beginning or the end of the whole text."""

    def compile(self) -> None:
        if self.compiled:
            return
        options = pattern_options()
        options.never_capture = True  # where the groups lie is the slow part, and not asked here
        # It is only asked whether there is one: "^" and "$" may then be those of a line.
        whole = "|".join(f"(?:{pattern.pattern})" for pattern in self._patterns)
        try:
            self._whole = re2.compile(f"(?m){whole}", options)
        except re2.error:
            self._whole = None  # too large for one: then each is asked
        self.compiled = True

    def likely(self, joined: bytes) -> bool:
        """False when none is in any of the texts, which stand in lines."""
        self.compile()
        whole = self._whole
        if whole is None or self._ends:
            return True
        return whole.search(joined) is not None
