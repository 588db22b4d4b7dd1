"""How a made-up spelling sounds: "phuck", "fuhk" and "fuq" are one word when a voice reads them.

A rough key for English, on purpose finer than Soundex or Metaphone: those take half the
dictionary for a swear word. Words of the list in ordinary.py are never read this way.
"""

from __future__ import annotations

import re

_DOUBLE = re.compile(r"([a-z])\1+")
_RULES = [
    (re.compile(r"^(?:kn|gn|pn)"), "n"),
    (re.compile(r"^wr"), "r"),
    (re.compile(r"^wh(?=o)"), "h"),
    (re.compile(r"^x"), "z"),
    (re.compile(r"(?<!^)(?<![aeo])y(?![aeiou]$)"), "i"),
    # A vowel, one consonant and a silent e: long, another sound than without.
    (re.compile(r"a([bcdfgkpstvz])e(?=$|[sd]$|rs?$)"), r"A\1"),
    (re.compile(r"i([bcdfgkpstvz])e(?=$|[sd]$|rs?$)"), r"Y\1"),
    (re.compile(r"o([bcdfgkpstvz])e(?=$|[sd]$|rs?$)"), r"O\1"),
    (re.compile(r"u([bcdfgkpstvz])e(?=$|[sd]$|rs?$)"), r"U\1"),
]
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
_ENDS = [
    (re.compile(r"(?<=..)(?:er|ar|or|ur|ir)$"), "R"),
    (re.compile(r"(?<=..)(?:er|ar|or|ur|ir)s$"), "Rs"),
    (re.compile(r"(?<=..)(?:A|ei)$"), "i"),  # "pussay", "fuckey"
    (re.compile(r"(?<=..[^aeiouAYOUW])e$"), ""),
    (re.compile(r"(?<=[^SCT])h(?=[^aeiouAYOUW]|$)"), ""),
]
_VOWEL = re.compile(r"[aeiouAYOUW]+")


def sound(word: str) -> str:
    """The key of a lower-case Latin word: equal keys sound alike."""
    for pattern, to in _RULES:
        word = pattern.sub(to, word)
    if word[:1] == "y":
        word = "J" + word[1:]
    word = _PIECE.sub(lambda found: _PIECES[found.group()], word)
    for pattern, to in _ENDS:
        word = pattern.sub(to, word)
    return _RUN.sub(r"\1", word)


def blur(key: str) -> str:
    """A key with the vowels after the first all alike: "fagit" and "faggut"; for longer words."""
    first = _VOWEL.search(key)
    if first is None:
        return key
    at = first.end()
    return key[:at] + _VOWEL.sub("@", key[at:])
