"""The virtual log: up to 20,000 lines kept, only those in sight turned into text.

What a line costs when it arrives is an append; everything else is paid when it is looked at. While
a reader has scrolled back nothing is taken from under the view: lines go on being appended up to
twice the bound, and what comes after that waits aside until the reader is back at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from engines.wire.logline import LogLine
from kitsu_tui.console.lines import Line, fit, visible
from kitsu_tui.console.widgets.line_view import LineView

CAPACITY = 20_000
WIDEST = 2000
"""Cells of a line that can be scrolled to."""

_PREFIX = 30
_LEVELS = {
    "debug": ("debug", "dim"),
    "info": ("info ", "dim"),
    "warning": ("WARN ", "warn"),
    "error": ("ERROR", "bad"),
    "critical": ("FATAL", "bad"),
}


def local_time(ts: str) -> str:
    """A line's time of day in the operator's zone, with milliseconds."""
    try:
        return datetime.fromisoformat(ts).astimezone().strftime("%H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):
        return fit(visible(ts), 12)


def format_line(line: LogLine | str) -> Line:
    """A log line as it is shown: time, level, service, message."""
    if isinstance(line, str):
        return ((visible(line), "mark" if line.startswith("---") else ""),)
    word, style = _LEVELS.get(line.level, (fit(visible(line.level), 5), "dim"))
    text_style = style if style in ("warn", "bad") else ""
    return (
        (local_time(line.ts), "dim"),
        (f" {word} ", style),
        (fit(visible(line.service), 8) + " ", "accent"),
        (visible(line.message[: WIDEST * 2]), text_style),
    )


class VirtualLog(LineView):
    """See the module.

    Attributes:
        behind: lines that came since the reader left the end.
        lost: lines that never reached this view, in all.
    """

    DEFAULT_CSS = "VirtualLog { overflow-x: auto; overflow-y: scroll; }"

    def __init__(self, *, ident: str | None = None, capacity: int = CAPACITY) -> None:
        super().__init__(ident=ident)
        self._capacity = capacity
        self._entries: list[LogLine | str] = []
        self._aside: deque[LogLine | str] = deque(maxlen=capacity)
        self._width = 0
        self.behind = 0
        self.lost = 0

    @property
    def entries(self) -> Sequence[LogLine | str]:
        """The lines in the view."""
        return self._entries

    def line_count(self) -> int:
        return len(self._entries)

    def line_width(self) -> int:
        return max(self._width, self.room)

    def line_at(self, y: int) -> Line:
        return format_line(self._entries[y])

    def extend(self, lines: Sequence[LogLine | str], lost: int = 0) -> None:
        """Take new lines; `lost` counts those that did not make it here."""
        self.lost += lost
        if not lines:
            return
        fresh: list[LogLine | str] = []
        for line in lines:
            if isinstance(line, str):
                fresh.append(line)
                continue
            if line.exception or "\n" in line.message:
                fresh.extend(_rows(line))
            else:
                fresh.append(line)
            if len(line.message) + _PREFIX > self._width:
                self._width = min(len(line.message) + _PREFIX, WIDEST)
        if not self.following:
            self.behind += len(fresh)
            room = max(0, 2 * self._capacity - len(self._entries)) if not self._aside else 0
            self._entries.extend(fresh[:room])
            self._aside.extend(fresh[room:])
            # Nothing that is in sight has changed.
            self.lines_changed(only=range(0))
            return
        self._entries.extend(fresh)
        dropped = max(0, len(self._entries) - self._capacity)
        if dropped:
            del self._entries[:dropped]
        self.lines_changed(dropped)

    def following_changed(self) -> None:
        if not self.following:
            return
        self.behind = 0
        self._entries.extend(self._aside)
        self._aside.clear()
        del self._entries[: -self._capacity]
        self.lines_changed()


def _rows(line: LogLine) -> list[LogLine | str]:
    """A line of several rows, such as one with a traceback."""
    head, *rest = line.message.split("\n")
    rest += line.exception.rstrip().split("\n") if line.exception else []
    first = LogLine(
        ts=line.ts, service=line.service, level=line.level, message=head, logger=line.logger
    )
    return [first, *(f"    {row}" for row in rest[:200])]
