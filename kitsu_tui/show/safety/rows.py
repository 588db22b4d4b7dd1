"""A text as rows of words, each with a space on either side: what the automaton searches.

The first row is the text as it stands. The others have, in the place of pieces that ask for it,
the words these may stand for; a hit counts there only if such a piece has part in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import prod
from typing import NamedTuple

from kitsu_tui.show.safety import gathered, spelled
from kitsu_tui.show.safety.aliases import ALIAS, LOUD
from kitsu_tui.show.safety.gathered import Gathered
from kitsu_tui.show.safety.needed import LONGEST
from kitsu_tui.show.safety.normal import CHUNK, WORD, Span
from kitsu_tui.show.safety.resolve import Resolver
from kitsu_tui.show.safety.row import NO_VIEW, Plain, Row
from kitsu_tui.show.safety.squeezed import Squeezed

_CAMEL_HINT = re.compile(r"[a-z][A-Z][a-z]")
_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W_A-Za-z]+")
_EDGE_LEFT = re.compile(r"[^\w@$!|+(#]*")
_EDGE_RIGHT = re.compile(r"[^\w@$|+*]*\Z")
MAX_ROWS = 16
"""With more ways to choose, the first of each piece go together, then the second, and so on."""
_ROUND = 2 * LONGEST
"""Letters round what was changed; every second may be a space."""


class How(NamedTuple):
    """Which of the ways to choose a row is.

    Attributes:
        runs: chunks that are read together.
        which: the number of the choice.
        sizes: of how many each chunk has to choose from, where every combination is tried.
    """

    runs: list[Gathered]
    which: int
    sizes: list[int] | None = None


Changes = dict[int, str]
"""The view by which a chunk was changed."""


class _Changed(Row):
    """With other words in the place of some; where they came from is asked when one is found."""

    __slots__ = ("_also", "_changes", "_how", "_marks", "_pieces", "_text")

    def __init__(self, text: Text, how: How, pieces: list[str], changes: Changes) -> None:
        super().__init__([piece for piece in pieces if piece], [], None)
        self.views = _parts_of(frozenset(changes.values()))
        self._text = text
        self._how = how
        self._pieces = pieces
        self._changes = changes
        self._marks: list[Span] | None = None
        """Where in the row it was changed."""

    def fresh(self) -> str:
        pieces = self._pieces
        also = self._text.aliased(self._how.which)
        if 4 * (len(self._changes) + len(also)) > len(pieces):
            return self.text
        found = []
        for index in (*self._changes, *also):
            first, last, size = index, index + 1, 0
            while first > 0 and size < _ROUND:
                first -= 1
                size += len(pieces[first])
            size = 0
            while last < len(pieces) and size < _ROUND:
                size += len(pieces[last])
                last += 1
            found.append(" ".join(pieces[first:last]))
        return "\n".join(found)

    def place(self, start: int, end: int) -> tuple[Span, str] | None:
        if self._marks is None:
            self._marks = []
            at = 1
            for index, piece in enumerate(self._pieces):
                if index in self._changes:
                    self._marks.append((at, at + len(piece)))
                at += len(piece) + 1 if piece else 0
        if not any(first < end and start < last for first, last in self._marks):
            return None
        self.spans()
        return super().place(start, end)

    def _from(self, edge: int) -> list[str]:
        pieces = self._pieces[self._text.before(edge) :] if edge else self._pieces
        return " ".join(pieces).split()

    def spans(self) -> list[Span]:
        if not self._spans:
            self._spans, self._views = self._text.filled(self._how)
        return self._spans


@lru_cache(256)
def _parts_of(views: frozenset[str]) -> frozenset[str]:
    return frozenset([part for view in views for part in view.split("+")]) - NO_VIEW


class Text:
    """One text on its way through all views; what is not asked for is not made."""

    def __init__(self, whole: str, low: str, resolver: Resolver) -> None:
        self.whole = whole
        self.low = low
        self.chunks = low.split()
        read = resolver.read
        self._resolver = resolver
        met = resolver.met
        self._readings = [met.get(chunk) or read(chunk) for chunk in self.chunks]
        self._found = [index for index, reading in enumerate(self._readings) if reading.found]
        self._said: dict[bool, tuple[list[str], list[int], list[int]]] = {}
        self._all_spans: list[Span] | None = None
        self._words: list[str] = []
        self._edge = (0, 0)

    def plain(self) -> Row:
        """As it stands."""
        self._words = WORD.findall(self.low)
        return Plain(self.low, "plain" if self.whole.isascii() else "folded", self._words)

    def _spans(self) -> list[Span]:
        if self._all_spans is None:
            self._all_spans = [found.span() for found in CHUNK.finditer(self.low)]
        return self._all_spans

    def before(self, edge: int) -> int:
        """How many chunks stand before a place that is the beginning of one."""
        if self._edge[0] != edge:
            self._edge = edge, len(self.low[:edge].split())
        return self._edge[1]

    def squeezed(self, basic: bool) -> list[str]:
        """The pieces without spaces; `basic`: figures and signs as letters, none if none has."""
        if not basic:
            return [reading.letters for reading in self._readings]
        if not any(reading.basic for reading in self._readings):
            return []
        return [reading.basic or reading.letters for reading in self._readings]

    def squeezed_at(self, pieces: list[str]) -> Squeezed:
        """These, with where they came from."""
        return Squeezed(pieces, self._spans(), self.low)

    def others(self, loose: Mapping[str, tuple[str, str]]) -> Iterator[Row]:
        """Rows in which pieces are read in another way."""
        runs = list(gathered.runs(self.low, self.chunks, self._resolver))
        if not runs:
            runs = list(gathered.pairs(self._readings, self._resolver))
        sizes = [len(reading.found) for reading in self._readings]
        most = max(sizes, default=0)
        if not most and not LOUD.isdisjoint(self.chunks):
            most = 1
        if most == 1 and ("4" in self.chunks or "2" in self.chunks):
            most = 2  # a figure is a word or a letter
        if runs:
            most = max([most, *(len(reading.found) + 1 for *_, reading in runs)])
        if most:
            ways = prod(sizes[index] for index in self._found)
            if most < ways <= MAX_ROWS:
                yield from (self._row(How(runs, which, sizes)) for which in range(ways))
            else:
                yield from (self._row(How(runs, which)) for which in range(min(most, MAX_ROWS)))
        elif self.aliased(0):
            yield self._row(How([], 0))
        if runs and self._found:
            yield self._row(How([], 0))
        if any(reading.backwards for reading in self._readings):
            yield self._backwards(-1)
            yield self._backwards(1)
        if _CAMEL_HINT.search(self.whole):
            yield self._camel()
        if len(spelled.ALL.intersection(self._words)) >= 2:
            yield from self._spelled(self._words, loose)

    def _edges(self, index: int) -> Span:
        """A chunk without the punctuation around it."""
        start, end = self._spans()[index]
        chunk = self.low[start:end]
        left = _EDGE_LEFT.match(chunk)
        right = _EDGE_RIGHT.search(chunk)
        inner = start + (left.end() if left else 0), start + (right.start() if right else end)
        return inner if inner[1] > inner[0] else (start, end)

    def _as_said(self, aliases: bool) -> tuple[list[str], list[int], list[int]]:
        """The words of each chunk, the chunks with an alias that nobody writes for something else,
        and those with another one."""
        found = self._said.get(aliases)
        if found is None:
            met, as_said = self._resolver.met_said[aliases], self._resolver.as_said
            some = [met.get(chunk) or as_said(chunk, aliases) for chunk in self.chunks]
            found = self._said[aliases] = (
                [words for words, _ in some],
                [index for index, (_, alias) in enumerate(some) if alias == "sound"],
                [index for index, (_, alias) in enumerate(some) if alias == ALIAS],
            )
        return found

    def aliased(self, which: int) -> list[int]:
        """The chunks that have other words in the `which`th row, by no view."""
        return self._as_said(which % 2 == 0)[2]

    def _row(self, how: How) -> Row:
        """The row with one of the choices; see `filled`."""
        said, loud, _ = self._as_said(how.which % 2 == 0)
        rest = how.which
        pieces = said.copy()
        changes: Changes = dict.fromkeys(loud, "sound")
        hidden: set[int] = set()
        for begin, end, letters, apart in how.runs:
            found = (*apart.found, ("spaced", letters))
            view, word = found[min(how.which, len(found) - 1)]
            for index in range(begin, end):
                hidden.add(index)
                changes.pop(index, None)
                pieces[index] = ""
            pieces[begin], changes[begin] = word, view
        for index in self._found:
            if index in hidden:
                continue
            some = self._readings[index].found
            choice = min(how.which, len(some) - 1)
            if how.sizes is not None:
                rest, choice = divmod(rest, how.sizes[index])
            changes[index], pieces[index] = some[choice]
        return _Changed(self, how, pieces, changes)

    def filled(self, how: How) -> tuple[list[Span], list[str]]:
        """Where the words of a row came from, and the views by which."""
        runs, which, sizes = how
        rest = which
        spans: list[Span] = []
        views: list[str] = []
        run = {begin: (end, letters, reading) for begin, end, letters, reading in runs}
        index = 0
        while index < len(self.chunks):
            if index in run:
                end, letters, reading = run[index]
                span = self._edges(index)[0], self._edges(end - 1)[1]
                found = (*reading.found, ("spaced", letters))
                view, word = found[min(which, len(found) - 1)]
                for _ in word.split():
                    spans.append(span)
                    views.append(view)
                index = end
                continue
            reading = self._readings[index]
            if reading.found:
                choice = min(which, len(reading.found) - 1)
                if sizes is not None:
                    rest, choice = divmod(rest, sizes[index])
                view, word = reading.found[choice]
                span = self._edges(index)
                for _ in word.split():
                    spans.append(span)
                    views.append(view)
            else:
                start, _ = self._spans()[index]
                for match in WORD.finditer(self.chunks[index]):
                    said, view = self._resolver.said(match.group(), which % 2 == 0)
                    for _ in said.split():
                        spans.append((start + match.start(), start + match.end()))
                        views.append(view)
            index += 1
        return spans, views

    def _backwards(self, step: int) -> Row:
        """Every word turned round; with a step of -1 the line as well."""
        found = [match.span() for match in WORD.finditer(self.low)][::step]
        words = [self.low[start:end] for start, end in found]
        back = self._resolver.backwards
        views = ["reversed" if back(word) else "" for word in words]
        return Row([word[::-1] for word in words], found, views)

    def _camel(self) -> Row:
        words: list[str] = []
        spans: list[Span] = []
        views: list[str] = []
        for match in WORD.finditer(self.whole):
            parts = list(_CAMEL.finditer(match.group()))
            if len(parts) < 2 or not _CAMEL_HINT.search(match.group()):
                words.append(self.low[match.start() : match.end()])
                spans.append(match.span())
                views.append("")
                continue
            for part in parts:
                words.append(part.group().lower())
                spans.append((match.start() + part.start(), match.start() + part.end()))
                views.append("camel")
        return Row(words, spans, views)

    def _spelled(self, words: list[str], loose: Mapping[str, tuple[str, str]]) -> Iterator[Row]:
        found = list(spelled.runs(words))
        if not found:
            return
        places = [match.span() for match in WORD.finditer(self.low)]
        for letters, begin, end in found:
            span = places[begin][0], places[end - 1][1]
            within = [
                letters[at : at + size]
                for size in range(3 if len(letters) == 3 else 4, min(len(letters), 20) + 1)
                for at in range(min(len(letters), 200) - size + 1)
            ]
            for part in within:
                if part in loose:
                    term = loose[part][0].split()
                    yield Row(term, [span] * len(term), ["spelled"] * len(term))
                    break
