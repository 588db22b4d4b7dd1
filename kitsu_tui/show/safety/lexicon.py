"""The words of the rules, by all that a disguised piece of text may have in common with them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from kitsu_tui.show.safety import leet, normal, phonetic

_VOWELS = re.compile(r"[aeiou]+")
_DOUBLE = re.compile(r"(.)\1")
_TABLES = 7
_THIN, _MERGED, _SOUND, _BLUR, _BONES, _BARE, _SHAPES = range(_TABLES)

Table = dict[str, tuple[str, ...]]


class Lexicon:
    """Words; never changed, another one is made of it.

    Attributes:
        words: every word of every term; true for one that is a term by itself.
        foreign: those of other languages: in none of the tables.
        thin: by their letters without repetition, where they have some.
        merged: with l and i as one letter.
        sound, blur, bones: by what they sound like, see phonetic.py.
        bare: without vowels.
        shapes: by size, first and last letter ("4fk"), the last one also as a star.
    """

    def __init__(
        self,
        words: Mapping[str, bool],
        foreign: Collection[str] = (),
        before: Lexicon | None = None,
    ) -> None:
        self.words = words
        self.foreign = frozenset(foreign)
        if before is None:
            self._tables: list[Table] = _made(words, self.foreign)
        else:
            self._tables = _changed(before, words, self.foreign)
        self.thin = self._tables[_THIN]
        self.merged = self._tables[_MERGED]
        self.sound = self._tables[_SOUND]
        self.blur = self._tables[_BLUR]
        self.bones = self._tables[_BONES]
        self.bare = self._tables[_BARE]
        self.shapes = self._tables[_SHAPES]


def _keys(word: str, alone: bool) -> Iterator[tuple[int, str]]:
    """In which tables a word stands, and where."""
    if not word.isascii() or not word.isalpha():
        return
    thin = normal.collapse(word)
    if thin != word and len(thin) >= 2:
        yield _THIN, thin
    if "l" in word or "i" in word:
        yield _MERGED, leet.merged(word)
    size = len(word)
    if size >= 3:
        shape = f"{size}{word[0]}"
        yield _SHAPES, shape + word[-1]
        yield _SHAPES, shape + "*"
        key = phonetic.sound(word)
        if len(key) >= 3:
            yield _SOUND, key
            if not alone and size >= 4:
                yield _BONES, phonetic.bones(key)
            if size >= 5:
                yield _BLUR, phonetic.blur(key)
    if alone and size >= 5:
        bones = _VOWELS.sub("", word)
        if len(bones) >= 4:
            yield _BARE, bones


def _made(words: Mapping[str, bool], foreign: frozenset[str]) -> list[Table]:
    """All tables: `_keys` of all words, written out, because there are tens of thousands."""
    thin: dict[str, list[str]] = {}
    merged: dict[str, list[str]] = {}
    sounds: dict[str, list[str]] = {}
    blurs: dict[str, list[str]] = {}
    bones: dict[str, list[str]] = {}
    bare: dict[str, list[str]] = {}
    shapes: dict[str, list[str]] = {}
    # Terms by themselves first: of many that a mask fits they count most.
    for first in (True, False):
        for word, alone in words.items():
            if alone is not first or word in foreign or not (word.isascii() and word.isalpha()):
                continue
            size = len(word)
            if _DOUBLE.search(word) and len(short := normal.collapse(word)) >= 2:
                thin.setdefault(short, []).append(word)
            if "l" in word or "i" in word:
                merged.setdefault(word.replace("l", "i"), []).append(word)
            if size >= 3:
                shape = f"{size}{word[0]}"
                shapes.setdefault(shape + word[-1], []).append(word)
                shapes.setdefault(shape + "*", []).append(word)
                key = phonetic.sound(word)
                if len(key) >= 3:
                    sounds.setdefault(key, []).append(word)
                    if not alone and size >= 4:
                        bones.setdefault(phonetic.bones(key), []).append(word)
                    if size >= 5:
                        blurs.setdefault(phonetic.blur(key), []).append(word)
            if alone and size >= 5:
                rest = _VOWELS.sub("", word)
                if len(rest) >= 4:
                    bare.setdefault(rest, []).append(word)
    return [
        {key: tuple(some) for key, some in table.items()}
        for table in (thin, merged, sounds, blurs, bones, bare, shapes)
    ]


def _changed(before: Lexicon, words: Mapping[str, bool], foreign: frozenset[str]) -> list[Table]:
    """The tables as `_made` would make them, from those of other words."""
    old = before.words
    tables = [dict(table) for table in before._tables]
    gone = [
        (word, alone)
        for word, alone in old.items()
        if word not in before.foreign
        and (word not in words or words[word] is not alone or word in foreign)
    ]
    fresh = [
        (word, alone)
        for word, alone in words.items()
        if word not in foreign
        and (word not in old or old[word] is not alone or word in before.foreign)
    ]
    touched: set[tuple[int, str]] = set()
    for word, alone in gone:
        for table, key in _keys(word, alone):
            touched.add((table, key))
            rest = tuple(other for other in tables[table][key] if other != word)
            if rest:
                tables[table][key] = rest
            else:
                del tables[table][key]
    for word, alone in fresh:
        for table, key in _keys(word, alone):
            touched.add((table, key))
            tables[table][key] = (*tables[table].get(key, ()), word)
    if [word for word in old if word in words] != [word for word in words if word in old]:
        touched.update((at, key) for at, table in enumerate(tables) for key in table)
    where: dict[str, tuple[bool, int]] = {}
    for at, key in touched:
        some = tables[at].get(key, ())
        if len(some) > 1:
            if not where:
                where = {word: (not alone, n) for n, (word, alone) in enumerate(words.items())}
            tables[at][key] = tuple(sorted(some, key=where.__getitem__))
    return tables
