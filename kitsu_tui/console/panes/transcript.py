"""Transcript: who said what, what she answers as it comes, what was cut and what the gate stopped.

Turns can be chosen, looked into, copied and searched for. Who scrolls up reads on in the session's
journal, back to its beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol, cast

from textual import events

from kitsu_tui.console import clipboard
from kitsu_tui.console.lines import visible
from kitsu_tui.console.link import Topic
from kitsu_tui.console.panes.transcript_view import TranscriptView
from kitsu_tui.console.screens.turn import TurnScreen
from kitsu_tui.console.scrollback import key_of
from kitsu_tui.console.turn_lines import plain, texts_of
from kitsu_tui.journal.pages import PAGE, Item, Page
from kitsu_tui.model.state import TurnView


class _Asks(Protocol):
    """What of the desk is used."""

    def ask_line(
        self, label: str, value: str = "", *, done: Callable[[str], None], hint: str = ""
    ) -> None: ...


class Transcript(TranscriptView):
    """See the module."""

    NAME: ClassVar[str] = "transcript"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("transcript",))
    TICKS: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Transcript"
        self._searches = 0

    # Actions

    def do_turn_up(self, key: str) -> None:
        """Choose the turn before."""
        self._step(-1)

    def do_turn_down(self, key: str) -> None:
        """Choose the turn after, or follow the end again."""
        self._step(1)

    def do_turn_first(self, key: str) -> None:
        """To the beginning of the session."""
        self.following = False
        self.following_changed()
        if self.book.at_start:
            self._to(0)
        elif not self._loading:
            self._read("start", self.book.page_at(0, PAGE), lambda page: self._take_at(page, False))

    def do_turn_details(self, key: str) -> None:
        """All about the turn."""
        item = self._chosen()
        if item is not None:
            self.app.push_screen(TurnScreen(item.what, self._copy))

    def do_turn_copy(self, key: str) -> None:
        """The turn's text, to the terminal's clipboard."""
        item = self._chosen()
        if item is not None:
            self._copy(plain(item.what))

    def do_turn_notes(self, key: str) -> None:
        """What happened between the turns: shown or not."""
        self.with_notes = not self.with_notes
        self._notice(f"events between the turns {'shown' if self.with_notes else 'hidden'}")
        self._subtitle()
        self._repaint()

    def do_turn_find(self, key: str) -> None:
        """Look for a text."""
        desk = cast(_Asks, self.screen)
        hint = "a part of what was said; n newer, N older"
        desk.ask_line("find in the transcript:", self.wanted, done=self.find, hint=hint)

    def do_turn_newer(self, key: str) -> None:
        """The next place where the text stands."""
        self._go_on(1)

    def do_turn_older(self, key: str) -> None:
        """The place before where the text stands."""
        self._go_on(-1)

    def do_turn_leave(self, key: str) -> None:
        """End a search, let go of the turn."""
        self._search = 0
        self.selected, self.wanted = None, ""
        self.refresh()
        self._repaint()

    def on_click(self, event: events.Click) -> None:
        """Choose the turn that was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and self._shown:
            index = self._blocks.at(self.scroll_offset.y + offset.y) - 1
            if 0 <= index < len(self._shown):
                self._choose(index, reveal=False)

    def find(self, text: str) -> None:
        """Look for a text, from the turn that is read now and back; nothing ends the search."""
        self.wanted = text.strip().lower()
        self.refresh()
        if self.wanted:
            self._find(self._place() or 0, -1)

    # Choosing

    def _copy(self, text: str) -> None:
        self._notice(clipboard.copy(self.app, text.split("\n"), "line"), "good")

    def chosen_text(self) -> str:
        """What was said in the chosen turn; empty when none is chosen."""
        item = self._chosen() if self.selected is not None else None
        return item.what.said if item is not None and isinstance(item.what, TurnView) else ""

    def _chosen(self) -> Item | None:
        index = self._place()
        return None if index is None else self._shown[index]

    def _place(self) -> int | None:
        """The number of the item that is selected, or of the last that begins in sight."""
        if not self._shown:
            return None
        index = self._blocks.index_of(self.selected) if self.selected is not None else None
        if index is None:
            index = self._blocks.at(self.scroll_offset.y + max(0, self._height - 1))
        return max(0, min(index - 1, len(self._shown) - 1))

    def _step(self, step: int) -> None:
        index = self._place()
        if index is None:
            return
        if self.selected is not None:
            index += step
        elif step > 0:
            return
        if index >= len(self._shown):
            if self.book.at_end:
                self.follow()
            return
        self._choose(max(0, index))

    def _choose(self, index: int, *, reveal: bool = True) -> None:
        what = self._shown[index].what
        self.selected = key_of(what)
        if self._link is not None and isinstance(what, TurnView):
            self._link.to_come.choose(what)
        if self.following:
            self.following = False
            self.following_changed()
        self._lay_out()
        at = self._blocks.index_of(self.selected)
        if reveal and at is not None:
            start, height = self._blocks.start_of(at), self._blocks.blocks[at].height
            y = self.scroll_offset.y
            if start < y or height > self._height:
                self._to(start)
            elif start + height > y + self._height:
                self._to(start + height - self._height)

    def _to(self, y: int) -> None:
        self._move(y)
        self._look_beyond()

    # Searching

    def _go_on(self, step: int) -> None:
        if not self.wanted:
            self._notice("nothing is searched for: f finds a text", "warn")
            return
        self._find((self._place() or 0) + step, step)

    def _find(self, index: int, step: int) -> None:
        while 0 <= index < len(self._shown):
            if any(self.wanted in text.lower() for text in texts_of(self._shown[index].what)):
                self._choose(index)
                return
            index += step
        edge = self.book.at_start if step < 0 else self.book.at_end
        if edge or self.book.journal is None:
            where = "further back" if step < 0 else "further on"
            self._notice(f"“{visible(self.wanted)}” is not {where}", "warn")
        elif not self._search:
            self._searches += 1
            self._search = self._searches
            self.run_worker(self._seek(step, self._search), group="search", exit_on_error=False)
        self._subtitle()

    async def _seek(self, step: int, number: int) -> None:
        """Look for the text in the journal, and go there."""
        wanted = self.wanted

        def stopped() -> bool:
            return self._search != number or not self.is_running

        place = await self._in_thread(self.book.search(wanted, step, stopped))
        if stopped():
            return
        page = None
        if place is not None:
            page = await self._in_thread(self.book.page_at(place, PAGE))
        self._search = 0
        if page is not None and page.items:
            self._take_at(page, True)
        elif not self._trouble:
            where = "further back" if step < 0 else "further on"
            self._notice(f"“{visible(wanted)}” is not {where}", "warn")
        self._repaint()

    def _take_at(self, page: Page, choose: bool) -> None:
        """Go to a page of the journal."""
        assert self._link is not None  # noqa: S101 -- it is read for a link's state
        self.following = False
        self.book.take_at(page)
        self._lay_out()
        self._move(0)
        if choose and self._shown:
            self._choose(0)
        self._subtitle()
