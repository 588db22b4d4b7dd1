"""Asking a terminal: one that answers, one that never does, one that is not ours to ask."""

from __future__ import annotations

import os
import pty
import select
import sys
import termios
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kitsu_tui.doctor import tty

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals", allow_module_level=True)


class Terminal:
    """A terminal that answers with `answer` when it is asked for its device attributes."""

    def __init__(self, answer: bytes) -> None:
        self.master, self.slave = pty.openpty()
        self.asked = b""
        self._answer = answer
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._end.is_set():
            if select.select([self.master], [], [], 0.02)[0]:
                self.asked += os.read(self.master, 1024)
                if self.asked.endswith(b"\x1b[c") and self._answer:
                    # In two pieces, as over a slow line.
                    os.write(self.master, self._answer[:7])
                    os.write(self.master, self._answer[7:])

    def close(self) -> None:
        self._end.set()
        self._thread.join(5)
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture(params=[b"\x1bP>|kitty(0.40)\x1b\\\x1b[?62;4;52c", b"\x1b[?6c", b""])
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    made = Terminal(request.param)
    # A test is not the session that owns this terminal; the question is another test's.
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    yield made, request.param
    made.close()


def test_what_it_says_is_understood_and_its_modes_are_put_back(
    terminal: tuple[Terminal, bytes],
) -> None:
    made, says = terminal
    before = termios.tcgetattr(made.slave)
    answer = tty.ask(made.slave, made.slave, timeout=5.0 if says else 0.1)
    assert termios.tcgetattr(made.slave) == before
    assert made.asked == tty.ASK
    assert answer.asked
    if says.startswith(b"\x1bP"):
        assert (answer.name, answer.attributes) == ("kitty(0.40)", (62, 4, 52))
    elif says:
        assert (answer.name, answer.attributes) == ("", (6,))
    else:
        assert (answer.name, answer.attributes, answer.why) == ("", (), "no answer")


def test_its_modes_are_put_back_when_somebody_presses_ctrl_c(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Terminal(b"")
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    before = termios.tcgetattr(made.slave)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tty, "_exchange", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            tty.ask(made.slave, made.slave)
        assert termios.tcgetattr(made.slave) == before
    finally:
        made.close()


def test_a_terminal_of_another_session_is_left_alone() -> None:
    made = Terminal(b"\x1b[?6c")
    try:
        answer = tty.ask(made.slave, made.slave)
        assert not answer.asked
        assert answer.why
        assert made.asked == b""
    finally:
        made.close()


def test_a_pipe_is_not_asked() -> None:
    read, write = os.pipe()
    try:
        assert not tty.ask(read, write).asked
    finally:
        os.close(read)
        os.close(write)


def test_rubbish_is_no_answer() -> None:
    assert tty.parse(b"\x1b[?" + b"9" * 300).attributes == ()
    assert tty.parse(b"hello").why == "no answer"
