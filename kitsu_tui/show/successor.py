"""One engine takes another's place: whether it is ready for that, and the moment itself."""

from __future__ import annotations

import asyncio
import contextlib

from kitsu_tui.show.unit import Unit

_OUTCOMES = ("ready", "degraded", "backoff", "failed")


async def outcome(unit: Unit, starts: int, timeout: float) -> str:
    """Wait for what comes of an engine's start after the first `starts`.

    Returns nothing when it is ready, else why it is not.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            while unit.wanted and (unit.starts <= starts or unit.state not in _OUTCOMES):
                unit.news.clear()
                await unit.news.wait()
    if not unit.wanted:
        return "it was switched off"
    if unit.ready.is_set() and unit.starts > starts:
        return ""
    if unit.state not in ("backoff", "failed"):
        return f"{unit.detail or unit.state}: not ready within {timeout:.0f} s"
    words = unit.last_words[-1:] if not unit.detail else []
    return "; ".join([unit.detail or unit.telling.exit, *words])


def take_over(new: Unit, old: Unit, by: str) -> None:
    """The new one serves from now on, heard by those who listened to the old one, which leaves."""
    name, ledger = new.spec.name, new.around.ledger
    mine, others = new.telling, old.telling
    old.place, others.quiet, old.listeners.mode = "leaving", True, "drop"
    leaving = f"{name} (leaving, {old.pid})"
    ledger.rename(old.key, leaving)
    ledger.rename(new.key, name)
    old.key, new.key = leaving, name
    mine.restarts = others.restarts + bool(old.starts)
    mine.exit, mine.by, mine.quiet = others.exit, by, False
    new.place = "serving"
    new.tell()
    new.listeners.begin()
