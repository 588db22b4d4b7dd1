"""Words cut in two: "sl ur", found where all spaces are left out."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import accumulate

from kitsu_tui.show.safety import ordinary
from kitsu_tui.show.safety.normal import Span
from kitsu_tui.show.safety.rule import Rule

_STOP = re.compile(r"[.,!?;:\u2026]\S*\s")
_ENDINGS = frozenset(("s", "es", "ed", "er", "ers", "ing", "in", "y", "ty", "head", "tard"))


class Squeezed:
    """The pieces of a text without anything between them: finds words cut in two."""

    def __init__(self, pieces: list[str], spans: list[Span], low: str) -> None:
        self.text = "".join(pieces)
        self._pieces = pieces
        self._spans = spans
        self._low = low
        self._starts = list(accumulate(map(len, pieces), initial=0))

    def span(  # noqa: C901 -- the conditions are one thought
        self, start: int, end: int, rule: Rule, phrase: bool
    ) -> Span | None:
        """Where a hit lies if somebody cut a word: it goes over a boundary, begins where a piece
        does, ends where one does (or in an ending), and not all of the pieces are words."""
        starts = self._starts
        first = bisect_right(starts, start) - 1
        while self._pieces[first] == "":
            first += 1
        if end <= starts[first + 1]:
            return None
        stop = bisect_left(starts, end)
        pieces = self._pieces[first:stop]
        strange = [p for p in pieces if not (p.isdigit() or ordinary.is_piece(p))]
        before, after = start - starts[first], self.text[end : starts[stop]]
        if rule.squeeze:
            if (before and rule.match != "inside") or (after and rule.match == "word"):
                return None
        elif before or after:
            if rule.match == "word" or phrase or not strange:
                if after not in _ENDINGS or before or rule.match == "word" or phrase:
                    return None
            elif (
                (before and rule.match != "inside")
                or (after and after not in _ENDINGS and rule.match != "inside")
                or (before and ordinary.is_word(pieces[0]))
                or (after and after not in _ENDINGS and ordinary.is_word(pieces[-1]))
            ):
                return None
        size = end - start
        if len(pieces) > 2 and all(len(piece) == 1 for piece in pieces):
            return None  # letters that stand alone are read by themselves
        if not strange and not rule.squeeze and not (phrase and size >= 10):
            return None
        spans = self._spans
        if not phrase and len(strange) < len(pieces):
            # "Model S. Hitchens came": a sentence ends between them.
            gap = self._low[spans[first][0] : spans[stop - 1][1]]
            if _STOP.search(gap):
                return None
        return spans[first][0], spans[stop - 1][1]
