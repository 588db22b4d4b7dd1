"""One thread that decodes, most urgent first.

One, since a decode already takes every core that it was given: two at once would each take twice
as long. A partial that has not come far stops when something urgent arrives.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import threading
from enum import IntEnum
from itertools import count

from engines.asr.backends.base import Heard, Recogniser
from engines.harness import Refused
from engines.resample import Samples

log = logging.getLogger("asr")

MAX_WAITING = 256
"""Two utterances of ten minutes, in pieces."""


class Urgency(IntEnum):
    """What goes first."""

    FINAL = 0
    """Somebody waits for it: finals and guesses."""
    PART = 1
    """The settled beginning of a long utterance."""
    PARTIAL = 2
    """For the eye."""


class Job:
    """A piece of sound to be decoded.

    `result` gets what was heard, or None when it was given up for something urgent. Cancelling
    it drops the job, also while it runs.
    """

    __slots__ = ("dropped", "result", "sound", "urgency")

    def __init__(self, loop: asyncio.AbstractEventLoop, sound: Samples, urgency: Urgency) -> None:
        self.sound = sound
        self.urgency = urgency
        self.dropped = False
        self.result: asyncio.Future[Heard | None] = loop.create_future()
        self.result.add_done_callback(self._done)

    def _done(self, result: asyncio.Future[Heard | None]) -> None:
        self.dropped = self.dropped or result.cancelled()
        if not result.cancelled():
            result.exception()  # one that nobody awaits any more must not log at collection

    def settle(self, heard: Heard | None, error: Exception | None) -> None:
        """Hand the outcome over; on the loop."""
        if self.result.done():
            return
        if error is not None:
            self.result.set_exception(error)
        else:
            self.result.set_result(heard)


class Worker:
    """Decodes jobs in a thread of its own."""

    def __init__(self, recogniser: Recogniser, loop: asyncio.AbstractEventLoop) -> None:
        self.recogniser = recogniser
        self._loop = loop
        self._order = count()
        self._jobs: list[tuple[int, int, Job]] = []
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="asr-decode", daemon=True)
        self._thread.start()

    def submit(self, sound: Samples, urgency: Urgency) -> asyncio.Future[Heard | None]:
        """Queue sound, 16 kHz and at most 30 s of it; from the loop.

        Raises:
            Refused: too much waits.
        """
        job = Job(self._loop, sound, urgency)
        with self._wake:
            self._jobs = [entry for entry in self._jobs if not entry[2].dropped]
            heapq.heapify(self._jobs)
            if len(self._jobs) >= MAX_WAITING:
                raise Refused("busy", f"{MAX_WAITING} pieces of sound wait already", retry=True)
            heapq.heappush(self._jobs, (urgency, next(self._order), job))
            self._wake.notify()
        return job.result

    def close(self) -> None:
        """Take no more work; what runs ends by itself and is not waited for."""
        with self._wake:
            self._closed = True
            self._jobs.clear()
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._jobs and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                job = heapq.heappop(self._jobs)[2]
            if job.dropped:
                continue
            heard: Heard | None = None
            error: Exception | None = None
            try:
                heard = self.recogniser.decode(
                    job.sound,
                    final=job.urgency is not Urgency.PARTIAL,
                    wanted=lambda job=job: self._wanted(job),  # type: ignore[misc]
                )
            except Exception as err:
                log.exception("decoding failed")
                error = err
            try:
                self._loop.call_soon_threadsafe(job.settle, heard, error)
            except RuntimeError:
                return  # the loop is closed: the engine is leaving

    def _wanted(self, job: Job) -> bool:
        if job.dropped or self._closed:
            return False
        jobs = self._jobs  # replaced as a whole or pushed to: safe to look at
        return job.urgency is not Urgency.PARTIAL or not (
            jobs and jobs[0][0] < Urgency.PARTIAL and not jobs[0][2].dropped
        )
