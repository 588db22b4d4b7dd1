"""The lines that a log view keeps, which of them pass its filter, and the rows that these take.

Lines are numbered as they come. What a line costs when it comes is an append; whether it passes,
whether the search finds it and how many rows it takes is worked out by `work`, newest lines first
and for no longer than it is told, so that neither a flood nor a new filter holds the screen up.
Rows are counted from an arbitrary zero: lines that are added or dropped at either end move no
other.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence

from engines.wire.logline import LogLine
from kitsu_tui.console.widgets.log_rows import Entry, Layout
from kitsu_tui.model.logfilter import Pattern, haystack, wall

CAPACITY = 20_000
CHARACTERS = 16_000_000
"""As many as the show keeps: 20,000 lines of 800, or 250 of 64 KiB."""
ALARMS = 2000
"""Warnings and errors that nobody has looked at, of which the last are remembered."""
_GRAVE = frozenset(("error", "critical"))
_ALARMING = _GRAVE | {"warning"}
_CHUNK = 200
"""Lines between two looks at the clock."""

Passes = Callable[[LogLine], bool]


class LogStore:
    """See the module.

    Attributes:
        entries: all that is kept; the first has the number `base`.
        shown: those that pass, in order, and their numbers `seqs`.
        hits: numbers of those among them in which the search finds something.
        held: True: nothing is dropped at the front up to twice the bounds, what comes then waits.
        waited: lines that have had to wait so, in all.
        passed: lines that passed when they came, in all.
    """

    def __init__(self, capacity: int = CAPACITY, characters: int = CHARACTERS) -> None:
        self._capacity, self._most = capacity, characters
        self.entries: list[Entry] = []
        self.base = 0
        self.shown: list[Entry] = []
        self.seqs: list[int] = []
        self.hits: list[int] = []
        self.held = False
        self.waited = 0
        self.passed = 0
        self.layout = Layout()
        self._starts: list[int] = []
        self._end = 0
        self._low = self._high = 0
        self._characters = 0
        self._aside: deque[Entry] = deque()
        self._aside_characters = 0
        self._passes: Passes | None = None
        self._search: Pattern | None = None
        self._alarms: deque[tuple[int, LogLine]] = deque(maxlen=ALARMS)

    # What there is

    @property
    def top(self) -> int:
        """Number after the last line."""
        return self.base + len(self.entries)

    @property
    def rows(self) -> int:
        """Rows that all that is shown takes."""
        return self._end - self._starts[0] if self._starts else 0

    @property
    def low(self) -> int:
        """Number of the first line that was looked at."""
        return self._low

    @property
    def busy(self) -> bool:
        """True while lines are not looked at yet."""
        return self._low > self.base or self._high < self.top

    def row_of(self, index: int) -> int:
        """The first row of `shown[index]`, from 0 at the top."""
        return self._starts[index] - self._starts[0] if index < len(self._starts) else self.rows

    def at_row(self, row: int) -> tuple[int, int]:
        """Which of `shown` stands on a row, and which of its rows that is."""
        row += self._starts[0] if self._starts else 0
        index = max(0, bisect_right(self._starts, row) - 1)
        return index, row - self._starts[index] if self._starts else 0

    def height(self, index: int) -> int:
        """Rows of `shown[index]`."""
        after = self._starts[index + 1] if index + 1 < len(self._starts) else self._end
        return after - self._starts[index]

    def index_of(self, seq: int) -> int:
        """Where line `seq` is in `shown`, or the first one after it."""
        return bisect_left(self.seqs, seq)

    def entry(self, seq: int) -> Entry | None:
        """Line `seq`, None when it is no longer kept."""
        at = seq - self.base
        return self.entries[at] if 0 <= at < len(self.entries) else None

    def unseen(self) -> dict[str, tuple[int, int]]:
        """By service the warnings and the errors that were not shown to anybody yet."""
        passes = self._passes
        left = [
            (seq, line)
            for seq, line in self._alarms
            if not (self._low <= seq < self._high) or not (passes is None or passes(line))
        ]
        self._alarms.clear()
        self._alarms.extend(left)
        counts: dict[str, tuple[int, int]] = {}
        for _, line in left:
            warnings, errors = counts.get(line.service, (0, 0))
            if line.level in _GRAVE:
                errors += 1
            else:
                warnings += 1
            counts[line.service] = (warnings, errors)
        return counts

    # What comes

    def add(self, fresh: Sequence[Entry]) -> int:
        """Take new lines; returns how many rows were dropped at the top."""
        if self.held:
            for at, entry in enumerate(fresh):
                full = len(self.entries) >= 2 * self._capacity or self._characters >= 2 * self._most
                if self._aside or full:
                    self._wait(fresh[at:])
                    break
                self._append(entry)
            return 0
        for entry in fresh:
            self._append(entry)
        return self._trim()

    def release(self) -> None:
        """Take what waits; the bounds hold again."""
        self.held = False
        waiting, self._aside, self._aside_characters = self._aside, deque(), 0
        self.add(list(waiting))

    def _append(self, entry: Entry) -> None:
        if isinstance(entry, LogLine):
            self._characters += len(entry.message) + len(entry.exception)
            if entry.level in _ALARMING:
                self._alarms.append((self.top, entry))
        self.entries.append(entry)

    def _wait(self, fresh: Sequence[Entry]) -> None:
        self.waited += len(fresh)
        for entry in fresh:
            self._aside.append(entry)
            self._aside_characters += _length(entry)
        while len(self._aside) > self._capacity or self._aside_characters > self._most:
            self._aside_characters -= _length(self._aside.popleft())

    def _trim(self) -> int:
        over = max(0, len(self.entries) - self._capacity)
        gone = sum(map(_length, self.entries[:over]))
        while self._characters - gone > self._most:
            gone += _length(self.entries[over])
            over += 1
        if not over:
            return 0
        self._characters -= gone
        del self.entries[:over]
        self.base += over
        self._low, self._high = max(self._low, self.base), max(self._high, self.base)
        del self.hits[: bisect_left(self.hits, self.base)]
        return self._drop(bisect_left(self.seqs, self.base))

    def _drop(self, count: int) -> int:
        """Show the first `count` no longer; returns their rows."""
        if not count:
            return 0
        rows = self.row_of(count)
        del self.shown[:count], self.seqs[:count], self._starts[:count]
        return rows

    def expire(self, before: float) -> int:
        """Show lines from before a wall time no longer; returns how many rows that were."""
        count = 0
        for entry in self.shown:
            t = wall(entry.ts) if isinstance(entry, LogLine) else entry.t
            if t is None or t >= before:
                break
            count += 1
        if count:
            del self.hits[: bisect_left(self.hits, self.seqs[count - 1] + 1)]
        return self._drop(count)

    # What of it is shown

    def look(
        self, *, passes: Passes | None, search: Pattern | None, layout: Layout | None = None
    ) -> None:
        """Work everything out anew with these."""
        self._passes, self._search = passes, search
        if layout is not None:
            self.layout = layout
        self.shown, self.seqs, self._starts, self.hits = [], [], [], []
        self._low = self._high = self.top

    def work(self, budget: float, clock: Callable[[], float] = time.perf_counter) -> int:
        """Look at lines for about `budget` seconds, the newest first; returns how many rows came
        in at the top. `busy` says whether there is more to do.
        """
        end = clock() + budget
        while self._high < self.top:
            first, self._high = self._high, min(self.top, self._high + _CHUNK)
            seqs, shown, starts, rows, hits = self._sift(first, self._high)
            self.passed += len(seqs)
            self.seqs += seqs
            self.shown += shown
            self._starts += [self._end + start for start in starts]
            self._end += rows
            self.hits += hits
            if clock() > end:
                return 0
        return self._look_back(end, clock)

    def _look_back(self, end: float, clock: Callable[[], float]) -> int:
        parts = []
        while self._low > self.base:
            last, self._low = self._low, max(self.base, self._low - _CHUNK)
            parts.append(self._sift(self._low, last))
            if clock() > end:
                break
        if not parts:
            return 0
        above = sum(part[3] for part in parts)
        at = (self._starts[0] if self._starts else self._end) - above
        all_seqs: list[int] = []
        all_shown: list[Entry] = []
        all_starts: list[int] = []
        all_hits: list[int] = []
        for seqs, shown, starts, rows, hits in reversed(parts):
            all_seqs += seqs
            all_shown += shown
            all_starts += [at + start for start in starts]
            at += rows
            all_hits += hits
        self.seqs[:0] = all_seqs
        self.shown[:0] = all_shown
        self._starts[:0] = all_starts
        self.hits[:0] = all_hits
        return above

    def _sift(
        self, first: int, last: int
    ) -> tuple[list[int], list[Entry], list[int], int, list[int]]:
        """Of lines `first` to `last`: numbers, entries and rows of those that pass, hits."""
        seqs: list[int] = []
        shown: list[Entry] = []
        starts: list[int] = []
        hits: list[int] = []
        rows = 0
        passes, search, height = self._passes, self._search, self.layout.height
        part = self.entries[first - self.base : last - self.base]
        for seq, entry in enumerate(part, first):
            if isinstance(entry, LogLine):
                if passes is not None and not passes(entry):
                    continue
                if search is not None and search.found(haystack(entry)):
                    hits.append(seq)
            elif search is not None and search.found(entry.text):
                hits.append(seq)
            seqs.append(seq)
            shown.append(entry)
            starts.append(rows)
            rows += height(entry)
        return seqs, shown, starts, rows, hits


def _length(entry: Entry) -> int:
    return len(entry.message) + len(entry.exception) if isinstance(entry, LogLine) else 0
