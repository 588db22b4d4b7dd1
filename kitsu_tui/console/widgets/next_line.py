"""The row of the next line of hers that is not on air: there while one is to be decided on."""

from __future__ import annotations

from kitsu_tui.console.keymap import Keys
from kitsu_tui.console.link import Link
from kitsu_tui.console.next_row import LINGER_S, next_row, wanted
from kitsu_tui.console.widgets.row import Row


class NextLine(Row):
    """See the module. What it shows is what keys are about: it says so to `link.to_come`."""

    def __init__(self, *, ident: str | None = None) -> None:
        super().__init__(ident=ident)
        self._wanted_at = float("-inf")

    def bring(self, link: Link, now: float, width: int, keys: Keys, *, typing: bool) -> bool:
        """Bring it up to date. Returns whether it is to be there."""
        if not link.attached:
            link.to_come.shown = None
            self._wanted_at = float("-inf")
            return False
        link.to_come.look(link.state)
        if wanted(link.state):
            self._wanted_at = now
        if not 0 <= now - self._wanted_at < LINGER_S:
            return False
        self.show(next_row(link, now, width, keys, typing=typing))
        return True
