"""The transcript as it is drawn: turns and notes in blocks, what is older out of the journal.

Between the turns stand thin lines for what happened to the show: panic, mutes, marks, engines that
died. `turn_lines` says what the signs mean. Nothing moves under a reader who has scrolled back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from kitsu_tui.console.lines import BLANK, Line, visible
from kitsu_tui.console.link import Link
from kitsu_tui.console.scrollback import Read, Scrollback, Which, key_of
from kitsu_tui.console.to_come import Coming, line_key
from kitsu_tui.console.turn_lines import date_line, highlight, note_lines, state_of, turn_lines
from kitsu_tui.console.widgets.blocks import Block, Blocks, Spot
from kitsu_tui.console.widgets.line_view import LineView
from kitsu_tui.journal.pages import PAGE, Item, Page
from kitsu_tui.model.notes import NoteView
from kitsu_tui.model.state import TurnView

RECENT = 30
"""Turns at the end that may change though they have ended."""
RETRY_S = 5.0
"""After the journal could not be read."""

T = TypeVar("T")


class TranscriptView(LineView):
    """See the module. Only turns that changed are laid out again.

    Attributes:
        book: what is held.
        with_notes: what happened between the turns is shown, too.
        selected: the turn or note that the reader has chosen.
        wanted: the text that is set off, in lower case.
    """

    DEFAULT_CSS = "TranscriptView { overflow-y: scroll; }"

    def __init__(self, *, ident: str | None = None) -> None:
        super().__init__(ident=ident)
        self.book = Scrollback()
        self.with_notes = True
        self.selected: Which | None = None
        self.wanted = ""
        self._blocks = Blocks()
        self._shown: list[Item] = []
        self._link: Link | None = None
        self._coming = Coming(0.0, alive=False)
        self._now = 0.0
        self._left_at = 0
        self._loading = ""
        self._trouble = ""
        self._retry_at = 0.0
        self._base: Hashable = None
        self._search = 0
        """Number of the search that goes on, 0 when none does."""

    # Lines

    def line_count(self) -> int:
        return len(self._blocks)

    def line_at(self, y: int) -> Line:
        line = self._blocks.line(y)
        return highlight(line, self.wanted) if self.wanted else line

    def paint(self, link: Link, now: float) -> None:
        """Show the turns as they are."""
        self._link, self._now = link, now
        target = link.to_come.target(link.state) if link.attached else None
        self._coming = Coming(
            now,
            alive=link.answers,
            target=line_key(*target) if target is not None else None,
            memory=link.to_come,
        )
        if self.room <= 0:
            return
        self.book.show(link.state)
        self.book.trim(None if self.following else self._reading())
        self._lay_out()
        self._look_beyond()

    def resized(self) -> None:
        if self._link is not None:
            self.paint(self._link, self._now)

    def _reading(self) -> int:
        """The number of the item that is at the top of the view."""
        return max(0, self._blocks.at(self.scroll_offset.y) - 1)

    def _lay_out(self) -> None:
        # The head stays at the top: what is read is what stands below it.
        head = self._blocks.blocks[0].height if self._blocks.blocks else 0
        above = max(0, head - self.scroll_offset.y)
        spot = None if self.following else self._blocks.spot(self.scroll_offset.y + above)
        around = list(self._blocks.blocks)
        first_time = not len(self._blocks)
        changed = self._blocks.replace(self._made())
        if self.following or spot is None:
            self.lines_changed(only=None if first_time else changed)
        else:
            row = max(0, self._row_of(spot, around) - above)
            moved = row - self.scroll_offset.y
            self.lines_changed(-moved, only=changed)
        self._subtitle()

    def _row_of(self, spot: Spot, before: list[Block]) -> int:
        """The row of a place, or of what came after it when it has gone."""
        row = self._blocks.row_of(spot)
        if row is not None:
            return row
        gone = True
        for block in before:
            gone = gone and block.key != spot.key
            if not gone and (index := self._blocks.index_of(block.key)) is not None:
                return self._blocks.start_of(index)
        return self.scroll_offset.y

    def _made(self) -> list[Block]:
        before, self._shown = (
            self._shown,
            [
                item
                for item in self.book.items
                if self.with_notes or isinstance(item.what, TurnView)
            ],
        )
        blocks = [Block("head", None, (), self._head())]
        same = self._same(before)
        blocks += self._blocks.blocks[1 : same + 1]
        day = _day(_begun(self._shown[same - 1])) if same else _day(self._now)
        above: tuple[Line, ...] = ()
        recent = len(self._shown) - RECENT
        others = False
        was_note = not same or isinstance(self._shown[same - 1].what, NoteView)
        for number, item in enumerate(self._shown[same:], same):
            what = item.what
            is_note = isinstance(what, NoteView)
            begun = _begun(item)
            above = () if number == 0 or (is_note and was_note) else (BLANK,)
            if (today := _day(begun)) != day:
                day = today
                above = (*above, date_line(begun, self.room))
            if isinstance(what, NoteView):
                blocks.append(self._note_block(what, above))
            else:
                blocks.append(self._turn_block(what, above, others, fresh=number >= recent))
                others = others or not what.status
            was_note = is_note
        if len(blocks) == 1 and not blocks[0].lines:
            nobody = (("nobody has said anything yet; / to type to her", "dim"),)
            blocks.append(Block("empty", None, (), [nobody]))
        if not self.book.at_end:
            more = (("↓ it goes on; End goes to the last", "dim"),)
            blocks.append(Block("tail", None, (), [more]))
        return blocks

    def _same(self, before: list[Item]) -> int:
        """How many items from the first have the blocks that they had.

        What came out of the journal does not change, nor does what the picture has let go.
        """
        base = (self.room, self.selected, _day(self._now), self._link and self._link.attached)
        if base != self._base:
            self._base = base
            return 0
        same = 0
        for old, new in zip(before, self._shown, strict=False):
            if old is not new or (isinstance(new.what, TurnView) and not new.what.status):
                break
            same += 1
        return max(0, min(same, len(self._blocks.blocks) - 1))

    def _note_block(self, note: NoteView, above: tuple[Line, ...]) -> Block:
        key = key_of(note)
        selected = key == self.selected
        stamp = (self.room, selected, note.text)
        have = self._blocks.get(key)
        if have is not None and have.stamp == stamp:
            return have if have.above == above else have._replace(above=above)
        return Block(key, stamp, above, note_lines(note, self.room, selected=selected))

    def _turn_block(
        self, turn: TurnView, above: tuple[Line, ...], others: bool, *, fresh: bool
    ) -> Block:
        key = key_of(turn)
        selected = key == self.selected
        alive = bool(turn.status) or (self._link is not None and self._link.attached)
        others = others and not turn.status
        have = self._blocks.get(key)
        base = (self.room, selected, alive, others, bool(turn.status), self._coming.stamp(turn))
        settled = bool(turn.status) and not fresh and have is not None
        if have is not None:
            old_base, old_state = cast(tuple[Hashable, Hashable], have.stamp)
            state = old_state if settled else state_of(turn)
            if old_base == base and old_state == state:
                return have if have.above == above else have._replace(above=above)
        lines = turn_lines(
            turn,
            self.room,
            alive=alive,
            others=others,
            selected=selected,
            coming=self._coming,
        )
        return Block(key, (base, state_of(turn)), above, lines)

    def _head(self) -> list[Line]:
        if self._trouble:
            return [((f"older turns cannot be read: {visible(self._trouble)}", "warn"),)]
        if self.book.at_start:
            return []
        words = "reading older turns…" if self._loading == "older" else "↑ older turns"
        return [((words, "dim"),)]

    # Where the reader is

    @property
    def _height(self) -> int:
        return self.scrollable_content_region.height

    @property
    def end_in_sight(self) -> bool:
        """True when the last of her lines can be read."""
        bottom = self.scroll_offset.y + self._height
        return self.book.at_end and bottom >= len(self._blocks)

    def following_changed(self) -> None:
        if self.following:
            if not self.book.at_end:
                self.following = False  # the end of what is held is not the end
            else:
                self.selected = None
        else:
            self._left_at = self.book.seen
        self._subtitle()

    def follow(self) -> None:
        """Back to the end, and stay there."""
        self.selected = None
        if not self.book.at_end:
            self.book.forget()
        super().follow()
        self._repaint()

    def action_scroll_end(self) -> None:
        """The end is the end of all, not of what is held."""
        self.follow()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._moving:
            self._look_beyond()

    def _subtitle(self) -> None:
        new = self.book.seen - self._left_at
        if self._search:
            words = "searching the journal; Esc stops"
        elif self.following:
            words = ""
        elif new > 0:
            words = f"{new} new, End follows"
        else:
            words = "↑ End follows"
        if not self.with_notes:
            # Panics are among what is not shown: that must not be forgotten.
            words = f"events hidden · {words}" if words else "events hidden"
        if words != self.border_subtitle:
            self.border_subtitle = words

    def _repaint(self) -> None:
        if self._link is not None:
            self.paint(self._link, self._now)

    def _notice(self, words: str, style: str = "dim") -> None:
        if self._link is not None:
            self._link.notice(words, style)

    # Pages of the journal

    def _look_beyond(self) -> None:
        """Read on when the view is near an edge of what is held."""
        if self._loading or not self.is_mounted or self._link is None:
            return
        near = 2 * self.size.height
        y = self.scroll_offset.y
        if not self.book.at_start and y <= near and time.monotonic() >= self._retry_at:
            self._read("older", self.book.older(PAGE), self.book.take_older)
        elif not self.book.at_end and y + self.size.height >= len(self._blocks) - near:
            state = self._link.state
            self._read("newer", self.book.newer(PAGE), lambda p: self.book.take_newer(p, state))

    def _read(self, what: str, read: Read, take: Callable[[Page], None]) -> None:
        self._loading = what
        self.run_worker(self._page(read, take), group="journal", exit_on_error=False)

    async def _page(self, read: Read, take: Callable[[Page], None]) -> None:
        generation = self.book.generation
        page = await self._in_thread(read)
        self._loading = ""
        if page is not None and generation == self.book.generation:
            take(page)
            if self.book.skipped:
                self._notice(f"journal: {self.book.skipped}", "warn")
        self._repaint()

    async def _in_thread(self, work: Callable[[], T]) -> T | None:
        """What reading gives; None, and said, when the journal cannot be read."""
        try:
            result = await asyncio.to_thread(work)
        except OSError as error:
            self._trouble = error.strerror or str(error)
            self._retry_at = time.monotonic() + RETRY_S
            return None
        self._trouble = ""
        return result


def _begun(item: Item) -> float:
    return item.what.t if isinstance(item.what, NoteView) else item.what.started


def _day(t: float) -> tuple[int, int]:
    """The day of a wall time, in the operator's zone."""
    local = time.localtime(t)
    return local.tm_year, local.tm_yday
