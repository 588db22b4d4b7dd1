"""One piece of text without spaces: which words of the rules it may stand for.

"5h!t", "shiiiit", "s.h.i.t", "tihs" and "sh*t" each lead to the word that the rules know; the
line is then judged with that word in its place (see match.py), so a phrase is found as well when
only one of its words was disguised. A piece that is an ordinary word, or becomes one when figures
are read as letters or a stretched letter is cut down, leads nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from kitsu_tui.show.safety import leet, normal, ordinary, parted, phonetic
from kitsu_tui.show.safety.aliases import ALIAS, ALIASES, LOUD
from kitsu_tui.show.safety.guesses import ENDINGS, Guesses
from kitsu_tui.show.safety.lexicon import Lexicon

MAX_MEMO = 6_000
"""Of pieces met before, and as many of those before them: what is met again is not forgotten."""
MAX_CANDIDATES = 6
TOGETHER = "together"
"""The view of words grown together: only what is more than one of them counts."""
LONG = 48
"""Longer pieces are only read in the ways whose work grows with the length."""
_NOT_ALNUM = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\d[.,:]\d")
_ALL_STRETCHED = re.compile(r"(?:([a-z])\1+)+")
_SIGNS = {"@": "a", "&": "and", "+": "and"}
_SAID = {"yoo": "you", "yuo": "you", "yu": "you", "hur": "her", "phat": "fat", "fatt": "fat"}
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
        self._guesses = Guesses(tree, loose, lexicon)
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
            for word in self._guesses.masked(bare, piece):
                found.setdefault(word, "masked")
                if len(found) >= MAX_CANDIDATES:
                    break
        for form, view in forms.items():
            if self._guesses.known(form):
                found[form] = view
            if view == "leet" and len(form) > 2:
                for word in self._merged.get(leet.merged(form), ()):
                    found.setdefault(word, view)
                if not found:
                    for word in leet.mixed(form):
                        if self._guesses.known(word):
                            found[word] = view
            if apart and form not in found:
                for name, word in self._guesses.within(form, "spaced"):
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
            for view, word in self._guesses.coarse(bare, forms):
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
        back = len(letters) > 2 and self._guesses.is_word(letters[::-1])
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
                ordinary.is_word(turned) or self._guesses.known(turned, most=True)
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
            if self._guesses.known(cut) and not (common and self._words.get(cut, True)):
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
        for word in self._guesses.with_endings(thin, self._thin, ENDINGS):
            # "niger" for the word with two g: a country, unless something is stretched.
            if thin != form or len(word) > 5:
                found[word] = name
        if found or thin == form:
            return False
        return len(thin) > 2 and (ordinary.is_word(thin) or thin in ordinary.thinned())

    def _first(self, part: str) -> str:
        """The likeliest reading of a piece of a piece."""
        found = self.read(part).found
        return found[0][1] if found else part


def _keep(met: dict[str, _T], piece: str, found: _T) -> None:
    if len(met) >= MAX_MEMO:
        met.clear()
    if len(piece) <= LONG:
        met[piece] = found
