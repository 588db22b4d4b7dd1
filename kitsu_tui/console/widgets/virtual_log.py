"""The virtual log: up to 20,000 lines kept, only those in sight turned into text.

While a reader has scrolled back nothing is taken from under the view: lines go on being appended up
to twice the bound, and what comes after that waits aside until the reader is back at the end. The
cursor is a line, not a row: it keeps its place whatever the filter, the width and the wrapping.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from engines.wire.logline import LogLine
from kitsu_tui.console.lines import Line, Span, width_of
from kitsu_tui.console.widgets.line_view import LineView
from kitsu_tui.console.widgets.log_rows import Entry, Layout, Mark, format_line
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


class VirtualLog(LineView):
    """See the module.

    Attributes:
        cursor: number of the line that the reader is at, None while the end is followed.
        behind: lines that came since the reader left the end, and pass.
        lost: lines that never reached this view, in all.
    """

    DEFAULT_CSS = "VirtualLog { overflow-x: auto; overflow-y: scroll; }"

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
        self.behind = 0
        self.lost = 0
        self.wrap = False
        self.filter = Filter()
        self.search: Pattern | None = None
        self.bookmarks: set[int] = set()
        self._clock = clock
        self._anchor: int | None = None
        self._pin: tuple[int, int] | None = None
        """A line and the row of the screen on which it is to stand once it has been looked at."""
        self._width = 0
        self._going_on = False
        self._rows: dict[int, list[Line]] = {}

    @property
    def entries(self) -> Sequence[Entry]:
        """All lines in the view, also those that do not pass the filter."""
        return self.store.entries

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
        waited, shown = self.store.waited, len(self.store.seqs)
        dropped = self.store.add(fresh)
        self.store.work(BUDGET)
        if not self.following:
            self.behind += len(self.store.seqs) - shown + self.store.waited - waited
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
            return
        self.behind = 0
        self.cursor = self._anchor = self._pin = None
        self.store.release()
        self.store.work(BUDGET)
        self.lines_changed()
        self._expire()
        self._go_on_soon()

    # What of it is shown

    def use(self, wanted: Filter) -> None:
        """Show what passes this filter."""
        self.filter = wanted
        self.behind = 0
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

    # The cursor

    @property
    def _page(self) -> int:
        return max(1, self.scrollable_content_region.height)

    def _selected(self, seq: int) -> bool:
        if self.cursor is None:
            return False
        if self._anchor is None:
            return seq == self.cursor
        return min(self.cursor, self._anchor) <= seq <= max(self.cursor, self._anchor)

    def chosen(self) -> list[Entry]:
        """The lines that are selected, or the one that the cursor is on."""
        store = self.store
        return [
            entry for seq, entry in zip(store.seqs, store.shown, strict=True) if self._selected(seq)
        ]

    def go(self, index: int, *, select: bool = False) -> None:
        """Put the cursor on `store.shown[index]`, and bring it into sight."""
        store = self.store
        if not store.seqs:
            return
        index = max(0, min(index, len(store.seqs) - 1))
        self._leave_end()
        self._pin = None
        if not select:
            self._anchor = None
        elif self._anchor is None:
            self._anchor = self.cursor
        self.cursor = store.seqs[index]
        first, y = store.row_of(index), self.scroll_offset.y
        last = first + store.height(index)
        if first < y or last - first > self._page:
            self._move(first)
        elif last > y + self._page:
            self._move(last - self._page)
        self.refresh()
        self.cursor_changed()

    def cursor_changed(self) -> None:
        """The cursor has moved."""

    def _leave_end(self) -> None:
        if self.following:
            self.following = False
            self.following_changed()

    def _at(self, step: int) -> int:
        """Where the cursor is; where it would come from, when there is none."""
        store = self.store
        if self.cursor is not None:
            return min(store.index_of(self.cursor), max(0, len(store.seqs) - 1))
        if self.following:
            return len(store.seqs)
        y = self.scroll_offset.y
        return store.at_row(y + self._page)[0] if step < 0 else store.at_row(y)[0] - 1

    def _step(self, step: int, *, select: bool = False) -> None:
        if self.following and step > 0:
            return
        at, store = self._at(step), self.store
        y = self.scroll_offset.y
        if self.cursor is not None and at < len(store.seqs):
            # A line that is taller than the screen is read to its end first.
            first = store.row_of(at)
            last = first + store.height(at)
            if last - first > self._page and (
                (step > 0 and y < last - self._page and y >= first)
                or (step < 0 and first < y < last)
            ):
                self._move(y + step)
                self.refresh()
                return
        if step > 0 and at >= len(store.seqs) - 1:
            self.follow()
        else:
            self.go(at + step, select=select)

    def _leap(self, step: int) -> None:
        """A page: the view moves, and the cursor with it."""
        y, last = self.scroll_offset.y, int(self.max_scroll_y)
        to = max(0, min(y + step * max(1, self._page - 1), last))
        if step > 0 and to >= last:
            self.follow()
        elif self.following and step > 0:
            return
        elif to == y:
            self.go(0)
        else:
            row = 0
            if self.cursor is not None:
                row = self.store.row_of(self._at(step)) - y
                row = row if 0 <= row < self._page else 0
            self._leave_end()
            self._move(to)
            self.go(self.store.at_row(to + row)[0])

    def action_scroll_up(self) -> None:
        self._step(-1)

    def action_scroll_down(self) -> None:
        self._step(1)

    def action_page_up(self) -> None:
        self._leap(-1)

    def action_page_down(self) -> None:
        self._leap(1)

    def action_scroll_home(self) -> None:
        self.finish()
        self.go(0)

    def action_scroll_end(self) -> None:
        self.follow()

    def select(self, step: int) -> None:
        """The cursor moves, and what it passes is selected."""
        if self.cursor is None:
            self._step(-1)
        else:
            index = self.store.index_of(self.cursor) + step
            if index < len(self.store.seqs):
                self.go(index, select=True)

    def leave(self) -> bool:
        """Drop the selection, then the marks of the search, then go back to the end. False: there
        was nothing to leave.
        """
        if self._anchor is not None:
            self._anchor = None
            self.refresh()
        elif self.search is not None:
            self.find(None)
        elif not self.following:
            self.follow()
        else:
            return False
        return True

    # Places to go to

    def finish(self) -> None:
        """Look at all lines before going on."""
        self.store.work(FINISH)
        self.lines_changed()

    def seek(self, seqs: Sequence[int], step: int) -> tuple[int, bool] | None:
        """Go to the next (1) or previous (-1) of these lines, from the end the last one; returns
        which of them it is, and whether it was come to around the end. None: there is none.
        """
        if not seqs:
            return None
        if self.following:
            at, around = len(seqs) - 1, False
        else:
            here = self.cursor
            if here is None:
                here = self.store.seqs[max(0, min(self._at(step), len(self.store.seqs) - 1))]
            if step > 0:
                at = next((n for n, seq in enumerate(seqs) if seq > here), 0)
                around = seqs[at] <= here
            else:
                at = next(
                    (n for n in range(len(seqs) - 1, -1, -1) if seqs[n] < here), len(seqs) - 1
                )
                around = seqs[at] >= here
        self.go(self.store.index_of(seqs[at]))
        return at, around

    def landmarks(self) -> list[int]:
        """Bookmarks and marks among the lines that are shown."""
        store = self.store
        self.bookmarks = {seq for seq in self.bookmarks if seq >= store.base}
        return [
            seq
            for seq, entry in zip(store.seqs, store.shown, strict=True)
            if isinstance(entry, Mark) or seq in self.bookmarks
        ]

    def toggle_bookmark(self) -> bool | None:
        """Bookmark the cursor's line or, when there is none, the last one; or no longer."""
        if not self.store.seqs:
            return None
        seq = self.store.seqs[-1] if self.cursor is None else self.cursor
        self.bookmarks ^= {seq}
        self.refresh()
        return seq in self.bookmarks


__all__ = ["CAPACITY", "Mark", "VirtualLog", "format_line"]
