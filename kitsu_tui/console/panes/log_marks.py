"""Moments among the log's lines: incident marks put in their places, and what a window of time
may be set around.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from engines.wire.logline import LogLine
from kitsu_tui.console.widgets.log_rows import Mark
from kitsu_tui.console.widgets.log_store import LogStore
from kitsu_tui.console.words import clock
from kitsu_tui.model.logfilter import wall
from kitsu_tui.model.state import MarkView

OFFERED = 12
"""Moments that are offered to choose from."""

Line = LogLine | Mark | str


class Incidents:
    """Puts incident marks among the lines.

    A mark that is made while this console is attached comes as a line of the link's; those from
    before, or from a time when the connection was lost, are only in the picture of the show.
    """

    def __init__(self) -> None:
        self._known: set[tuple[float, str, str]] = set()

    def among(self, lines: Sequence[LogLine | str], marks: Sequence[MarkView]) -> list[Line]:
        """The lines with the marks that are new, each at its time."""
        out: list[Line] = list(lines)
        fresh = [mark for mark in marks if (mark.t, mark.by, mark.text) not in self._known]
        if not fresh:
            return out
        self._known = {(mark.t, mark.by, mark.text) for mark in marks}
        for mark in fresh:
            words = f" marked by {mark.by}{f': {mark.text}' if mark.text else ''} ---"
            for at, line in enumerate(out):
                if isinstance(line, str) and line.endswith(words):
                    out[at] = Mark(line, mark.t)
                    break
            else:
                times = [_time(line) for line in out]
                # Lines without a time stand with the one before them.
                for at in range(1, len(times)):
                    times[at] = max(times[at], times[at - 1])
                text = f"--- {clock(mark.t)}{words}"
                out.insert(bisect_left(times, mark.t), Mark(text, mark.t))
        return out


def _time(line: Line) -> float:
    if isinstance(line, LogLine):
        return wall(line.ts) or 0.0
    return line.t if isinstance(line, Mark) else 0.0


def moments(store: LogStore, cursor: int | None) -> list[tuple[float, str]]:
    """Wall time and words of the cursor's line and of the last marks, the newest first."""
    found: list[tuple[float, str]] = []
    entry = store.entry(cursor) if cursor is not None else None
    if isinstance(entry, LogLine) and (t := wall(entry.ts)) is not None:
        found.append((t, f"(this line: {entry.message[:30]})"))
    for mark in reversed(store.entries):
        if isinstance(mark, Mark) and mark.t:
            found.append((mark.t, mark.text.strip("- ")[9:60]))
            if len(found) > OFFERED:
                break
    return found
