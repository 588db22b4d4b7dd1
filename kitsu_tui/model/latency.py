"""Percentiles of the stages of a turn."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

STAGES = (
    "endpoint",
    "asr_final",
    "first_token",
    "first_sentence",
    "first_pcm",
    "audible",
)
"""Marks of a turn in the order in which they are reached, in ms after speech_end."""

KEPT = 1000
"""Turns that percentiles are taken over."""


class StageFigures(Struct, frozen=True, kw_only=True):
    """One stage over the last turns, in milliseconds."""

    stage: str
    samples: int
    p50: float
    p95: float
    p99: float
    last: float


def percentile(ordered: Sequence[float], p: float) -> float:
    """The nearest-rank percentile of sorted values; `p` from 0 to 100. NaN when there are none."""
    if not ordered:
        return math.nan
    # Divided last: 28 / 100 * 25 is a little more than 7.
    rank = max(1, math.ceil(p * len(ordered) / 100))
    return ordered[min(rank, len(ordered)) - 1]


def stages(turns: Sequence[dict[str, float]]) -> list[StageFigures]:
    """Figures for every stage that was reached at least once."""
    figures = []
    for stage in STAGES:
        values = [marks[stage] for marks in turns if stage in marks]
        if not values:
            continue
        ordered = sorted(values)
        figures.append(
            StageFigures(
                stage=stage,
                samples=len(ordered),
                p50=percentile(ordered, 50),
                p95=percentile(ordered, 95),
                p99=percentile(ordered, 99),
                last=values[-1],
            )
        )
    return figures
