"""RE2 patterns in a tree: one search tells that none of many is found, few more which one is.

Not RE2's own Set: a Set that runs out of memory says "no match". Here each step is an ordinary
search, which then goes on more slowly and still says the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import re2

from kitsu_tui.show.safety.rules import VIEWS, Rule, pattern_options

_MOST = 256
"""Patterns in one RE2 program; more of them make a larger one than its memory allows."""
_BRANCHES = 6
_AT_ONCE = 600
"""More patterns are compiled one by one only when something of their group is found."""
_VIEWS = frozenset(VIEWS)

One = tuple[str, Rule]
Found = tuple[Rule, int, int]


class Patterns:
    """Patterns, by the views their rules do without and the side they say nothing about."""

    def __init__(self, patterns: list[One]) -> None:
        kinds: dict[tuple[frozenset[str], str], list[One]] = {}
        for one in patterns:
            kinds.setdefault((one[1].without, _silent(one[1])), []).append(one)
        at_once = len(patterns) <= _AT_ONCE
        self._kinds = [
            (
                *kind,
                [_Branch(some[at : at + _MOST], at_once) for at in range(0, len(some), _MOST)],
            )
            for kind, some in kinds.items()
        ]

    def find(
        self, text: str, views: frozenset[str] | None = None, side: str = ""
    ) -> Iterator[Found]:
        """Every match: its rule, and where it (or its first group) lies.

        Args:
            text: what is searched.
            views: the ways in which pieces of it were read: a rule that does without all of them
                finds nothing there. None: it stands as written.
            side: rules that only count on the other one are not looked for.
        """
        for without, silent, branches in self._kinds:
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
    def __init__(self, patterns: list[One], at_once: bool) -> None:
        self._patterns = patterns
        self._parts: list[_Branch] = []
        self._whole = _compiled([text for text, _ in patterns])
        if at_once:
            self._split(at_once)

    def _split(self, at_once: bool) -> None:
        patterns = self._patterns
        if len(patterns) > 1:
            size = -(-len(patterns) // _BRANCHES)
            self._parts = [
                _Branch(patterns[at : at + size], at_once) for at in range(0, len(patterns), size)
            ]

    def find(self, text: str) -> Iterator[Found]:
        if len(self._patterns) == 1:
            yield from self._matches(text)
            return
        if self._whole is not None and self._whole.search(text) is None:
            return
        if not self._parts:
            self._split(at_once=False)
        for part in self._parts:
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
    try:
        return re2.compile("|".join(f"(?:{text})" for text in texts), options)
    except re2.error:
        return None
