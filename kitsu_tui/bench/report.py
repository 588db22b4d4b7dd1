"""What every bench prints: figures with their samples and percentiles, and how they were taken."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from kitsu_tui.model.latency import percentile


class Figure(Struct, frozen=True, kw_only=True):
    """One figure."""

    name: str
    samples: int
    unit: str
    p50: float
    p95: float
    p99: float
    max: float = 0.0
    target: str = ""
    """What the project asks of it, in words; empty when nothing is asked."""
    met: bool | None = None
    """Whether it is as asked; null where nothing is asked, or nothing was measured."""


class BenchReport(Struct, frozen=True, kw_only=True):
    """What `kitsu bench NAME --json` prints."""

    name: str
    method: str
    machine: str
    figures: list[Figure]
    notes: list[str] = []
    ended: str = ""
    """Why it ended before all was measured; empty when it did not."""


def figure(name: str, values: Sequence[float], unit: str, target: str = "") -> Figure:
    """The percentiles of some values."""
    ordered = sorted(values)
    p50, p95, p99 = (round(percentile(ordered, p), 3) for p in (50, 95, 99))
    return Figure(
        name=name,
        samples=len(ordered),
        unit=unit,
        p50=p50,
        p95=p95,
        p99=p99,
        max=round(ordered[-1], 3) if ordered else 0.0,
        target=target,
    )


def below(name: str, values: Sequence[float], unit: str, bound: float) -> Figure:
    """A figure whose 99th percentile is to be below a bound."""
    made = figure(name, values, unit, f"p99 under {bound:g}")
    return msgspec.structs.replace(made, met=made.p99 < bound if values else None)


def mean(name: str, values: Sequence[float], unit: str, target: str = "") -> Figure:
    """The mean of some values, as one value."""
    return figure(name, [sum(values) / len(values)], unit, target)


MET = {None: "", True: ": met", False: ": NOT MET"}


def machine() -> str:
    """The machine in words, with how busy it is."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{load}"


def table(report: BenchReport) -> str:
    """The report for people."""
    lines = [f"{report.name}: {report.method}", f"on {report.machine}", ""]
    width = max([len(f.name) for f in report.figures] + [6])
    lines.append(f"{'figure':<{width}}{'p50':>12}{'p95':>12}{'p99':>12}{'max':>12}{'n':>8}  unit")
    for f in report.figures:
        asked = f"   ({f.target}{MET[f.met]})" if f.target else ""
        lines.append(
            f"{f.name:<{width}}{f.p50:>12,.2f}{f.p95:>12,.2f}{f.p99:>12,.2f}{f.max:>12,.2f}"
            f"{f.samples:>8}  {f.unit}{asked}"
        )
    lines += [f"note: {note}" for note in report.notes]
    lines += [f"ended early: {report.ended}"] if report.ended else []
    return "\n".join(lines)
