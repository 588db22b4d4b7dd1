"""Looking for all terms at once: one Aho-Corasick automaton for each way in which views read.

The time is linear in the text, whatever the number of terms (Aho and Corasick, 1975); patterns
run in RE2, which has the same promise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import ahocorasick
import re2
from msgspec import Struct

from kitsu_tui.show.safety import normal
from kitsu_tui.show.safety.normal import Span, View
from kitsu_tui.show.safety.rules import Rule, pattern_options

_SHORT = 4
"""A term of fewer letters is not looked for where ordinary words would collide with it."""
_MASKED_ENDINGS = ("", "s", "ing", "in", "er", "ers", "ed", "y")


class Hit(Struct, frozen=True):
    """A rule's term, or its pattern, and where it lies in the cleaned text."""

    rule: Rule
    view: str
    span: Span
    term: str = ""


def _wrap(text: str, match: str) -> str:
    return {"word": f" {text} ", "stem": f" {text}", "inside": text}[match]


class Index:
    """All rules, ready to search with."""

    def __init__(self, rules: Iterable[Rule], allow: Iterable[str]) -> None:
        self._trees: dict[str, Any] = {}
        self._masked: dict[tuple[str, int], list[tuple[str, Rule]]] = {}
        self._patterns: list[tuple[Any, Rule]] = []
        self._any: Any = None
        keys: dict[str, dict[str, tuple[Rule, str]]] = {}
        # Where two rules have one term, the graver counts.
        for rule in sorted(rules, key=lambda rule: -rule.severity):
            for term in rule.terms:
                self._add_term(keys, rule, term)
            self._patterns += [(pattern, rule) for pattern in rule.patterns]
        for name, table in keys.items():
            self._trees[name] = _tree(table)
        self._allow = _tree({key: (None, key) for key in _allowed(allow)})
        if self._patterns:
            # One pattern of all, not RE2's Set: a Set that runs out of memory says "no match".
            every = "|".join(f"(?:{pattern.pattern})" for pattern, _ in self._patterns)
            self._any = re2.compile(every, pattern_options())

    def _add_term(
        self, keys: dict[str, dict[str, tuple[Rule, str]]], rule: Rule, term: str
    ) -> None:
        def add(name: str, key: str) -> None:
            keys.setdefault(name, {}).setdefault(key, (rule, term))

        thin = normal.skeleton(term)
        bare = term.replace(" ", "")
        add("plain", _wrap(term, rule.match))
        add("leet", _wrap(thin, rule.match))
        for name, short in (
            ("plain-collapsed", normal.collapse(term)),
            ("leet-collapsed", normal.collapse(thin)),
        ):
            if len(short) >= _SHORT:
                add(name, _wrap(short, rule.match))
        loose = "inside" if len(bare) >= _SHORT else "word"
        add("loose", _wrap(bare, loose))
        add("loose-leet", _wrap(normal.skeleton(bare), loose))
        if rule.squeeze:
            add("squeezed", bare)
        if " " not in term and (len(term) >= _SHORT or rule.severity >= 5):
            for ending in _MASKED_ENDINGS if rule.match != "word" else ("",):
                full = term + ending
                self._masked.setdefault((full[0], len(full)), []).append((full, rule))

    def in_view(self, view: View) -> Iterator[Hit]:
        """The terms found in one view."""
        tree = self._trees.get(view.index)
        if tree is None:
            return
        for end, (size, rule, term) in tree.iter(view.text):
            span = view.span(end - size + 1, end + 1)
            if span is not None:
                yield Hit(rule, view.name, span, term)

    def in_squeezed(self, low: str) -> Iterator[Hit]:
        """Terms cut in two by a space."""
        tree = self._trees.get("squeezed")
        words = normal.squeezed(low)
        if tree is None or words is None:
            return
        for end, (size, rule, term) in tree.iter(words.text):
            span = words.span(end - size + 1, end + 1, rule.match)
            if span is not None:
                yield Hit(rule, "squeezed", span, term)

    def in_masked(self, low: str) -> Iterator[Hit]:
        """Terms with letters struck out."""
        for read, span in normal.masked(low):
            for term, rule in self._masked.get((read[0], len(read)), ()):
                if all(a in ("*", b) for a, b in zip(read, term, strict=True)):
                    yield Hit(rule, "masked", span, term)
                    break

    def in_text(self, base: str) -> Iterator[Hit]:
        """What the patterns find in the text as written."""
        if self._any is None or self._any.search(base) is None:
            return
        for pattern, rule in self._patterns:
            for found in pattern.finditer(base):
                yield Hit(rule, "text", found.span(), "")

    def allowed(self, low: str) -> list[Span]:
        """Where allowed words and phrases lie: in order, none inside another."""
        if self._allow is None:
            return []
        words, spans = normal.tokens(low)
        view = View("plain", words, spans)
        found: list[Span] = []
        for end, (size, _, key) in self._allow.iter(view.text):
            stop = end + 1
            if not key.endswith(" "):
                stop = view.text.index(" ", stop)  # a stem: the whole word is allowed
            span = view.span(end - size + 1, stop)
            if span is None:
                continue
            while found and span[0] <= found[-1][0]:
                found.pop()  # ends come in order: this one holds the last one
            if not found or span[1] > found[-1][1]:
                found.append(span)
        return found


def _allowed(allow: Iterable[str]) -> Iterator[str]:
    for text in allow:
        plain = normal.term(text)
        if plain:
            yield f" {plain}" if text.rstrip().endswith("*") else f" {plain} "


def _tree(table: dict[str, Any]) -> Any:
    """An automaton whose values are (length of the key, rule, term); None without keys."""
    if not table:
        return None
    tree = ahocorasick.Automaton()
    for key, (rule, term) in table.items():
        tree.add_word(key, (len(key), rule, term))
    tree.make_automaton()
    return tree
