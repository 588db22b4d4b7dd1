"""Letters drawn out and figures for letters in a word: no guess, the word behind is a known one."""

from __future__ import annotations

import re
from collections.abc import Callable

from kitsu_tui.show.safety import ordinary

LEAST, LONG = 3, 48
"""Letters of a word that is looked at."""
_RUN = re.compile(r"(.)\1+")
_LONG_RUN = re.compile(r"(.)\1\1+")
_FIGURES = (str.maketrans("0134578", "oieastb"), str.maketrans("0134578", "oleastb"))


def unstretched(word: str, known: Callable[[str], bool]) -> str:
    """What a word is as it is meant: "boooomb" and "b0mb"; empty: it is a word, or none."""
    if not LEAST <= len(word) <= LONG or not word.isascii():
        return ""
    if not word.isalpha():
        return next((read for read in _in_letters(word) if known(read)), "")
    for short in _shortened(word):
        if known(short) or ordinary.is_word(short):
            return "" if ordinary.is_word(word) else short
    return ""


def _shortened(word: str) -> list[str]:
    """What a word with letters drawn out may be; none: none are."""
    if _LONG_RUN.search(word) or len(_RUN.findall(word)) > 1:
        return [_LONG_RUN.sub(r"\1\1", word), _LONG_RUN.sub(r"\1", word), _RUN.sub(r"\1", word)]
    return []


def _in_letters(word: str) -> list[str]:
    """What a word with figures in the place of letters may be; none: it has no letters."""
    if word.isdigit():
        return []
    return [word.translate(table) for table in _FIGURES]
