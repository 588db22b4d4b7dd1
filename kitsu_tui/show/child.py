"""One child process: its pipes, its end, and the ladder of ways to end it.

asyncio's own `Process.wait()` does not return while a grandchild holds a pipe, and its readers
lose long lines; this uses the protocol level below both. The process's exit and the pipes' ends
are separate events here, each with its own bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from engines.wire.codec import LineSplitter
from engines.wire.message import Traffic
from engines.wire.outbox import Outbox
from kitsu_tui import platform

log = logging.getLogger("show.child")

STDERR_LINE = 64 << 10
MAX_LINES_WAITING = 20_000
PIPE_GRACE_S = 0.5
"""How long a pipe may stay open after the process has gone: a grandchild may hold it."""

DUMP_S = 0.3
LADDER = (("shutdown", 2.0), ("close stdin", 1.0), ("TERM", 1.0), ("QUIT", DUMP_S), ("KILL", 2.0))
"""Ways to end a child, each with the seconds that it is given."""


class Child(asyncio.SubprocessProtocol):
    """A running child.

    Attributes:
        pid: its process id, and that of its group.
        code: exit code once it has gone; negative for a signal.
        gone: set when it has exited and its pipes are closed.
    """

    def __init__(
        self,
        on_lines: Callable[[list[bytes]], None],
        on_oversized: Callable[[int], None],
        on_stderr: Callable[[list[bytes], int], None],
    ) -> None:
        self.pid = 0
        self.code: int | None = None
        self.signalled = False
        """A signal of ours may be why it ended."""
        self.exited = asyncio.Event()
        self.gone = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._on_lines = on_lines
        self._on_oversized = on_oversized
        self._on_stderr = on_stderr
        self._out = LineSplitter()
        self._err = LineSplitter(STDERR_LINE)
        self._open_pipes = {1, 2}
        self._outbox = Outbox()
        self._paused = False
        self._flushing = False
        self._transport: asyncio.SubprocessTransport | None = None
        self._stdin: asyncio.WriteTransport | None = None

    @property
    def dropped(self) -> int:
        """Latest-wins lines that were replaced before the child took them."""
        return self._outbox.dropped

    @property
    def clogged(self) -> bool:
        """True when more waits for it than an engine that reads would let pile up."""
        return not self._outbox.has_room or len(self._outbox) > MAX_LINES_WAITING

    async def spawn(
        self, command: Sequence[str], environ: Mapping[str, str], cwd: str, nice: int
    ) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started.
        """
        await self._loop.subprocess_exec(
            lambda: self,
            *command,
            env=dict(environ),
            cwd=cwd,
            **platform.spawn_options(),
        )
        platform.set_nice(self.pid, nice)

    def write(self, line: bytes, traffic: Traffic, key: str = "") -> None:
        """Send a line: at once when the pipe takes it, else by its class of traffic."""
        if self._stdin is None or self._stdin.is_closing():
            return
        if traffic is Traffic.CONTROL and not self._paused:
            self._stdin.write(line)
            return
        # What is said within one turn of the loop goes out in one write.
        self._outbox.put(line, traffic, key)
        if not self._paused and not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def close_stdin(self) -> None:
        """Say that nothing more will come."""
        if self._stdin is not None:
            self._stdin.close()

    def signal(self, name: str) -> bool:
        """Send a signal to the child and its kin (see `platform.signal_group`)."""
        self.signalled = self.signalled or not self.exited.is_set()
        return platform.signal_group(self.pid, name)

    async def stop(self, shutdown: Callable[[], None]) -> str:
        """End it by the gentlest way that works; returns the name of that way.

        Never raises, and returns within the sum of the ladder's waits.
        """
        for step, wait in LADDER:
            if self.exited.is_set():
                break
            if step == "shutdown":
                shutdown()
            elif step == "close stdin":
                self.close_stdin()
            else:
                self.signal(step)
            if step != "shutdown":
                log.warning("pid %d does not leave: %s", self.pid, step)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self.exited.wait()
                await self.settled()
                return step
        await self.settled()
        return "KILL"

    async def dump(self) -> None:
        """Have one that is stuck write down where, on stderr (ours do)."""
        self.signal("QUIT")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DUMP_S):
                await self.exited.wait()

    async def kill(self) -> None:
        """End it and its kin now."""
        self.signal("KILL")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LADDER[-1][1]):
                await self.exited.wait()
        await self.settled()

    async def settled(self) -> None:
        """Once it has exited: wait until its pipes are done too, or are given up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PIPE_GRACE_S * 2):
                await self.gone.wait()

    # -- asyncio's side ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()
        self._stdin = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            before = self._out.oversized
            lines = self._out.feed(data)
            if self._out.oversized != before:
                self._on_oversized(self._out.oversized - before)
            if lines:
                self._on_lines(lines)
        else:
            before = self._err.oversized
            lines = self._err.feed(data)
            if lines or self._err.oversized != before:
                self._on_stderr(lines, self._err.oversized - before)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            if lines := self._out.end():
                self._on_lines(lines)
        elif fd == 2 and (lines := self._err.end()):
            self._on_stderr(lines, 0)
        self._open_pipes.discard(fd)
        if not self._open_pipes and self.exited.is_set():
            self.gone.set()

    def process_exited(self) -> None:
        if self._transport is not None:
            self.code = self._transport.get_returncode()
        self.exited.set()
        self.signal("KILL")  # what it started and left behind
        if self._open_pipes:
            self._loop.call_later(PIPE_GRACE_S, self._close)
        else:
            self.gone.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._transport.close()  # or asyncio warns of it when it is collected

    def _close(self) -> None:
        if self._open_pipes:
            log.warning("pid %d has gone, but something it started holds its pipes", self.pid)
        if self._transport is not None:
            self._transport.close()
        self.gone.set()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._flush()

    def _flush(self) -> None:
        self._flushing = False
        while not self._paused and self._stdin is not None and (batch := self._outbox.take()):
            self._stdin.write(batch)


def why_not_started(err: OSError | ValueError, cwd: str) -> tuple[str, bool]:
    """An error of starting in words, and whether another start would end the same way."""
    if not isinstance(err, OSError):
        return f"cannot be started: {err}", True
    what = err.filename if isinstance(err.filename, str) else "its command"
    if what == cwd:
        words = f"the folder {cwd}: {err.strerror}"
    elif err.errno == errno.ENOENT:
        words = f"{what}: there is no such command"
    elif err.errno in (errno.EACCES, errno.ENOEXEC):
        words = f"{what}: not a program that may be run"
    else:
        words = f"{what}: {err.strerror or err}"
    passing = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EINTR)
    return f"cannot be started: {words}", err.errno not in passing
