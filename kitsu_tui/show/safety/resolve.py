"""One piece of text without spaces: which words of the rules it may stand for.

"5h!t", "shiiiit", "s.h.i.t", "tihs" and "sh*t" each lead to the word that the rules know; the
line is then judged with that word in its place (see match.py), so a phrase is found as well when
only one of its words was disguised. A piece that is an ordinary word, or becomes one when figures
are read as letters or a stretched letter is cut down, leads nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from kitsu_tui.show.safety import leet, normal, ordinary, parted, phonetic
from kitsu_tui.show.safety.lexicon import Lexicon

MAX_MEMO = 6_000
"""Of pieces met before, and as many of those before them: what is met again is not forgotten."""
MAX_CANDIDATES = 6
TOGETHER = "together"
"""The view of words grown together: only what is more than one of them counts."""
LONG = 48
"""Longer pieces are only read in the ways whose work grows with the length."""
_NOT_ALNUM = re.compile(r"[\W_]+")
_ALPHA = re.compile(r"[a-z]+")
_NUMBER = re.compile(r"\d[.,:]\d")
_ALL_STRETCHED = re.compile(r"(?:([a-z])\1+)+")
_MASK_SIGN = re.compile(r"[^a-z0-9'\u2019]")
_MASKED = re.compile(
    r"[a-z]+(?:[^a-z0-9'\u2019]+[a-z]+)+|[a-z]+\*{1,}|[a-z]{2,}[#\u2588\u2022?_-]+"
)
_SIGNS = {"@": "a", "&": "and", "+": "and"}
_SAID = {"yoo": "you", "yuo": "you", "yu": "you", "hur": "her", "phat": "fat", "fatt": "fat"}
_STRUCK = re.compile(r"[a-z](\*{1,4}|-{1,4})\W{0,3}$")
_VOWELS = re.compile(r"[aeiou]+")
_X_VOWEL = re.compile(r"(?<=[b-df-hj-np-tvwz])[xvw](?=[b-df-hj-np-tvwz])")
_ENDINGS = ("s", "z", "ed", "d", "er", "r", "ers", "ing", "in", "y", "es", "a", "as")
_SOUND_ENDINGS = ("s", "ed", "d", "R", "Rs", "ing", "in", "i", "es", "a", "t")
_AFTER = frozenset(("", "s", "es", "ed", "er", "ers", "ing", "in", "y", "ty", "head", "face", "z"))
ALIAS = "alias"

ALIASES = {
    "hur": "her", "phat": "fat", "teh": "the",
    "u": "you", "ya": "you", "ur": "your", "yer": "your", "yo": "your", "urself": "yourself",
    "yoself": "yourself", "yaself": "yourself", "yerself": "yourself", "uself": "yourself",
    "urselves": "yourselves", "r": "are", "ppl": "people", "da": "the", "dat": "that",
    "dis": "this", "dem": "them", "em": "them", "mah": "my", "wit": "with", "luv": "love",
    "gunna": "gonna", "imma": "i ll", "tha": "the", "2": "to", "4": "for", "b": "be", "n": "and",
}  # fmt: skip
LOUD = frozenset(ALIASES) - frozenset(
    ("da", "dem", "em", "b", "n", "2", "4", "r", "wit", "yo", "tha")
)
"""Of these, the ones that nobody writes for something else."""


_T = TypeVar("_T")


class Reading(NamedTuple):
    """What a piece may stand for.

    Attributes:
        letters: it without signs: what is searched for words cut in two.
        plain: it is an ordinary word, number or the like.
        found: (view, words), the likeliest first.
        basic: with figures and signs as letters; empty when it has none.
        backwards: turned round it is a word.
    """

    letters: str
    plain: bool
    found: tuple[tuple[str, str], ...] = ()
    basic: str = ""
    backwards: bool = False


class Resolver:
    """The words of all rules, ready to be recognised.

    Args:
        tree: finds a term in " word "; an automaton of match.py.
        loose: finds terms and phrases without their spaces: values (length, term, kind).
        whole: terms by themselves without spaces, l and i as one letter.
        lexicon: every word of every term.

    Attributes:
        met: pieces that were read before.
        met_said: words of pieces that were asked for before, without and with aliases.
    """

    def __init__(
        self, tree: Any, loose: Any, whole: Mapping[str, tuple[str, ...]], lexicon: Lexicon
    ) -> None:
        self._whole = whole
        self._tree = tree
        self._loose = loose
        self._words = lexicon.words
        self._foreign = lexicon.foreign
        self.met: dict[str, Reading] = {}
        self._older: dict[str, Reading] = {}
        self._met_apart: dict[str, Reading] = {}
        self._met_turned: dict[str, bool] = {}
        self.met_said: tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]] = ({}, {})
        self._thin = lexicon.thin
        self._merged = lexicon.merged
        self._sound = lexicon.sound
        self._blur = lexicon.blur
        self._bones = lexicon.bones
        self._bare = lexicon.bare
        self._shapes = lexicon.shapes

    def read(self, piece: str) -> Reading:
        """The reading of one folded piece, from memory if it was met before."""
        found = self.met.get(piece)
        if found is None:
            found = self._older.get(piece) or self._read(piece)
            if len(self.met) >= MAX_MEMO:
                self._older, self.met = self.met, {}
            if len(piece) <= LONG:
                self.met[piece] = found
        return found

    def said(self, word: str, aliases: bool) -> tuple[str, str]:
        """An ordinary word as it is said, and the view by which; it stays itself without one.

        Args:
            aliases: short forms are written out; figures that spell something always are.
        """
        alias = ALIASES.get(word) if aliases else None
        if alias is None and len(word) < 8 and not word.isalpha():
            alias = self.figures(word)
        if not alias:
            return word, ""
        return alias, "sound" if word in LOUD else ALIAS

    def as_said(self, piece: str, aliases: bool) -> tuple[str, str]:
        """The words of a piece that is not read in another way, and "sound" if an alias was among
        them that nobody writes for something else, ALIAS for another alias."""
        met = self.met_said[aliases]
        found = met.get(piece)
        if found is None:
            some = [self.said(word, aliases) for word in normal.WORD.findall(piece)]
            text = " ".join([" ".join(word.split()) for word, _ in some])
            views = {view for _, view in some}
            found = text, "sound" if "sound" in views else ALIAS if ALIAS in views else ""
            _keep(met, piece, found)
        return found

    def apart(self, piece: str, letters: str) -> Reading:
        """The reading of letters that stood alone, from memory if they were met before.

        Args:
            piece: they with the signs among them.
            letters: they alone.
        """
        found = self._met_apart.get(piece)
        if found is None:
            found = self._run(piece, letters, apart=True)
            _keep(self._met_apart, piece, found)
        return found

    def _read(self, piece: str) -> Reading:
        letters = _NOT_ALNUM.sub("", piece)
        if piece in _SIGNS:
            return Reading("", True, (("leet", _SIGNS[piece]),))
        if ordinary.is_ordinary(piece):
            if len(piece) > LONG or (letters in piece and not ordinary.is_quantity(letters)):
                return Reading(letters, True)
            return Reading(letters, True, tuple(self._hyphened(piece, letters)))
        return self._run(piece, letters)

    def _run(  # noqa: C901 -- one way of reading after the other
        self, piece: str, letters: str, *, apart: bool = False
    ) -> Reading:
        """The same for a piece that is not ordinary; `apart`: its letters stood alone."""
        bare = leet.core(piece)
        forms: dict[str, str] = {}
        if apart or letters != bare or not letters.isalpha():
            if letters.isalpha() or (apart and letters in self._words):
                forms[letters] = "spaced" if apart else "joined"
            for form in leet.readings(bare):
                forms.setdefault(form, "leet")
            for form in leet.hashed(piece):
                if form in self._words:
                    forms.setdefault(form, "leet")
            said = any(len(form) > 2 and ordinary.is_word(form) for form in forms)
            for form in leet.strewn(bare):
                # "1^n" may be "ian", and "in" within a phrase.
                if len(form) > 1 and (not said or self._words.get(form) is False):
                    forms.setdefault(form, "joined")
        found: dict[str, str] = {}
        common = False
        if letters != bare and self._words.get(letters):
            found[letters] = "joined"
        elif len(bare) <= LONG:
            for word in self._masked(bare, piece):
                found.setdefault(word, "masked")
                if len(found) >= MAX_CANDIDATES:
                    break
        for form, view in forms.items():
            if self._known(form):
                found[form] = view
            if view == "leet" and len(form) > 2:
                for word in self._merged.get(leet.merged(form), ()):
                    found.setdefault(word, view)
                if not found:
                    for word in leet.mixed(form):
                        if self._known(word):
                            found[word] = view
            if apart and form not in found:
                for name, word in self._within(form, "spaced"):
                    found.setdefault(word, name)
                for word in self._whole.get(leet.merged(form), ()):
                    found.setdefault(word, "spaced+leet")
            common = common or (len(form) > 2 and ordinary.is_word(form))
        basic = next((form for form, view in forms.items() if view == "leet"), "")
        if letters.isalpha() and letters == bare:
            forms.setdefault(letters, "")
        if not (common or any(self._words.get(word, True) for word in found)):
            for form, view in list(forms.items())[:5]:
                if self._stretched(form, view, found):
                    common = True
                    break
        if not (found or common) and len(piece) <= LONG:
            for view, word in self._coarse(bare, forms):
                found.setdefault(word, view)
                if len(found) >= MAX_CANDIDATES:
                    break
        if not common and len(letters) <= 2 * LONG:
            for form in forms:
                row = parted.parted(form, self._words, self._foreign)
                if row:
                    view = "joined" if parted.meant(row, self._words) else TOGETHER
                    view = "spaced" if apart else view
                    found.setdefault(row, view)
                    break
            if "_" in bare and not apart:
                row = " ".join(self._first(part) for part in bare.split("_") if part)
                if row != bare.replace("_", " "):
                    found.setdefault(row, "leet")
        if letters in _SAID:
            found = {_SAID[letters]: "sound"} | found
        back = len(letters) > 2 and self._is_word(letters[::-1])
        some = tuple((view, word) for word, view in list(found.items())[:MAX_CANDIDATES])
        return Reading(letters, common and not found, some, basic, back)

    def _hyphened(  # noqa: C901 -- a list of ways
        self, piece: str, letters: str
    ) -> Iterator[tuple[str, str]]:
        """Ordinary words with signs between them that only together are a term ("knee-ger"), and
        quantities that may be words ("810w")."""
        if "'" in piece or "\u2019" in piece:
            return
        if not letters.isalpha():
            if self._words.get(letters) and not _NUMBER.search(piece):
                yield "joined", letters
            elif ordinary.is_quantity(letters):
                for form in leet.readings(letters):
                    if len(form) > 2 and form in self._words:
                        yield "leet", form
            elif len(letters) < 8 and not _NUMBER.search(piece):
                for form in leet.readings(letters):  # "7/0"
                    if self._words.get(form) is False:
                        yield "leet", form
        elif self._words.get(letters):
            yield "joined", letters
        elif ordinary.is_word(letters):
            return
        elif len(letters) >= 4:
            for word in self._sound.get(phonetic.sound(letters), ()):
                if self._words.get(word):
                    yield "sound", word

    def knows(self, word: str) -> bool:
        """Is it a word of the rules?"""
        return word in self._words

    def backwards(self, word: str) -> bool:
        """No ordinary word, and turned round it is one, or one of the rules."""
        found = self._met_turned.get(word)
        if found is None:
            turned = word[::-1]
            found = not ordinary.is_word(word) and (
                ordinary.is_word(turned) or self._known(turned, most=True)
            )
            _keep(self._met_turned, word, found)
        return found

    def figures(self, word: str) -> str | None:
        """What figures alone may spell of the rules' words: "117713"."""
        for form in leet.readings(word):
            if form in self._words:
                return form
            for other in self._merged.get(leet.merged(form), ()):
                return other
        return None

    def _is_word(self, word: str) -> bool:
        return word in self._words or ordinary.is_word(word)

    def _known(self, form: str, *, most: bool = False) -> bool:
        """Is this a word of the rules, or does a term stand in it (`most`: all but an ending)?"""
        if form in self._words:
            return True
        if self._tree is None:
            return False
        least = len(form) - 1 if most else 0
        return any(size > least for _, (size, _) in self._tree.iter(f" {form} "))

    def _stretched(  # noqa: C901 -- a list of ways
        self, form: str, view: str, found: dict[str, str]
    ) -> bool:
        """Letters repeated; true when that is all there is to an ordinary word."""
        name = f"{view}+repeats" if view else "repeats"
        thin = normal.collapse(form)
        if thin == form and not self._thin.get(thin):
            return False
        short = normal.shortened(form)
        common = False
        for cut in (short, normal.single(form), thin):
            if cut == form:
                continue
            plain = len(cut) > 2 and ordinary.is_word(cut)
            # "goood" is "good"; that it might be "god" counts within a phrase only.
            if self._known(cut) and not (common and self._words.get(cut, True)):
                found[cut] = name
            common = common or plain
        if common and not _ALL_STRETCHED.fullmatch(form):
            for word in self._thin.get(thin, ()):
                if short != form and self._words.get(word) is False:
                    found.setdefault(word, name)
            return True
        if view == "leet" and thin != form:
            for word in self._merged.get(leet.merged(thin), ()):
                found.setdefault(word, name)
        for word in self._with_endings(thin, self._thin, _ENDINGS):
            # "niger" for the word with two g: a country, unless something is stretched.
            if thin != form or len(word) > 5:
                found[word] = name
        if found or thin == form:
            return False
        return len(thin) > 2 and (ordinary.is_word(thin) or thin in ordinary.thinned())

    def _coarse(self, bare: str, forms: dict[str, str]) -> Iterator[tuple[str, str]]:
        for form, view in list(forms.items())[:4]:
            first = f"{view}+" if view else ""
            if not form.isascii() or not form.isalpha() or len(form) < 3:
                continue
            if len(form) >= 5 or view == "leet":
                for word in self._with_endings(leet.merged(form), self._merged, _ENDINGS):
                    yield first + "leet", word
            for name, word in self._one(form):
                yield first + name, word
        for part in _ALPHA.findall(bare):
            if len(part) >= 4 and part != bare and self._words.get(part):
                yield "joined", part

    def _one(self, form: str) -> Iterator[tuple[str, str]]:  # noqa: C901 -- a list of ways
        words = self._words
        turned = form[::-1]
        if (len(form) >= 4 and self._known(turned, most=True)) or words.get(turned) is False:
            yield "reversed", turned
        elif len(form) >= 6:
            yield from self._within(turned, "reversed")
        size = (form + form).find(form, 1)
        if 3 <= size < len(form) and self._known(form[:size]):
            yield "repeats", form[:size]
        inner = form.strip("x")
        if inner != form and len(inner) >= 4 and words.get(inner):
            yield "joined", inner
        yield from self._within(form, "joined")
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
            for word in self._with_endings(key, self._sound, _SOUND_ENDINGS):
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

    def _within(self, form: str, view: str) -> Iterator[tuple[str, str]]:
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
                    (not before or (len(before) >= 3 and self._is_word(before)))
                    and (after in _AFTER or self._is_word(after))
                )
            if fits:
                yield view, term

    def _first(self, part: str) -> str:
        """The likeliest reading of a piece of a piece."""
        found = self.read(part).found
        return found[0][1] if found else part

    def _with_endings(
        self, key: str, table: Mapping[str, tuple[str, ...]], endings: Iterable[str]
    ) -> Iterator[str]:
        yield from table.get(key, ())
        for ending in endings:
            if key.endswith(ending) and len(key) > len(ending) + 2:
                for word in table.get(key[: -len(ending)], ()):
                    yield word + {"R": "er", "Rs": "ers", "i": "y", "z": "s"}.get(ending, ending)

    def _masked(self, bare: str, piece: str) -> Iterator[str]:
        """Letters struck out: "f*ck", "f**k", "c_nt", "f***", "*sshole"."""
        if piece[:1] == "*" and bare.strip("*").isalpha():
            rest = bare.strip("*")
            if len(rest) >= 4 and not ordinary.is_word(rest):
                yield from (vowel + rest for vowel in "aeiou" if self._known(vowel + rest))
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


def _keep(met: dict[str, _T], piece: str, found: _T) -> None:
    if len(met) >= MAX_MEMO:
        met.clear()
    if len(piece) <= LONG:
        met[piece] = found
