"""Words in a row, each with a space on either side: what the automaton searches."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from kitsu_tui.show.safety.aliases import ALIAS
from kitsu_tui.show.safety.normal import WORD, Span

NO_VIEW = frozenset(("", ALIAS))
"""Views by which nothing is found."""


class Row:
    """Words in a row and where each came from.

    Attributes:
        text: the words with spaces round them.
        views: the ways in which its words were read; None: as they stand.
    """

    __slots__ = ("_spans", "_starts", "_views", "text", "views")

    def __init__(self, words: list[str], spans: list[Span], views: list[str] | None) -> None:
        self.text = f" {' '.join(words)} "
        self._spans = spans
        self._views = views
        self._starts: list[int] | None = None
        self.views = None if views is None else frozenset("+".join(views).split("+")) - NO_VIEW

    def fresh(self) -> str:
        """All short texts that are in it and not in the text as it stands, and what is round them:
        nothing that needed.py looks for is longer than what is taken on either side."""
        return self.text

    @staticmethod
    def plain(low: str) -> Row:
        """A folded text as it stands."""
        return Plain(low)

    def words(self, edge: int = 0, without: Sequence[Span] = ()) -> list[str]:
        """Its words, those from `edge` on alone, and none that lies in one of some spans."""
        if not without:
            return self._from(edge)
        return [
            word
            for word, (start, end) in zip(self.text.split(), self.spans(), strict=True)
            if start >= edge and not any(first <= start and end <= last for first, last in without)
        ]

    def _from(self, edge: int) -> list[str]:
        words = self.text.split()
        if not edge:
            return words
        spans = self.spans()
        return [word for word, (start, _) in zip(words, spans, strict=True) if start >= edge]

    def spans(self) -> list[Span]:
        """Where each word lies."""
        return self._spans

    def place(self, start: int, end: int) -> tuple[Span, str] | None:
        """Where `text[start:end]` lies, and by which view; None when that changed nothing there."""
        text = self.text
        while start < end and text[start] == " ":
            start += 1
        while end > start and text[end - 1] == " ":
            end -= 1
        if self._starts is None:
            self._starts = [0, *accumulate(len(word) + 1 for word in text[1:-1].split(" "))]
        first = bisect_right(self._starts, start - 1) - 1
        last = bisect_left(self._starts, end - 1) - 1
        views = self._views
        if views is None:
            view = ""
        else:
            some = list(dict.fromkeys(view for view in views[first : last + 1] if view))
            if not some or some == [ALIAS]:
                return None
            view = "+".join(name for name in some[:2] if name != ALIAS)
        spans = self._spans
        begin = min(span[0] for span in spans[first : last + 1])
        stop = max(span[1] for span in spans[first : last + 1])
        return (begin, stop), view


class Plain(Row):
    """Its spans are only worked out when something is found."""

    __slots__ = ("_low", "name")

    def __init__(self, low: str, name: str = "plain", words: list[str] | None = None) -> None:
        super().__init__(WORD.findall(low) if words is None else words, [], None)
        self._low = low
        self.name = name

    def _from(self, edge: int) -> list[str]:
        return WORD.findall(self._low, edge)

    def spans(self) -> list[Span]:
        if not self._spans:
            self._spans = [found.span() for found in WORD.finditer(self._low)]
        return self._spans

    def place(self, start: int, end: int) -> tuple[Span, str] | None:
        self.spans()
        place = super().place(start, end)
        return None if place is None else (place[0], self.name)
