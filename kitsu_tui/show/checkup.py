"""Looked at four times a second: whether an engine that runs is well. Pure but for its pings."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from engines.wire.show import EngineState
from kitsu_tui.show.link import Link

CLOGGED_S = 2.0
"""How long more than a bound may wait for an engine to read it."""
STALLED_S = 2.0
"""When looks are this far apart, it is the show that stood still, and not the engine."""


class Finding(NamedTuple):
    """What a look comes to: nothing, mostly."""

    end: str = ""
    """Why it must be ended."""
    state: EngineState | None = None
    """What it is to be called from now on, whatever it says of itself."""
    detail: str = ""
    as_it_says: bool = False
    """It is again what it said last."""


class Checkup:
    """Looks at one run of an engine.

    Args:
        link: the connection to it.
        clogged: says whether too much waits for it to be read.
        load_s: longest load; a pong says nothing of a loader that is stuck.
        now: seconds, monotonic; it loads from here on.
    """

    def __init__(self, link: Link, clogged: Callable[[], bool], load_s: float, now: float) -> None:
        self._link = link
        self._clogged = clogged
        self._load_s = load_s
        self._loading_since = now
        self._looked = now
        self._clogged_since = 0.0
        self._flooded = False

    def loads(self, now: float) -> None:
        """It loads (again) from here on."""
        self._loading_since = now

    def look(self, now: float, state: EngineState, *, ready: bool) -> Finding:
        """Ping when it is time, and judge.

        Args:
            now: seconds, monotonic.
            state: what it is called now.
            ready: requests may be sent to it.
        """
        link = self._link
        if now - self._looked > STALLED_S:
            link.health.excuse(now)
            link.progress.excuse(now)
            self._loading_since += now - self._looked
            self._clogged_since = 0.0
        self._looked = now
        link.tick(now)
        verdict = link.health.verdict(now, loading=not ready)
        if verdict == "kill":
            return Finding(end="it stopped answering")
        if not ready and now - self._loading_since > self._load_s:
            return Finding(end=f"not ready within {self._load_s:g} s")
        if not ready or verdict != "ok":
            link.progress.excuse(now)  # that has bounds of its own
        elif late := link.progress.overdue(now):
            return Finding(end=late)
        if self._unread_for(now) > CLOGGED_S:
            return Finding(end="it does not read what it is sent")
        if verdict == "unresponsive" and state in ("ready", "degraded", "loading"):
            return Finding(state="unresponsive", detail="no answer to pings")
        if verdict == "ok" and state == "unresponsive":
            return Finding(as_it_says=True)
        flooding = link.flooding(now)
        if flooding and state == "ready":
            self._flooded = True
            return Finding(state="degraded", detail=f"{link.bad} lines of its cannot be used")
        if self._flooded and not flooding and link.status is not None:
            self._flooded = False
            return Finding(as_it_says=True)
        return Finding()

    def _unread_for(self, now: float) -> float:
        if not self._clogged():
            self._clogged_since = 0.0
            return 0.0
        self._clogged_since = self._clogged_since or now
        return now - self._clogged_since
