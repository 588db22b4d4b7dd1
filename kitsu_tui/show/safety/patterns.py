"""RE2 patterns in a tree: one search tells that none of many is found, few more which one is.

Not RE2's own Set: a Set that runs out of memory says "no match". Here each step is an ordinary
search, which then goes on more slowly and still says the truth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import re2

from kitsu_tui.show.safety.rules import VIEWS, Rule, pattern_options

_MOST = 256
"""Patterns in one RE2 program; more of them make a larger one than its memory allows."""
_BRANCHES = 6
_VIEWS = frozenset(VIEWS)
_ENDS = re.compile(r"\\[AzZ]")

One = tuple[str, Rule]
Found = tuple[Rule, int, int]


class Patterns:
    """Patterns, by the views their rules do without and the side they say nothing about."""

    def __init__(self, patterns: list[One]) -> None:
        kinds: dict[tuple[frozenset[str], str], list[One]] = {}
        for one in patterns:
            kinds.setdefault((one[1].without, _silent(one[1])), []).append(one)
        self._kinds = [
            (*kind, [_Branch(some[at : at + _MOST]) for at in range(0, len(some), _MOST)])
            for kind, some in kinds.items()
        ]

    def complete(self) -> None:
        """Compile what else is compiled when something of a group is found for the first time.

        May run in another thread beside `find`.
        """
        for *_, branches in self._kinds:
            for branch in branches:
                branch.complete()

    def likely(self, texts: list[str], side: str = "") -> list[int]:
        """Which of the kinds may be found in any of the texts: one search in all of them at once.

        The other kinds are surely found in none.
        """
        joined = "\n".join(texts)
        return [
            at
            for at, (_, silent, branches) in enumerate(self._kinds)
            if not (side and side == silent) and any(one.likely(joined) for one in branches)
        ]

    def find(
        self,
        text: str,
        likely: list[int],
        views: frozenset[str] | None = None,
        side: str = "",
    ) -> Iterator[Found]:
        """Every match: its rule, and where it (or its first group) lies.

        Args:
            text: what is searched.
            likely: the kinds that are looked for.
            views: the ways in which pieces of it were read: a rule that does without all of them
                finds nothing there. None: it stands as written.
            side: rules that only count on the other one are not looked for.
        """
        for at in likely:
            without, silent, branches = self._kinds[at]
            if side and side == silent:
                continue
            if views is not None and (views <= without or without >= _VIEWS):
                continue
            for branch in branches:
                yield from branch.find(text)


def _silent(rule: Rule) -> str:
    if (rule.action == "allow") == (rule.input == "allow"):
        return ""
    return "output" if rule.action == "allow" else "input"


class _Branch:
    def __init__(self, patterns: list[One]) -> None:
        self._patterns = patterns
        self._parts: list[_Branch] = []
        self._whole = _compiled([text for text, _ in patterns])
        self._ends = any(_ENDS.search(text) for text, _ in patterns)
        """Something in it asks for the beginning or the end of the whole text."""

    def complete(self) -> None:
        """Compile all below."""
        for part in self._split():
            part.complete()

    def _split(self) -> list[_Branch]:
        patterns = self._patterns
        if not self._parts and len(patterns) > 1:
            size = -(-len(patterns) // _BRANCHES)
            # Whole at once: two threads may come here.
            self._parts = [
                _Branch(patterns[at : at + size]) for at in range(0, len(patterns), size)
            ]
        return self._parts

    def likely(self, joined: str) -> bool:
        """False when it is surely in none of the texts, which stand in lines."""
        if len(self._patterns) == 1 or self._whole is None or self._ends:
            return True
        return self._whole.search(joined) is not None

    def find(self, text: str) -> Iterator[Found]:
        if len(self._patterns) == 1:
            yield from self._matches(text)
            return
        if self._whole is not None and self._whole.search(text) is None:
            return
        for part in self._split():
            yield from part.find(text)

    def _matches(self, text: str) -> Iterator[Found]:
        rule = self._patterns[0][1]
        if self._whole is None:  # it was compiled when it was read: never so
            raise RuntimeError(f"a pattern of rule {rule.id} cannot be compiled")
        for found in self._whole.finditer(text):
            which = 1 if self._whole.groups and found.span(1)[0] >= 0 else 0
            start, end = found.span(which)
            if end > start:
                yield rule, start, end


def _compiled(texts: list[str]) -> Any:
    """None when RE2 will not have so much in one program: then each part is asked."""
    options = pattern_options()
    if len(texts) > 1:
        options.max_mem = 64 << 20
        options.never_capture = True  # where the groups lie is the slow part, and not asked here
    # Of several it is only asked whether there is one: "^" and "$" may then be those of a line.
    lines = "(?m)" if len(texts) > 1 else ""
    try:
        return re2.compile(lines + "|".join(f"(?:{text})" for text in texts), options)
    except re2.error:
        return None
