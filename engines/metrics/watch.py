"""Looks at the GPUs in a thread of its own: a driver that hangs holds up nothing else."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from engines.metrics.gpu import Gpus, Look

log = logging.getLogger("metrics.gpu")

HANGS_AFTER_S = 5.0
"""Seconds over the interval after which a driver that has not answered is said to hang."""
STOP_WITHIN_S = 1.0


class GpuWatch:
    """See the module.

    Args:
        interval: seconds between two looks.
        gpus: what is looked at; used by the thread only.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        interval: float,
        gpus: Gpus | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = interval
        self._gpus = gpus or Gpus()
        self._clock = clock
        self._ending = False
        self._wake = threading.Event()
        self._since = clock()
        self._latest: tuple[float, Look] = (clock(), Look(detail="not looked yet"))
        # A thread that hangs in the driver must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="gpu", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def every(self, interval: float) -> None:
        """Look at another interval from now on. Any thread."""
        self._since = self._clock()  # figures that were made for the old one are not too old
        self._interval = interval
        self._wake.set()

    def stop(self) -> None:
        """End, within `STOP_WITHIN_S`; a driver that hangs is left to itself."""
        self._ending = True
        self._wake.set()
        self._thread.join(STOP_WITHIN_S)

    def latest(self) -> Look:
        """The last figures; a look that says so when they are too old. Any thread."""
        at, look = self._latest
        age = self._clock() - max(at, self._since)
        if age <= self._interval + HANGS_AFTER_S:
            return look
        return Look(detail="the NVIDIA driver does not answer", failed=True)

    def _run(self) -> None:
        try:
            while not self._ending:
                look = self._gpus.look()
                self._latest = (self._clock(), look)
                self._wake.wait(self._interval)
                if not self._ending:
                    self._wake.clear()
        finally:
            self._gpus.close()
