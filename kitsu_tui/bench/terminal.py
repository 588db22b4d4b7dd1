"""A terminal of our own: a pseudo-terminal with the console in it, driven and measured.

What the console writes is read in a thread, counted, stamped with `time.perf_counter_ns()` and put
on a model of the screen. POSIX only: Windows has no pseudo-terminal that Python can open.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from kitsu_tui.bench.screen import Screen

READ = 64 << 10
TAIL = 256 << 10
"""Bytes of the output that are kept."""
CHUNKS = 100_000
"""Reads whose time and size are kept."""
LOOK_S = 0.5
"""How often one who waits looks whether the program has ended."""
NOT_HERE = "pseudo-terminals are not to be had on Windows; run this on Linux or macOS"
_OPEN = 'exec "$@" <>"$0" >&0 2>&0'
"""A session's leader that opens a terminal gets it for its own, so closing it hangs it up."""


class NoTerminal(Exception):
    """This platform has no pseudo-terminals."""


class Late(Exception):
    """What was waited for did not come. The message ends with the screen as it was."""


def console_command(*args: str) -> list[str]:
    """The command line of `kitsu-tui ARGS` in this environment."""
    script = Path(sys.executable).parent / "kitsu-tui"
    if script.is_file():
        return [str(script), *args]
    start = "from kitsu_tui.cli import console_main; console_main()"
    return [sys.executable, "-c", start, *args]


