"""Engines: state in words, what they use, and of the selected one why and its last words.

Columns leave one by one, the least important first, where there is no room for all; none is cut. Of
an engine that does not run, what it would use gives its place to the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from textual.content import Content

from kitsu_tui.console.lines import (
    BLANK,
    Line,
    cells,
    clip,
    fit,
    fit_right,
    visible,
    width_of,
    wrap,
)
from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.trends import Trends
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.widgets.sparkline import sparkline
from kitsu_tui.console.words import SIGNS, clock, size, span, who
from kitsu_tui.model.state import EngineView

BESIDE_FROM = 140
"""Cells of the pane from which on the details stand beside the table."""
TABLE_BESIDE = 86
"""Cells of the table there."""
_STATE_LEAST = 10
"""So that the table is not wider or narrower with every change but that to `unresponsive`."""
_WHY_LEAST = 12
_TREND = 24
"""Cells of the sparkline of the details: two minutes."""


@dataclass(frozen=True)
class Column:
    """One column after number, name and state."""

    name: str
    width: int
    get: Callable[[EngineView, float], str]
    runs: bool = True
    """True: says something of a running engine only."""


def _since(engine: EngineView, now: float) -> str:
    if engine.state == "backoff" and engine.retry_at:
        return f"in {max(0, int(engine.retry_at - now))}s"
    return span(now - engine.since) if engine.since else "-"


def _starts(engine: EngineView, now: float) -> str:
    return str(engine.restarts + 1 if engine.pid or engine.exit else 0)


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


# In the order in which they stand.
COLUMNS = (
    Column("for", 7, _since, runs=False),
    Column("starts", 6, _starts, runs=False),
    Column("cpu", 6, lambda engine, now: f"{engine.cpu:.0f} %"),
    Column("memory", 7, lambda engine, now: size(engine.memory) if engine.memory else "-"),
    Column("queue", 5, lambda engine, now: str(engine.queue)),
    Column("lost", 5, lambda engine, now: str(engine.dropped)),
    Column("ping", 6, lambda engine, now: _ms(engine.ping_ms)),
    Column("pid", 7, lambda engine, now: str(engine.pid)),
    Column("by", 12, lambda engine, now: who(engine.by) if engine.by else "", runs=False),
)
_IMPORTANCE = ("for", "starts", "cpu", "memory", "pid", "queue", "by", "ping", "lost")
"""Those that come first stay longest."""


def columns_for(width: int) -> tuple[Column, ...]:
    """The columns for which there is room in `width` cells, in their order."""
    by_name = {column.name: column for column in COLUMNS}
    chosen: set[str] = set()
    for name in _IMPORTANCE:
        width -= by_name[name].width + 1
        if width < 0:
            break
        chosen.add(name)
    return tuple(column for column in COLUMNS if column.name in chosen)


class Widths(NamedTuple):
    """Cells of the columns that every table has."""

    name: int
    state: int


def widths(engines: Sequence[EngineView], width: int) -> Widths:
    """As the longest of each needs; names give way."""
    name = max((cells(visible(engine.name)) for engine in engines), default=6)
    state = max((2 + len(engine.state) for engine in engines), default=_STATE_LEAST)
    state = max(state, _STATE_LEAST)
    return Widths(max(4, min(max(name, 6), 16, width - 4 - 1 - state)), state)


def head(at: Widths, width: int) -> Line:
    """The table's heading."""
    text = f"  # {fit('engine', at.name)} {fit('state', at.state)}"
    for column in columns_for(width - len(text)):
        text += " " + _set(column, column.name)
    return ((fit(text, width), "dim"),)


def _set(column: Column, text: str) -> str:
    return (fit if column.name == "by" else fit_right)(text, column.width)


