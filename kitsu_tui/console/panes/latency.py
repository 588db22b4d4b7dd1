"""Latency: how long each stage of a turn takes, after the true end of speech."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from kitsu_tui.console.lines import BLANK, Line, Span, fit, wrap
from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.words import STAGE_WORDS, milliseconds
from kitsu_tui.model.latency import STAGES, stages
from kitsu_tui.model.state import ShowState

_FILLS = "█▓▒░#="
_SHADES = ("accent", "good", "warn", "she", "you", "dim")


def table(state: ShowState, width: int) -> list[Line]:
    """Percentiles by stage, in milliseconds."""
    figures = stages(state.marks)
    if not figures:
        return [(("no turn has become audible yet", "dim"),)]
    name = max(8, min(12, width - 34))
    heading = fit("ms after", name)
    lines: list[Line] = [
        ((f"{heading} {'p50':>6} {'p95':>6} {'p99':>6} {'last':>6} {'turns':>5}", "dim"),)
    ]
    for stage in figures:
        style = "strong" if stage.stage == "audible" else ""
        row = f"{fit(STAGE_WORDS[stage.stage], name)} {milliseconds(stage.p50):>6}"
        row += f" {milliseconds(stage.p95):>6} {milliseconds(stage.p99):>6}"
        row += f" {milliseconds(stage.last):>6} {stage.samples:>5}"
        lines.append(((row, style),))
    return lines


def steps(marks: Mapping[str, float]) -> list[tuple[str, float]]:
    """The time that each stage added, in the order in which they were reached."""
    reached = [(stage, marks[stage]) for stage in STAGES if stage in marks]
    out: list[tuple[str, float]] = []
    before = 0.0
    for stage, at in reached:
        out.append((stage, max(0.0, at - before)))
        before = max(before, at)
    return out


def last_turn(marks: Mapping[str, float], width: int) -> list[Line]:
    """The last turn: a bar of its stages, and their numbers."""
    taken = steps(marks)
    total = sum(ms for _, ms in taken)
    if total <= 0:
        return []
    bar: list[Span] = []
    used = 0
    reached = 0.0
    for index, (_, ms) in enumerate(taken):
        reached += ms
        end = round(reached / total * width)
        bar.append((_FILLS[index % 6] * (end - used), _SHADES[index % 6]))
        used = end
    legend: list[Span] = []
    for index, (stage, ms) in enumerate(taken):
        words = STAGE_WORDS[stage].replace(" ", "\u00a0")
        legend.append((f"{_FILLS[index % 6]}\u00a0{words}\u00a0+{ms:.0f} ", _SHADES[index % 6]))
    return [((f"last turn: {total:.0f} ms", "strong"),), tuple(bar), *wrap(legend, width)]


class Latency(Table):
    """See the module."""

    NAME: ClassVar[str] = "latency"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("latency",))
    TICKS: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Latency"
        self._link: Link | None = None

    def paint(self, link: Link, now: float) -> None:
        """Show the figures as they are."""
        self._link = link
        lines = table(link.state, self.room)
        if link.state.marks:
            turn = last_turn(link.state.marks[-1], self.room)
            tight = len(lines) + len(turn) >= self.size.height
            lines += turn if tight else [BLANK, *turn]
        self.show(lines)

    def resized(self) -> None:
        if self._link is not None:
            self.paint(self._link, 0)
