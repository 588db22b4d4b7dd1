"""Pages of a transcript out of a journal: turns and notes, from any place, without reading it all.

A page is a range of the file, from the beginning of its first item to the beginning of what follows
its last. A turn's later events may lie beyond that range, between those of others: they are looked
for further on, as far as `AHEAD`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, TypeAlias

from msgspec import Struct, field

from engines.wire import show
from kitsu_tui.journal import file_of
from kitsu_tui.journal.lines import (
    Skipped,
    backward,
    chunks_backward,
    decode,
    forward,
    kind_of,
    number_of,
    size_of,
)
from kitsu_tui.model.notes import ASKED, NoteView, words_of
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ShowState, TurnView

PAGE = 60
"""Items of a page, if nobody says otherwise; never more than a picture of a show holds."""
AHEAD = 8 << 20
"""Bytes beyond a page in which the ends of its turns are looked for."""
REACH = 64 << 20
"""Bytes in which a page's items are looked for; one with fewer is given back then."""

What: TypeAlias = TurnView | NoteView

_OF_A_TURN = frozenset(
    (b"turn.heard", b"turn.judged", b"turn.airing", b"turn.aired", b"turn.done", b"turn.delta")
) | {b"line.waits", b"line.decided", b"line.from"}
_GOES_ON = _OF_A_TURN | {b"panic", b"resume"}
_NEVER = frozenset(
    (b"engine.figures", b"levels", b"host", b"operators", b"alert", b"alert.ack", b"alert.mended")
)
_NOT_ASKED = re.compile(rb'"kind":"action","name":"(?!(?:%b)")' % "|".join(ASKED).encode())


class Item(Struct):
    """A turn or a note, and where in the journal it begins; -1 for one that came from a show."""

    what: What
    place: int = -1


class Page(Struct):
    """See the module.

    Attributes:
        first: where it begins: what is older lies before it.
        last: where what is newer begins.
        start: nothing is older.
        end: nothing is newer in the file as it is.
    """

    items: list[Item]
    first: int
    last: int
    start: bool
    end: bool
    skipped: Skipped = field(default_factory=Skipped)


class Journal:
    """An open journal. Blocks while it reads: use it in a thread. Close it, or use `with`.

    Raises:
        OSError: it cannot be opened, or not be read any more (every method).
    """

    def __init__(self, path: Path) -> None:
        self.path = file_of(path)
        self.file: BinaryIO = self.path.open("rb")

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes now."""
        return size_of(self.file)

    def older(self, before: int | None = None, count: int = PAGE) -> Page:
        """The page of at most `count` items that lies before `before` (None: the end)."""
        end = self.size
        stop = end if before is None else min(before, end)
        first, found = stop, 0
        for line in backward(self.file, stop):
            first = line.place
            found += self._begins(line.raw)
            if found >= count or stop - first > REACH:
                break
        return self._page(first, stop, count + 1)

    def newer(self, place: int, count: int = PAGE) -> Page:
        """The page of at most `count` items that begins at `place` (a line's beginning)."""
        return self._page(place, self.size, count)

    def place_of(self, n: int) -> int:
        """Where the event with the number `n`, or the first one after it, begins."""
        place = self.size
        for line in backward(self.file, place):
            number = number_of(line.raw)
            if number is not None and number < n:
                break
            place = line.place
        return place

    def beginning_of(self, turn: int, before: int) -> int | None:
        """Where the turn that has an event before `before` begins."""
        wanted = b'"event":{"kind":"turn","turn":%d,' % turn
        for place, data in chunks_backward(self.file, before):
            at = data.rfind(wanted)
            if at >= 0:
                return place + data.rfind(b"\n", 0, at) + 1
        return None

    def _begins(self, raw: bytes) -> bool:
        if _skip(raw, kind_of(raw)):
            return False
        told = decode(raw, Skipped())
        return told is not None and _begins(told.event)

    def _page(self, first: int, stop: int, count: int) -> Page:
        reader = _Reader(stop, count)
        for line in forward(self.file, first):
            if not reader.take(line.place, line.raw):
                break
        size = self.size
        last = reader.last if reader.last is not None else stop
        return Page(
            items=reader.items(),
            first=first,
            last=last,
            start=first == 0,
            end=last >= size,
            skipped=reader.skipped,
        )


class _Reader:
    """Builds a page from lines."""

    def __init__(self, stop: int, count: int) -> None:
        self._stop, self._count = stop, min(count, 150)
        self._state = ShowState()
        self._places: dict[int, int] = {}
        self._open: set[int | str] = set()
        """Turns and panics whose end is still to come."""
        self._from: int | None = None
        self.skipped = Skipped()
        self.last: int | None = None

    def take(self, place: int, raw: bytes) -> bool:
        """Take a line. False when nothing more is needed."""
        kind = kind_of(raw)
        beyond = self.last is not None or place >= self._stop or self._reached(place)
        if self._from is None:
            self._from = place
        if beyond:
            if self.last is None:
                self.last = place
            if not self._open or place - self.last > AHEAD:
                return False
            if kind not in _GOES_ON:
                return True
        if _skip(raw, kind):
            return True
        told = decode(raw, Skipped() if beyond else self.skipped)
        if told is None:
            return True
        if _begins(told.event):
            if beyond or len(self._places) >= self._count:
                self.last = place if self.last is None else self.last
                self._end(told.event)
                return bool(self._open)
            self._places[told.n] = place
            if isinstance(told.event, show.TurnStarted):
                self._open.add(told.event.turn)
            elif isinstance(told.event, show.Panicked):
                self._open.add("panic")
        reduce(self._state, told)
        self._end(told.event)
        return True

    def _end(self, event: show.ShowEvent) -> None:
        if isinstance(event, show.TurnDone):
            self._open.discard(event.turn)
        elif isinstance(event, show.Resumed) or (isinstance(event, show.Panicked) and event.done):
            self._open.discard("panic")

    def _reached(self, place: int) -> bool:
        return self._from is not None and place - self._from > 2 * REACH

    def items(self) -> list[Item]:
        """Turns and notes, in the order in which they began."""
        found: list[What] = [*self._state.turns, *self._state.notes]
        items = [Item(what, self._places.get(what.n, -1)) for what in found]
        return sorted(items, key=lambda item: item.place)


def _begins(event: show.ShowEvent) -> bool:
    return isinstance(event, show.TurnStarted) or words_of(event) is not None


def _skip(raw: bytes, kind: bytes) -> bool:
    """True for lines that are part of no transcript."""
    return kind in _NEVER or (kind == b"action" and _NOT_ASKED.search(raw, 0, 400) is not None)
