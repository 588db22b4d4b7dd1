"""The terms of rules as automata (Aho and Corasick, 1975), and the words that are in them.

What one has of many rules is never changed: with a few more rules (the operator's own) others are
made beside, and both are asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import ahocorasick

from kitsu_tui.show.safety import leet, normal
from kitsu_tui.show.safety.lexicon import Lexicon
from kitsu_tui.show.safety.patterns import One
from kitsu_tui.show.safety.rule import Rule, spoken_as

_SQUEEZE_WORD = 4
_PHRASE = 8
_LITERAL = re.compile(r"[a-z]{4,}")
_WORD = re.compile(r"\w+")
_SPELLED = (
    (re.compile(r"\b(\w+) (m|ll|re|ve|s|d|t)\b"), r"\1\2"),
    (re.compile(r"\bgoing to\b"), "gonna"),
    (re.compile(r"\bwant to\b"), "wanna"),
    (re.compile(r"\bgonna\b"), "going to"),
    (re.compile(r"\bwanna\b"), "want to"),
)
_SPELLED_HINT = re.compile(r" (?:m|ll|re|ve|s|d|t)\b|going to|want to|gonna|wanna")

Entry = tuple[int, tuple[tuple[Rule, str], ...]]
"""How long a key is, and every rule that has it."""


class Terms:
    """Rules in the forms in which they are looked for.

    Args:
        rules: they.
        base: others that hold as well.
        before: what was made of other rules, from which words may be taken over.

    Attributes:
        tree: finds terms in a row of words; values are entries.
        squeezed: finds them without spaces.
        loose: terms by what they are without spaces; with `base`, its own as well.
        spread: finds them; values (length, term, kind).
        whole: the same with l and i as one letter.
        lexicon: the words.
        patterns, phrases: theirs alone.
        allow: by `id` of a rule what it allows.
    """

    def __init__(
        self, rules: Iterable[Rule], base: Terms | None = None, before: Terms | None = None
    ) -> None:
        self.rules = tuple(rules)
        self.loose: dict[str, tuple[str, str]] = dict(base.loose) if base else {}
        loose = self.loose
        table: dict[str, list[tuple[Rule, str]]] = {}
        squeezed: dict[str, list[tuple[Rule, str]]] = {}
        words: dict[str, bool] = dict(base.lexicon.words) if base else {}
        self.foreign: set[str] = set(base.foreign) if base else set()
        self.english: set[str] = set(base.english) if base else set()
        self.patterns: list[One] = []
        self.phrases: list[One] = []
        new: dict[str, None] = {}
        for rule in self.rules:
            spoken = self.english if _english(rule) else self.foreign
            for term in rule.terms:
                bare = term.replace(" ", "")
                if bare == term:
                    spoken.add(term)
                    words[term] = True
                    kind = "word" if rule.match == "word" else "stem"
                else:
                    kind = "phrase"
                    for word in term.split():
                        spoken.add(word)
                        words.setdefault(word, False)
                for form in _forms(term):
                    table.setdefault(_wrap(form, rule.match), []).append((rule, term))
                if loose.get(bare, ("", "word"))[1] != "stem":
                    loose[bare] = (term, kind)
                    new[bare] = None
                least = _SQUEEZE_WORD if bare == term or rule.squeeze else _PHRASE
                if len(bare) >= least or (rule.squeeze and len(bare) > 2):
                    squeezed.setdefault(bare, []).append((rule, term))
            for pattern in rule.patterns:
                self.patterns.append(One(pattern, rule))
                for word in _LITERAL.findall(pattern.pattern):
                    words.setdefault(word, False)
            self.phrases += [One(pattern, rule) for pattern in spoken_as(rule)]
            for phrase in rule.phrases:
                for word in _WORD.findall(phrase):
                    words.setdefault(word, False)
        self.tree = tree({key: (len(key), tuple(some)) for key, some in table.items()})
        self.squeezed = tree({key: (len(key), tuple(some)) for key, some in squeezed.items()})
        self.spread = tree({bare: (len(bare), *loose[bare]) for bare in new})
        self.whole = _whole(loose, new, base)
        old = base or before
        known: Lexicon | None = old.lexicon if old else None
        self.lexicon: Lexicon = Lexicon(words, self.foreign - self.english, known)
        self.allow = {
            id(rule): found for rule in self.rules if (found := allowances(rule.allow)) is not None
        }

    @property
    def plain(self) -> bool:
        """They are terms of any language: what is looked for as words and in no other way."""
        return not (self.patterns or self.phrases) and all(_english(rule) for rule in self.rules)


def _english(rule: Rule) -> bool:
    return not rule.languages or "en" in rule.languages


def _whole(
    loose: dict[str, tuple[str, str]], new: Iterable[str], base: Terms | None
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = dict(base.whole) if base else {}
    again: set[str] = set()
    for bare in new:
        key = leet.merged(bare)
        if base is not None and bare in base.loose:
            again.add(key)  # another term in the same place
        else:
            found[key] = (*found.get(key, ()), loose[bare][0])
    if again:
        for key in again:
            found[key] = ()
        for bare, (term, _) in loose.items():
            if (key := leet.merged(bare)) in again:
                found[key] = (*found[key], term)
    return found


def _forms(term: str) -> Collection[str]:
    """A term as contractions have it: "i m" and "im", "going to" and "gonna"."""
    if not _SPELLED_HINT.search(term):
        return (term,)
    forms = {term}
    for pattern, to in _SPELLED:
        forms |= {pattern.sub(to, form) for form in forms}
    return forms


def _wrap(text: str, match: str) -> str:
    if match == "word":
        return f" {text} "
    return f" {text}" if match == "stem" else text


def allowances(allow: Iterable[str]) -> Any:
    """An automaton of allowed words and phrases; None without any."""
    table: dict[str, tuple[int, bool]] = {}
    for text in allow:
        plain = normal.term(text)
        if plain:
            stem = text.rstrip().endswith("*")
            key = f" {plain}" if stem else f" {plain} "
            table[key] = (len(key), stem)
    return tree(table)


def tree(table: dict[str, Any]) -> Any:
    """An automaton; None without keys."""
    if not table:
        return None
    made = ahocorasick.Automaton()
    for key, value in table.items():
        made.add_word(key, value)
    made.make_automaton()
    return made


def both(base: Any, own: Any, *, instead: bool = False) -> Any:
    """Two automata as one; None without both.

    `instead`: where both have a key, only that of `own` counts.
    """
    if base is None or own is None:
        return own if base is None else base
    return _Both(base, own, instead)


class _Both:
    def __init__(self, base: Any, own: Any, instead: bool) -> None:
        self._base = base
        self._own = own
        self._instead = instead

    def iter(self, text: str) -> Iterator[tuple[int, Any]]:
        """What a single automaton would find, in the same order: as they end, the longest first."""
        mine = list(self._own.iter(text))
        hits = self._base.iter(text)
        if not mine:
            return iter(hits)
        if self._instead:
            taken = {(end, value[0]) for end, value in mine}
            hits = [hit for hit in hits if (hit[0], hit[1][0]) not in taken]
        return iter(sorted([*hits, *mine], key=lambda hit: (hit[0], -hit[1][0])))
