"""What she knows and must not tell: her own instructions, secrets, where this machine keeps things.

A check (see `kitsu_tui.show.judge`). Her example answers are not among it: they are hers to say.
A sentence is looked at together with the end of what she said before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import ahocorasick

from kitsu_tui.config.persona import Persona
from kitsu_tui.show.safety.confusables import fold
from kitsu_tui.show.safety.normal import clean
from kitsu_tui.show.safety.verdict import Verdict

RUN = 6
"""So many words in a row as they stand in her instructions are told from them."""
PART = 0.6
"""Or so much of one sentence of theirs, counted in triples of words."""
WORDS = 5
"""Shorter sentences of theirs are anybody's."""
SHORT = 6
"""Of a sentence with fewer triples all are needed: `you are a little` begins any sentence."""
LEAST = 6
"""A secret has at least so many letters and figures."""
PIECE = 10
"""So many in a row of a longer secret give it away."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_END = re.compile(r"[.!?:;]+(?:\s|$)")
_SPELLED = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "dash": "", "hyphen": "", "minus": "", "dot": "",
    "underscore": "", "slash": "", "backslash": "", "colon": "", "capital": "", "uppercase": "",
    "lowercase": "", "space": "", "plus": "", "equals": "", "point": "", "then": "", "and": "",
}  # fmt: skip


class _Known(NamedTuple):
    runs: frozenset[tuple[str, ...]]
    triples: Mapping[tuple[str, ...], tuple[int, ...]]
    sizes: tuple[float, ...]
    """How many triples of each sentence are needed."""
    secrets: Any
    words: frozenset[str]


class Leaks:
    """What must not be said. Nothing at first."""

    def __init__(self) -> None:
        self._known = _Known(frozenset(), {}, (), None, frozenset())

    def learn(
        self,
        persona: Persona,
        secrets: Iterable[str] = (),
        home: str = "",
        before: Persona | None = None,
    ) -> None:
        """Guard these texts from now on instead of those before.

        Args:
            persona: her instructions are guarded in every preset, with and without the family's.
            secrets: keys, tokens, passwords.
            home: the user's home folder.
            before: who she was; an answer may still be under way that began with those
                instructions.
        """
        personas = [persona] if before is None else [persona, before]
        hers = {
            run
            for one in personas
            for example in one.examples
            for size in (3, RUN)
            for run in _runs(_words(example.speech), size)
        }
        runs: set[tuple[str, ...]] = set()
        triples: dict[tuple[str, ...], set[int]] = {}
        sizes: list[float] = []
        seen: set[tuple[str, ...]] = set()
        for text in (text for one in personas for text in _instructions(one)):
            runs |= _runs(_words(text), RUN) - hers
            for sentence in _END.split(text):
                words = tuple(_words(sentence))
                found = _runs(list(words), 3) - hers
                if len(words) < WORDS or words in seen or not found:
                    continue
                seen.add(words)
                for triple in found:
                    triples.setdefault(triple, set()).add(len(sizes))
                sizes.append(PART * len(found) if len(found) >= SHORT else len(found))
        pieces, alone = _pieces(secrets)
        parts = [part for part in Path(home).parts if part.strip("/\\")] if home else []
        if len(parts) >= 2:
            pieces.add(_squeezed("".join(parts[-2:])))
        tree = None
        if pieces:
            tree = ahocorasick.Automaton()
            for piece in pieces:
                tree.add_word(piece, len(piece))
            tree.make_automaton()
        self._known = _Known(
            frozenset(runs),
            {triple: tuple(where) for triple, where in triples.items()},
            tuple(sizes),
            tree,
            frozenset(alone),
        )

    def __call__(self, text: str, context: str) -> Verdict | None:
        """None, or a drop that does not name what would have been told."""
        known = self._known
        before = _words(context)[-24:]
        words = _words(text)
        whole, edge = [*before, *words], len(before)
        if known.runs:
            for at in range(max(0, edge - RUN + 1), len(whole) - RUN + 1):
                if tuple(whole[at : at + RUN]) in known.runs:
                    return _verdict("instructions", split=at < edge)
            if known.sizes and _part_of(whole, edge, known):
                return _verdict("instructions")
        if not known.words.isdisjoint(words):
            return _verdict("secret")
        if known.secrets is not None and _holds(known.secrets, before, words):
            return _verdict("secret")
        return None


def _verdict(rule: str, *, split: bool = False) -> Verdict:
    return Verdict(
        action="drop",
        category="leak",
        rule=rule,
        view="plain",
        severity=5,
        risk=1.0,
        means="leak",
        split=split,
    )


def _instructions(persona: Persona) -> list[str]:
    return [
        persona.system_text(preset, family=family)
        for preset in persona.presets
        for family in (True, False)
    ]


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(clean(text)))


def _runs(words: list[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}


def _part_of(whole: list[str], edge: int, known: _Known) -> bool:
    """Has it enough of one sentence, some of that in what is new?"""
    old: dict[int, set[tuple[str, ...]]] = {}
    new: set[int] = set()
    for at in range(len(whole) - 2):
        triple = tuple(whole[at : at + 3])
        for sentence in known.triples.get(triple, ()):
            old.setdefault(sentence, set()).add(triple)
            if at + 3 > edge:
                new.add(sentence)
    return any(len(old[sentence]) >= known.sizes[sentence] for sentence in new)


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, fold(clean(text))))


def _pieces(secrets: Iterable[str]) -> tuple[set[str], set[str]]:
    """What of secrets is looked for anywhere, and what only as a word: one that is a common word
    itself would else be found across others.
    """
    anywhere: set[str] = set()
    alone: set[str] = set()
    for secret in secrets:
        bare = _squeezed(secret)
        if len(bare) < LEAST:
            continue
        if bare.isalpha() and len(bare) < PIECE:
            alone.add(bare)
        elif len(bare) < PIECE + 4:
            anywhere.add(bare)
        else:
            anywhere |= {bare[at : at + PIECE] for at in range(len(bare) - PIECE + 1)}
    return anywhere, alone


def _holds(tree: Any, before: list[str], words: list[str]) -> bool:
    """Is a piece of a secret in it, spelled out or not, that does not end before it begins?"""
    spelled = [[_SPELLED.get(word, word) for word in some] for some in (before, words)]
    for some in ([before, words], spelled) if spelled != [before, words] else ([before, words],):
        head, tail = ("".join(part).replace("'", "").replace("\u2019", "") for part in some)
        reach = min(len(head), 80)
        if any(end >= reach for end, _ in tree.iter(head[len(head) - reach :] + tail)):
            return True
    return False
