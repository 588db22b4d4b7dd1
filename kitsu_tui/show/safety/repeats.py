"""She does not say the same thing over and over: small models do, once they have read themselves.

A check (see `kitsu_tui.show.judge`) with a memory of what an audience has heard of her. What the
profile has her say (refusals, the failure line, the persona's examples) may come again and again,
and so may what an operator asked for. Two who ask the same may hear the same: only the third time
it is kept back, as is what comes twice in one answer.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from kitsu_tui.show.safety.confusables import fold
from kitsu_tui.show.safety.normal import clean
from kitsu_tui.show.safety.verdict import Verdict

TIMES = 2
"""So often a sentence may be heard among the last ones."""
SHORT = 3
"""Words up to which a sentence may be said again at any time: "Oh no!", "Yip yip!"."""
ALIKE = 0.8
"""Part of the pairs of words that two sentences share, from which they are the same."""
CLAUSE = 14
"""Words of the longest clause that is looked for in a loop."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_FIGURES = re.compile(r"\d+")
_END = re.compile(r"(?<=[.!?])\s+")

Pairs = frozenset[tuple[str, str]]


class Repeats:
    """What she said last.

    Args:
        keep: among so many sentences none is said a third time; 0: no matter.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        # Replaced, never changed: the check runs in another thread.
        self._last: tuple[tuple[str, Pairs], ...] = ()
        self._free: frozenset[str] = frozenset()
        self._asked: frozenset[str] = frozenset()

    def use(self, keep: int, free: Iterable[str] = ()) -> None:
        """Go by another bound; `free` are texts that may be repeated."""
        self._keep = keep
        self._free = frozenset(" ".join(_words(text)) for text in free)
        self._last = self._last[-keep:] if keep else ()

    def said(self, text: str) -> None:
        """It is on air. Remembered through panic: the audience has heard it."""
        words = _words(text)
        if self._keep and len(words) > SHORT:
            plain = " ".join(words)
            self._asked -= {plain}
            self._last = (*self._last, (plain, _pairs(words)))[-self._keep :]

    def asked(self, text: str) -> None:
        """An operator wants it said, whatever was said before: once."""
        self._asked |= {" ".join(_words(text))}

    def __call__(self, text: str, context: str) -> Verdict | None:
        """None, a drop for what she said before, or the text without its loop."""
        if not self._keep:
            return None
        found = list(_WORD.finditer(fold(clean(text))))
        words = [word.group() for word in found]
        if len(words) <= SHORT:
            return None
        plain = " ".join(words)
        if plain in self._free or plain in self._asked:
            return None
        pairs = _pairs(words)
        # Of this answer nothing may have been heard yet.
        now = ((" ".join(some), _pairs(some)) for some in map(_words, _END.split(context)) if some)
        heard = [old for old in self._last if _same(plain, pairs, old)]
        coming = [old for old in now if _same(plain, pairs, old)]
        if len(heard) >= TIMES or (coming and not heard):
            return _verdict("drop", "said-before", "")
        loop = _loop(words)
        if loop is None:
            return None
        start, stop = loop
        whole = clean(text)
        rest = whole[found[stop - 1].end() :].lstrip()
        kept = whole[: found[start - 1].end()].rstrip()
        return _verdict("replace", "loop", kept + (rest if rest[:1] in ".!?," else f" {rest}"))


def _verdict(action: str, rule: str, text: str) -> Verdict:
    return Verdict(
        action="replace" if action == "replace" and text.strip() else "drop",
        category="repetition",
        rule=rule,
        view="plain",
        text=text.strip(),
        severity=1,
        means="repeat",
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(clean(text)))


def _pairs(words: list[str]) -> Pairs:
    return frozenset(itertools.pairwise(words))


def _same(plain: str, pairs: Pairs, old: tuple[str, Pairs]) -> bool:
    return plain == old[0] or (
        _FIGURES.findall(plain) == _FIGURES.findall(old[0]) and _alike(pairs, old[1])
    )


def _alike(one: Pairs, other: Pairs) -> bool:
    if min(len(one), len(other)) < ALIKE * max(len(one), len(other)):
        return False
    shared = len(one & other)
    return shared >= ALIKE * (len(one) + len(other) - shared)


def _loop(words: list[str]) -> tuple[int, int] | None:
    """Words [start, stop) that only say again what stands before them; None without a loop.

    A clause must come three times in a row, one of two words five times, a word nine times:
    "ha ha ha" and "tick tock tick tock" are no loops.
    """
    for size in range(1, min(CLAUSE, len(words) // 3) + 1):
        times = {1: 9, 2: 5}.get(size, 3)
        run = 0
        for at in range(size, len(words)):
            run = run + 1 if words[at] == words[at - size] else 0
            ends = at + 1 == len(words) or words[at + 1] != words[at + 1 - size]
            if ends and run >= size * (times - 1):
                first = at + 1 - run - size  # where the clause stands for the first time
                if size > 1 and len(set(words[first : first + size])) == 1:
                    continue  # one word over and over
                return first + (3 if size == 1 else size), at + 1
    return None
