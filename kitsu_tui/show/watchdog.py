"""Notices from a thread that the show's loop stands still, and writes down where.

`audio` holds at most half a second of unplayed sound, so a show that hangs falls silent by itself;
what is left to do is to say so, with every thread's stack, while it hangs.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback

log = logging.getLogger("show.watchdog")

LATE_S = 0.5
EVERY_S = 0.1


class Watchdog:
    """Beats on the loop, watches from a thread.

    Attributes:
        stalls: how often the loop stood still for longer than `LATE_S`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.stalls = 0
        self._loop = loop
        self._beat = time.monotonic()
        self._stopped = threading.Event()
        self._loop_thread = threading.get_ident()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin; call on the loop's thread."""
        self._pulse()
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()

    def _pulse(self) -> None:
        self._beat = time.monotonic()
        if not self._stopped.is_set():
            self._loop.call_later(EVERY_S, self._pulse)

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
