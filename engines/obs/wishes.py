"""What is wanted of the worker: jobs in order of urgency, and the latch of panic."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any

from engines.harness import Refused
from engines.obs.panic import Stood
from engines.obs.session import Session
from engines.wire.surface import Step

CHANGE, LOOK = 1, 2
"""Urgency of jobs; panic is no job and goes before all, figures come after all."""
MAX_JOBS = 64


@dataclass(order=True)
class Job:
    """Something to do with an open link."""

    urgency: int
    number: int
    make: Callable[[Session], Any] = field(compare=False)
    """Does it, or gives a generator that does and yields while it waits for OBS."""
    until: float = field(compare=False)
    """`time.monotonic` when it is too late."""
    future: Future[Any] = field(compare=False, default_factory=Future)
    away: Callable[[], Any] | None = field(compare=False, default=None)
    """Answers for it while there is no link; None: it fails as `gone`."""
    running: Generator[None, None, Any] | None = field(compare=False, default=None)

    def done(self, result: Any) -> None:
        """Answer it, unless nobody waits any more."""
        try:
            self.future.set_result(result)
        except InvalidStateError:
            pass

    def failed(self, error: Exception) -> None:
        """Say no."""
        if self.running is not None:
            self.running.close()
        try:
            self.future.set_exception(error)
        except InvalidStateError:
            pass


class Jobs:
    """A bounded heap; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heap: list[Job] = []
        self._numbers = itertools.count()

    def put(
        self,
        urgency: int,
        make: Callable[[Session], Any],
        until: float,
        away: Callable[[], Any] | None = None,
    ) -> Job:
        """Queue one.

        Raises:
            Refused: `busy`, too many wait.
        """
        with self._lock:
            if len(self._heap) >= MAX_JOBS:
                raise Refused("busy", f"{MAX_JOBS} wishes wait for OBS already", retry=True)
            job = Job(urgency, next(self._numbers), make, until, away=away)
            heapq.heappush(self._heap, job)
            return job

    def take(self) -> Job | None:
        """The most urgent, the oldest of those."""
        with self._lock:
            return heapq.heappop(self._heap) if self._heap else None

    def __len__(self) -> int:
        return len(self._heap)


@dataclass
class Wish:
    """What panic or resume wants of OBS; the newest replaces the one before."""

    epoch: int
    resume: bool
    stood: Stood | None
    """What stood before, as the show kept it."""
    began: float
    """`time.perf_counter` of the request's arrival."""
    future: Future[list[Step]] | None = field(default_factory=Future)
    """None: nobody waits any more; it is told as `surface.reached`."""
    known: Stood | None = None
    """What stood before, as far as the show has it."""
    done: bool = False
    """It stands in OBS, as long as this link lasts."""

    def answer(self, steps: list[Step]) -> bool:
        """Answer who waits; False when nobody does."""
        future, self.future = self.future, None
        if future is None:
            return False
        try:
            future.set_result(steps)
        except InvalidStateError:
            return False  # cancelled: it took too long
        return True
