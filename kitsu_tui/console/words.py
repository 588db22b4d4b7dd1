"""The words and signs that the console uses. A sign never stands without its word."""

from __future__ import annotations

import math
import time

from engines.wire.show import EngineState
from engines.wire.stage import DRILL

SIGNS: dict[EngineState, tuple[str, str]] = {
    "off": ("○", "dim"),
    "waiting": ("◌", "dim"),
    "starting": ("◔", "warn"),
    "loading": ("◑", "warn"),
    "ready": ("●", "good"),
    "degraded": ("◕", "warn"),
    "unresponsive": ("?", "bad"),
    "stopping": ("◔", "warn"),
    "stopped": ("○", "dim"),
    "backoff": ("↻", "warn"),
    "failed": ("✗", "bad"),
}
"""For every state of an engine its sign and the style of both."""

STAGE_WORDS = {
    "endpoint": "end of turn",
    "asr_final": "transcript",
    "first_token": "first token",
    "first_sentence": "sentence",
    "first_pcm": "first sound",
    "audible": "audible",
}
"""The marks of a turn, in words."""


def clock(t: float) -> str:
    """Wall time as HH:MM:SS, in the operator's zone."""
    return time.strftime("%H:%M:%S", time.localtime(t))


def span(seconds: float) -> str:
    """A length of time in at most six characters."""
    whole = max(0, int(seconds))
    if whole < 100:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 6000:
        return f"{whole // 60} min"
    if whole < 100 * 3600:
        return f"{whole // 3600}h{whole // 60 % 60:02d}"
    return f"{whole // 86400} d"


def size(count: float) -> str:
    """Bytes in at most seven characters."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 100 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def rate(per_second: float) -> str:
    """Bytes a second in at most nine characters."""
    return f"{size(per_second)}/s"


def who(by: str) -> str:
    """An actor's name without the way they came: a rehearsal, a console, or a verb."""
    return by.removeprefix(DRILL).removeprefix("console:").removeprefix("cli:")


def milliseconds(value: float) -> str:
    """A latency for a column: whole milliseconds."""
    return "-" if math.isnan(value) else f"{value:.0f}"
