"""Where the console's keys come from: a key watcher in front of the terminal, or the terminal.

See `kitsu_tui.console.keywatch`. Whatever becomes of the watcher, keys arrive: the terminal is read
here until it stands ready, when it ends, and when it lets keys lie.
"""

from __future__ import annotations

import errno
import os
import secrets
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from kitsu_tui.console import keywatch

LET_LIE_S = 0.3
"""A watcher that leaves what the terminal has unread for so long has had its time."""
READ = 4096


class KeysIn:
    """Reads keys. Used by the input thread, but for `line` and `keys`.

    Args:
        asked: called in the input thread, before `read` returns a key of panic for which the
            watcher has asked the show.
        watched: False: the terminal is read directly, always.
    """

    def __init__(self, asked: Callable[[], None] = lambda: None, *, watched: bool = True) -> None:
        self._asked = asked
        self._mark = f"\x1b]kitsu-{secrets.token_hex(8)}\x07".encode()
        self._rest = b""
        self._watched = watched and sys.platform != "win32" and hasattr(socket, "send_fds")
        self._lock = threading.Lock()
        self._link: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._lies_since = 0.0
        self._keys: tuple[bytes, ...] = ()
        self._shared: tuple[socket.socket, bytes] | None = None

    # -- from any thread ---------------------------------------------------------------------

    def keys(self, keys: Collection[bytes]) -> None:
        """The bytes of panic's keys from now on."""
        with self._lock:
            self._keys = tuple(keys)
            self._tell(self._keys_line())

    def line(self, link: socket.socket | None, request: bytes = b"") -> None:
        """The connection on which a panic is asked for, with the request (a whole line); None: it
        is of no more use. It may still be used by who gives it.
        """
        with self._lock:
            self._shared = (link, request) if link is not None else None
            self._share()

    # -- of the input thread -----------------------------------------------------------------

    def start(self, terminal: int) -> None:
        """Begin. The terminal is in the modes that the console wants."""
        self._terminal = terminal
        if not self._watched or not os.isatty(terminal):
            return
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-I", "-S", str(Path(keywatch.__file__)), str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=terminal,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        except OSError:
            ours.close()
            return
        finally:
            theirs.close()
        ours.setblocking(False)
        with self._lock:
            self._link = ours
            self._tell(self._keys_line())
            self._share()

    def read(self, timeout: float) -> bytes:
        """What was typed; empty when nothing was within `timeout` seconds.

        Raises:
            OSError: the terminal has gone.
        """
        link = self._link
        if link is None or not self._ready:
            reads: list[int | socket.socket] = [self._terminal]
            if link is not None:
                reads.append(link)
            came = select.select(reads, [], [], timeout)[0]
            if link is not None and link in came:
                self._greeted(link)
            return self._direct() if self._terminal in came else b""
        readable = select.select([link], [], [], timeout)[0]
        if readable:
            self._lies_since = 0.0
            try:
                data = link.recv(READ)
            except BlockingIOError:
                return b""
            except OSError:
                data = b""
            if not data:
                self.stop()
            return self._without_mark(data)
        self._look_after_it()
        return b""

    def stop(self) -> None:
        """End the watcher, if there is one."""
        with self._lock:
            link, self._link, self._ready = self._link, None, False
            process, self._process = self._process, None
        if link is not None:
            link.close()
        if process is not None:
            process.kill()  # it holds nothing, and might be stopped
            process.wait()

    def _direct(self) -> bytes:
        data = os.read(self._terminal, READ)
        if not data:
            raise OSError(errno.EIO, "the terminal has ended")
        return data

    def _without_mark(self, data: bytes) -> bytes:
        data, self._rest = self._rest + data, b""
        if self._mark in data:
            self._asked()
            data = data.replace(self._mark, b"")
        for length in range(min(len(self._mark) - 1, len(data)), 3, -1):
            if data.endswith(self._mark[:length]):
                data, self._rest = data[:-length], data[-length:]
                break
        return data

    def _greeted(self, link: socket.socket) -> None:
        """It stands ready, and reads the terminal from here on; or it has ended already."""
        try:
            ready = link.recv(1) == keywatch.FIRST
        except OSError:
            ready = False
        if not ready:
            self.stop()
            return
        with self._lock:
            self._tell(b"G" + self._mark.hex().encode() + b"\n")
        self._ready = True

    def _look_after_it(self) -> None:
        if not select.select([self._terminal], [], [], 0)[0]:
            self._lies_since = 0.0
            return
        now = time.monotonic()
        self._lies_since = self._lies_since or now
        if now - self._lies_since > LET_LIE_S:
            self.stop()

    def _keys_line(self) -> bytes:
        return b"K" + " ".join(key.hex() for key in self._keys).encode() + b"\n"

    def _share(self) -> None:
        if self._link is None or self._shared is None:
            return
        link, request = self._shared
        try:
            socket.send_fds(self._link, [b"L" + request.rstrip(b"\n") + b"\n"], [link.fileno()])
        except OSError:
            pass  # it has ended, or the line has: the console's own way is left

    def _tell(self, line: bytes) -> None:
        if self._link is None:
            return
        try:
            self._link.send(line)
        except OSError:
            pass
