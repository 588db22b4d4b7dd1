"""A thread that writes for a loop that must not wait: bounded queue, batches, counted losses."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Sink(Protocol[_T]):
    """Where a batch goes. Called in the writer's thread only; may raise OSError."""

    def write(self, batch: list[_T], lost: int) -> None:
        """Write the batch; `lost` items before it found no room in the queue."""

    def close(self) -> None:
        """Nothing comes any more."""


class Writer(Generic[_T]):
    """Takes items from any thread without waiting and hands them to a sink in batches.

    Attributes:
        dropped: items that found the queue full.
        failed: items that the sink could not write.
    """

    def __init__(
        self,
        name: str,
        sink: Sink[_T],
        *,
        limit: int = 50_000,
        limit_bytes: int = 32 << 20,
        interval: float = 0.1,
        begin: Callable[[], None] | None = None,
    ) -> None:
        """`interval`: seconds for which a batch gathers. `begin` runs first, in the thread."""
        self.dropped = 0
        self.failed = 0
        self._sink = sink
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._interval = interval
        self._begin = begin
        self._queue: deque[_T] = deque()
        self._bytes = 0
        self._told = 0
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._hurry = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._closing = False
        self._warned = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: _T, size: int) -> bool:
        """Queue an item of about `size` bytes. False: no room (or closed), it is lost."""
        with self._lock:
            full = (
                self._closing
                or len(self._queue) >= self._limit
                or self._bytes + size > self._limit_bytes
            )
            if full:
                self.dropped += 1
            else:
                self._queue.append(item)
                self._bytes += size
                self._idle.clear()
            if len(self._queue) * 2 >= self._limit or self._bytes * 2 >= self._limit_bytes:
                self._hurry.set()
        if not self._work.is_set():
            self._work.set()
        return not full

    def flush(self, timeout: float) -> bool:
        """Wait until everything queued so far is with the sink. For a thread, not for a loop."""
        self._hurry.set()
        self._work.set()
        return self._idle.wait(timeout)

    def close(self, timeout: float) -> bool:
        """Write what is queued and stop. False: not done within `timeout` seconds."""
        with self._lock:
            self._closing = True
        self._hurry.set()
        self._work.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        if self._begin is not None:
            self._guard(self._begin)
        while True:
            self._work.wait()
            self._hurry.wait(self._interval)
            with self._lock:
                batch, self._queue = self._queue, deque()
                self._bytes = 0
                lost = self.dropped - self._told
                self._told = self.dropped
                closing = self._closing
                self._work.clear()
                self._hurry.clear()
            if batch or lost:
                self._hand_over(list(batch), lost)
            if closing:
                self._guard(self._sink.close)
                self._idle.set()
                return
            with self._lock:
                if not self._queue:
                    self._idle.set()

    def _hand_over(self, batch: list[_T], lost: int) -> None:
        try:
            self._sink.write(batch, lost)
        except Exception as error:
            self.failed += len(batch)
            if not self._warned:
                self._warned = True
                _log.warning(
                    "%s cannot write, lines are lost from now on: %s", self._thread.name, error
                )
        else:
            if self._warned:
                self._warned = False
                _log.warning(
                    "%s writes again; %d lines were lost in all", self._thread.name, self.failed
                )

    def _guard(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            _log.warning("%s: %s", self._thread.name, error)


class LineFile:
    """An append-only file of lines that stays readable through a full disk.

    A write that failed half-way leaves a torn line; the next one begins on a line of its own.
    """

    def __init__(self, path: Path, *, fsync_every: float | None = None) -> None:
        """`fsync_every`: seconds between two fsyncs (at close too); None is never."""
        self.path = path
        self._every = fsync_every
        self._synced = time.monotonic()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._torn = self._ends_torn()

    def _ends_torn(self) -> bool:
        """Did a killed writer leave half a line?"""
        if self._file.tell() == 0 or not self.path.is_file():
            return False
        with self.path.open("rb") as reader:
            reader.seek(-1, os.SEEK_END)
            return reader.read(1) != b"\n"

    def append(self, data: bytes) -> None:
        """Write whole lines. OSError when the disk does not take them."""
        rest = memoryview(b"\n" + data if self._torn else data)
        self._torn = True
        while rest:
            rest = rest[self._file.write(rest) :]
        self._torn = False
        now = time.monotonic()
        if self._every is not None and now - self._synced >= self._every:
            self._synced = now
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close, after an fsync where one was asked for."""
        try:
            if self._every is not None:
                os.fsync(self._file.fileno())
        finally:
            self._file.close()
