"""Latency: how long each stage of a turn takes, after the true end of speech.

A percentile of too few turns is only the slowest of them: it is dim, with `~` before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kitsu_tui.console.lines import BLANK, Line, Span, fit, wrap
from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.widgets.sparkline import sparkline
from kitsu_tui.console.words import STAGE_WORDS, milliseconds
from kitsu_tui.model.latency import STAGES, Kind, enough, kind_of, of_kind, percentile, stages

Marks = Mapping[str, float]

_FILLS = "█▓▒░#="
_SHADES = ("accent", "good", "warn", "she", "you", "dim")
_FIGURE = 7
_TURNS = 6
_KINDS: tuple[tuple[Kind, str], ...] = (("voice", "said to her"), ("typed", "typed to her"))
SHOWN = ("all", "voice", "typed")
"""Which turns the table is about, in the order in which a key goes through them."""


def table(turns: Sequence[Marks], width: int) -> list[Line]:
    """Percentiles by stage, in milliseconds. What there is no room for leaves from the left of
    `last` and `p50`; the number of turns and the p95 stay longest.
    """
    figures = stages(turns)
    if not figures:
        return [(("no turn has become audible yet", "dim"),)]
    percents = _columns(width)
    figures_width = _TURNS + _FIGURE * len(percents)
    # The bar's own sign before each stage: a low pane shows no legend below the bar.
    signs = width >= 14 + figures_width
    name = 14 if signs else max(8, min(12, width - figures_width))
    titles = "".join(f"{title:>{_FIGURE}}" for title in percents)
    lines: list[Line] = [((f"{fit('ms after', name)}{titles}{'turns':>{_TURNS}}", "dim"),)]
    for stage in figures:
        strong = "strong" if stage.stage == "audible" else ""
        words = STAGE_WORDS[stage.stage]
        row: list[Span] = [(fit(words, name), strong)]
        if signs:
            row = [_sign(stage.stage), (fit(f" {words}", name - 1), strong)]
        for title in percents:
            value = getattr(stage, title)
            sure = title == "last" or enough(float(title[1:]), stage.samples)
            text = milliseconds(value) if sure else f"~{milliseconds(value)}"
            row.append((f"{text:>{_FIGURE}}", strong if sure else "dim"))
        row.append((f"{stage.samples:>{_TURNS}}", ""))
        lines.append(tuple(row))
    return lines


def _sign(stage: str) -> Span:
    """What a stage is drawn with: one and the same in every turn."""
    at = STAGES.index(stage) % len(_FILLS)
    return _FILLS[at], _SHADES[at]


def _columns(width: int) -> tuple[str, ...]:
    for columns in (("p50", "p95", "p99", "last"), ("p50", "p95", "p99"), ("p50", "p95")):
        if 12 + _FIGURE * len(columns) + _TURNS <= width:
            return columns
    return ("p95",)


def trend(turns: Sequence[Marks], width: int) -> list[Line]:
    """`audible` of the last turns, a bar for each."""
    values = [marks["audible"] for marks in turns if "audible" in marks]
    if len(values) < 2:
        return []
    low, high = min(values[-width:]), max(values[-width:])
    words = f"audible of the last turns, {low:.0f} to {high:.0f} ms, the newest at the right"
    line = ((sparkline(values, min(width, len(values)), high), "accent"),)
    return [*wrap(((words, "dim"),), width), line]


def by_kind(turns: Sequence[dict[str, float]], width: int) -> list[Line]:
    """What was said to her beside what was typed, when there is both."""
    if len({kind_of(marks) for marks in turns}) < 2:
        return []
    out: list[Line] = []
    for kind, words in _KINDS:
        ordered = sorted(marks["audible"] for marks in of_kind(turns, kind) if "audible" in marks)
        if not ordered:
            continue
        sure = "" if enough(95, len(ordered)) else "~"
        text = f"p50 {percentile(ordered, 50):.0f}  p95 {sure}{percentile(ordered, 95):.0f}"
        turns_words = f"  {len(ordered)} turn{'' if len(ordered) == 1 else 's'}"
        out += wrap(((f"{words}: ", "dim"), (text, ""), (turns_words, "dim")), width, 2)
    return out


def steps(marks: Marks) -> list[tuple[str, float]]:
    """The time that each stage added, in the order in which they were reached."""
    reached = [(stage, marks[stage]) for stage in STAGES if stage in marks]
    out: list[tuple[str, float]] = []
    before = 0.0
    for stage, at in reached:
        out.append((stage, max(0.0, at - before)))
        before = max(before, at)
    return out


def last_turn(marks: Marks, width: int) -> list[Line]:
    """The last turn: a bar of its stages, and their numbers."""
    taken = steps(marks)
    total = sum(ms for _, ms in taken)
    if total <= 0:
        return []
    bar: list[Span] = []
    used = 0
    reached = 0.0
    for stage, ms in taken:
        reached += ms
        end = round(reached / total * width)
        sign, shade = _sign(stage)
        bar.append((sign * (end - used), shade))
        used = end
    legend: list[Span] = []
    for stage, ms in taken:
        words = STAGE_WORDS[stage].replace(" ", "\u00a0")
        sign, shade = _sign(stage)
        legend.append((f"{sign}\u00a0{words}\u00a0+{ms:.0f} ", shade))
    what = "said" if kind_of(marks) == "voice" else "typed"
    title: Line = ((f"last turn ({what}): {total:.0f} ms", "strong"),)
    return [title, tuple(bar), *wrap(legend, width)]


def latency(marks: list[dict[str, float]], kind: str, width: int, height: int) -> list[Line]:
    """The pane's lines. Blank lines between its parts are there when all of it fits."""
    turns = marks if kind == "all" else [m for m in marks if kind_of(m) == kind]
    parts = [table(turns, width)]
    if turns:
        parts += [last_turn(turns[-1], width), trend(turns, width)]
    if kind == "all":
        parts.append(by_kind(turns, width))
    parts = [part for part in parts if part]
    tight = sum(map(len, parts)) + len(parts) - 1 > height
    out: list[Line] = []
    for part in parts:
        out += part if tight or not out else [BLANK, *part]
    return out


class Latency(Table):
    """See the module."""

    NAME: ClassVar[str] = "latency"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("latency",))
    TICKS: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Latency"
        self.kind = SHOWN[0]
        self._link: Link | None = None

    def paint(self, link: Link, now: float) -> None:
        """Show the figures as they are."""
        self._link = link
        self.border_title = "Latency" if self.kind == "all" else f"Latency: {self.kind} turns"
        self.border_subtitle = "" if link.attached else "as last seen"
        self.show(latency(link.state.marks, self.kind, self.room, self.size.height))

    def do_latency_kind(self, key: str) -> None:
        """The next kind of turns: all, said to her, typed to her."""
        self.kind = SHOWN[(SHOWN.index(self.kind) + 1) % len(SHOWN)]
        self.resized()

    def resized(self) -> None:
        if self._link is not None:
            self.paint(self._link, 0)
