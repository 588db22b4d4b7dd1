"""A small process in front of the console's keyboard, which knows one thing: the panic key.

The console draws. While it does, or while the processor is wanted elsewhere, its threads hold one
another up: a key waited for up to 50 ms there, measured beside busy models on two cores. This
process holds nothing and waits for nothing. It reads the terminal, hands every byte on to the
console, and when the panic key is among them it first sends the show the request itself, on the
connection that the console's panic line has given it. So panic also works while the console hangs.

`Scanner` and `main` use the standard library alone: they run as a program, by this file's path,
with no package around them (`python -I -S`). The console reads the terminal by itself where there
is no such process, until there is one, and as soon as this one does not keep up. Not on Windows.

What is said on the socket between the two: that way, bytes of the terminal, and before those with a
key for which it has asked a mark that only these two know; the other way `G` and that mark (read on
from now on), `K` and a line with the keys' bytes in hexadecimal, `L` and the request as a line,
with the connection to the show as a passed descriptor.
"""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable

START, END = b"\x1b[200~", b"\x1b[201~"
OPEN_S = 1.0
"""A key after so long a silence within a paste is a key: the paste's end was lost."""
HELD_S = 0.1
"""An escape sequence that is not whole after that was none."""
WAITING = 256 << 10
"""Bytes that may wait for a console that does not read; more are dropped."""
FIRST = b"\x00"
"""Said once, when it stands ready. The console then says `G`."""
_TOKEN = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\[O\x1b])|\x1b(?=\x1b)|[\x00-\x1a\x1c-\x1f\x7f]"
)
_BEGUN = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|O)?\Z")
"""What may be the beginning of a sequence, at the end of what has come."""
_KEYED = frozenset(range(0x20)) - frozenset(b"\n\r\t") | {0x7F}


class Scanner:
    """Finds keys among the bytes of a terminal, but not within what is pasted.

    Args:
        keys: the sequences that count.
        clock: seconds, monotonic.
    """

    def __init__(
        self, keys: Iterable[bytes] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.keys = frozenset(keys)
        self._clock = clock
        self._last = clock()
        self._held = b""
        self._pasting = False

    def found(self, data: bytes) -> bool:
        """True when one of the keys is whole with these bytes."""
        now = self._clock()
        silence, self._last = now - self._last, now
        if silence > HELD_S and not self._pasting:
            self._held = b""
        if self._pasting and silence >= OPEN_S and data[0] in _KEYED:
            ending = self._held + data
            if not (END.startswith(ending) or ending.startswith(END)):
                self._pasting, self._held = False, b""
        data = self._held + data
        self._held = b""
        found = False
        while data:
            if self._pasting:
                at = data.find(END)
                if at < 0:
                    self._held = _tail(data)
                    break
                data, self._pasting = data[at + len(END) :], False
                continue
            at = data.find(START)
            typed = data if at < 0 else data[:at]
            found = found or any(token in self.keys for token in _TOKEN.findall(typed))
            if at < 0:
                begun = _BEGUN.search(data)
                self._held = begun.group() if begun else b""
                break
            data, self._pasting = data[at + len(START) :], True
        return found


def _tail(data: bytes) -> bytes:
    """What may be the beginning of a paste's end."""
    return next(
        data[-n:] for n in range(len(END) - 1, -1, -1) if not n or END.startswith(data[-n:])
    )


class Watcher:
    """The process itself: terminal in, console out, and the line to the show.

    Args:
        terminal: descriptor that is read; its modes are left alone.
        console: the socket to the console.
    """

    def __init__(self, terminal: int, console: socket.socket) -> None:
        self._terminal = terminal
        self._console = console
        self._mark = b""
        self._scanner = Scanner()
        self._reading = False
        self._request = b""
        self._show: socket.socket | None = None
        self._waiting = bytearray()
        self._said = b""

    def run(self) -> None:
        """Until the terminal or the console is gone."""
        self._console.setblocking(False)
        self._waiting += FIRST
        while True:
            reads: list[int | socket.socket] = [self._console]
            if self._reading:
                reads.append(self._terminal)
            writes = [self._console] if self._waiting else []
            readable, writable, _ = select.select(reads, writes, [])
            if self._terminal in readable:
                data = os.read(self._terminal, 4096)
                if not data:
                    return
                if self._scanner.found(data) and self._press():
                    data = self._mark + data
                if len(self._waiting) < WAITING:
                    self._waiting += data
            if self._waiting and (writable or self._terminal in readable):
                self._hand_on()
            if self._console in readable and not self._told():
                return

    def _press(self) -> bool:
        """Ask the show; False: the console's own line must see to it."""
        if self._show is None:
            return False
        try:
            return self._show.send(self._request, socket.MSG_DONTWAIT) == len(self._request)
        except OSError:
            self._show = None
            return False

    def _hand_on(self) -> None:
        try:
            del self._waiting[: self._console.send(self._waiting)]
        except BlockingIOError:
            pass

    def _told(self) -> bool:
        """Read what the console says; False at its end."""
        try:
            data, passed, _, _ = socket.recv_fds(self._console, 64 << 10, 4)
        except BlockingIOError:
            return True
        for number in passed:
            if self._show is not None:
                self._show.close()
            self._show = socket.socket(fileno=number)
        if not data:
            return False
        *lines, self._said = (self._said + data).split(b"\n")
        for line in lines:
            if line[:1] == b"G":
                self._mark, self._reading = bytes.fromhex(line[1:].decode()), True
            elif line[:1] == b"K":
                self._scanner.keys = frozenset(bytes.fromhex(key) for key in _words(line))
            elif line[:1] == b"L":
                self._request = line[1:] + b"\n"
        return True


def _words(line: bytes) -> list[str]:
    return line[1:].decode("ascii").split()


def main() -> None:
    """Run on the terminal of stdin; the socket's descriptor is the first argument."""
    for name in ("SIGINT", "SIGQUIT", "SIGPIPE"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    if sys.platform == "linux":
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        except OSError:
            pass  # not everybody may
    try:
        Watcher(0, socket.socket(fileno=int(sys.argv[1]))).run()
    except OSError:
        pass  # the terminal has gone, or the console; it knows what to do


if __name__ == "__main__":
    main()
