"""Terms with alternatives: "(kill|hurt) (him|her|)" is six of them. Nothing else has a meaning.

A term is written out; a phrase becomes one RE2 pattern on a row of words, because "(i ll|we will)
(find and |) (kill|stab) (you|your family)" soon is thousands.
"""

from __future__ import annotations

import re

from kitsu_tui.show.safety import normal
from kitsu_tui.show.safety.confusables import fold

_PIECE = re.compile(r"[()|]|[^()|]+")
Tree = list[list["str | Tree"]]
"""Alternatives, each a row of texts and alternatives."""


def parse(text: str) -> Tree:
    """ValueError when the brackets are not in pairs."""
    top: Tree = [[]]
    stack = [top]
    for piece in _PIECE.findall(text):
        if piece == "(":
            inner: Tree = [[]]
            stack[-1][-1].append(inner)
            stack.append(inner)
        elif piece == ")":
            if len(stack) == 1:
                raise ValueError("a ) without its (")
            stack.pop()
        elif piece == "|":
            stack[-1].append([])
        else:
            stack[-1][-1].append(piece)
        if len(stack) > 20:
            raise ValueError("more than 20 brackets within each other")
    if len(stack) > 1:
        raise ValueError("a ( without its )")
    return top


def expand(text: str, limit: int) -> list[str]:
    """Every term that `text` is. ValueError when they are more than `limit`."""

    def whole(tree: Tree) -> list[str]:
        found: list[str] = []
        for row in tree:
            some = [""]
            for part in row:
                ends = [part] if isinstance(part, str) else whole(part)
                if len(some) * len(ends) > limit:
                    raise ValueError(f"is more than {limit} terms; `phrases:` has no such limit")
                some = [begin + end for begin in some for end in ends]
            found += some
        if len(found) > limit:
            raise ValueError(f"is more than {limit} terms; `phrases:` has no such limit")
        return found

    return whole(parse(text))


def pattern(text: str) -> str:
    """An RE2 pattern for a row of words with a space on either side of each.

    A phrase without letters, or whose brackets do not pair, is a ValueError.
    """

    def whole(tree: Tree) -> str:
        return "|".join(
            "".join(_words(part) if isinstance(part, str) else f"(?:{whole(part)})" for part in row)
            for row in tree
        )

    made = whole(parse(text))
    if not re.search(r"[^\\W_]", made.replace("?:", "")):
        raise ValueError("has no letters")
    return made


_GAP = re.compile(r"[\W_]+")


def _words(text: str) -> str:
    # Any number of spaces at a seam: "(go |)kill" has one inside the bracket or none.
    plain = fold(normal.clean(text))
    return _GAP.sub(" *", plain) if plain.strip() else " *"
