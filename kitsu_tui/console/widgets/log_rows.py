"""Log lines as rows of the screen: how many one takes, and what stands in them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import TypeAlias

from msgspec import Struct
from rich.cells import get_character_cell_size

from engines.wire.logline import LogLine
from kitsu_tui.console.lines import Line, Span, fit, visible
from kitsu_tui.model.logfilter import Pattern

WIDEST = 2000
"""Cells of a row that can be scrolled to."""
LONGEST = 16_000
"""Characters of a line that are shown in the list; its details have all of them."""
TALLEST = 200
"""Rows of a message or a traceback, before they are wrapped."""
PREFIX = 28
"""Cells before the message: time, level, service."""
INDENT = 4

_LEVELS = {
    "debug": ("debug", "dim"),
    "info": ("info ", "dim"),
    "warning": ("WARN ", "warn"),
    "error": ("ERROR", "bad"),
    "critical": ("FATAL", "bad"),
}


class Mark(Struct, frozen=True):
    """A line of the console's own among the log's: a moment to find again.

    Attributes:
        text: what stands there.
        t: wall time, 0 when unknown.
    """

    text: str
    t: float = 0


Entry: TypeAlias = LogLine | Mark


def local_time(ts: str) -> str:
    """A line's time of day in the operator's zone, with milliseconds."""
    try:
        return datetime.fromisoformat(ts).astimezone().strftime("%H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):
        return fit(visible(ts), 12)


def head(line: LogLine) -> tuple[Line, str]:
    """What stands before the message: time, level, service; and the style of the message."""
    word, style = _LEVELS.get(line.level, (fit(visible(line.level), 5), "dim"))
    spans = (
        (local_time(line.ts), "dim"),
        (f" {word} ", style),
        (fit(visible(line.service), 8) + " ", "accent"),
    )
    return spans, style if style in ("warn", "bad") else ""


def format_line(entry: Entry) -> Line:
    """An entry on one row, as wide as it is."""
    return Layout().rows(entry)[0]


class _Cells(dict[str, int]):
    """Cells of a character; looked up in half the time of a function that caches."""

    def __missing__(self, char: str) -> int:
        cells = self[char] = get_character_cell_size(char)
        return cells


_cells = _Cells()


def cuts(text: str, first: int, rest: int) -> list[int]:
    """Where rows of `first` and then `rest` cells end in a text; the last is its length.

    Not at words: how many rows a line of ASCII takes is then known from its length.
    """
    if text.isascii():
        return [*range(first, len(text), rest), len(text)]
    total = list(accumulate(map(_cells.__getitem__, text)))
    ends: list[int] = []
    at, used, room = 0, 0, first
    while at < len(text):
        # At least one character, or a row narrower than it would never end.
        at = max(bisect_right(total, used + room, at), at + 1)
        ends.append(at)
        used, room = total[at - 1], rest
    return ends or [0]


def fold(line: Sequence[Span], width: int) -> list[Line]:
    """Break a line into rows of at most `width` cells, wherever they end; later ones indented."""
    out: list[Line] = []
    row: list[Span] = []
    at = 0
    ends = iter(cuts("".join(text for text, _ in line), width, width - INDENT))
    end = next(ends)
    for text, style in line:
        done = 0
        while done < len(text):
            if at == end:
                out.append(tuple(row))
                row, end = [(" " * INDENT, "")], next(ends)
            part = text[done : done + end - at]
            row.append((part, style))
            done += len(part)
            at += len(part)
    out.append(tuple(row))
    return out


class Layout:
    """How entries become rows. Without `wrap` a row is as wide as its text."""

    def __init__(self, width: int = 0, *, wrap: bool = False) -> None:
        self.wrap = wrap
        self.width = max(width, PREFIX + 12)
        self._room = self.width - PREFIX
        self._rest = self.width - INDENT

    def height(self, entry: Entry) -> int:
        """How many rows it takes."""
        if isinstance(entry, LogLine):
            message = entry.message
            if not entry.exception and "\n" not in message:
                if not self.wrap:
                    return 1
                if len(message) < LONGEST and message.isprintable():
                    over = len(message) - self._room
                    if message.isascii():
                        return 1 if over <= 0 else 1 - (-over // self._rest)
                    if len(message) * 2 <= self._room:
                        return 1
                    return len(cuts(message, self._room, self._rest))
        elif not self.wrap:
            return 1
        return len(self.rows(entry))

    def rows(self, entry: Entry, mark: Pattern | None = None) -> list[Line]:
        """Its rows; where `mark` is found the style is `match`."""
        if isinstance(entry, Mark):
            line: Line = ((visible(entry.text), "mark"),)
            return fold(_marked(line, mark), self.width) if self.wrap else [_marked(line, mark)]
        before, style = head(entry)
        texts = _texts(entry)
        rows: list[Line] = []
        for index, text in enumerate(texts):
            start: Line = ((" " * INDENT, ""),) if index else before
            line = (*start, *_marked(((visible(text), style),), mark))
            rows += fold(line, self.width) if self.wrap else [line]
        return rows

    def cells(self, entry: Entry) -> int:
        """About how wide it is without wrapping: never less for ASCII."""
        text = entry.message if isinstance(entry, LogLine) else entry.text
        return min(len(text) + PREFIX, WIDEST)


def _texts(line: LogLine) -> list[str]:
    """The rows that its writer gave it, bounded."""
    text = line.message
    if line.exception:
        text = f"{text}\n{line.exception.rstrip()}"
    over = len(text) - LONGEST
    texts = text[:LONGEST].split("\n")
    if len(texts) > TALLEST:
        texts = [*texts[:TALLEST], f"… {len(texts) - TALLEST} more rows: Enter"]
    elif over > 0:
        texts[-1] += f"… {over} more characters: Enter"
    return texts


def _marked(line: Line, mark: Pattern | None) -> Line:
    if mark is None:
        return line
    out: list[Span] = []
    for text, style in line:
        done = 0
        for start, end in mark.spans(text):
            out += [(text[done:start], style), (text[start:end], "match")]
            done = end
        out.append((text[done:], style))
    return tuple(span for span in out if span[0])
