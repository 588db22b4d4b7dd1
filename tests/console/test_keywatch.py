"""The process that knows the panic key: what it finds, and that keys arrive come what may."""

from __future__ import annotations

import os
import pty
import signal
import socket
import time
import tty
from collections.abc import Iterator

import psutil
import pytest

from kitsu_tui.console.keys_in import KeysIn
from kitsu_tui.console.keywatch import END, START, Scanner

F9, CHORD = b"\x1b[20~", b"\x0f"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scanner(clock: Clock) -> Scanner:
    return Scanner((F9, CHORD), clock)


@pytest.mark.parametrize("data", [F9, CHORD, b"hello" + F9, b"\x1b[A" + F9 + b"x", b"\x1b" + F9])
def test_a_key_among_others_is_found(scanner: Scanner, data: bytes) -> None:
    assert scanner.found(data)


@pytest.mark.parametrize(
    "data",
    [
        b"20~",
        b"[20~",
        b"\x1b[20;2~",
        b"\x1b[120~",
        b"\x1b[<0;20;9M",
        b"\x1bOp",
        "ü".encode(),
        F9[:-1],
    ],
)
def test_what_is_no_key_is_none(scanner: Scanner, data: bytes) -> None:
    assert not scanner.found(data)


def test_a_key_in_pieces_is_found_while_it_is_one(scanner: Scanner, clock: Clock) -> None:
    assert not scanner.found(F9[:3])
    assert scanner.found(F9[3:])
    assert not scanner.found(F9[:3])
    clock.now += 0.2
    assert not scanner.found(F9[3:])


def test_what_is_pasted_presses_nothing(scanner: Scanner) -> None:
    assert not scanner.found(START + b"text" + F9 + CHORD)
    assert not scanner.found(CHORD + END[:3])
    assert not scanner.found(END[3:] + b"more")
    assert scanner.found(F9)


def test_a_paste_and_a_key_in_one_piece(scanner: Scanner) -> None:
    assert scanner.found(START + CHORD + END + CHORD)
    assert not scanner.found(START + CHORD + END + START + F9 + END)


def test_a_paste_whose_end_was_lost_holds_the_key_for_a_second_only(
    scanner: Scanner, clock: Clock
) -> None:
    assert not scanner.found(START + b"text")
    assert not scanner.found(F9)
    clock.now += 1.0
    assert scanner.found(F9)


class Desk:
    """A terminal with a reader, as the console's input thread is one."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.show, theirs = socket.socketpair()
        self.marked = 0
        self.keys = KeysIn(self.mark)
        self.keys.keys([F9])
        self.keys.line(theirs, b"panic, please\n")
        self.theirs = theirs
        self.keys.start(self.slave)
        assert self.keys._process is not None
        self.pid = self.keys._process.pid

    def mark(self) -> None:
        self.marked += 1

    def ready(self) -> None:
        for _ in range(400):
            self.keys.read(0.02)
            if self.keys._ready:
                return
        raise AssertionError("the watcher never stood ready")

    def typed(self, data: bytes) -> bytes:
        """Type, and read all of it; the time that it takes is bounded."""
        os.write(self.master, data)
        return self.rest(len(data))

    def rest(self, size: int) -> bytes:
        came = b""
        end = time.monotonic() + 10
        while len(came) < size and time.monotonic() < end:
            came += self.keys.read(0.05)
        return came


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.keys.stop()
    for link in (desk.show, desk.theirs):
        link.close()
    for number in (desk.master, desk.slave):
        os.close(number)


def asked(desk: Desk, timeout: float = 5.0) -> bytes:
    desk.show.settimeout(timeout)
    try:
        return desk.show.recv(100)
    except TimeoutError:
        return b""


def test_keys_typed_before_it_is_ready_arrive_and_those_after(desk: Desk) -> None:
    assert desk.typed(b"early") == b"early"
    desk.ready()
    assert desk.typed(b"later") == b"later"


def test_the_show_is_asked_though_nobody_reads_the_keys(desk: Desk) -> None:
    desk.ready()
    os.write(desk.master, b"abc" + F9)
    assert asked(desk) == b"panic, please\n"
    assert desk.rest(8) == b"abc" + F9  # and the console still gets them
    assert desk.marked == 1, "it is told that the show was asked"


def test_a_key_that_joins_counts_and_another_does_not(desk: Desk) -> None:
    desk.ready()
    desk.keys.keys([F9, b"\x1b[19~"])
    os.write(desk.master, CHORD)
    assert desk.rest(1) == CHORD
    assert asked(desk, 0.3) == b""
    os.write(desk.master, b"\x1b[19~")
    assert asked(desk) == b"panic, please\n"


def test_a_flood_for_a_console_that_hangs_does_not_stop_the_key(desk: Desk) -> None:
    desk.ready()
    for _ in range(300):
        os.write(desk.master, b"x" * 4000)
    os.write(desk.master, F9)
    assert asked(desk) == b"panic, please\n"


def test_keys_arrive_when_it_was_killed(desk: Desk) -> None:
    desk.ready()
    os.kill(desk.pid, signal.SIGKILL)
    assert desk.typed(b"abc") == b"abc"
    assert desk.keys._process is None


def test_keys_arrive_when_it_hangs(desk: Desk) -> None:
    desk.ready()
    os.kill(desk.pid, signal.SIGSTOP)
    assert desk.typed(b"abc") == b"abc"
    assert not psutil.pid_exists(desk.pid)


def test_it_goes_with_the_console(desk: Desk) -> None:
    desk.ready()
    assert desk.keys._link is not None
    desk.keys._link.shutdown(socket.SHUT_RDWR)
    process = psutil.Process(desk.pid)
    process.wait(5)


def test_a_terminal_that_goes_is_told() -> None:
    master, slave = pty.openpty()
    keys = KeysIn()
    keys.start(slave)
    for _ in range(400):
        keys.read(0.02)
        if keys._ready:
            break
    os.close(master)

    def read_on() -> None:
        for _ in range(400):
            keys.read(0.02)

    with pytest.raises(OSError, match=r"Input/output|ended"):
        read_on()
    keys.stop()
    os.close(slave)


def test_a_line_that_was_lost_leaves_the_press_to_the_console(desk: Desk) -> None:
    desk.ready()
    desk.show.close()
    desk.theirs.close()
    assert desk.typed(F9) == F9
    assert desk.marked == 0, "the console asks by itself"
    assert desk.typed(b"on") == b"on"
