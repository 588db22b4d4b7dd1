"""RE2 patterns, of which only those are asked that a text may hold: see needed.py.

One automaton over the short texts that the patterns need tells which may be found, so what a
search costs goes with the text and hardly with the number of patterns, and nothing large is
compiled. The few of which nothing is known are asked all at once.

Not RE2's own Set: a Set that runs out of memory says "no match". Here each step is an ordinary
search, which then goes on more slowly and still says the truth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import ahocorasick
import re2

from kitsu_tui.show.safety.compiled import Pattern, pattern_options
from kitsu_tui.show.safety.needed import flat
from kitsu_tui.show.safety.rules import VIEWS, Rule

_MOST = 8
"""Patterns of which nothing is known that are asked at once."""
_VIEWS = frozenset(VIEWS)
_ENDS = re.compile(r"\\[AzZ]")

Found = tuple[Rule, int, int]


class One(NamedTuple):
    """A pattern and its rule."""

    pattern: Pattern
    rule: Rule


class Patterns:
    """Patterns, ready to search with; `find` tells them by the order of what they do without."""

    def __init__(self, patterns: Iterable[One]) -> None:
        kinds: dict[tuple[frozenset[str], str], list[One]] = {}
        for one in patterns:
            kinds.setdefault((one.rule.without, _silent(one.rule)), []).append(one)
        self._all = [(one.pattern, one.rule, *kind) for kind, some in kinds.items() for one in some]
        self._tree: Any = None
        self._unknown: list[_Group] = []
        self._also: list[tuple[str, ...] | None] = []
        """What each needs beside what the automaton has found."""
        table: dict[str, list[int]] = {}
        unknown: list[int] = []
        for at, one in enumerate(one for some in kinds.values() for one in some):
            needs = one.pattern.needed
            if not needs:
                unknown.append(at)
            else:
                for text in needs[0]:
                    table.setdefault(text, []).append(at)
            self._also.append(needs[1] if len(needs) > 1 else None)
        if table:
            self._tree = ahocorasick.Automaton()
            for text, numbers in table.items():
                self._tree.add_word(text, tuple(numbers))
            self._tree.make_automaton()
        for at in range(0, len(unknown), _MOST):
            some = unknown[at : at + _MOST]
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

    def likely(self, texts: list[str], side: str = "") -> list[int]:
        """Which of the patterns may be found in any of the texts, by one search in all of them.

        The others are surely found in none. Those that only count on the other `side` are left out.
        """
        joined = "\n".join(texts)
        found: set[int] = set()
        if self._tree is not None:
            bare = flat(joined)
            for _, numbers in self._tree.iter(bare):
                found.update(numbers)
            found = {at for at in found if self._holds(bare, at)}
        for group in self._unknown:
            if group.likely(joined):
                found.update(group.numbers)
        if not found:
            return []
        return sorted(at for at in found if not (side and side == self._all[at][3]))

    def _holds(self, bare: str, at: int) -> bool:
        also = self._also[at]
        return also is None or any(text in bare for text in also)

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


def _silent(rule: Rule) -> str:
    if (rule.action == "allow") == (rule.input == "allow"):
        return ""
    return "output" if rule.action == "allow" else "input"


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

    def likely(self, joined: str) -> bool:
        """False when none is in any of the texts, which stand in lines."""
        self.compile()
        whole = self._whole
        if whole is None or self._ends:
            return True
        return whole.search(joined.encode()) is not None
