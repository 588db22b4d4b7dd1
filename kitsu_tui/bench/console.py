"""`kitsu bench console`: the real console on a pseudo-terminal, attached to a real show."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from kitsu_tui.bench import hour, memory, past
from kitsu_tui.bench.attached import SIZE, STARTS, Attached, Say
from kitsu_tui.bench.place import Place
from kitsu_tui.bench.report import BenchReport, Figure, figure, machine, mean
from kitsu_tui.bench.terminal import Terminal, over_ssh

PARTS = ("paint", "journal", "rest", "flood", "memory")
WITH_A_SHOW = {"paint", "rest", "flood"}


def run(
    *, quick: bool = False, soak_s: int = 0, parts: Sequence[str] = PARTS, say: Say = print
) -> BenchReport:
    """Measure.

    Args:
        quick: a tenth of the samples.
        soak_s: measure the memory in real time, for so many seconds, and nothing else.
        parts: of `PARTS`.
        say: told what is under way.

    Raises:
        BenchFailed, NoTerminal, Late: it cannot be measured here.
    """
    part = 10 if quick else 1
    figures: list[Figure] = []
    notes: list[str] = []
    if soak_s:
        figures += _memory(soak_s * hour.A_SECOND, True, say)
        parts = ()
    if "journal" in parts:
        figures += _journal(part, say)
    if WITH_A_SHOW & set(parts):
        figures += _with_a_show(parts, part, notes, say)
    if "memory" in parts:
        figures += _memory(memory.HOUR // part, False, say)
    method = (
        f"kitsu-tui on a pseudo-terminal of {SIZE[0]}x{SIZE[1]}, as over SSH, attached to a real "
        f"show with its engines idle and one that logs at a given rate; keys at random moments, "
        "from the write of the key to the read of the bytes that change the screen; rates and CPU "
        "in each second; memory with made-up events through a real control socket, after what "
        "is bounded was filled"
    )
    return BenchReport(
        name="console", method=method, machine=machine(), figures=figures, notes=notes
    )


def _with_a_show(parts: Sequence[str], part: int, notes: list[str], say: Say) -> list[Figure]:
    figures: list[Figure] = []
    with Place("") as place:
        bench = Attached(place, part, notes, say)
        bench.start()
        if "paint" in parts:
            figures += bench.paint()
        with Terminal(over_ssh(place.environ), size=SIZE) as terminal:
            bench.attached(terminal)
            if "rest" in parts:
                figures += bench.rest(terminal)
            if "flood" in parts:
                figures += bench.flood(terminal)
    return figures


def _journal(part: int, say: Say) -> list[Figure]:
    hours = past.HOURS / part
    with Place("") as place:
        say(f"a journal of {hours:g} hours")
        lines = past.write(place.folder / "state" / "journal" / past.NAME, hours)
        took = past.opened(place, max(3, STARTS // part))
    return [figure(f"journal of {hours:g} h, {lines:,} lines: open", took, "ms", "under 2,000")]


def _memory(events: int, real_time: bool, say: Say) -> list[Figure]:
    say(f"{events:,} events")
    with Place("") as place:
        found = asyncio.run(memory.measure(place, events, real_time=real_time, say=say))
    how = "in real time" if real_time else f"at {hour.A_SECOND * memory.FAST} a second"
    return [
        mean("memory after the first paint", [found.start / 1e6], "MB"),
        mean("memory, all that is bounded full", [found.points[0][1] / 1e6], "MB"),
        mean(f"memory after {events:,} events, {how}", [found.points[-1][1] / 1e6], "MB"),
        mean("memory: growth after that", [found.slope], "kB/1,000 events", "flat"),
    ]