def row(
    number: int, engine: EngineView, selected: bool, now: float, at: Widths, width: int
) -> Line:
    """One engine. The time is how long it has been so, or until its next start."""
    sign, style = SIGNS[engine.state]
    strong = "strong" if selected else ""
    start: Line = (
        (f"{'>' if selected else ' '} {number % 10} ", strong or "dim"),
        (fit(visible(engine.name), at.name) + " ", strong),
        (fit(f"{sign} {engine.state}", at.state), style),
    )
    columns = columns_for(width - width_of(start))
    lives = bool(engine.pid)
    shown = [column for column in columns if lives or not column.runs]
    tail = "".join(" " + _set(column, column.get(engine, now)) for column in shown)
    left = width - width_of(start) - cells(tail) - 2
    ended = engine.exit if engine.state in ("backoff", "failed") else ""
    why = visible("; ".join(part for part in (ended, engine.detail) if part))
    if not why or left < _WHY_LEAST:
        return clip((*start, (tail, "")), width)
    if lives and engine.state != "ready":
        return (*start, (tail, ""), ("  ", ""), (fit(why, left), style))
    if lives:
        return (*start, (tail, ""), ("  ", ""), (fit(why, left), "dim"))
    # Before who asked, in the place of the figures.
    before = "".join(" " + _set(c, c.get(engine, now)) for c in shown if c.name != "by")
    left = width - width_of(start) - cells(before) - 2
    return (*start, (before, ""), ("  ", ""), (fit(why, left), ""))


def details(engine: EngineView, trends: Trends, now: float, width: int) -> list[Line]:
    """Everything else about one engine."""
    sign, style = SIGNS[engine.state]
    first: Line = ((f"{visible(engine.name)}: {sign} {engine.state}", style),)
    if engine.detail:
        first = (*first, (f": {visible(engine.detail)}", style if style == "bad" else ""))
    out = wrap(first, width, 2)
    if engine.retry_at:
        left = span(engine.retry_at - now)
        out += wrap(((f"next start at {clock(engine.retry_at)}, in {left}", "warn"),), width, 2)
    if engine.exit:
        out += wrap(((f"last end: {visible(engine.exit)}", ""),), width, 2)
    if engine.by:
        out += wrap(((f"asked by {visible(who(engine.by))}", "dim"),), width, 2)
    if engine.pid:
        out += _figures(engine, trends, now, width)
    if engine.history:
        out.append((("its last changes", "dim"),))
        for change in reversed(engine.history):
            sign, style = SIGNS[change.state]
            line: list[tuple[str, str]] = [
                (f"{clock(change.t)} ", "dim"),
                (f"{sign} {change.state}", style),
            ]
            if change.why:
                line.append((f"  {visible(change.why)}", ""))
            if change.by:
                line.append((f"  by {visible(who(change.by))}", "dim"))
            out += wrap(line, width, 9)
    if engine.last_words:
        out.append((("its last words", "dim"),))
        for words in engine.last_words[-20:]:
            out += wrap((("│ ", "dim"), (visible(words)[:500], "")), width, 2)
    return out


def _figures(engine: EngineView, trends: Trends, now: float, width: int) -> list[Line]:
    cpu = f"cpu {engine.cpu:.0f} %"
    cells_left = min(_TREND, width - len(cpu) - 1)
    trend = sparkline(trends.last(f"{engine.name}.cpu", now, cells_left), cells_left, 100.0)
    out: list[Line] = [((cpu + " ", ""), (trend, "accent"))]
    words = [
        f"memory {size(engine.memory)}" if engine.memory else "",
        f"queue {engine.queue}",
        f"dropped {engine.dropped}",
        f"stale {engine.stale}",
        f"ping {_ms(engine.ping_ms)} ms",
        f"pid {engine.pid}",
    ]
    # A figure and its word stay together.
    text = "  ".join(word.replace(" ", "\u00a0") for word in words if word)
    return out + wrap(((text, "dim"),), width, 2)


def summary(engines: list[EngineView], width: int) -> Line:
    """All engines in one row. Where there is no room, those that are off and then those that are
    ready are only signs, and in the end the ones in trouble are named alone.
    """
    spans: list[tuple[str, str]] = []
    for names, states in _SUMMARIES:
        spans = []
        for number, engine in enumerate(engines, 1):
            sign, style = SIGNS[engine.state]
            kind = engine.state if engine.state in ("ready", "off") else "trouble"
            name = visible(engine.name) if kind in names else ""
            text = " ".join(part for part in (sign, name, engine.state * (kind in states)) if part)
            spans += [(f" {number % 10}", "dim"), (f" {text} ", style)]
        if width_of(tuple(spans)) <= width:
            return tuple(spans)
    return _troubles(engines, width) or tuple(spans)


