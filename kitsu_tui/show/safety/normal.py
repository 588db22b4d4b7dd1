"""The text as it is searched: cleaned, folded, its words in a row. Each step is linear.

`clean` may change how long a text is; after it every offset stays true. `fold` (confusables.py)
is one character for one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from kitsu_tui.show.safety.confusables import fold

Span = tuple[int, int]

_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f\u0080-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
    "\U000e0000-\U000e0fff\U0001d173-\U0001d17a"
    # Combining marks that NFKC could not melt into a letter: struck through, stacked.
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u06d6-\u06dc\u0e31\u0e34-\u0e3a"
    "\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_CONTROL = re.compile("[\u0000-\u0008\u000e-\u001f\u007f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK = re.compile("[\u2800\u3000\u00a0\u2000-\u200a\u202f\u205f]")
_PIECE = 256
WORD = re.compile(r"[^\W_]+")
CHUNK = re.compile(r"\S+")
_DOUBLE = re.compile(r"([^\W_])\1+")
_TRIPLE = re.compile(r"([^\W_])\1\1+")


def clean(text: str) -> str:
    """NFKC without invisible characters and loose combining marks; lone surrogates replaced."""
    if text.isascii():
        return _CONTROL.sub("", text)
    text = _SURROGATE.sub("?", text)
    # NFKC puts a space before a mark that stands alone: the marks go first.
    text = _INVISIBLE.sub("", _normalised("NFC", text))
    text = _INVISIBLE.sub("", _normalised("NFKC", text))
    return _BLANK.sub(" ", text).replace("ß", "ss")


def _normalised(form: Literal["NFC", "NFKC"], text: str) -> str:
    # In pieces: the sorting of stacked marks is quadratic in how many there are in a row.
    if len(text) <= _PIECE:
        return unicodedata.normalize(form, text)
    pieces = (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))
    return "".join(unicodedata.normalize(form, piece) for piece in pieces)


def collapse(text: str) -> str:
    """Every run of one letter as a single letter."""
    return _DOUBLE.sub(r"\1", text)


def shortened(text: str) -> str:
    """Every run of three or more as two."""
    return _TRIPLE.sub(r"\1\1", text)


def single(text: str) -> str:
    """Every run of three or more as one; a pair stays."""
    return _TRIPLE.sub(r"\1", text)


def term(text: str) -> str:
    """A rule's term as it looks in a text's row of words: "Jack-Off" is "jack off"."""
    if text.isascii() and text.replace(" ", "").isalnum():
        return " ".join(text.lower().split())
    return " ".join(WORD.findall(fold(clean(text))))


def tail(text: str, limit: int = 64) -> str:
    """The end of what was said before, cut where a word begins."""
    if len(text) <= limit:
        return text
    cut = text[-limit:]
    space = cut.find(" ")
    return cut[space + 1 :] if space >= 0 else cut
