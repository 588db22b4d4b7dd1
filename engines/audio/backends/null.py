"""A device that is not there: blocks on a real-time clock, silence in, anything out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

Tick = Callable[[int], None]
"""Told the time, in perf_counter_ns, at which a block of real time has gone by."""

RESYNC_BLOCKS = 5
"""Further behind than this, the lost time is left out rather than caught up with in a burst."""


class Ticker:
    """Calls `tick` once a block from a thread of its own."""

    def __init__(self, block_ms: int, tick: Tick) -> None:
        self._block_ns = block_ms * 1_000_000
        self._tick = tick
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audio-clock", daemon=True)

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def close(self, timeout: float = 0.5) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        due = time.perf_counter_ns() + self._block_ns
        while not self._stop.is_set():
            now = time.perf_counter_ns()
            if now < due:
                time.sleep((due - now) / 1e9)
                continue
            if now - due > RESYNC_BLOCKS * self._block_ns:
                due = now
            self._tick(due)
            due += self._block_ns
