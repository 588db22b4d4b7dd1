"""Finding a text in a journal, in bounded steps that can be called off."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from engines.wire import show
from kitsu_tui.journal.lines import At, Skipped, chunks_backward, chunks_forward, decode
from kitsu_tui.journal.pages import Journal
from kitsu_tui.model.notes import words_of


class Wanted:
    """A text that is looked for: case does not matter."""

    def __init__(self, text: str) -> None:
        self.text = text.lower()
        # As it would stand in a journal: quotes and controls escaped.
        written = msgspec.json.encode(self.text)[1:-1]
        self._written = written
        self._wide = "" if written.isascii() else written.decode()

    def maybe_in(self, data: bytes) -> bool:
        """False when no line of `data` can hold it."""
        if not self._wide:
            return self._written in data.lower()
        return self._wide in data.decode("utf-8", "replace").lower()

    def within(self, *texts: str) -> bool:
        """True when one of the texts holds it."""
        return any(self.text in text.lower() for text in texts)


def find_older(
    journal: Journal, wanted: Wanted, before: int, stopped: Callable[[], bool]
) -> int | None:
    """Where the last turn or note before the place `before` that holds the text begins.

    A turn is found by any of its events, so one that began before `before` and went on after it may
    be the one. None: there is none, or `stopped` (asked for every quarter of a megabyte) was true.
    """
    for chunk in chunks_backward(journal.file, before):
        if stopped():
            return None
        if wanted.maybe_in(chunk.raw):
            for line in reversed(list(_lines(chunk))):
                place = _place(journal, wanted, line)
                if place is not None:
                    return place
    return None


def find_newer(
    journal: Journal, wanted: Wanted, place: int, stopped: Callable[[], bool]
) -> int | None:
    """As `find_older`, for the first turn or note that begins at `place` or after it."""
    for chunk in chunks_forward(journal.file, place):
        if stopped():
            return None
        if wanted.maybe_in(chunk.raw):
            for line in _lines(chunk):
                found = _place(journal, wanted, line)
                if found is not None and found >= place:
                    return found
    return None


def _lines(chunk: At) -> Iterator[At]:
    place = chunk.place
    for raw in chunk.raw.split(b"\n"):
        if raw:
            yield At(place, raw)
        place += len(raw) + 1


def _place(journal: Journal, wanted: Wanted, line: At) -> int | None:
    if not wanted.maybe_in(line.raw):
        return None
    told = decode(line.raw, Skipped())
    if told is None:
        return None
    event = told.event
    words = words_of(event)
    if words is not None:
        return line.place if wanted.within(words.text, words.by) else None
    if not wanted.within(*_texts(event)):
        return None
    if isinstance(event, show.TurnStarted):
        return line.place
    turn = getattr(event, "turn", None)
    return journal.beginning_of(turn, line.place) if isinstance(turn, int) else None


def _texts(event: show.ShowEvent) -> tuple[str, ...]:
    """What of a turn's event stands in its transcript."""
    if isinstance(event, show.TurnStarted):
        return event.who, event.text
    if isinstance(event, show.Heard):
        return (event.text,) if event.final else ()
    if isinstance(event, show.Judged):
        return event.text, event.spoken, event.category
    if isinstance(event, show.TurnDone):
        return event.answer, event.detail, *event.actions
    return ()
