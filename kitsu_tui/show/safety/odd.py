"""How odd the letters of a text are: what tells of a disguise before any word is known."""

from __future__ import annotations

import re
import unicodedata

SCRIPTS = 0.4
"""The risk of a word whose letters are of several scripts."""
MARKS = 0.3
"""The risk of letters under a heap of marks, or with invisible characters between them."""
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_OTHER = re.compile("[\u0370-\u05ff\u10a0-\u10ff\u13a0-\u13ff\u1d00-\u1d7f\uab30-\uabbf]")
_BETWEEN = re.compile("(?<=[A-Za-z])[\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufeff]+(?=[A-Za-z])")
_MARKS = re.compile("[\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{2,}")


def risk(text: str, base: str) -> float:
    """0 to 1 for a text, and the same cleaned; 0 for what is ASCII."""
    for word in _WORD.findall(base):
        if not word.isascii() and _LATIN.search(word) and _OTHER.search(word):
            return SCRIPTS
    if _BETWEEN.search(text) or _MARKS.search(unicodedata.normalize("NFC", text[:2_000])):
        return MARKS
    return 0.0
