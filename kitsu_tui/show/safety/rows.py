"""A text as rows of words, each with a space on either side: what the automaton searches.

The first row is the text as it stands. The others have, in the place of pieces that ask for it,
the words these may stand for; a hit counts there only if such a piece has part in it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from math import prod
from typing import NamedTuple

from kitsu_tui.show.safety import ordinary, spelled
from kitsu_tui.show.safety.aliases import ALIAS, LOUD
from kitsu_tui.show.safety.needed import LONGEST
from kitsu_tui.show.safety.normal import CHUNK, WORD, Span
from kitsu_tui.show.safety.resolve import Reading, Resolver
from kitsu_tui.show.safety.rule import Rule

_SINGLE = re.compile(r"(?<!\S)\W{0,2}(?:\w|[@$!|+])\W{0,2}(?!\S)")
_SPACED_HINT = re.compile(
    r"(?<!\S)\W{0,2}\w\W{0,2}\s+(?:\W{1,3}\s+)?\W{0,2}(?:\w|[@$!|+(])\W{0,2}(?!\S)"
)
_CAMEL_HINT = re.compile(r"[a-z][A-Z][a-z]")
_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W_A-Za-z]+")
_NOT_ALNUM = re.compile(r"[\W_]+")
_EDGE_LEFT = re.compile(r"[^\w@$!|+(#]*")
_EDGE_RIGHT = re.compile(r"[^\w@$|+*]*\Z")
_STOP = re.compile(r"[.,!?;:\u2026]\S*\s")
_ENDINGS = frozenset(("s", "es", "ed", "er", "ers", "ing", "in", "y", "ty", "head", "tard"))
MAX_ROWS = 16
"""With more ways to choose, the first of each piece go together, then the second, and so on."""
_ROUND = 2 * LONGEST
"""Letters round what was changed; every second may be a space."""
_NO_VIEW = frozenset(("", ALIAS))


class How(NamedTuple):
    """Which of the ways to choose a row is.

    Attributes:
        runs: chunks that are read together: the first, the one behind, letters, reading.
        which: the number of the choice.
        sizes: of how many each chunk has to choose from, where every combination is tried.
    """

    runs: list[tuple[int, int, str, Reading]]
    which: int
    sizes: list[int] | None = None


Changes = dict[int, str]
"""The view by which a chunk was changed."""


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
        self.views = None if views is None else frozenset("+".join(views).split("+")) - _NO_VIEW

    def fresh(self) -> str:
        """All short texts that are in it and not in the text as it stands, and what is round them:
        nothing that needed.py looks for is longer than what is taken on either side."""
        return self.text

    @staticmethod
    def plain(low: str) -> Row:
        """A folded text as it stands."""
        return _Plain(low)

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


class _Plain(Row):
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
    return frozenset([part for view in views for part in view.split("+")]) - _NO_VIEW


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
        return _Plain(self.low, "plain" if self.whole.isascii() else "folded", self._words)

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
        runs = list(self._runs()) if _SPACED_HINT.search(self.low) else []
        if not runs:
            runs = list(self._pairs())
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

    def _pairs(self) -> Iterator[tuple[int, int, str, Reading]]:
        """Two pieces that only together are a word of the rules: "death to is rael"."""
        able: list[tuple[bool, int, str]] = []
        strange = [index for index, reading in enumerate(self._readings) if not reading.plain]
        last = len(self._readings) - 1
        for index in {at for here in strange for at in (here - 1, here) if 0 <= at < last}:
            one, two = self._readings[index], self._readings[index + 1]
            if (one.plain and two.basic) or (two.plain and one.basic):
                continue  # "d!e in"
            letters = one.letters + two.letters
            if one.letters and two.letters and self._resolver.knows(letters):
                able.append((one.plain or two.plain, index, letters))
        taken: set[int] = set()
        # Of two that share a piece ("a bo mb") the one that is made of no word.
        for _, index, letters in sorted(able):
            if taken.isdisjoint((index, index + 1)):
                taken.update((index, index + 1))
                reading = Reading(letters, False, (("squeezed", letters),))
                yield index, index + 2, letters, reading

    def _runs(self) -> Iterator[tuple[int, int, str, Reading]]:
        """Three or more letters that stand alone: first chunk, the one behind, letters, reading."""
        begin = -1
        count = 0
        last = 0
        for index, chunk in enumerate([*self.chunks, "end"]):
            letters = _NOT_ALNUM.sub("", chunk)
            if len(letters) == 1 and len(chunk) <= 5:
                alone = True
            elif not letters and len(chunk) <= 5 and begin >= 0:
                alone = True
                if not any(sign in chunk for sign in "@$!|+("):
                    continue  # only between them
            elif not letters and chunk in ("@", "$", "!", "("):
                alone = True
            else:
                alone = False
            if alone:
                if begin < 0:
                    begin, count = index, 0
                count += 1
                last = index
                continue
            if begin >= 0 and count >= 3:
                yield self._run(begin, last + 1)
            begin = -1

    def _run(self, begin: int, end: int) -> tuple[int, int, str, Reading]:
        piece = "".join(
            chunk if len(chunk) == 1 else _NOT_ALNUM.sub("", chunk) or chunk[:1]
            for chunk in self.chunks[begin:end]
        )
        letters = _NOT_ALNUM.sub("", piece)
        if ordinary.is_word(letters) and letters == piece and len(letters) > 4:
            reading = Reading(letters, True)
            known = self._resolver.apart(piece, letters)
            if any(word == letters for _, word in known.found):
                reading = known
        else:
            reading = self._resolver.apart(piece, letters)
        return begin, end, letters, reading

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
