"""How a made-up spelling sounds: "phuck", "fuhk" and "fuq" are one word when a voice reads them.

A rough key for English, on purpose finer than Soundex or Metaphone: those take half the
dictionary for a swear word. Words of the list in ordinary.py are never read this way.
"""

from __future__ import annotations

import re

_INITIAL = {"kn": "n", "gn": "n", "pn": "n", "wr": "r"}
_Y = re.compile(r"(?<!^)(?<![aeo])y(?![aeiou]$)")
# A vowel, one consonant and a silent e: long, another sound than without.
_LONG = re.compile(r"([aiou])([bcdfgkpstvz])e(?=$|[sd]$|rs?$)")
_LONG_VOWEL = {"a": "A", "i": "Y", "o": "O", "u": "U"}
_PIECES = {
    "tch": "C", "sch": "S", "sh": "S", "ch": "C", "ph": "f", "ck": "k", "kh": "k",
    "qu": "k", "q": "k", "x": "ks", "z": "s", "dg": "j", "gh": "g", "th": "T",
    "ce": "se", "ci": "si", "cy": "si", "c": "k",
    "eigh": "A", "igh": "Y", "ay": "A", "ai": "A", "ae": "A",
    "ee": "i", "ea": "i", "ie": "i", "ei": "i", "y": "i", "oo": "W", "ou": "W", "oa": "o",
    "aw": "o", "au": "o",
    "ah": "a", "eh": "e", "ih": "i", "oh": "o", "uh": "u",
}  # fmt: skip
_PIECE = re.compile("|".join(sorted(map(re.escape, _PIECES), key=len, reverse=True)))
_RUN = re.compile(r"(.)\1+")
_R = re.compile(r"(?<=..)(?:er|ar|or|ur|ir)(s?)$")
_MUTE = re.compile(r"(?<=[^SCT])h(?=[^aeiouAYOUW]|$)")
_VOWEL = re.compile(r"[aeiouAYOUW]+")
_ACCENTS = str.maketrans({"R": "@", "T": "f", "v": "f", "h": "", "J": ""})
_VOWEL_R = re.compile(r"@[r@]+")


def _piece(found: re.Match[str]) -> str:
    return _PIECES[found[0]]


def sound(word: str) -> str:
    """The key of a lower-case Latin word: equal keys sound alike."""
    begin = _INITIAL.get(word[:2])
    if begin:
        word = begin + word[2:]
    elif word.startswith("who"):
        word = word[1:]
    elif word.startswith("x"):
        word = "z" + word[1:]
    if "y" in word:
        word = _Y.sub("i", word)
        if word.startswith("y"):
            word = "J" + word[1:]
    if "e" in word:
        word = _LONG.sub(lambda found: _LONG_VOWEL[found[1]] + found[2], word)
    word = _PIECE.sub(_piece, word)
    if "r" in word:
        word = _R.sub(r"R\1", word)
    if len(word) > 3 and word[-1] == "e" and word[-2] not in "aeiouAYOUW":
        word = word[:-1]
    elif len(word) > 2 and word[-1] == "A":
        word = word[:-1] + "i"  # "pussay", "fuckey"
    elif len(word) > 3 and word.endswith("ei"):
        word = word[:-2] + "i"
    if "h" in word:
        word = _MUTE.sub("", word)
    return _RUN.sub(r"\1", word)


def blur(key: str) -> str:
    """A key with the vowels after the first all alike: "fagit" and "faggut"; for longer words."""
    first = _VOWEL.search(key)
    if first is None:
        return key
    at = first.end()
    return key[:at] + _VOWEL.sub("@", key[at:])


def bones(key: str) -> str:
    """A key with all vowels alike: "traeetawr" and "traitor"; for words within a phrase."""
    return _VOWEL.sub("@", key)


def loose(key: str) -> str:
    """Bones without what accents leave out or change: "hitlah", "meff", "togevver", "'appened"."""
    found = _VOWEL.sub("@", key.translate(_ACCENTS))
    return _VOWEL_R.sub("@", found)
