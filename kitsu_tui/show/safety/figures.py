"""How many figures a text must have for an RE2 pattern to be found in it.

A number in a line makes every pattern of telephones, cards and addresses likely (see needed.py);
most of them want more figures than "level 42" has. It may only ever be wrong in asking for too few:
what is not understood of a pattern asks for none.
"""

from __future__ import annotations

import re

_HINT = re.compile(r"\\d|-9")
_PLAIN = re.compile(r"[^\\\[\](){}|*+?0-9]+")
_CLASS = re.compile(r"\[(\^?)(\]?(?:[^\]\\\[]|\\[^pPQExC0-9])*)\]")
_DIGITS = re.compile(r"(?:\\d|\d-\d|\d)+", re.ASCII)
_FLAGS = re.compile(r"\?(?:P?<\w+>|[imsU-]*:|([imsU-]+\)))")
_COUNT = re.compile(r"(?:[*?]|(\+)|\{(\d+)(?:,\d*)?\})\??", re.ASCII)
_DEPTH = 60
_MOST = 100


def figures(pattern: str) -> int:
    """At least so many; 0 when nothing is known."""
    if not _HINT.search(pattern):
        return 0
    counter = _Counter(pattern)
    try:
        least = counter.either(0)
    except _NotUnderstood:
        return 0
    return min(least, _MOST) if counter.done else 0


def held(text: str) -> int:
    """So many are in a text."""
    return sum(map(text.count, "0123456789"))


class _NotUnderstood(Exception):
    """It is left to RE2."""


class _Counter:
    """Walks a pattern that RE2 has accepted."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._text)

    def either(self, depth: int) -> int:
        """Alternatives, up to the bracket that ends them."""
        if depth > _DEPTH:
            raise _NotUnderstood
        found = [self._row(depth)]
        while self._text.startswith("|", self._at):
            self._at += 1
            found.append(self._row(depth))
        return min(found)

    def _row(self, depth: int) -> int:
        total = 0
        while self._at < len(self._text):
            plain = _PLAIN.match(self._text, self._at)
            if plain is not None:
                self._at = plain.end()
                self._counted(0)
                continue
            char = self._text[self._at]
            if char in "|)":
                break
            total += self._counted(self._piece(char, depth))
        return total

    def _piece(self, char: str, depth: int) -> int:
        if char == "[":
            found = _CLASS.match(self._text, self._at)
            if found is None:
                raise _NotUnderstood
            self._at = found.end()
            return int(not found[1] and _DIGITS.fullmatch(found[2]) is not None)
        self._at += 1
        if char == "(":
            return self._group(depth)
        if char == "\\":
            escaped = self._text[self._at : self._at + 1]
            self._at += 1
            if escaped in "pPQExC" or escaped.isdigit():
                raise _NotUnderstood
            return int(escaped == "d")
        return int(char in "0123456789")

    def _group(self, depth: int) -> int:
        flags = _FLAGS.match(self._text, self._at)
        if flags is not None:
            self._at = flags.end()
            if flags[1]:  # "(?i)": from here on
                return 0
        elif self._text.startswith("?", self._at):
            raise _NotUnderstood
        found = self.either(depth + 1)
        if not self._text.startswith(")", self._at):
            raise _NotUnderstood
        self._at += 1
        return found

    def _counted(self, piece: int) -> int:
        """The piece with what is said of how often it comes."""
        count = _COUNT.match(self._text, self._at)
        if count is None:
            return piece
        self._at = count.end()
        if count[1]:
            return piece
        return piece * min(int(count[2] or 0), _MOST)