def over_ssh(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment as a login over SSH would have it (documentation addresses)."""
    return {**environ, "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}


class Wait:
    """Something to happen on the screen. Made by `Terminal.expect`."""

    def __init__(self, true: Callable[[Screen], object]) -> None:
        self._true = true
        self._done = threading.Event()
        self.at = 0
        """When the bytes were read that made it true, in ns."""

    def look(self, screen: Screen, now: int) -> bool:
        """True when it has happened."""
        if not self._true(screen):
            return False
        self.at = now
        self._done.set()
        return True

    def within(self, timeout: float) -> bool:
        """Wait for it; False: it did not happen in `timeout` seconds."""
        return self._done.wait(timeout)


class Terminal:
    """A program on a terminal of its own, `kitsu-tui --attach-only` if no other is named.

    Args:
        environ: the whole environment of the program. TERM is xterm-256color if it names none.
        command: the command line.
        size: columns and rows.

    Attributes:
        started: when the program was started, ns of `time.perf_counter_ns()`.
        received: bytes read so far.
        screen: read it only in a `Wait`'s condition, or through `text`.

    Raises:
        NoTerminal: on Windows.
        OSError: the program cannot be started.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        command: Sequence[str] | None = None,
        *,
        size: tuple[int, int] = (120, 40),
    ) -> None:
        if sys.platform == "win32":
            raise NoTerminal(NOT_HERE)
        self.screen = Screen(*size)
        self.received = 0
        self._tail = bytearray()
        self.chunks: deque[tuple[int, int]] = deque(maxlen=CHUNKS)
        """Time in ns and size of each read."""
        self._lock = threading.Lock()
        self._waits: list[Wait] = []
        self._reading = threading.Event()
        self._reading.set()
        self._closed = False
        self._master, self.slave = os.openpty()
        self.modes: list[Any] = _modes(self.slave)
        """The line discipline as the program found it (termios.tcgetattr)."""
        self._set_size(size)
        program = list(command) if command is not None else console_command("--attach-only")
        given = {"TERM": "xterm-256color", **environ}
        for name in ("COLUMNS", "LINES"):
            given.pop(name, None)  # what they say would count for more than the terminal itself
        self.started = time.perf_counter_ns()
        try:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", _OPEN, os.ttyname(self.slave), *program],
                stdin=subprocess.DEVNULL,
                env=given,
                start_new_session=True,
            )
        except OSError:
            os.close(self.slave)
            os.close(self._master)
            raise
        self._cost = psutil.Process(self.process.pid)
        self._thread = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._thread.start()

    # -- what the operator does ---------------------------------------------------------------

    def press(self, keys: str | bytes) -> int:
        """Type; returns when, in ns, just before the first byte is written."""
        data = keys.encode() if isinstance(keys, str) else keys
        time.sleep(0)  # another thread's turn now, and not between the clock and the write
        now = time.perf_counter_ns()
        while data:
            data = data[os.write(self._master, data) :]
        return now

    def stall(self) -> None:
        """Stop reading, as a dead link does. What one read had taken already still counts."""
        self._reading.clear()

    def resume(self) -> None:
        """Read again."""
        self._reading.set()

    def resize(self, columns: int, rows: int) -> None:
        """Another size of the window; the program gets its SIGWINCH from the kernel."""
        with self._lock:
            self.screen.resize(columns, rows)
        self._set_size((columns, rows))

    def hang_up(self) -> None:
        """Close the terminal, as a lost SSH connection does."""
        if self._closed:
            return
        self._closed = True
        self._reading.set()
        self._thread.join(2.0)
        os.close(self.slave)
        os.close(self._master)

    @property
    def unread(self) -> int:
        """Bytes that the program has written and that nobody has read yet."""
        if sys.platform == "win32":
            return 0
        import fcntl
        import termios

        return int.from_bytes(fcntl.ioctl(self._master, termios.FIONREAD, bytes(4)), sys.byteorder)

    # -- what is seen -------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The screen now."""
        with self._lock:
            return self.screen.text

    @property
    def tail(self) -> bytes:
        """The last bytes that were read."""
        with self._lock:
            return bytes(self._tail)

    def line(self, y: int) -> str:
        """One row of the screen now."""
        with self._lock:
            return self.screen.line(y)

    def expect(self, true: Callable[[Screen], object]) -> Wait:
        """Watch for something from now on; looked at after every read and at once."""
        wait = Wait(true)
        with self._lock:
            if not wait.look(self.screen, time.perf_counter_ns()):
                self._waits.append(wait)
        return wait

    def until(self, true: Callable[[Screen], object], timeout: float = 15.0, why: str = "") -> int:
        """Wait for something on the screen; returns when its bytes were read, in ns.

        Raises:
            Late: it did not come, or the program ended without it.
        """
        wait = self.expect(true)
        end = time.monotonic() + timeout
        while not wait.within(max(0.0, min(LOOK_S, end - time.monotonic()))):
            ended = self.process.poll() is not None
            if ended:
                self._drain()
                if wait.within(0.0):
                    break
            if ended or time.monotonic() >= end:
                with self._lock:
                    if wait in self._waits:
                        self._waits.remove(wait)
                raise Late(self._late(why or "it", timeout))
        return wait.at

    def _late(self, what: str, timeout: float) -> str:
        code = self.process.poll()
        when = f"in {timeout:g} s" if code is None else f"before it ended with {code}"
        return f"{what} was not seen {when}; the screen:\n{self.text}"

    def shows(self, text: str, timeout: float = 15.0) -> int:
        """Wait for a text that stands in one row; returns when it was read, in ns.

        Raises:
            Late: it did not come.
        """
        return self.until(lambda screen: text in screen.text, timeout, repr(text))

    # -- what it costs and how it ends --------------------------------------------------------

    def cpu(self) -> float:
        """Seconds of processor time that the program has used, children left out."""
        used = self._cost.cpu_times()
        return float(used.user + used.system)

    def memory(self) -> int:
        """Resident bytes of the program."""
        return int(self._cost.memory_info().rss)

    def ended(self, timeout: float = 20.0) -> int:
        """Wait for the program's end; its exit code (negative: the signal).

        Raises:
            Late: it goes on.
        """
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Late(f"it goes on after {timeout:g} s; the screen:\n{self.text}") from None
        self._drain()
        return code

    def close(self) -> None:
        """End the program, if it has not ended, and close the terminal."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5.0)
        self.hang_up()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _set_size(self, size: tuple[int, int]) -> None:
        if sys.platform != "win32":
            import termios

            termios.tcsetwinsize(self._master, (size[1], size[0]))

    def _drain(self) -> None:
        """Until all that it wrote before its end has been read."""
        end = time.monotonic() + 2.0
        while self._reading.is_set() and time.monotonic() < end and not self._closed:
            before = self.received
            time.sleep(0.02)
            if before == self.received and not select.select([self._master], [], [], 0)[0]:
                return

    def _read(self) -> None:
        while not self._closed:
            if not self._reading.wait(0.1):
                continue
            try:
                ready, _, _ = select.select([self._master], [], [], 0.1)
                data = os.read(self._master, READ) if ready and self._reading.is_set() else b""
            except OSError:  # EIO: nobody holds the other end any more
                return
            if data:
                self._take(data, time.perf_counter_ns())

    def _take(self, data: bytes, now: int) -> None:
        with self._lock:
            self.received += len(data)
            self.chunks.append((now, len(data)))
            self._tail += data
            if len(self._tail) > 2 * TAIL:
                del self._tail[:-TAIL]
            self.screen.feed(data)
            if self._waits:
                self._waits = [w for w in self._waits if not w.look(self.screen, now)]


def _modes(fd: int) -> list[Any]:
    if sys.platform == "win32":
        return []
    import termios

    return termios.tcgetattr(fd)


__all__ = ["Late", "NoTerminal", "Terminal", "Wait", "console_command", "over_ssh"]
