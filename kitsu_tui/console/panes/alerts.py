"""Alerts: what the operator should know, the newest first, and who has seen it.

One that nobody has acknowledged has a `*` before it, and its level as a word. Enter or space says
that the selected one and all before it were seen. One whose cause is gone says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from engines.wire import control
from kitsu_tui.console.lines import Line, Span, visible, wrap
from kitsu_tui.console.link import Link, RequestFailed, Topic
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.words import clock, who
from kitsu_tui.model.state import AlertView

BELL_EVERY_S = 10.0
"""Seconds between two bells."""
_INDENT = 11
_STYLES = {"warning": "warn", "error": "bad"}


def unseen(alerts: Iterable[AlertView]) -> list[AlertView]:
    """Those that nobody has acknowledged."""
    return [alert for alert in alerts if not alert.acked_by]


def bell_due(alerts: Sequence[AlertView], told: int, rung: float, now: float) -> tuple[bool, int]:
    """Whether the terminal's bell should ring, and up to which alert it has then been told.

    Args:
        alerts: all that are kept, oldest first.
        told: the number of the last alert that was looked at, 0 at first.
        rung: when the bell rang last, in seconds; minus infinity if never.
        now: the same clock's time.

    It rings for a warning or an error that nobody has acknowledged, once in `BELL_EVERY_S` at most:
    what comes in between rings later, unless somebody acknowledges it first.
    """
    last = max((alert.n for alert in alerts), default=told)
    new = [alert for alert in unseen(alerts) if alert.n > told and alert.level in _STYLES]
    if not new:
        return False, max(told, last)
    if now - rung < BELL_EVERY_S:
        return False, told
    return True, max(told, last)


def folded(alerts: Iterable[AlertView]) -> list[list[AlertView]]:
    """The newest first, those that say the same one after the other as one: an engine that dies
    again and again must not push everything else out of sight.
    """
    out: list[list[AlertView]] = []
    for alert in alerts:
        if out and _says(out[-1][0]) == _says(alert):
            out[-1].append(alert)
        else:
            out.append([alert])
    out.reverse()
    return out


def _says(alert: AlertView) -> tuple[str, str, str, str]:
    return alert.level, alert.about, alert.text, alert.acked_by


def block(alert: AlertView, selected: bool, width: int, before: str = "") -> list[Line]:
    """One alert, wrapped; `before` says how often it came before."""
    seen = bool(alert.acked_by)
    style = "dim" if seen else _STYLES.get(alert.level, "")
    spans: list[Span] = [
        (f"{'>' if selected else ' '}{' ' if seen else '*'}", "strong"),
        (f"{clock(alert.t)} ", "dim"),
        (f"{alert.level} ", style),
    ]
    if alert.about and not alert.text.startswith(f"{alert.about} "):
        spans.append((f"{visible(alert.about)}: ", "dim" if seen else "strong"))
    spans.append((visible(alert.text), "dim" if seen else ""))
    if before:
        spans.append((f"  {before}", "dim"))
    if alert.mended:
        spans.append(("  mended", "dim"))
    elif seen:
        spans.append((f"  seen by {visible(who(alert.acked_by))}", "dim"))
    return wrap(spans, width, _INDENT)


class Alerts(Table):
    """See the module. Up and down select one."""

    NAME: ClassVar[str] = "alerts"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("alerts",))
    TICKS: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Alerts"
        self.selected = 0
        """Number of the selected alert, 0: the newest, whichever that is."""
        self._link: Link | None = None

    def paint(self, link: Link, now: float) -> None:
        """Show the alerts as they are."""
        self._link = link
        alerts = self._shown()
        if not alerts:
            self.show([(("no alerts", "dim"),)])
            return
        at = self._at(alerts)
        lines: list[Line] = []
        self._places: list[range] = []
        for index, same in enumerate(alerts):
            first, newest = same[0], same[-1]
            before = f"×{len(same)} since {clock(first.t)}" if len(same) > 1 else ""
            made = block(newest, index == at, self.room, before)
            self._places.append(range(len(lines), len(lines) + len(made)))
            lines += made
        self.show(lines)

    def _shown(self) -> list[list[AlertView]]:
        """The newest first; those that say the same together, the oldest of them first."""
        return folded(self._link.state.alerts) if self._link is not None else []

    def _at(self, alerts: Sequence[list[AlertView]]) -> int:
        """Place of the selected one; the newest when it is gone."""
        if not self.selected:
            return 0
        for index, same in enumerate(alerts):
            if same[0].n <= self.selected:
                return index
        return 0

    def do_next_alert(self, key: str) -> None:
        """Select the next alert."""
        self.select(1)

    def do_previous_alert(self, key: str) -> None:
        """Select the alert before."""
        self.select(-1)

    def select(self, step: int) -> None:
        """Select the alert so many places further on."""
        alerts = self._shown()
        if self._link is None or not alerts:
            return
        at = max(0, min(len(alerts) - 1, self._at(alerts) + step))
        # At the top the selection stays with the newest, as more come.
        self.selected = alerts[at][-1].n if at else 0
        self.paint(self._link, 0)
        place = self._places[at]
        if place.start < self.scroll_offset.y:
            self.scroll_to(y=place.start, animate=False)
        elif place.stop > self.scroll_offset.y + self.size.height:
            self.scroll_to(y=place.stop - self.size.height, animate=False)

    def do_seen(self, key: str) -> None:
        """Acknowledge up to the selected alert."""
        alerts = self._shown()
        if self._link is None or not alerts:
            return
        upto = alerts[self._at(alerts)][-1].n
        if not any(alert.n <= upto for alert in unseen(self._link.state.alerts)):
            self._link.notice("these were acknowledged before", "dim")
            return
        self.run_worker(self._acknowledge(self._link, upto), group="ask", exit_on_error=False)

    async def _acknowledge(self, link: Link, upto: int) -> None:
        params = control.Acknowledge(upto=upto, by=link.by)
        try:
            done = await link.ask(control.ACKNOWLEDGE, params)
        except RequestFailed as error:
            link.notice(f"not acknowledged: {error.detail}", "bad")
        else:
            link.notice(f"acknowledge: {done.detail or 'done'}", "good")

    def resized(self) -> None:
        if self._link is not None:
            self.paint(self._link, 0)
