"""A line as somebody hears it: made-up spellings read as the known words that sound alike.

"hao tu bild a paip bom" names nothing that a list has, and a voice says it all the same. Only
what is no word is read so, and only for what a line means as a whole (meaning.py), never for a
single word: one that is guessed wrongly weighs little there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kitsu_tui.show.safety import ordinary
from kitsu_tui.show.safety.phonetic import blur, bones, sound

LEAST = 3
"""Letters; shorter ones sound like too much."""
MAX_MEMO = 6_000
"""Made-up spellings met before."""
LONG = 48
"""Longer ones are not kept."""
_SPELLED = (("wh", "w"), ("ew", "oo"), ("dge", "j"), ("tion", "shun"), ("kn", "n"), ("ow", "ou"))


_RUN = re.compile(r"(.)\1+")
_LONG_RUN = re.compile(r"(.)\1\1+")
_FIGURES = (str.maketrans("0134578", "oieastb"), str.maketrans("0134578", "oleastb"))


def _unstretched(word: str) -> list[str]:
    """What a word with letters drawn out may be: "boooomb", "kkiillll"; none: none are."""
    if _LONG_RUN.search(word) or len(_RUN.findall(word)) > 1:
        return [_LONG_RUN.sub(r"\1\1", word), _LONG_RUN.sub(r"\1", word), _RUN.sub(r"\1", word)]
    return []


def _in_letters(word: str) -> list[str]:
    """What a word with figures in the place of letters may be; none: it has no letters."""
    if word.isdigit():
        return []
    return [word.translate(table) for table in _FIGURES]


def key(word: str) -> str:
    """How a word sounds, a little coarser than sound(): for whole lines."""
    for letters, instead in _SPELLED:
        word = word.replace(letters, instead)
    return sound(word)


class Heard:
    """Known words by their sound.

    Args:
        words: the most telling first; the first of those that sound alike is heard.
        telling: so many of them are also heard with other vowels.
    """

    def __init__(self, words: Sequence[str], telling: int) -> None:
        self._known = frozenset(words)
        self._exact: dict[str, str] = {}
        self._near: dict[str, str] = {}
        self._bones: dict[str, str] = {}
        self._met: dict[str, str] = {}
        for at, word in enumerate(words):
            if len(word) < LEAST or not word.isascii() or not word.isalpha():
                continue
            heard = key(word)
            self._exact.setdefault(heard, word)
            self._near.setdefault(blur(heard), word)
            if at < telling and len(heard) > LEAST:
                self._bones.setdefault(bones(heard), word)

    def written(self, words: Iterable[str]) -> list[str] | None:
        """The words with letters drawn out, or figures for letters, as they are meant; None: none
        is written so. There is no guess in it: the others are words."""
        some = list(words)
        if self._known.issuperset(some):
            return None
        meant = [word if word in self._known else self._written(word) or word for word in some]
        return meant if meant != some else None

    def read(self, words: Iterable[str]) -> list[str] | None:
        """The words with those that are none as they sound; None: nothing is heard otherwise."""
        some = list(words)
        if self._known.issuperset(some):
            return None
        changed = False
        for at, word in enumerate(some):
            if word in self._known:
                continue
            found = self._met.get(word)
            if found is None:
                found = self._heard(word)
                if len(self._met) >= MAX_MEMO:
                    self._met.clear()
                if len(word) <= LONG:
                    self._met[word] = found
            if found:
                some[at] = found
                changed = True
        return some if changed else None

    def _heard(self, word: str) -> str:
        """What a word that is not known sounds like; empty: nothing, or it is a word."""
        plain = len(word) >= LEAST and word.isascii() and word.isalpha()
        if not plain or ordinary.is_word(word):
            return ""
        heard = key(word)
        return (
            self._exact.get(heard)
            or self._near.get(blur(heard))
            or self._bones.get(bones(heard))
            or ""
        )

    def _written(self, word: str) -> str:
        if len(word) < LEAST or len(word) > LONG or not word.isascii():
            return ""
        if not word.isalpha():
            return next((read for read in _in_letters(word) if read in self._known), "")
        for short in _unstretched(word):
            if short in self._known or ordinary.is_word(short):
                return "" if ordinary.is_word(word) else short
        return ""
