"""The terminal as something to write to that can be given up, and that tells when it is slow.

A blocking write into a terminal that has stopped reading holds the kernel's lock on it: nobody else
can then write what puts it in order. So the console writes without blocking and waits beside it.

Textual queues thirty writes for its writer thread and then stands still. So the app is told when
the terminal has not taken what it was given for `SLOW` seconds, and draws nothing until it has:
then the loop goes on, and what is drawn next is the present and not what has piled up.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

SLOW = 0.1
_LOOK = 0.2
"""Seconds after which a waiting writer looks whether the terminal was given up."""


class Output:
    """Stands for the text file that Textual's writer thread writes to. Own file description: its
    not blocking is nobody else's setting.

    Args:
        name: the terminal's path; None: the one that is file descriptor 2.

    Attributes:
        on_slow: called by `look`, in its thread, when the terminal is found to be slow.
        on_room: called in the writer's thread when it has then taken all.

    Raises:
        OSError: that is no terminal that can be opened again.
    """

    encoding = "utf-8"

    def __init__(self, name: str | None = None) -> None:
        self._fd = os.open(name or os.ttyname(2), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        self._waiting = bytearray()
        self._abandoned = threading.Event()
        self._lock = threading.Lock()
        self._full_since = 0.0
        """When the terminal first refused what is being written (monotonic), 0: it did not."""
        self._found_slow = False
        self.on_slow: Callable[[], None] = _nothing
        self.on_room: Callable[[], None] = _nothing

    def write(self, text: str) -> int:
        """Take text; it goes out with `flush`, or when there is much of it."""
        self._waiting += text.encode("utf-8", "replace")
        if len(self._waiting) > 1 << 16:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Write what was taken; waits for the terminal, until it is given up."""
        while self._waiting and not self._abandoned.is_set():
            try:
                done = os.write(self._fd, self._waiting[: 1 << 14])
                del self._waiting[:done]
            except BlockingIOError:
                self._full_since = self._full_since or time.monotonic()
                select.select([], [self._fd], [], _LOOK)
            except OSError:
                self._abandoned.set()  # it has gone
        self._waiting.clear()
        with self._lock:
            self._full_since = 0.0
            told, self._found_slow = self._found_slow, False
        if told:
            self.on_room()

    def look(self) -> None:
        """Tell if the terminal is slow now. Any thread."""
        with self._lock:
            since = self._full_since
            if self._found_slow or not since or time.monotonic() - since < SLOW:
                return
            self._found_slow = True
            self.on_slow()  # in the lock: not after its `on_room`

    def abandon(self) -> None:
        """Write no more; what waits is dropped. Any thread."""
        self._abandoned.set()

    def isatty(self) -> bool:
        """As a file has it."""
        return True

    def fileno(self) -> int:
        """As a file has it."""
        return self._fd


def _nothing() -> None:
    return None
