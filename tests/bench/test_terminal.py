"""The bench's terminal: a real program on a real pseudo-terminal."""

import os
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from kitsu_tui.bench.terminal import Late, Terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")

PROGRAM = """
import os, signal, sys, termios, tty
tty.setraw(0)
def size(*_):
    os.write(1, b"size %dx%d\\r\\n" % os.get_terminal_size(1))
signal.signal(signal.SIGWINCH, size)
size()
os.write(1, b"tty %d\\r\\n" % (os.open("/dev/tty", os.O_RDWR) > 0))
while True:
    keys = os.read(0, 100)
    if keys == b"q":
        os.write(1, b"bye")
        sys.exit(7)
    if keys == b"f":
        for _ in range(300):
            os.write(1, b"x" * 1000)
        os.write(1, b"\\r\\nflooded\\r\\n")
    else:
        os.write(1, b"got " + keys + b"\\r\\n")
"""


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal(dict(os.environ), [sys.executable, "-c", PROGRAM], size=(60, 20)) as terminal:
        terminal.shows("tty 1")
        yield terminal


def test_it_is_a_terminal_of_its_size(terminal: Terminal) -> None:
    assert terminal.text.startswith("size 60x20")
    terminal.resize(70, 25)
    terminal.shows("size 70x25")
    assert terminal.memory() > 1_000_000
    assert terminal.cpu() >= 0


def test_a_key_is_timed_to_what_it_changes(terminal: Terminal) -> None:
    before = terminal.received
    wait = terminal.expect(lambda screen: "got k" in screen.text)
    pressed = terminal.press("k")
    assert wait.within(10)
    assert wait.at > pressed > terminal.started
    assert terminal.received > before
    assert sum(size for _, size in terminal.chunks) == terminal.received


def test_what_does_not_come_is_late_and_shows_the_screen(terminal: Terminal) -> None:
    with pytest.raises(Late, match=r"'nothing' was not seen in 0\.1 s; the screen:\nsize 60x20"):
        terminal.shows("nothing", 0.1)


def test_a_stalled_terminal_stops_the_program_until_it_is_read_again(terminal: Terminal) -> None:
    terminal.stall()
    terminal.press("f")
    end = time.monotonic() + 10
    last = -1.0
    while (used := terminal.cpu()) != last and time.monotonic() < end:
        last = used
        threading.Event().wait(0.2)
    assert terminal.received < 300_000
    terminal.resume()
    terminal.shows("flooded")
    assert terminal.received > 300_000


def test_its_end_and_last_words(terminal: Terminal) -> None:
    terminal.press("q")
    assert terminal.ended() == 7
    assert "bye" in terminal.text
    with pytest.raises(Late, match="not seen before it ended with 7"):
        terminal.shows("more", 30)


def test_closing_the_terminal_hangs_the_program_up(terminal: Terminal) -> None:
    terminal.hang_up()
    assert terminal.process.wait(10) == -1  # SIGHUP
