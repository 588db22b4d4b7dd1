"""Guesses at what a piece without spaces is, when it is no word: letters struck out ("f*ck"),
swapped, turned round, left out, or others that sound alike; words grown together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kitsu_tui.show.safety import leet, ordinary, phonetic
from kitsu_tui.show.safety.lexicon import Lexicon

ENDINGS = ("s", "z", "ed", "d", "er", "r", "ers", "ing", "in", "y", "es", "a", "as")
_SOUND_ENDINGS = ("s", "ed", "d", "R", "Rs", "ing", "in", "i", "es", "a", "t")
_ALPHA = re.compile(r"[a-z]+")
_MASK_SIGN = re.compile(r"[^a-z0-9'\u2019]")
_MASKED = re.compile(
    r"[a-z]+(?:[^a-z0-9'\u2019]+[a-z]+)+|[a-z]+\*{1,}|[a-z]{2,}[#\u2588\u2022?_-]+"
)
_STRUCK = re.compile(r"[a-z](\*{1,4}|-{1,4})\W{0,3}$")
_VOWELS = re.compile(r"[aeiou]+")
_X_VOWEL = re.compile(r"(?<=[b-df-hj-np-tvwz])[xvw](?=[b-df-hj-np-tvwz])")
_AFTER = frozenset(("", "s", "es", "ed", "er", "ers", "ing", "in", "y", "ty", "head", "face", "z"))


class Guesses:
    """The words of all rules, ready to be guessed; arguments as of resolve.Resolver."""

    def __init__(self, tree: Any, loose: Any, lexicon: Lexicon) -> None:
        self._tree = tree
        self._loose = loose
        self._words = lexicon.words
        self._merged = lexicon.merged
        self._sound = lexicon.sound
        self._blur = lexicon.blur
        self._bones = lexicon.bones
        self._bare = lexicon.bare
        self._shapes = lexicon.shapes

    def is_word(self, word: str) -> bool:
        """An ordinary word, or one of the rules."""
        return word in self._words or ordinary.is_word(word)

    def known(self, form: str, *, most: bool = False) -> bool:
        """Is this a word of the rules, or does a term stand in it (`most`: all but an ending)?"""
        if form in self._words:
            return True
        if self._tree is None:
            return False
        least = len(form) - 1 if most else 0
        return any(size > least for _, (size, _) in self._tree.iter(f" {form} "))

    def coarse(self, bare: str, forms: dict[str, str]) -> Iterator[tuple[str, str]]:
        """(view, word), by all that is left when nothing surer leads anywhere.

        Args:
            bare: the piece without the punctuation around it.
            forms: its readings, each with its view.
        """
        for form, view in list(forms.items())[:4]:
            first = f"{view}+" if view else ""
            if not form.isascii() or not form.isalpha() or len(form) < 3:
                continue
            if len(form) >= 5 or view == "leet":
                for word in self.with_endings(leet.merged(form), self._merged, ENDINGS):
                    yield first + "leet", word
            for name, word in self._one(form):
                yield first + name, word
        for part in _ALPHA.findall(bare):
            if len(part) >= 4 and part != bare and self._words.get(part):
                yield "joined", part

    def _one(self, form: str) -> Iterator[tuple[str, str]]:  # noqa: C901 -- a list of ways
        words = self._words
        turned = form[::-1]
        if (len(form) >= 4 and self.known(turned, most=True)) or words.get(turned) is False:
            yield "reversed", turned
        elif len(form) >= 6:
            yield from self.within(turned, "reversed")
        size = (form + form).find(form, 1)
        if 3 <= size < len(form) and self.known(form[:size]):
            yield "repeats", form[:size]
        inner = form.strip("x")
        if inner != form and len(inner) >= 4 and words.get(inner):
            yield "joined", inner
        yield from self.within(form, "joined")
        if len(form) >= 4:
            for at in range(1, len(form) - 1):
                swapped = form[:at] + form[at + 1] + form[at] + form[at + 2 :]
                if swapped in words:
                    yield "swapped", swapped
            if _X_VOWEL.search(form):
                for word in self._shaped(_X_VOWEL.sub("*", form)):
                    yield "masked", word
        key = phonetic.sound(form)
        if len(key) >= 3 and _VOWELS.search(form):
            for word in self.with_endings(key, self._sound, _SOUND_ENDINGS):
                # Three letters sound like too much: "SCO".
                if len(form) > 3 or not words.get(word):
                    yield "sound", word
            if len(form) >= 5:
                for word in self._blur.get(phonetic.blur(key), ()):
                    yield "sound", word
            if len(form) >= 4:
                for word in self._bones.get(phonetic.bones(key), ()):
                    yield "sound", word
        for word in self._bare.get(form, ()):
            yield "masked", word
        if form.endswith("ay") and len(form) >= 6:
            body = form[:-2]
            for count in (1, 2, 3):
                if words.get(body[-count:] + body[:-count]):
                    yield "pig-latin", body[-count:] + body[:-count]
            if body[-1] in "wyh" and words.get(body[:-1]):
                yield "pig-latin", body[:-1]

    def within(self, form: str, view: str) -> Iterator[tuple[str, str]]:
        """Terms grown together with other words: "dumbbitch", "killyourself"."""
        if self._loose is None:
            return
        for end, (size, term, kind) in self._loose.iter(form):
            before, after = form[: end + 1 - size], form[end + 1 :]
            if view == "spaced":
                fits = size >= 4 or not (before or after)
            elif kind == "phrase":
                fits = size >= 8 or (size >= 5 and not (before or after))
            elif kind == "word":
                fits = size >= 5 and (
                    (after in _AFTER and len(before) >= 3 and ordinary.is_word(before))
                    or (not before and len(after) >= 4 and ordinary.is_word(after))
                )
            else:
                fits = size >= 4 and (
                    (not before or (len(before) >= 3 and self.is_word(before)))
                    and (after in _AFTER or self.is_word(after))
                )
            if fits:
                yield view, term

    def with_endings(
        self, key: str, table: Mapping[str, tuple[str, ...]], endings: Iterable[str]
    ) -> Iterator[str]:
        """The words in one of the lexicon's tables, under a key with or without an ending."""
        yield from table.get(key, ())
        for ending in endings:
            if key.endswith(ending) and len(key) > len(ending) + 2:
                for word in table.get(key[: -len(ending)], ()):
                    yield word + {"R": "er", "Rs": "ers", "i": "y", "z": "s"}.get(ending, ending)

    def masked(self, bare: str, piece: str) -> Iterator[str]:
        """Letters struck out: "f*ck", "f**k", "c_nt", "f***", "*sshole"."""
        if piece[:1] == "*" and bare.strip("*").isalpha():
            rest = bare.strip("*")
            if len(rest) >= 4 and not ordinary.is_word(rest):
                yield from (vowel + rest for vowel in "aeiou" if self.known(vowel + rest))
        end = _STRUCK.search(piece)
        if end and piece[0] not in "*-_~" and bare.isalpha() and not ordinary.is_word(bare):
            bare += "*" * len(end.group(1))
        if _MASKED.fullmatch(bare):
            shape = _MASK_SIGN.sub("*", bare)
            letters = len(shape) - shape.count("*")
            if len(shape) > 3 or "*" in bare:
                if letters == 1 and len(shape) < 4:
                    return
                yield from self._shaped(shape)

    def _shaped(self, shape: str) -> Iterator[str]:
        endings = ("",) if len(shape) < 5 else ("", "s", "ing", "er", "ers", "ed", "in", "y")
        for ending in endings:
            if not all(
                a in ("*", b)
                for a, b in zip(shape[len(shape) - len(ending) :], ending, strict=True)
            ):
                continue
            stem = shape[: len(shape) - len(ending)]
            if stem.strip("*") == "" or len(stem) < 3:
                continue
            for word in self._shapes.get(f"{len(stem)}{stem[0]}{stem[-1]}", ()):
                if all(a in ("*", b) for a, b in zip(stem, word, strict=True)):
                    yield word + ending
        # A word's beginning that is a term, what follows it not struck out: "m*sturbate".
        for size in range(max(5, shape.rfind("*") + 1), len(shape)):
            for word in self._shapes.get(f"{size}{shape[0]}{shape[size - 1]}", ()):
                if all(a in ("*", b) for a, b in zip(shape, word, strict=False)):
                    yield word + shape[size:]
