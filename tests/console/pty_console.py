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
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# The child makes the terminal its controlling one, so that closing it hangs the child up.
_LAUNCH = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class PtyConsole:
    """See the module.

    Attributes:
        output: what it has drawn so far.
    """

    def __init__(
        self, environ: Mapping[str, str], *args: str, size: tuple[int, int] = (120, 40)
    ) -> None:
        self.master, slave = pty.openpty()
        columns, rows = size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.modes: list[Any] = termios.tcgetattr(slave)
        command = str(Path(sys.executable).parent / "kitsu-tui")
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, command, *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **environ, "TERM": "xterm-256color"},
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
            self.output += os.read(self.master, 64 << 10)
        except OSError:
            self.stall()

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
                f"it never came true; drawn last: {self.output[-3000:]!r}"
            ) from None

    async def drawn(self, text: str) -> None:
        """Wait until a text was drawn (in one piece, since the beginning)."""
        await self.until(lambda: text.encode() in re.sub(rb"\x1b\[[0-9;]*m", b"", self.output))

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
