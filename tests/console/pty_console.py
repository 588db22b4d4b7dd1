"""A real `kitsu-tui` in a pseudo-terminal, whose output is read or left unread."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kitsu_tui.bench.screen import Screen

# The child makes the terminal its controlling one, so that closing it hangs the child up.
_LAUNCH = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class PtyConsole:
    """See the module.

    Args:
        environ: put over the test's own environment.
        args: arguments of `kitsu-tui`.
        size: columns and rows.
        command: run this instead, by its path.

    Attributes:
        output: what it has drawn so far.
        screen: what a terminal would show of it.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *args: str,
        size: tuple[int, int] = (120, 40),
        command: Sequence[str] = (),
    ) -> None:
        self.master, slave = pty.openpty()
        self.screen = Screen(*size)
        self._set_size(size)
        self.modes: list[Any] = termios.tcgetattr(slave)
        command = command or (str(Path(sys.executable).parent / "kitsu-tui"), *args)
        given = {**os.environ, "TERM": "xterm-256color", **environ}
        for name in ("COLUMNS", "LINES"):
            given.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=given,
            start_new_session=True,
        )
        self.slave = slave
        """Kept open, so that what was written last can be read after the console's end."""
        self.output = b""
        self._gone = False
        self.read()

    def read(self) -> None:
        """Read what it draws."""
        asyncio.get_running_loop().add_reader(self.master, self._readable)

    def stall(self) -> None:
        """Stop reading, as a dead SSH link does."""
        asyncio.get_running_loop().remove_reader(self.master)

    def _readable(self) -> None:
        try:
            data = os.read(self.master, 64 << 10)
        except OSError:
            self.stall()
            return
        self.output += data
        self.screen.feed(data)

    def resize(self, columns: int, rows: int) -> None:
        """Another size of the window; the kernel sends SIGWINCH."""
        self.screen.resize(columns, rows)
        self._set_size((columns, rows))

    def _set_size(self, size: tuple[int, int]) -> None:
        columns, rows = size
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def keys(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    async def until(self, true: Callable[[], object], timeout: float = 15.0) -> None:
        """Wait; fails with what was drawn last."""
        try:
            async with asyncio.timeout(timeout):
                while not true():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(
                f"it never came true; drawn last: {self.output[-1000:]!r}; the screen:\n"
                + self.screen.text
            ) from None

    async def drawn(self, text: str) -> None:
        """Wait until a text was drawn (in one piece, since the beginning)."""
        await self.until(lambda: text.encode() in re.sub(rb"\x1b\[[0-9;]*m", b"", self.output))

    async def shows(self, text: str, timeout: float = 15.0) -> None:
        """Wait until a text stands on the screen, in one row."""
        await self.until(lambda: text in self.screen.text, timeout)

    @property
    def restored(self) -> bool:
        """True when the terminal is as it was before the console: its modes, cursor and screen."""
        return self.screen.modes == {7, 25} and termios.tcgetattr(self.slave) == self.modes

    async def ended(self, timeout: float = 20.0) -> int:
        """Wait for its end; its exit code."""
        await self.until(lambda: self.process.poll() is not None, timeout)
        return int(self.process.returncode)

    def close_terminal(self) -> None:
        """Close the terminal's window."""
        if not self._gone:
            self._gone = True
            self.stall()
            os.close(self.slave)
            os.close(self.master)

    async def __aenter__(self) -> PtyConsole:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self.close_terminal()
