"""Peaks in dBFS, as they are shown."""

from __future__ import annotations

import math

SILENCE_DB = -100.0


def peak_db(peak: int) -> float:
    """A peak of s16 samples in dBFS, to a tenth; -100 is silence."""
    return round(max(SILENCE_DB, 20 * math.log10(peak / 32768)), 1) if peak > 0 else SILENCE_DB
