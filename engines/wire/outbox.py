"""Lines on their way out, in three classes, control first.

Used by the harness (a writer thread takes from it) and by the show (an asyncio transport does).
Safe to fill from one thread and drain from another.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

from engines.wire.message import Traffic

MAX_RESULTS = 4 << 20
"""Bytes of results that may wait before their senders must."""

BATCH = 64 << 10
"""Bytes taken at once: what control traffic can find itself behind."""


class Outbox:
    """Queues of encoded lines.

    Attributes:
        dropped: latest-wins messages that a newer one replaced before they were sent.
    """

    def __init__(self, max_results: int = MAX_RESULTS) -> None:
        self._lock = threading.Lock()
        self._control: deque[bytes] = deque()
        self._results: deque[bytes] = deque()
        self._latest: OrderedDict[str, bytes] = OrderedDict()
        self._max_results = max_results
        self._result_bytes = 0
        self.dropped = 0

    def put(self, line: bytes, traffic: Traffic, key: str = "") -> bool:
        """Queue a line; `key` names the slot of a latest-wins line.

        Returns True when results have filled their bound: the sender should wait for `has_room`.
        """
        with self._lock:
            if traffic is Traffic.CONTROL:
                self._control.append(line)
            elif traffic is Traffic.LATEST:
                if self._latest.pop(key, None) is not None:
                    self.dropped += 1
                self._latest[key] = line
            else:
                self._results.append(line)
                self._result_bytes += len(line)
            return self._result_bytes >= self._max_results

    def take(self) -> bytes:
        """The next batch to write, `b""` when there is nothing: control, results, latest."""
        with self._lock:
            if self._control:
                batch = b"".join(self._control)
                self._control.clear()
                return batch
            parts: list[bytes] = []
            size = 0
            while self._results and size < BATCH:
                line = self._results.popleft()
                parts.append(line)
                size += len(line)
            self._result_bytes -= size
            while self._latest and size < BATCH:
                _, line = self._latest.popitem(last=False)
                parts.append(line)
                size += len(line)
            return b"".join(parts)

    @property
    def has_room(self) -> bool:
        """True when waiting senders of results may go on (half the bound is free)."""
        with self._lock:
            return self._result_bytes < self._max_results // 2

    def __len__(self) -> int:
        with self._lock:
            return len(self._control) + len(self._results) + len(self._latest)
