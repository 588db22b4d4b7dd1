"""What is done to a text before it is spoken, how its phonemes are told, how long they are cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_RUNS = re.compile(r"([!?])[!?]+")
_SPACES = re.compile(r"\s+")
_JOINERS = "\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f\u20e3"
_SKIN = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0000, 0xE0080)

CLAUSE = frozenset(",;:.!?\u2014")
"""Phonemizers keep these marks between phonemes."""


def speakable(text: str) -> str:
    """The text as it is spoken: emoji and control characters out, white space folded.

    Empty when nothing is left that has a sound. Numbers and signs beside words stay: how they are
    read is the phonemizer's knowledge. (espeak reads emoji by name, which nobody wants on air.)
    """
    text = unicodedata.normalize("NFC", text).replace("[[", "[ [")  # Piper: raw phonemes
    kept = "".join(" " if _mute(char) else char for char in text if char not in _JOINERS)
    kept = _RUNS.sub(lambda m: "?" if "?" in m.group() else "!", _SPACES.sub(" ", kept)).strip()
    return kept if any(char.isalnum() for char in kept) else ""


def reading(sentences: Iterable[Sequence[str]]) -> str:
    """Phonemes as they are told (`engines.wire.tts.Reading`): words apart by one space; stress,
    length, punctuation and what only joins two sounds left out.
    """
    whole = " ".join("".join(phonemes) for phonemes in sentences)
    kept = (" " if _gap(char) else char for char in whole if not _mark(char))
    return " ".join("".join(kept).split())


def _mark(char: str) -> bool:
    # Lm are stress, length and small raised letters: a glide between two words, a breath.
    return unicodedata.category(char) == "Lm" or char in "\u0361\u035c'-"


def _gap(char: str) -> bool:
    return unicodedata.category(char)[0] not in "LM"


def _mute(char: str) -> bool:
    code = ord(char)
    if code < 0x80:
        return code < 0x20 or code == 0x7F
    if code in _SKIN or code in _TAGS:
        return True
    # So is pictures; but also letterlike signs that are read: degree, copyright and their like.
    category = unicodedata.category(char)
    return category in ("Cc", "Cs", "Co", "Cn") or (category == "So" and code >= 0x2190)


def cut(phonemes: Sequence[str], first: int, rest: int) -> list[list[str]]:
    """A sentence's phonemes in stretches of at most `first`, then `rest`, phonemes.

    Cut behind a mark (comma, colon ...) where there is one in the latter three quarters, else
    between words, else anywhere. A sentence that is only a little too long is not cut.
    """
    pieces: list[list[str]] = []
    left = list(phonemes)
    limit = first
    while len(left) > limit * 5 // 4:
        at = _last(left, limit, CLAUSE) or _last(left, limit, frozenset(" ")) or limit
        pieces.append(left[:at])
        left = left[at:]
        while left and left[0] == " ":
            left.pop(0)
        limit = rest
    if left:
        pieces.append(left)
    return pieces


def _last(phonemes: Sequence[str], limit: int, marks: frozenset[str]) -> int:
    for at in range(limit, limit // 4, -1):
        if phonemes[at - 1] in marks:
            return at
    return 0
