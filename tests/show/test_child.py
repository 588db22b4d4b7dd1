"""One child process: pipes, ends, the ladder."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from engines.wire.logline import LogLine, Masker
from engines.wire.message import Traffic
from kitsu_tui import platform
from kitsu_tui.show import child as child_module
from kitsu_tui.show import stderr as stderr_module
from kitsu_tui.show.child import Child
from kitsu_tui.show.stderr import Stderr

ECHOES = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
SLEEPS = "import time; time.sleep(60)"
IGNORES = (
    "import signal, time\n"
    "for s in (signal.SIGTERM, signal.SIGQUIT): signal.signal(s, signal.SIG_IGN)\n"
    "print('up', flush=True)\ntime.sleep(60)"
)


class Kept:
    """What a child said."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.errors: list[bytes] = []
        self.oversized = 0
        self.child = Child(self.lines.extend, self._over, self._error)

    def _over(self, n: int) -> None:
        self.oversized += n

    def _error(self, lines: list[bytes], oversized: int) -> None:
        self.errors.extend(lines)

    async def start(self, code: str, *more: str) -> Child:
        await self.child.spawn(
            [sys.executable, "-S", "-u", "-c", code, *more], dict(os.environ), "/", nice=0
        )
        return self.child

    async def until(self, count: int) -> None:
        for _ in range(1000):
            if len(self.lines) >= count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(self.lines)


async def test_lines_go_in_and_out_in_order_and_the_end_is_seen() -> None:
    kept = Kept()
    child = await kept.start(ECHOES)
    child.write(b"control 1\n", Traffic.CONTROL)
    for n in range(50):
        child.write(b"result %d\n" % n, Traffic.RESULT)
    await kept.until(51)
    assert kept.lines[0] == b"control 1"
    assert kept.lines[1:] == [b"result %d" % n for n in range(50)]
    assert await child.stop(child.close_stdin) == "shutdown"
    assert child.code == 0
    assert child.gone.is_set()


async def test_control_overtakes_results_when_the_pipe_is_full() -> None:
    kept = Kept()
    child = await kept.start(
        "import sys, time; time.sleep(0.3)\n"
        "for line in sys.stdin: print(line[:9].strip(), flush=True)"
    )
    for n in range(100):
        child.write(b"result %d %s\n" % (n, b"x" * 10_000), Traffic.RESULT)
    await asyncio.sleep(0.05)
    child.write(b"control\n", Traffic.CONTROL)
    await kept.until(101)
    assert kept.lines.index(b"control") < 60
    await child.kill()


async def test_what_is_written_to_one_that_does_not_read_is_noticed() -> None:
    kept = Kept()
    child = await kept.start(SLEEPS)
    stdin = child._stdin
    assert stdin is not None
    for _ in range(child_module.MAX_LINES_WAITING + 10_000):
        child.write(b'{"type":"ping","n":1}\n', Traffic.CONTROL)
    assert stdin.get_write_buffer_size() < 128 << 10, "asyncio's buffer is kept small"
    assert child.clogged
    await child.kill()


async def test_results_that_pile_up_are_noticed() -> None:
    child = await Kept().start(SLEEPS)
    for _ in range(400):
        child.write(b"y" * 10_000 + b"\n", Traffic.RESULT)
    await asyncio.sleep(0.01)
    assert child.clogged
    await child.kill()


async def test_the_ladder_ends_one_that_ignores_all(monkeypatch: pytest.MonkeyPatch) -> None:
    ladder = tuple((step, 0.1 if step != "KILL" else 5.0) for step, _ in child_module.LADDER)
    monkeypatch.setattr(child_module, "LADDER", ladder)
    kept = Kept()
    child = await kept.start(IGNORES)
    await kept.until(1)
    assert await child.stop(lambda: None) == "KILL"
    assert child.code == -9
    assert not platform.start_time(child.pid)


async def test_a_child_is_out_of_reach_of_the_terminals_ctrl_c() -> None:
    kept = Kept()
    child = await kept.start("import os; print(os.getpgrp(), os.getsid(0))\n" + SLEEPS)
    await kept.until(1)
    assert kept.lines == [b"%d %d" % (child.pid, child.pid)]
    assert os.getpgid(child.pid) != os.getpgrp()
    await child.kill()


async def test_before_it_has_a_pid_nobody_is_signalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Group 0 is the show's own."""
    sent: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda pid, number: sent.append(pid))
    assert not Kept().child.signal("KILL")
    assert sent == []


async def test_forty_ends_leave_no_descriptor_open() -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    before = 0
    for n in range(40):
        kept = Kept()
        child = await kept.start("print('x')")
        await asyncio.wait_for(child.gone.wait(), 10)
        await asyncio.sleep(0)
        if n == 4:
            before = descriptors()
    assert descriptors() <= before


def stderr(kept: list[LogLine]) -> Stderr:
    return Stderr("x", Masker({}), lambda service, raw, lines: kept.extend(lines))


def test_a_flood_on_stderr_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(stderr_module, "time", SimpleNamespace(time=lambda: now[0]))
    kept: list[LogLine] = []
    err = stderr(kept)
    for _ in range(10):
        err.lines([b"flood"] * 10_000, 0)
    assert len(kept) == stderr_module.A_SECOND
    now[0] += 1
    err.lines([b"calm"], 0)
    limit = stderr_module.A_SECOND
    note = f"{100_000 - limit} lines over {limit} a second were left out"
    assert [line.message for line in kept[-2:]] == ["calm", note]


def test_last_words_are_few_and_short() -> None:
    kept: list[LogLine] = []
    err = stderr(kept)
    err.lines([b"word " * 1000] * 50 + [b"\xff\xfe no text"], 0)
    assert len(err.last_words) == stderr_module.LAST_WORDS
    assert max(len(word) for word in err.last_words) <= stderr_module.WORD
    assert err.last_words[-1] == "\\xff\\xfe no text"
    err.lines([b"ValueError: too bad"], 2)
    assert err.last_error == "ValueError: too bad"
    assert "lines over 64 KiB left out: 2" in kept[-1].message
    err.begin()
    assert err.last_words == []
