"""Figures and signs that stand for letters: "5h!t", "|\\|", "\\/\\/", "|<". Several readings.

Where a sign may be two letters (1 is i or l, 6 is g or b), the reading has both in turn; a word
that needs both at once ("bu11sh1t") is found by `merged`, in which l and i are one letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

_MULTI = {
    "|\\/|": "m", "|v|": "m", "/\\/\\": "m", "(v)": "m", "^^": "m", "\\/\\/": "w", "|/\\|": "w",
    "|\\|": "n", "/\\/": "n", "|-|": "h", "]-[": "h", ")-(": "h", "}{": "h", "}-{": "h",
    "|~|": "h", "#": "h", "|_|": "u", "(_)": "u", "[_]": "u", "{_}": "u", "\\_/": "u",
    "()": "o", "[]": "o", "{}": "o", "<>": "o", "|<": "k", "|{": "k", "|(": "k", "1<": "k",
    "|)": "d", "|]": "d", "[)": "d", "|}": "d", "|>": "p", "|*": "p", "|3": "b", "|8": "b",
    "|=": "f", "|2": "r", "|?": "r", "/-\\": "a", "/\\": "a", "\\/": "v", "|_": "l", "1_": "l",
    "_|": "j", "_/": "j", "><": "x", "`/": "y", "'/": "y", "(,)": "q", "-|-": "t", "']['": "t",
}  # fmt: skip
_MULTI_RE = re.compile("|".join(sorted(map(re.escape, _MULTI), key=len, reverse=True)))
_MULTI_HINT = re.compile(r"[|\\/()\[\]{}<>#]")
_ONE = {
    "0": "o", "2": "z", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s",
    "+": "t", "(": "c", "{": "c", "<": "c", "[": "c", "€": "e", "£": "l", "^": "a", "&": "e",
    "%": "o",
}  # fmt: skip
_FIRST = str.maketrans(_ONE | {"1": "i", "!": "i", "|": "i", "6": "g", "9": "g"})
_SECOND = str.maketrans(_ONE | {"1": "l", "!": "l", "|": "l", "6": "b", "9": "q", "7": "y"})
_SIGN = re.compile(r"[\d@$!|+({<\[€£^&%#]")
_LETTERS = re.compile(r"[^a-z]+")
_NOT_WORD = re.compile(r"[\W_]+")
_PAIRS = (("13", "b"), ("vv", "w"), ("12", "r"), ("17", "n"))
_MERGED = str.maketrans({"1": "i", "!": "i", "|": "i", "l": "i"})
# What may hang on a word without being part of it. A "!" at the end is one that shouts.
_LEFT = ".,:;?\"'`*_~-=>/)]}\u2026\u2013\u2014\u201c\u201d\u2018\u2019\u00ab\u00bb"
_RIGHT = ".,:;?!\"'`*_~-=([{<#\u2026\u2013\u2014\u201c\u201d\u2018\u2019\u00ab\u00bb"
_PAIRED = {"(": ")", "[": "]", "{": "}", "<": ">"}


def core(chunk: str) -> str:
    """A chunk without the punctuation around it."""
    bare = chunk.lstrip(_LEFT)
    while bare and bare[0] in _PAIRED and (_PAIRED[bare[0]] in bare or len(bare) < 3):
        bare = bare[1:].lstrip(_LEFT)
    bare = bare.rstrip(_RIGHT)
    while bare and bare[-1] in ")]}>" and len(bare) > 1 and bare[-2] not in "|[({<":
        bare = bare[:-1].rstrip(_RIGHT)
    return bare.lstrip("#") if "#" in bare[:1] and bare[1:2].isalpha() else bare


def readings(bare: str) -> list[str]:
    """What the signs in a chunk spell, letters only, the likeliest first; empty without signs."""
    if not _SIGN.search(bare):
        return []
    forms = [bare]
    if _MULTI_HINT.search(bare):
        forms.insert(0, _MULTI_RE.sub(lambda found: _MULTI[found.group()], bare))
    forms += [bare.replace(pair, to) for pair, to in _PAIRS if pair in bare]
    if "v" in bare:
        forms.append(bare.replace("v", "u"))
    if bare[-1:] == "!":
        forms.append(bare.rstrip("!"))
    found: dict[str, None] = {}
    for form in forms:
        for table in (_FIRST, _SECOND):
            found[_LETTERS.sub("", form.translate(table))] = None
    found.pop("", None)
    return list(found)


def hashed(chunk: str) -> list[str]:
    """Readings with a # at the edge as an h; elsewhere it is taken for a tag's sign."""
    if "#" not in (chunk[:1], chunk[-1:]):
        return []
    return readings(chunk)


def strewn(bare: str) -> list[str]:
    """What is left of a chunk when its signs, or its signs but the figures, mean nothing."""
    found = dict.fromkeys(
        (_LETTERS.sub("", bare), _LETTERS.sub("", _NOT_WORD.sub("", bare).translate(_FIRST)))
    )
    found.pop("", None)
    return list(found)


def merged(text: str) -> str:
    """With l and i as one letter."""
    return text.translate(_MERGED)


def mixed(text: str) -> Iterator[str]:
    """With each i or l as either, where they are no more than four: "pedophiie"."""
    places = [at for at, letter in enumerate(text) if letter in "il"]
    if 2 <= len(places) <= 4:
        for some in product("il", repeat=len(places)):
            letters = list(text)
            for at, letter in zip(places, some, strict=True):
                letters[at] = letter
            yield "".join(letters)
