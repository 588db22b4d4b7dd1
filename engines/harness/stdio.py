"""The pipes of an engine: a reader thread, a writer thread, and stdout kept for the wire.

Threads rather than asyncio transports: the same code then runs on Windows, where a loop cannot
wait on an inherited stdin, and the terminal of a person who types into an engine keeps its modes.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable

from engines.wire.codec import LineSplitter
from engines.wire.message import Traffic
from engines.wire.outbox import Outbox

CHUNK = 256 << 10
AHEAD = 16
"""Chunks that may wait for the loop before the reader stops reading."""


def claim_stdout() -> int:
    """Keep the real stdout for the wire and point fd 1 at stderr for everyone else.

    Call before any library loads. Returns the descriptor to write the wire to.
    """
    wire = os.dup(1)
    os.set_inheritable(wire, False)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return wire


class Reader:
    """Reads lines from a descriptor in a thread and hands them to the loop in batches.

    Everything is called on the loop, but for `on_eof`: the thread calls it when the input ends.
    """

    def __init__(
        self,
        fd: int,
        loop: asyncio.AbstractEventLoop,
        on_lines: Callable[[list[bytes]], None],
        on_oversized: Callable[[int], None],
        on_end: Callable[[], None],
        on_eof: Callable[[], None],
    ) -> None:
        self._fd = fd
        self._loop = loop
        self._on_eof = on_eof
        self._on_lines = on_lines
        self._on_oversized = on_oversized
        self._on_end = on_end
        self._ahead = threading.Semaphore(AHEAD)
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wire-reader", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def _run(self) -> None:
        splitter = LineSplitter()
        seen = 0
        try:
            while True:
                try:
                    data = os.read(self._fd, CHUNK)
                except InterruptedError:
                    continue
                except OSError:
                    data = b""
                lines = splitter.feed(data) if data else splitter.end()
                if splitter.oversized != seen:
                    self._loop.call_soon_threadsafe(self._on_oversized, splitter.oversized - seen)
                    seen = splitter.oversized
                if lines:
                    self._ahead.acquire()
                    self._loop.call_soon_threadsafe(self._deliver, lines)
                if not data:
                    self._on_eof()
                    self._loop.call_soon_threadsafe(self._on_end)
                    return
        except RuntimeError:
            return  # the loop is closed: the engine is leaving
        finally:
            self.ended.set()

    def _deliver(self, lines: list[bytes]) -> None:
        self._ahead.release()
        self._on_lines(lines)


class Writer:
    """Writes an outbox to a descriptor in a thread: the loop never blocks on writing."""

    def __init__(
        self,
        fd: int,
        loop: asyncio.AbstractEventLoop,
        on_room: Callable[[], None],
        on_broken: Callable[[], None],
    ) -> None:
        self._fd = fd
        self._loop = loop
        self._on_room = on_room
        self._on_broken = on_broken
        self.outbox = Outbox()
        self._wake = threading.Condition()
        self._waiting = False
        self._pending = False
        self._closed = False
        self._was_full = False
        self._thread = threading.Thread(target=self._run, name="wire-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, line: bytes, traffic: Traffic, key: str) -> bool:
        """Queue a line; True when results have filled up (see `Outbox.put`)."""
        full = self.outbox.put(line, traffic, key)
        self._was_full = self._was_full or full
        self._pending = True
        if self._waiting:
            with self._wake:
                self._wake.notify()
        return full

    def close(self, timeout: float) -> bool:
        """Write what is left and stop; False when it could not be written in time."""
        self._closed = True
        with self._wake:
            self._wake.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while True:
                self._pending = False
                closed = self._closed
                batch = self.outbox.take()
                if not batch:
                    if closed:
                        return
                    with self._wake:
                        if not self._pending and not self._closed:
                            self._waiting = True
                            # The time-out covers a `put` between the look and the wait.
                            self._wake.wait(0.05)
                            self._waiting = False
                    continue
                view = memoryview(batch)
                while view:
                    view = view[os.write(self._fd, view) :]
                if self._was_full and self.outbox.has_room:
                    self._was_full = False
                    self._loop.call_soon_threadsafe(self._on_room)
        except OSError:
            self._call_broken()
        except RuntimeError:
            return  # the loop is closed: the engine is leaving

    def _call_broken(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._on_broken)
        except RuntimeError:
            return