_ALL = ("ready", "off", "trouble")
_SUMMARIES = (
    (_ALL, _ALL),
    (_ALL, ("off", "trouble")),
    (("ready", "trouble"), ("trouble",)),
    (("trouble",), ("trouble",)),
)
"""Of which engines a summary says the name, and of which the state."""


def _troubles(engines: list[EngineView], width: int) -> Line:
    """Those that are neither ready nor off, as far as there is room, and how many more."""
    troubled = [engine for engine in engines if engine.state not in ("ready", "off")]
    for count in range(len(troubled), 0, -1):
        spans: list[tuple[str, str]] = []
        for engine in troubled[:count]:
            sign, style = SIGNS[engine.state]
            spans.append((f" {sign} {visible(engine.name)} {engine.state} ", style))
        if count < len(troubled):
            spans.append((f" +{len(troubled) - count} not ready", "warn"))
        if width_of(tuple(spans)) <= width:
            return tuple(spans)
    return ()


def beside(left: list[Line], right: list[Line], width: int, gap: int = 3) -> list[Line]:
    """Two blocks side by side, the left one `width` cells wide."""
    out: list[Line] = []
    for y in range(max(len(left), len(right))):
        start = clip(left[y], width) if y < len(left) else BLANK
        if y >= len(right):
            out.append(start)
            continue
        space = " " * (width - width_of(start) + gap - 2) + "│ "
        out.append((*start, (space, "dim"), *right[y]))
    return out


class Engines(Table):
    """See the module. Up and down select an engine; all of its last words are in the details."""

    NAME: ClassVar[str] = "engines"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("engines",))
    TICKS: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Engines"
        self.selected = ""
        self._link: Link | None = None
        self._now = 0.0
        self._first = 1
        """Line of the first engine."""

    def paint(self, link: Link, now: float) -> None:
        """Show the engines as they are."""
        self._link, self._now = link, now
        self.border_subtitle = "" if link.attached else "as last seen"
        engines = list(link.state.engines.values())
        known = [engine.name for engine in engines]
        if self.selected not in known:
            self.selected = known[0] if known else ""
        if not engines:
            self.show([(("no engines", "dim"),)])
            return
        width = self.room
        chosen = link.state.engines[self.selected]
        table = TABLE_BESIDE if width >= BESIDE_FROM else width
        at = widths(engines, table)
        # In a low pane the heading gives its row to an engine.
        low = len(engines) >= self.size.height
        if len(engines) > self.size.height and link.attached:
            troubles = "".join(text for text, _ in _troubles(engines, width - 4))
            self.border_subtitle = Content(troubles)  # a string would be markup
        lines = [] if low else [head(at, table)]
        self._first = len(lines)
        for number, engine in enumerate(engines, 1):
            lines.append(row(number, engine, engine is chosen, now, at, table))
        if table < width:
            rest = details(chosen, link.trends, now, width - table - 3)
            lines = beside(lines, rest, table)
        else:
            lines += [BLANK, *details(chosen, link.trends, now, width)]
        self.show(lines)

    def do_next_engine(self, key: str) -> None:
        """Select the next engine."""
        self.select(1)

    def do_previous_engine(self, key: str) -> None:
        """Select the engine before."""
        self.select(-1)

    def select(self, step: int) -> None:
        """Select the engine so many places further on."""
        if self._link is None or not self.selected:
            return
        names = list(self._link.state.engines)
        at = names.index(self.selected) + step
        if 0 <= at < len(names):
            self.selected = names[at]
            self.paint(self._link, self._now)
            last = at + self._first
            self.scroll_to(y=max(0, last + 1 - self.size.height), animate=False)

    def resized(self) -> None:
        if self._link is not None:
            self.paint(self._link, self._now)
