"""Engines: state in words, what they use, and of the selected one why and its last words."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from kitsu_tui.console.lines import BLANK, Line, fit, fit_right, visible, width_of, wrap
from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.words import SIGNS, clock, size, span
from kitsu_tui.model.state import EngineView

_UP = ("ready", "degraded", "loading", "unresponsive")


def head(width: int) -> Line:
    """The table's heading."""
    text = f"  # {fit('engine', 9)} {fit('state', 14)} {'for':>6} {'starts':>6}"
    text += f" {'cpu':>5} {'memory':>7}" if width >= 60 else f" {'cpu':>5}"
    if width >= 70:
        text += f" {'pid':>8}"
    return ((fit(text, width), "dim"),)


def row(number: int, engine: EngineView, selected: bool, now: float, width: int) -> Line:
    """One engine. The time is how long it has been so, or until its next start."""
    sign, style = SIGNS[engine.state]
    if engine.state == "backoff" and engine.retry_at:
        since = "in " + span(engine.retry_at - now).replace(" ", "")
    else:
        since = span(now - engine.since) if engine.since else "-"
    mark = ">" if selected else " "
    cpu = f"{engine.cpu:.0f} %" if engine.pid else "-"
    tail = f" {fit_right(since, 6)} {engine.restarts + 1 if engine.pid or engine.exit else 0:>6}"
    tail += f" {cpu:>5}"
    if width >= 60:
        tail += f" {size(engine.memory) if engine.memory else '-':>7}"
    if width >= 70:
        tail += f" {engine.pid or '-':>8}"
    return (
        (f"{mark} {number % 10} ", "strong" if selected else "dim"),
        (fit(visible(engine.name), 9) + " ", "strong" if selected else ""),
        (fit(f"{sign} {engine.state}", 14), style),
        (tail, ""),
    )


def details(engine: EngineView, now: float, width: int) -> list[Line]:
    """Everything else about one engine."""
    sign, style = SIGNS[engine.state]
    first: Line = ((f"{visible(engine.name)}: {sign} {engine.state}", style),)
    if engine.detail:
        first = (*first, (f": {visible(engine.detail)}", style if style == "bad" else ""))
    out = wrap(first, width, 2)
    if engine.retry_at:
        out += wrap(((f"next start at {clock(engine.retry_at)}", "warn"),), width, 2)
    if engine.exit:
        out += wrap(((f"last end: {visible(engine.exit)}", ""),), width, 2)
    if engine.by:
        out += wrap(((f"asked by {visible(engine.by)}", "dim"),), width, 2)
    if engine.pid:
        figures = f"queue {engine.queue}  dropped {engine.dropped}  stale {engine.stale}"
        figures += f"  ping {engine.ping_ms:.1f} ms  pid {engine.pid}"
        out += wrap(((figures, "dim"),), width, 2)
    if engine.last_words:
        out.append((("its last words", "dim"),))
        for words in engine.last_words[-20:]:
            out += wrap((("│ ", "dim"), (visible(words)[:500], "")), width, 2)
    return out


def summary(engines: list[EngineView], width: int) -> Line:
    """All engines in one row; where there is no room, only the names of those that are ready."""
    spans: list[tuple[str, str]] = []
    for words in (2, 1, 0):
        spans = []
        for number, engine in enumerate(engines, 1):
            sign, style = SIGNS[engine.state]
            says = engine.state if words == 2 or (words and engine.state != "ready") else ""
            name = visible(engine.name) if words else ""
            text = " ".join(part for part in (sign, name, says) if part)
            spans += [(f" {number % 10}", "dim"), (f" {text} ", style)]
        if width_of(tuple(spans)) <= width:
            break
    return tuple(spans)


class Engines(Table):
    """See the module. Up and down select an engine."""

    NAME: ClassVar[str] = "engines"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("engines",))
    TICKS: ClassVar[bool] = True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "select(-1)", show=False),
        Binding("down,j", "select(1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Engines"
        self.selected = ""
        self._link: Link | None = None
        self._now = 0.0

    def paint(self, link: Link, now: float) -> None:
        """Show the engines as they are."""
        self._link, self._now = link, now
        self.border_subtitle = "" if link.attached else "as last seen"
        engines = list(link.state.engines.values())
        names = [engine.name for engine in engines]
        if self.selected not in names:
            self.selected = names[0] if names else ""
        width = self.room
        if not engines:
            self.show([(("no engines", "dim"),)])
            return
        lines = [head(width)]
        for number, engine in enumerate(engines, 1):
            lines.append(row(number, engine, engine.name == self.selected, now, width))
        lines.append(BLANK)
        lines += details(link.state.engines[self.selected], now, width)
        self.show(lines)

    def action_select(self, step: int) -> None:
        """Select the next engine, or the one before."""
        if self._link is None or not self.selected:
            return
        names = list(self._link.state.engines)
        at = names.index(self.selected) + step
        if 0 <= at < len(names):
            self.selected = names[at]
            self.paint(self._link, self._now)
            self.scroll_to(y=max(0, at + 2 - self.size.height), animate=False)

    def resized(self) -> None:
        if self._link is not None:
            self.paint(self._link, self._now)
