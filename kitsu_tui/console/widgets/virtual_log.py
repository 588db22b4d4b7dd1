"""The virtual log: a view of log lines with a cursor, a selection and places to go to.

While the end is followed there is no cursor; it comes when the reader moves.
"""

from __future__ import annotations

from collections.abc import Sequence

from kitsu_tui.console.widgets.log_rows import Entry, Mark, format_line
from kitsu_tui.console.widgets.log_store import CAPACITY
from kitsu_tui.console.widgets.log_view import LogView


class VirtualLog(LogView):
    """See the module."""

    # The cursor

    def chosen(self) -> list[Entry]:
        """The lines that are selected, or the one that the cursor is on."""
        store = self.store
        return [
            entry for seq, entry in zip(store.seqs, store.shown, strict=True) if self._selected(seq)
        ]

    def go(self, index: int, *, select: bool = False, amid: bool = False) -> None:
        """Put the cursor on `store.shown[index]`, and bring it into sight: to the nearest edge, or
        (`amid`) with as many lines before it as after it.
        """
        store = self.store
        if not store.seqs:
            return
        index = max(0, min(index, len(store.seqs) - 1))
        self._leave_end()
        self._pin = None
        if not select:
            self.other_end = None
        elif self.other_end is None:
            self.other_end = self.cursor
        self.cursor = store.seqs[index]
        first, y = store.row_of(index), self.scroll_offset.y
        last = first + store.height(index)
        if amid and last - first < self._page and not y <= first <= last <= y + self._page:
            self._move(max(0, first - (self._page - (last - first)) // 2))
        elif first < y or last - first > self._page:
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

    def action_scroll_left(self) -> None:
        self.scroll_relative(x=-max(1, self.room // 2), animate=False)

    def action_scroll_right(self) -> None:
        self.scroll_relative(x=max(1, self.room // 2), animate=False)

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
        if self.other_end is not None:
            self.other_end = None
            self.refresh()
        elif self.search is not None:
            self.find(None)
        elif not self.following:
            self.follow()
        else:
            return False
        return True

    # Places to go to

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
        self.go(self.store.index_of(seqs[at]), amid=True)
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
