"""Asking the terminal what it is: XTVERSION and DA1, with its modes put back whatever happens."""

from __future__ import annotations

import os
import re
import select
import sys
import time

from kitsu_tui.doctor.context import Answer

ANSWER_S = 0.3
ASK = b"\x1b[>0q\x1b[c"
"""XTVERSION, then DA1: every terminal answers the second, and it answers in order."""

_VERSION = re.compile(rb"\x1bP>\|([^\x1b]{0,200})\x1b\\")
_ATTRIBUTES = re.compile(rb"\x1b\[\?([0-9;]{1,200})c")
MAX_ANSWER = 4096


def ask(stdin: int = 0, stdout: int = 1, timeout: float = ANSWER_S) -> Answer:
    """Ask, and wait at most `timeout` seconds.

    Only where both are the same kind of thing that a person sits at, and only in the foreground:
    elsewhere changing a terminal's modes would stop us. ctrl+c works meanwhile.
    """
    if not (_isatty(stdin) and _isatty(stdout)):
        return Answer(False, "output or input is no terminal")
    if sys.platform == "win32":
        return Answer(False, "not asked on Windows")
    import termios

    try:
        if os.tcgetpgrp(stdin) != os.getpgrp():
            return Answer(False, "running in the background")
        before = termios.tcgetattr(stdin)
    except (OSError, termios.error):
        return Answer(False, "it is not ours to ask")
    modes = [*before[:6], list(before[6])]
    modes[3] &= ~(termios.ICANON | termios.ECHO)
    modes[6][termios.VMIN], modes[6][termios.VTIME] = 0, 0
    try:
        # What was typed ahead stays; it is only not echoed for this moment.
        termios.tcsetattr(stdin, termios.TCSANOW, modes)
        return _exchange(stdin, stdout, time.monotonic() + timeout)
    except (OSError, termios.error) as err:
        return Answer(False, f"it could not be asked: {err}")
    finally:
        termios.tcsetattr(stdin, termios.TCSANOW, before)


def forget(stdin: int = 0) -> None:
    """Throw away what came too late: else the shell would take it for typed."""
    if sys.platform == "win32" or not _isatty(stdin):
        return
    import termios

    try:
        if os.tcgetpgrp(stdin) == os.getpgrp():
            termios.tcflush(stdin, termios.TCIFLUSH)
    except (OSError, termios.error):
        return


def _exchange(stdin: int, stdout: int, end: float) -> Answer:
    if not select.select([], [stdout], [], max(end - time.monotonic(), 0))[1]:
        return Answer(True, "it takes no output now")
    os.write(stdout, ASK)
    said = b""
    while len(said) < MAX_ANSWER:
        left = end - time.monotonic()
        if left <= 0 or not select.select([stdin], [], [], left)[0]:
            break
        more = os.read(stdin, 1024)
        if not more:
            break
        said += more
        if _ATTRIBUTES.search(said):
            break
    return parse(said)


def parse(said: bytes) -> Answer:
    """What the bytes of an answer say."""
    version, attributes = _VERSION.search(said), _ATTRIBUTES.search(said)
    if attributes is None and version is None:
        return Answer(True, "no answer")
    return Answer(
        True,
        name=version.group(1).decode("utf-8", "replace") if version else "",
        attributes=tuple(int(n) for n in attributes.group(1).split(b";") if n)
        if attributes
        else (),
    )


def _isatty(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
