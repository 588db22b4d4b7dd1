"""The terminal that the console runs on: what is set before Textual loads, and how it is left.

Textual handles neither SIGTERM nor SIGHUP, and its loop may be standing still when one comes. So a
signal asks the app to leave, and a thread gives it `LEAVE_WITHIN` seconds; then the thread puts the
terminal in order by itself and ends the process.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kitsu_tui.console.output import Output

LEAVE_WITHIN = 1.5
QUIT_WITHIN = 8.0
"""Seconds for an operator who quits: a slow link may still be drawing."""
GIVEN_UP_WITHIN = 0.5
"""Seconds that a writer needs to see that the terminal was given up, and then some."""

# CAN ends a half-written sequence. Then: synchronised output off, mouse, focus and paste reports
# off, wrapping on, kitty keys off, main screen, cursor on, colours off.
RESTORE = (
    b"\x18\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l"
    b"\x1b[?2004l\x1b[?2048l\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m\r"
)


def prepare(environ: MutableMapping[str, str]) -> bool:
    """Settings that Textual reads at import. True when the console is used over SSH."""
    remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    # Plain control bytes: a chord then is the same byte on every keyboard layout.
    environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    if remote:
        # The desk draws five times a second by itself; this bounds what answers keys and wheel. At
        # 15 a key waited up to 66 ms for its frame, and the link carried as much.
        environ.setdefault("TEXTUAL_FPS", "30")
    return remote


def actor(environ: MutableMapping[str, str]) -> str:
    """Who sits here, for the journal: `console:USER@TTY`."""
    import getpass

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    try:
        tty = os.ttyname(sys.__stdin__.fileno()).removeprefix("/dev/") if sys.__stdin__ else ""
    except (OSError, AttributeError, ValueError):
        tty = ""
    name = f"console:{user}@{tty or 'terminal'}"[:200]
    return name.encode("utf-8", "replace").decode()  # an environment may hold what is no text


class Guard:
    """Sees to it that the console ends when its terminal does, in order and in time.

    Args:
        leave: asks the app to end; called in any thread, must not wait.
        farewell: the line that is printed if the app does not end by itself.
        output: what the app draws on; given up when it does not end.
    """

    def __init__(
        self,
        leave: Callable[[], None],
        farewell: Callable[[], str],
        output: Output | None = None,
    ) -> None:
        self._leave = leave
        self._output = output
        self._taken_over = False
        self._farewell = farewell
        self._leaving = threading.Event()
        self._left = threading.Event()
        self._modes: list[Any] | None = None
        self.signal = 0
        """The signal that ended the console, 0 for none."""

    def install(self) -> None:
        """Remember the terminal as it is and watch it. Main thread only."""
        for name in ("SIGHUP", "SIGTERM", "SIGINT", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, self._signalled)
        if sys.platform == "win32":
            return
        import termios

        try:
            self._modes = termios.tcgetattr(0)
        except termios.error:
            return
        if sys.platform.startswith("linux"):  # elsewhere poll(2) may not know terminals
            threading.Thread(target=self._watch, name="terminal-watch", daemon=True).start()

    def lost(self) -> None:
        """The terminal has gone, or a signal came: leave. Any thread."""
        if not self._leaving.is_set():
            self._see_to_it(LEAVE_WITHIN)
            self._leave()

    def leaving(self) -> None:
        """The app is about to end by itself: see that it does. Any thread."""
        if not self._leaving.is_set():
            self._see_to_it(QUIT_WITHIN)

    def left(self) -> None:
        """The app has ended by itself. Does not return if that came too late."""
        self._left.set()
        if self._taken_over:
            threading.Event().wait()  # the thread is about to end the process

    def _signalled(self, number: int, _frame: object) -> None:
        self.signal = number
        self.lost()

    def _watch(self) -> None:
        """A hang-up also comes where no SIGHUP does: to a process without this control terminal."""
        poll = select.poll()
        poll.register(0, 0)
        while True:
            for _, what in poll.poll():
                if what & (select.POLLHUP | select.POLLERR):
                    self.lost()
                    return

    def _see_to_it(self, within: float) -> None:
        self._leaving.set()
        thread = threading.Thread(
            target=self._see_it_through, args=(within,), name="leave", daemon=True
        )
        thread.start()

    def _see_it_through(self, within: float) -> None:
        if self._left.wait(within):
            return
        self._taken_over = True
        if self._output is not None:
            self._output.abandon()
            self._left.wait(GIVEN_UP_WITHIN)
        restore(self._modes, self._farewell())
        os._exit(128 + self.signal if self.signal else 0)


def restore(modes: list[Any] | None, farewell: str) -> None:
    """Put the terminal in order, whatever hangs on it. Never waits."""
    if sys.platform == "win32":
        return
    import termios

    try:
        # An own description, so that not waiting for it is nobody else's setting.
        own = os.open(os.ttyname(0), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return
    try:
        termios.tcflush(own, termios.TCOFLUSH)  # what it would not take
        if modes is not None:
            termios.tcsetattr(own, termios.TCSANOW, modes)
        os.write(own, RESTORE + f"{farewell}\r\n".encode())
    except (OSError, termios.error):
        pass
    finally:
        os.close(own)
