"""Figures as a row of bars: pure text, one cell a value."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def sparkline(
    values: Sequence[float | None], width: int, high: float = 0.0, low: float = 0.0
) -> str:
    """The last `width` values, the newest at the right end; exactly `width` cells.

    A value at `low` or below is the lowest bar and one at `high` or above the highest; a `high`
    that is not above `low` is the greatest value in sight. None is a blank: nothing is known.
    """
    if width <= 0:
        return ""
    shown = list(values)[-width:]
    if high <= low:
        high = max((value for value in shown if value is not None), default=low)
    return "".join(_cell(value, low, high) for value in shown).rjust(width)


def _cell(value: float | None, low: float, high: float) -> str:
    if value is None:
        return " "
    if high <= low:
        return BARS[0]
    share = max(0.0, min(1.0, (value - low) / (high - low)))
    return BARS[min(len(BARS) - 1, int(share * len(BARS)))]
