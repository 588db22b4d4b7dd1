"""Percentiles of the stages of a turn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

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

Kind = Literal["voice", "typed"]


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


def enough(p: float, samples: int) -> bool:
    """Whether a percentile is more than the greatest value under another name.

    The nearest rank of `p` leaves at least one of the samples above it: 100 samples for a p99, 20
    for a p95, 2 for a p50.
    """
    return max(1, math.ceil(p * samples / 100)) < samples


def kind_of(marks: Mapping[str, float]) -> Kind:
    """Whether a turn was spoken or typed (by the operator, in chat): only speech has an end that
    was found, and a transcript.
    """
    return "voice" if "endpoint" in marks or "asr_final" in marks else "typed"


def of_kind(turns: Iterable[dict[str, float]], kind: Kind) -> list[dict[str, float]]:
    """The turns of one kind."""
    return [marks for marks in turns if kind_of(marks) == kind]


def stages(turns: Sequence[Mapping[str, float]]) -> list[StageFigures]:
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
