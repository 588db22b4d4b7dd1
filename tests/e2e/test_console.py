"""The real console on a real terminal, attached to a real show."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.test_kills import LONG, answers, settled, speaking
from tests.support.show import ROOT, RealShow

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a pty"),
]

F9 = b"\x1b[20~"
CTRL_O = b"\x0f"


class Terminal:
    """A console in a terminal of its own."""

    def __init__(self, show: RealShow, *args: str, size: tuple[int, int] = (120, 40)) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from kitsu_tui.cli import console_main; console_main()", *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=show.environ | {"TERM": "xterm-256color"},
            cwd=ROOT,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = b""

    def read(self, until: bytes, timeout: float = 30.0) -> bytes:
        """Read until these bytes were seen (or the terminal closed) and return all so far."""
        end = time.monotonic() + timeout
        while until not in self.seen and time.monotonic() < end:
            ready, _, _ = select.select([self._master], [], [], 0.1)
            if ready:
                try:
                    self.seen += os.read(self._master, 65536)
                except OSError:
                    break
        assert until in self.seen, f"{until!r} did not come; the end is {self.seen[-2000:]!r}"
        return self.seen

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def ended(self, timeout: float = 10.0) -> int:
        """Wait for the console's end while reading its last words; returns its exit code."""
        end = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < end:
            ready, _, _ = select.select([self._master], [], [], 0.05)
            if ready:
                try:
                    self.seen += os.read(self._master, 65536)
                except OSError:
                    time.sleep(0.05)
        assert self.process.poll() is not None, "the console has not ended"
        return int(self.process.returncode)

    def close(self) -> None:
        """Hang up."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)


@contextmanager
def terminal(show: RealShow, *args: str) -> Iterator[Terminal]:
    """A console in a terminal, ended afterwards."""
    screen = Terminal(show, *args)
    try:
        yield screen
    finally:
        screen.close()


@pytest.mark.real
@pytest.mark.parametrize("key", [F9, CTRL_O], ids=["F9", "ctrl+o"])
def test_panic_gets_through_a_stalled_terminal_in_mid_sentence(
    talking: RealShow, key: bytes
) -> None:
    with terminal(talking) as screen:
        screen.read(b"audio")
        speaking(talking)
        time.sleep(1.0)  # nobody reads the terminal: its buffer fills, the console's output stalls
        screen.type(key)
        state = talking.wait(lambda s: s["panic"]["latched"], 10, "panic")
        assert state["panic"]["by"].startswith("console:")
        assert settled(talking)["status"] == "panic"
    talking.kitsu("resume")
    answers(talking)


@pytest.mark.real
@pytest.mark.parametrize("how", ["KILL", "HUP", "TERM"])
def test_the_show_goes_on_when_its_console_dies_in_mid_sentence(
    talking: RealShow, how: str
) -> None:
    with terminal(talking) as screen:
        screen.read(b"audio")
        talking.wait(lambda s: s["operators"], 10, "attached")
        speaking(talking)
        screen.process.send_signal(getattr(signal, f"SIG{how}"))
        screen.ended()
        if how != "KILL":
            assert b"\x1b[?1049l" in screen.seen, "the terminal is given back"
        turn = settled(talking)
        assert turn["status"] == "ok", turn
        talking.wait(lambda s: not s["operators"], 10, "detached")
    answers(talking)


@pytest.mark.real
def test_two_consoles_and_a_line_typed_into_one(talking: RealShow) -> None:
    with terminal(talking) as one, terminal(talking) as two:
        one.read(b"audio")
        two.read(b"audio")
        talking.wait(lambda s: len(s["operators"]) == 2, 10, "both attached")
        before = talking.status()["turn_count"]
        one.type(b"/")
        time.sleep(0.3)
        one.type(LONG.encode() + b"\r")
        talking.wait(lambda s: s["turn_count"] == before + 1, 15, "a turn")
        two.read(b"star", 30)
        assert settled(talking)["said"] == LONG


def test_a_console_starts_a_show_and_can_end_it(place: RealShow) -> None:
    path = place.folder / "quiet.yaml"
    path.write_text(
        "extends: starter\nengines:\n"
        + "".join(
            f"  {name}: {{enabled: false}}\n"
            for name in ("audio", "asr", "policy", "tts", "metrics")
        )
    )
    with terminal(place, "--profile", str(path)) as screen:
        screen.read(b"audio", 40)
        place.wait(lambda s: s["operators"], 20, "attached")
        screen.type(b"q")
        time.sleep(0.7)
        screen.type(b"s")
        assert screen.ended(20) == 0
    assert place.gone(15)
