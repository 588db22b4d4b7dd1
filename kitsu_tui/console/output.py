"""The terminal as something to write to that can be given up.

A blocking write into a terminal that has stopped reading holds the kernel's lock on it: nobody else
can then write what puts it in order. So the console writes without blocking and waits beside it.
"""

from __future__ import annotations

import os
import select
import threading

_LOOK = 0.2
"""Seconds after which a waiting writer looks whether the terminal was given up."""


class Output:
    """Stands for the text file that Textual's writer thread writes to. Own file description: its
    not blocking is nobody else's setting.

    Raises:
        OSError: file descriptor 2 is no terminal that can be opened again.
    """

    encoding = "utf-8"

    def __init__(self) -> None:
        name = os.ttyname(2)
        self._fd = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        self._waiting = bytearray()
        self._abandoned = threading.Event()

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
                select.select([], [self._fd], [], _LOOK)
            except OSError:
                self._abandoned.set()  # it has gone
        self._waiting.clear()

    def abandon(self) -> None:
        """Write no more; what waits is dropped. Any thread."""
        self._abandoned.set()

    def isatty(self) -> bool:
        """As a file has it."""
        return True

    def fileno(self) -> int:
        """As a file has it."""
        return self._fd
