"""Logs: what the show and its engines write."""

from __future__ import annotations

from typing import ClassVar

from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.widgets.virtual_log import VirtualLog


class Logs(VirtualLog):
    """See the module; the view is `VirtualLog`'s."""

    NAME: ClassVar[str] = "logs"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("logs",))
    TICKS: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Logs"

    def paint(self, link: Link, now: float) -> None:
        """Take the lines that came since the last time."""
        self.extend(*link.take_lines())
        self._say()

    def following_changed(self) -> None:
        super().following_changed()
        self._say()

    def _say(self) -> None:
        parts = []
        if self.lost:
            parts.append(f"{self.lost} dropped (see the log files)")
        if not self.following:
            parts.append(f"↑ {self.behind} new, End follows")
        subtitle = " · ".join(parts)
        if subtitle != self.border_subtitle:
            self.border_subtitle = subtitle
