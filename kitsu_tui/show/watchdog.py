"""Notices from a thread that the show's loop stands still, and writes down where.

`audio` holds at most half a second of unplayed sound, so a show that hangs falls silent by itself;
what is left to do is to say so, with every thread's stack, while it hangs. How late the loop is
when nothing hangs is kept too: everything that the show does waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections import deque
from typing import NamedTuple

log = logging.getLogger("show.watchdog")

LATE_S = 0.5
EVERY_S = 0.1
LOOK_S = 0.02
"""How often the loop is looked at."""
KEPT = 3000
"""Looks that are kept: a minute's."""


class Lag(NamedTuple):
    """How late the loop was at its last looks (`KEPT` at most), in milliseconds."""

    samples: int
    p50: float
    p99: float
    max: float


class Lateness:
    """What a loop's lateness comes to. Pure.

    A loop that stood still was late for every look that it missed meanwhile, not for one only;
    these are counted too, or a percentile would not know of them.
    """

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=KEPT)

    def look(self, late_s: float) -> None:
        """The loop came this late to a look."""
        late = max(late_s, 0.0)
        for _ in range(KEPT):
            self._late.append(late)
            late -= LOOK_S
            if late <= 0:
                return

    def reset(self) -> None:
        """Begin anew."""
        self._late.clear()

    def lag(self) -> Lag:
        """What it comes to; all zero before the first look."""
        found = sorted(self._late)
        if not found:
            return Lag(0, 0.0, 0.0, 0.0)
        last = len(found) - 1
        return Lag(
            len(found),
            round(found[last // 2] * 1000, 3),
            round(found[min(last, len(found) * 99 // 100)] * 1000, 3),
            round(found[-1] * 1000, 3),
        )


class Watchdog:
    """Beats on the loop, watches from a thread.

    Attributes:
        stalls: how often the loop stood still for longer than `LATE_S`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.stalls = 0
        self._loop = loop
        self._lateness = Lateness()
        self._due = loop.time()
        self._beat = time.monotonic()
        self._stopped = threading.Event()
        self._loop_thread = threading.get_ident()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin; call on the loop's thread."""
        self._due = self._loop.time()
        self._pulse()
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()

    def lag(self, *, reset: bool = False) -> Lag:
        """How late the loop was in its last minute, or since the last `reset`. On the loop."""
        found = self._lateness.lag()
        if reset:
            self._lateness.reset()
        return found

    def _pulse(self) -> None:
        self._beat = time.monotonic()
        now = self._loop.time()
        self._lateness.look(now - self._due)
        self._due = now + LOOK_S
        if not self._stopped.is_set():
            self._loop.call_at(self._due, self._pulse)

    def _watch(self) -> None:
        told = False
        while not self._stopped.wait(EVERY_S):
            late = time.monotonic() - self._beat
            if late > LATE_S and not told:
                told = True
                self.stalls += 1
                frame = sys._current_frames().get(self._loop_thread)
                where = "".join(traceback.format_stack(frame)[-6:]) if frame else "?"
                log.error("the loop has stood still for %.1f s, at:\n%s", late, where)
            elif told and late < LATE_S:
                told = False
                log.warning("the loop goes on")
