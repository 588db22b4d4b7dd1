"""Alerts: what the operator should know, and who has seen it."""

from __future__ import annotations

from typing import ClassVar

from kitsu_tui.console.lines import Line, visible, wrap
from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.words import clock


class Alerts(Table):
    """See the module."""

    NAME: ClassVar[str] = "alerts"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("alerts",))
    TICKS: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Alerts"

    def paint(self, link: Link, now: float) -> None:
        """Show the alerts as they are, the newest first."""
        lines: list[Line] = []
        for alert in reversed(link.state.alerts):
            words = f"{clock(alert.t)} {alert.level}: {visible(alert.text)}"
            lines += wrap(((words, "dim" if alert.acked_by else "warn"),), self.room, 2)
        self.show(lines or [(("no alerts", "dim"),)])
