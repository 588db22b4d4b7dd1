"""A view of log lines: up to 20,000 kept, only those in sight turned into text.

While a reader has scrolled back nothing is taken from under the view: lines go on being appended up
to twice the bound, and what comes after that waits aside until the reader is back at the end. Where
the reader is is a line, not a row: it keeps its place whatever the filter, the width and the
wrapping.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual.strip import Strip

from engines.wire.logline import LogLine
from kitsu_tui.console.lines import Line, Span, width_of
from kitsu_tui.console.widgets.line_view import LineView
from kitsu_tui.console.widgets.log_rows import Entry, Layout, Mark
from kitsu_tui.console.widgets.log_store import CAPACITY, LogStore
from kitsu_tui.model.logfilter import Filter, Pattern, bounds, sieve

GUTTER = 1
BUDGET = 0.03
"""Seconds that looking at lines may hold the screen up at once."""
REST = 0.01
"""Seconds between two of those."""
FINISH = 2.0
"""Seconds that a jump may take to look at all lines first."""
_CACHED = 400


class LogView(LineView):
    """See the module.

    Attributes:
        cursor: number of the line that the reader is at, None while the end is followed.
        other_end: number of the line at the other end of what is selected, None when nothing is.
        lost: lines that never reached this view, in all.
    """

    DEFAULT_CSS = "LogView { overflow-x: auto; overflow-y: scroll; }"

    def __init__(
        self,
        *,
        ident: str | None = None,
        capacity: int = CAPACITY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(ident=ident)
        self.store = LogStore(capacity)
        self.cursor: int | None = None
        self.lost = 0
        self._left_at = 0
        self.wrap = False
        self.filter = Filter()
        self.search: Pattern | None = None
        self.bookmarks: set[int] = set()
        self._clock = clock
        self.other_end: int | None = None
        self._pin: tuple[int, int] | None = None
        """A line and the row of the screen on which it is to stand once it has been looked at."""
        self._width = 0
        self._going_on = False
        self._rows: dict[int, list[Line]] = {}

    @property
    def entries(self) -> Sequence[Entry]:
        """All lines in the view, also those that do not pass the filter."""
        return self.store.entries

    @property
    def behind(self) -> int:
        """Lines that came since the reader left the end, and pass as far as is known."""
        return 0 if self.following else self.store.passed + self.store.waited - self._left_at

    # What LineView asks

    def line_count(self) -> int:
        return self.store.rows

    def line_width(self) -> int:
        return self.room if self.wrap else max(self._width + GUTTER, self.room)

    def line_at(self, y: int) -> Line:
        index, row = self.store.at_row(y)
        seq = self.store.seqs[index]
        rows = self._rows.get(seq)
        if rows is None:
            if len(self._rows) >= _CACHED:
                self._rows.clear()
            rows = self.store.layout.rows(self.store.shown[index], self.search)
            self._rows[seq] = rows
        line = rows[row] if row < len(rows) else ()
        sign = " "
        if not row and (seq == self.cursor or seq in self.bookmarks):
            sign = "◆" if seq in self.bookmarks else "▸"
        if not self._selected(seq):
            return ((sign, "mark"), *line)
        spans: list[Span] = [
            (text, style if style == "match" else "selected") for text, style in line
        ]
        blank = self.scroll_offset.x + self.room - width_of(line) - GUTTER
        return ((sign, "mark"), *spans, (" " * blank, "selected"))

    def render_line(self, y: int) -> Strip:
        """One row of the screen; where a line goes on beyond it, `›` says so."""
        strip = super().render_line(y)
        index = y + self.scroll_offset.y
        if self.wrap or index >= self.line_count():
            return strip
        line, end = self.line_at(index), self.scroll_offset.x + strip.cell_length
        # A character has two cells at most.
        if 2 * sum(len(text) for text, _ in line) <= end or width_of(line) <= end:
            return strip
        sign = Segment("›", self._style("accent", self.rich_style))
        return Strip.join([strip.crop(0, strip.cell_length - 1), Strip([sign])])

    def resized(self) -> None:
        if self.wrap or self.store.layout.width != self.room - GUTTER:
            self._look(keep_rows=not self.wrap)

    # Lines that come

    def extend(self, lines: Sequence[LogLine | Mark | str], lost: int = 0) -> None:
        """Take new lines; `lost` counts those that did not make it here."""
        self.lost += lost
        if not lines and not self.store.busy:
            self._expire()
            return
        fresh = self._entries(lines)
        dropped = self.store.add(fresh)
        self.store.work(BUDGET)
        if not self.following:
            # Nothing that is in sight has changed, unless the screen is not full.
            rows = self.store.rows
            self.lines_changed(only=None if rows <= self._page + len(fresh) else range(0))
        else:
            self.lines_changed(dropped)
            self._expire()
        self._go_on_soon()

    def keep(self, lines: Sequence[LogLine | Mark | str], lost: int = 0) -> None:
        """Take new lines while out of sight: nothing is worked out and nothing drawn."""
        self.lost += lost
        self.store.add(self._entries(lines))

    def _entries(self, lines: Sequence[LogLine | Mark | str]) -> list[Entry]:
        fresh = [Mark(line, self._clock()) if isinstance(line, str) else line for line in lines]
        self._width = max(self._width, *map(self.store.layout.cells, fresh), 0)
        return fresh

    def _expire(self) -> None:
        """Lines that have left a window of time are no longer shown to who follows the end."""
        if self.filter.last and self.following:
            dropped = self.store.expire(bounds(self.filter, self._clock())[0])
            if dropped:
                self.lines_changed(dropped)

    def _go_on_soon(self) -> None:
        if self.store.busy and not self._going_on:
            self._going_on = True
            self.set_timer(REST, self._go_on)

    def _go_on(self) -> None:
        self._going_on = False
        above = self.store.work(BUDGET)
        self.lines_changed(-above)
        self._place()
        self._go_on_soon()

    def following_changed(self) -> None:
        self.store.held = not self.following
        if not self.following:
            self._left_at = self.store.passed + self.store.waited
            return
        self.cursor = self.other_end = self._pin = None
        self.store.release()
        self.store.work(BUDGET)
        self.lines_changed()
        self._expire()
        self._go_on_soon()

    # What of it is shown

    def use(self, wanted: Filter) -> None:
        """Show what passes this filter."""
        self.filter = wanted
        self._look()

    def find(self, pattern: Pattern | None) -> None:
        """Mark what this finds."""
        self.search = pattern
        self._look()

    def toggle_wrap(self) -> None:
        """Long lines whole, or one row a line."""
        self.wrap = not self.wrap
        self.scroll_to(x=0, animate=False, force=True)
        self._look()

    def _look(self, *, keep_rows: bool = False) -> None:
        """Work out anew what is shown, the reader's line staying where it is."""
        self._rows.clear()
        layout = Layout(self.room - GUTTER, wrap=self.wrap)
        if keep_rows:
            self.store.layout = layout
            return
        if not self.following and self._pin is None:
            self._pin = self._where()
        passes = sieve(self.filter, self._clock())
        self.store.look(passes=passes, search=self.search, layout=layout)
        self.store.work(BUDGET)
        self.lines_changed()
        self._place()
        self._go_on_soon()

    def _where(self) -> tuple[int, int] | None:
        """The reader's line and the row of the screen on which it begins."""
        store, y = self.store, self.scroll_offset.y
        if not store.seqs:
            return None
        index = store.index_of(self.cursor) if self.cursor is not None else store.at_row(y)[0]
        index = min(index, len(store.seqs) - 1)
        row = store.row_of(index) - y
        if not 0 <= row < self._page:  # the cursor is out of sight: then the top row stays
            index, part = store.at_row(y)
            row = -part
        return store.seqs[index], row

    def _place(self) -> None:
        """Put the pinned line where it belongs, as soon as it has been looked at."""
        if self.following or self._pin is None:
            return
        seq, row = self._pin
        store = self.store
        index = min(store.index_of(seq), max(0, len(store.seqs) - 1))
        self._move(max(0, store.row_of(index) - row))
        if store.low <= seq and not store.busy:
            self._pin = None
            if self.cursor is not None and store.seqs:
                self.cursor = store.seqs[min(store.index_of(self.cursor), len(store.seqs) - 1)]
        self.refresh()

    def remember(self) -> Callable[[], None]:
        """Returns what brings the reader back to where they are now."""
        following, cursor, pin = self.following, self.cursor, self._pin or self._where()

        def back() -> None:
            if following:
                self.follow()
                return
            if self.following:
                self.following = False
                self.following_changed()
            self.cursor, self._pin = cursor, pin
            self._place()

        return back

    @property
    def _page(self) -> int:
        return max(1, self.scrollable_content_region.height)

    def _selected(self, seq: int) -> bool:
        if self.cursor is None:
            return False
        if self.other_end is None:
            return seq == self.cursor
        return min(self.cursor, self.other_end) <= seq <= max(self.cursor, self.other_end)

    def finish(self) -> None:
        """Look at all lines before going on."""
        self.store.work(FINISH)
        self.lines_changed()
