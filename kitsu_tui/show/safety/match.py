"""Looking for all terms at once: one Aho-Corasick automaton over rows of words.

The time is linear in the text, whatever the number of terms (Aho and Corasick, 1975); patterns
and phrases run in RE2, which has the same promise. A text is searched as it stands; where pieces
of it ask to be read in another way (resolve.py), it is searched again with those in their place,
and only what a piece so read has part in counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import ahocorasick
from msgspec import Struct

from kitsu_tui.show.safety import normal
from kitsu_tui.show.safety.needed import needed
from kitsu_tui.show.safety.normal import Span
from kitsu_tui.show.safety.patterns import One, Patterns
from kitsu_tui.show.safety.resolve import TOGETHER, Resolver
from kitsu_tui.show.safety.rows import Row, Text
from kitsu_tui.show.safety.rules import Pattern, Rule

_SQUEEZE_WORD = 4
_PHRASE = 8
_LITERAL = re.compile(r"[a-z]{4,}")
_SPELLED = (
    (re.compile(r"\b(\w+) (m|ll|re|ve|s|d|t)\b"), r"\1\2"),
    (re.compile(r"\bgoing to\b"), "gonna"),
    (re.compile(r"\bwant to\b"), "wanna"),
    (re.compile(r"\bgonna\b"), "going to"),
    (re.compile(r"\bwanna\b"), "want to"),
)
_SPELLED_HINT = re.compile(r" (?:m|ll|re|ve|s|d|t)\b|going to|want to|gonna|wanna")


class Hit(Struct, frozen=True):
    """A rule's term, or its pattern, and where it lies in the cleaned text."""

    rule: Rule
    view: str
    span: Span
    term: str = ""


Entry = tuple[int, tuple[tuple[Rule, str], ...]]
"""How long a key is, and every rule that has it."""


class Index:
    """All rules, ready to search with."""

    def __init__(self, rules: Iterable[Rule], allow: Iterable[str]) -> None:
        table: dict[str, list[tuple[Rule, str]]] = {}
        squeezed: dict[str, list[tuple[Rule, str]]] = {}
        loose: dict[str, tuple[str, str]] = {}
        words: dict[str, bool] = {}
        patterns: list[One] = []
        phrases: list[One] = []
        foreign: set[str] = set()
        english: set[str] = set()
        for rule in rules:
            spoken = english if not rule.languages or "en" in rule.languages else foreign
            for term in rule.terms:
                spoken.update(term.split())
                for form in _forms(term):
                    table.setdefault(_wrap(form, rule.match), []).append((rule, term))
                bare = term.replace(" ", "")
                if bare == term:
                    words[term] = True
                    kind = "word" if rule.match == "word" else "stem"
                else:
                    kind = "phrase"
                    for word in term.split():
                        words.setdefault(word, False)
                if loose.get(bare, ("", "word"))[1] != "stem":
                    loose[bare] = (term, kind)
                least = _SQUEEZE_WORD if bare == term or rule.squeeze else _PHRASE
                if len(bare) >= least or (rule.squeeze and len(bare) > 2):
                    squeezed.setdefault(bare, []).append((rule, term))
            for pattern in rule.patterns:
                patterns.append(One(pattern, rule, needed(pattern.pattern)))
                for word in _LITERAL.findall(pattern.pattern):
                    words.setdefault(word, False)
            for phrase in rule.phrases:
                end = "" if rule.match == "stem" else " "
                pattern = Pattern(f" (?:{phrase}){end}")
                phrases.append(One(pattern, rule, needed(pattern.pattern)))
                for word in re.findall(r"\w+", phrase):
                    words.setdefault(word, False)
        self._tree = _tree({key: (len(key), tuple(some)) for key, some in table.items()})
        self._squeezed = _tree({key: (len(key), tuple(some)) for key, some in squeezed.items()})
        spread = _tree({key: (len(key), *what) for key, what in loose.items()})
        self._resolver = Resolver(
            self._tree,
            spread,
            words,
            ((bare, term) for bare, (term, _) in loose.items()),
            foreign - english,
        )
        self._loose = loose
        self._patterns = Patterns(patterns)
        self._phrases = Patterns(phrases)
        self._allow = allowances(allow)
        self._own = {
            id(rule): tree for rule in rules if rule.allow and (tree := allowances(rule.allow))
        }

    def complete(self) -> Iterator[None]:
        """Compile ahead what would be compiled at a first hit, one pattern at each step; beside
        searches, in a thread."""
        yield from self._patterns.complete()
        yield from self._phrases.complete()

    def search(self, whole: str, low: str, side: str = "") -> Iterator[Hit]:
        """Every hit in a cleaned text; `low` is the same folded. Views are tried as needed.

        Patterns and phrases that count on the other `side` alone are left out.
        """
        text = Text(whole, low, self._resolver)
        row = text.plain()
        others = list(text.others(self._loose))
        phrases = self._phrases.likely([row.text, *(other.text for other in others)], side)
        written = [whole] if low == whole or whole.isascii() else [whole, low]
        patterns = self._patterns.likely([*written, *(other.text for other in others)], side)
        yield from self._in_row(row, phrases)
        if self._squeezed is not None and len(text.chunks) > 1:
            for basic in (False, True):
                squeezed = text.squeezed(basic)
                if squeezed is None:
                    continue
                for end, (size, some) in self._squeezed.iter(squeezed.text):
                    start = end + 1 - size
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
        for rule, start, end in self._phrases.find(row.text, phrases, row.views):
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


def _forms(term: str) -> set[str]:
    """A term as contractions have it: "i m" and "im", "going to" and "gonna"."""
    forms = {term}
    if _SPELLED_HINT.search(term):
        for pattern, to in _SPELLED:
            forms |= {pattern.sub(to, form) for form in forms}
    return forms


def _wrap(text: str, match: str) -> str:
    return {"word": f" {text} ", "stem": f" {text}", "inside": text}[match]


def allowances(allow: Iterable[str]) -> Any:
    """An automaton of allowed words and phrases; None without any."""
    table: dict[str, tuple[int, bool]] = {}
    for text in allow:
        plain = normal.term(text)
        if plain:
            stem = text.rstrip().endswith("*")
            key = f" {plain}" if stem else f" {plain} "
            table[key] = (len(key), stem)
    return _tree(table)


def _tree(table: dict[str, Any]) -> Any:
    if not table:
        return None
    tree = ahocorasick.Automaton()
    for key, value in table.items():
        tree.add_word(key, value)
    tree.make_automaton()
    return tree
