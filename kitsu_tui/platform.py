"""What differs between operating systems in handling processes. Linux was tried; macOS and Windows
were not: there a Job Object would take the place of the process group, see `docs/decisions.md`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any

import psutil

WINDOWS = sys.platform == "win32"


def spawn_options() -> dict[str, Any]:
    """Keywords for a child in a process group of its own, so that it can be ended with its kin."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def set_nice(pid: int, nice: int) -> None:
    """Lower the priority of a process that has just been started (its threads inherit it)."""
    if nice <= 0:
        return
    with contextlib.suppress(psutil.Error, OSError):
        if sys.platform == "win32":
            psutil.Process(pid).nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            psutil.Process(pid).nice(nice)


def signal_group(pid: int, name: str) -> bool:
    """Send a signal by name to a child's group; False when there is nobody left.

    `TERM` asks, `QUIT` asks for a stack dump on stderr, `KILL` ends. Windows knows only to end.
    """
    if pid <= 1:  # group 0 is our own, and -1 is everybody
        return False
    if sys.platform == "win32":
        if name == "QUIT":
            return True
        try:
            psutil.Process(pid).kill()
        except psutil.Error:
            return False
        return True
    try:
        os.killpg(pid, getattr(signal, f"SIG{name}"))
    except (ProcessLookupError, PermissionError):
        return False
    return True


def start_time(pid: int) -> float:
    """When a process began (wall, seconds): tells it from a later one of its number. 0: gone, or
    dead and not yet fetched by its parent.
    """
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            dead = process.status() == psutil.STATUS_ZOMBIE
            return 0.0 if dead else float(process.create_time())
    except (psutil.Error, ValueError, OverflowError):
        return 0.0


def detached_options() -> dict[str, Any]:
    """Keywords for a child that lives on when this process and its terminal go."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def describe_exit(code: int | None) -> str:
    """An exit code in words."""
    if code is None:
        return "unknown"
    known = {
        0: "exit 0 (done)",
        2: "exit 2 (bad configuration)",
        4: "exit 4 (model or device missing)",
        75: "exit 75 (try again)",
    }
    if code >= 0:
        return known.get(code, f"exit {code}")
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
