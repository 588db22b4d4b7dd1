"""What the transcript holds: the turns and notes of the show's picture, and older ones out of its
journal, read a page at a time when the reader comes near an edge.

Held is one stretch without holes. Mostly it ends where the show is now; a reader who has gone far
back may hold one that ends earlier, and then the journal gives what is newer, too.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TypeAlias

from kitsu_tui.journal.pages import Item, Journal, Page
from kitsu_tui.journal.search import Wanted, find_newer, find_older
from kitsu_tui.model.notes import NoteView
from kitsu_tui.model.state import ShowState, TurnView

KEPT = 2000
"""Turns and notes that are held."""

Which: TypeAlias = tuple[bool, int, float]
Read: TypeAlias = Callable[[], Page]
"""Blocks: call it in a thread. OSError when the journal cannot be read."""


def key_of(what: TurnView | NoteView) -> Which:
    """What tells one turn or note from all others."""
    if isinstance(what, TurnView):
        return True, what.n or what.turn, what.started
    return False, what.n, what.t


class Scrollback:
    """See the module. Reads nothing itself: `older` and its like give what does, for a thread.

    Attributes:
        items: what is held, the oldest first.
        at_start: nothing is older than the first of them.
        at_end: nothing is newer than the last of them.
        generation: changes whenever pages that were asked for before are of no use.
        seen: turns that had begun when the picture was last taken.
        skipped: lines of the journal that were not read, in words, with the last page.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self.items: list[Item] = []
        self.at_start = True
        self.at_end = True
        self.generation = 0
        self.seen = 0
        self.skipped = ""
        self.journal: Path | None = None
        self._kept = kept
        self._of: Hashable = None
        self._first = -1
        self._last = -1

    def show(self, state: ShowState) -> None:
        """Take the picture as it is."""
        of = (state.pid, state.started, state.journal)
        if of != self._of:
            self._of = of
            self.journal = Path(state.journal) if state.journal else None
            self.forget()
        self.seen = state.turn_count
        if not self.at_end:
            return
        fresh = _picture(state)
        whole = state.turn_count <= len(state.turns) and (state.n == 0 or _begins(fresh))
        if not self.items or not fresh or self._gap(fresh):
            if self.items and fresh:
                self.generation += 1
            self.items, self._first = fresh, -1
            self.at_start = whole or self.journal is None
            return
        first = key_of(fresh[0].what)
        at = len(self.items)
        while at and _number(self.items[at - 1].what) >= _number(fresh[0].what):
            at -= 1
        if at == 0 and first != key_of(self.items[0].what):
            self.at_start = whole or self.journal is None
            self._first = -1
        del self.items[at:]
        self.items += fresh

    def _gap(self, fresh: list[Item]) -> bool:
        """True when turns are missing between what is held and the picture."""
        held = next((i.what for i in reversed(self.items) if isinstance(i.what, TurnView)), None)
        new = next((i.what for i in fresh if isinstance(i.what, TurnView)), None)
        if new is None or held is None:
            return False
        return held.turn + 1 < new.turn

    def forget(self) -> None:
        """Hold nothing; the next picture begins anew."""
        self.items = []
        self.at_start = self.at_end = True
        self._first = self._last = -1
        self.generation += 1
        self.skipped = ""

    # What the journal has

    def older(self, count: int) -> Read:
        """What reads the page before what is held."""
        place, path = self._first, self.journal
        n = -1
        if place < 0 and self.items:
            place, n = self.items[0].place, self.items[0].what.n

        def read() -> Page:
            with _open(path) as journal:
                if place < 0 <= n:
                    return journal.older(journal.place_of(n), count)
                return journal.older(place if place >= 0 else None, count)

        return read

    def newer(self, count: int) -> Read:
        """What reads the page after what is held."""
        place, path = self._last, self.journal
        n = self.items[-1].what.n + 1 if self.items else 0

        def read() -> Page:
            with _open(path) as journal:
                return journal.newer(journal.place_of(n) if place < 0 else place, count)

        return read

    def page_at(self, place: int, count: int) -> Read:
        """What reads the page that begins at a place."""
        path = self.journal

        def read() -> Page:
            with _open(path) as journal:
                return journal.newer(place, count)

        return read

    def search(self, text: str, step: int, stopped: Callable[[], bool]) -> Callable[[], int | None]:
        """What looks for a text beyond what is held: backwards (`step` -1) or forwards (1)."""
        path = self.journal
        wanted = Wanted(text)
        place = self._first if step < 0 else self._last
        n = -1
        if place < 0 and self.items:
            edge = self.items[0 if step < 0 else -1]
            place, n = edge.place if step < 0 else -1, edge.what.n + (step > 0)

        def look() -> int | None:
            with _open(path) as journal:
                at = journal.place_of(n) if place < 0 <= n else max(place, 0)
                if step < 0:
                    return find_older(journal, wanted, at, stopped)
                return find_newer(journal, wanted, at, stopped)

        return look

    def take_older(self, page: Page) -> None:
        """Hold a page from `older`, too."""
        first = _number(self.items[0].what) if self.items else None
        new = [item for item in page.items if first is None or item.what.n < first]
        self.items[:0] = new
        self._first = page.first
        self.at_start = page.start
        self.skipped = page.skipped.words()

    def take_newer(self, page: Page, state: ShowState) -> None:
        """Hold a page from `newer`, too; joins the picture where it reaches it."""
        self.skipped = page.skipped.words()
        last = _number(self.items[-1].what) if self.items else -1
        self.items += [item for item in page.items if item.what.n > last]
        self._last = page.last
        fresh = _picture(state)
        if page.end or (fresh and self.items and not self._gap(fresh)):
            self.at_end, self._last = True, -1
            self.show(state)

    def take_at(self, page: Page) -> None:
        """Hold a page from `page_at`, and nothing else."""
        self.generation += 1
        self.skipped = page.skipped.words()
        self.items = list(page.items)
        self._first, self._last = page.first, page.last
        self.at_start, self.at_end = page.start, False

    def trim(self, reading: int | None) -> None:
        """Let go of what is farthest from the item `reading` (None: the end is being read)."""
        over = len(self.items) - self._kept
        if over <= 0:
            return
        if reading is None or self.journal is None or reading > len(self.items) - reading:
            del self.items[:over]
            self.at_start, self._first = False, -1
        else:
            self._last = self.items[-over].place
            del self.items[-over:]
            self.at_end = False


def _open(path: Path | None) -> Journal:
    if path is None:
        raise OSError("the show has told of no journal")
    return Journal(path)


def _number(what: TurnView | NoteView) -> int:
    return what.n


def _begins(items: list[Item]) -> bool:
    """True when these begin where the show began."""
    return bool(items) and isinstance(items[0].what, NoteView) and items[0].what.kind == "show"


def _picture(state: ShowState) -> list[Item]:
    """The picture's turns and notes in the order in which they began.

    Notes from before the oldest turn are left out where older turns are: there are more of them.
    """
    trimmed = state.turn_count > len(state.turns) and bool(state.turns)
    since = state.turns[0].n if trimmed else 0
    found: list[TurnView | NoteView] = [*state.turns]
    found += [note for note in state.notes if note.n >= since]
    found.sort(key=_number)
    return [Item(what) for what in found]
