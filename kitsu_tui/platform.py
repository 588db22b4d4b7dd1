"""What differs between operating systems in handling processes. Linux was tried; macOS and Windows
were not. On Windows a Job Object takes the place of the process group (`contain`).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import psutil

WINDOWS = sys.platform == "win32"
IDLE_NICE = 15
"""From here on a process gets only what nobody else wants, where priorities are classes."""
QUICK_NS = 300_000
"""Slice of a process that must not wait long; the usual is 0.7 to 3 ms."""
GROUP_NICE = 5
GROUP_TRIES, GROUP_WAIT_S = 40, 0.1
_SETATTR = {"x86_64": 314, "aarch64": 274, "riscv64": 274}
"""Number of the system call sched_setattr."""


class SchedAttr(ctypes.Structure):
    """The kernel's `struct sched_attr`, in its first size."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def spawn_options() -> dict[str, Any]:
    """Keywords for a child in a process group of its own, so that it can be ended with its kin."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def set_nice(pid: int, nice: int) -> None:
    """Lower the priority of a process that has just been started (its threads inherit it); with 0
    it is one that must not wait long. It may have inherited more than it is meant to have.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))
    if nice <= 0:
        set_quick(pid)
        return
    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        if sys.platform == "win32":
            idle = nice >= IDLE_NICE
            process.nice(psutil.IDLE_PRIORITY_CLASS if idle else psutil.BELOW_NORMAL_PRIORITY_CLASS)
            return
        process.nice(nice)
        if sys.platform == "linux":  # there it is a matter of each thread, and some may be there
            for thread in process.threads():
                os.setpriority(os.PRIO_PROCESS, thread.id, nice)
            set_quick(pid, False)
            threading.Thread(target=_set_group_nice, args=(pid, nice), daemon=True).start()


def set_quick(pid: int = 0, quick: bool = True) -> bool:
    """Let a process that has just been started run soon after it is woken, however busy the machine
    is; False: like any other again. What it starts later inherits that, threads and children.

    It is a wish for short slices, which needs no right: Linux from 6.12 on (sched_setattr(2), its
    `sched_runtime`). Measured beside six busy processes on two cores: 0.3 ms instead of 2.5 ms
    from waking to running, 99th percentile. Returns False where there is no such thing.
    """
    number = _SETATTR.get(os.uname().machine) if sys.platform == "linux" else None
    if number is None or sys.platform == "win32":
        return False
    try:
        if os.sched_getscheduler(pid) != os.SCHED_OTHER:
            return False  # somebody has given it a class of their own
        nice = os.getpriority(os.PRIO_PROCESS, pid)
        wish = SchedAttr(size=ctypes.sizeof(SchedAttr), nice=nice, runtime=QUICK_NS * quick)
        return bool(ctypes.CDLL(None).syscall(number, pid, ctypes.byref(wish), 0) == 0)
    except (OSError, AttributeError):
        return False


def set_urgent(pid: int = 0) -> bool:
    """Let a process run before all that is not urgent: in real time, where this user may (Linux, as
    root or with a limit `rtprio`, as sound servers ask for) and the kernel keeps a share of each
    second for others; else as `set_quick`. For what works for moments only: the show, `audio`, and
    what drives the stage. What it starts inherits it; `set_nice` takes it away.

    Measured beside busy models and an OBS on two cores: from a press of panic to the cut in `audio`
    6 ms instead of 35, 95th percentile.
    """
    if sys.platform == "linux":
        try:
            if int(Path("/proc/sys/kernel/sched_rt_runtime_us").read_text()) > 0:
                os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))
                return True
        except (OSError, ValueError):
            pass
    return set_quick(pid)


def _set_group_nice(pid: int, nice: int) -> None:
    """Where Linux shares the processor out by sessions first (sched(7), autogroup), niceness counts
    within one session only; so the session of this one gets it too, up to `GROUP_NICE`: beyond
    that an engine could starve beside a game that has a session of its own. One that has none of
    its own is left at that: others of its session asked for nothing.
    """
    if not _leads_session(pid):
        return
    for _ in range(GROUP_TRIES):
        try:
            Path(f"/proc/{pid}/autogroup").write_text(str(min(nice, GROUP_NICE)))
        except BlockingIOError:  # one change in a tenth of a second on the whole machine
            time.sleep(GROUP_WAIT_S * (1 + pid % 7 / 7))  # so that several do not keep step
        except OSError:
            return  # there is no such thing, or the process has gone
        else:
            return


def _leads_session(pid: int) -> bool:
    try:
        return sys.platform != "win32" and os.getsid(pid) == pid
    except OSError:
        return False


def signal_group(pid: int, name: str) -> bool:
    """Send a signal by name to a child's group; False when there is nobody left.

    `TERM` asks, `QUIT` asks for a stack dump on stderr, `KILL` ends. Windows knows only to end.
    """
    if pid <= 1:  # group 0 is our own, and -1 is everybody
        return False
    if sys.platform == "win32":
        if name == "QUIT":
            return True
        return _end_tree(pid)
    try:
        os.killpg(pid, getattr(signal, f"SIG{name}"))
    except (ProcessLookupError, PermissionError):
        return False
    return True


def ask_to_end(pid: int) -> bool:
    """Ask a process to end in its own time; False when it cannot be asked."""
    if pid <= 1:
        return False
    try:
        psutil.Process(pid).terminate()
    except psutil.Error:
        return False
    return True


def end(pid: int) -> None:
    """End one process now, if it is there and ours to end."""
    with contextlib.suppress(psutil.Error, ValueError):
        psutil.Process(pid).kill()


def _end_tree(pid: int) -> bool:
    """End a process and what it started, where there are no process groups."""
    try:
        process = psutil.Process(pid)
        kin = process.children(recursive=True)
        process.kill()
    except psutil.Error:
        return False
    for child in kin:
        with contextlib.suppress(psutil.Error):
            child.kill()
    return True


def contain() -> bool:
    """Windows: put this process and all that it will start into a job that ends with it, however
    it dies. Elsewhere nothing is done: there engines leave when their input ends, and a ledger is
    swept. Returns False where it was wanted and refused; then the same holds there.
    """
    if sys.platform == "win32":
        return contained(ctypes.WinDLL("kernel32", use_last_error=True))
    return True


KILL_ON_JOB_CLOSE = 0x2000
EXTENDED_LIMITS = 9


class JobLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION, flattened (winnt.h)."""

    _fields_ = [
        ("per_process_user_time", ctypes.c_int64),
        ("per_job_user_time", ctypes.c_int64),
        ("limit_flags", ctypes.c_uint32),
        ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t),
        ("active_process_limit", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory_limit", ctypes.c_size_t),
        ("job_memory_limit", ctypes.c_size_t),
        ("peak_process_memory_used", ctypes.c_size_t),
        ("peak_job_memory_used", ctypes.c_size_t),
    ]


def contained(kernel32: Any) -> bool:
    """`contain` by these functions. The job's handle is kept open: it is closed by this process's
    end, and its last handle's end is the job's.
    """
    kernel32.CreateJobObjectW.restype = ctypes.c_void_p
    kernel32.GetCurrentProcess.restype = ctypes.c_void_p
    job = kernel32.CreateJobObjectW(None, None)
    if not job:
        return False
    limits = JobLimits(limit_flags=KILL_ON_JOB_CLOSE)
    return bool(
        kernel32.SetInformationJobObject(
            ctypes.c_void_p(job), EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
        )
        and kernel32.AssignProcessToJobObject(
            ctypes.c_void_p(job), ctypes.c_void_p(kernel32.GetCurrentProcess())
        )
    )


def kin_of(groups: Collection[int], mark: tuple[str, str]) -> list[int]:
    """Processes of these process groups whose environment has `mark` (name and value), so that a
    later group of the same number is left alone. None on Windows.
    """
    if sys.platform == "win32":
        return []
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) in groups and process.environ().get(mark[0]) == mark[1]:
                found.append(process.pid)
    return found


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


EXITS = {
    0: "done",
    1: "an error",
    2: "bad configuration",
    4: "model or device missing",
    75: "try again",
    126: "its command may not be run",
    127: "its command was not found",
    255: "ssh says so when it has no connection",
    0xC0000005: "it crashed: a memory access",
    0xC0000017: "out of memory",
    0xC000001D: "an instruction that this CPU does not know",
    0xC0000135: "a DLL was not found",
    0xC000013A: "ctrl+c",
}
"""Exit codes in words: those of the engines' interface, of shells and ssh, and Windows' own."""
SIGNALS = {
    "SIGKILL": "perhaps out of memory",
    "SIGSEGV": "it crashed: a memory access",
    "SIGBUS": "it crashed: a mapped file changed, or memory or disk is full",
    "SIGILL": "an instruction that this CPU does not know",
    "SIGFPE": "it crashed: arithmetic",
    "SIGABRT": "it gave itself up",
}


def describe_exit(code: int | None, *, ours: bool = True) -> str:
    """An exit code in words.

    Args:
        code: negative for a signal, as `subprocess` has it; None when it is not known.
        ours: a signal of the show's may be why; else somebody else sent it, which is said.
    """
    if code is None:
        return "unknown"
    if code >= 0:
        words = EXITS.get(code) or (f"killed by {_signal(code - 128)}" if 128 < code < 160 else "")
        said = f"exit {code:#x}" if code > 255 else f"exit {code}"
        return f"{said} ({words})" if words else said
    name = _signal(-code)
    hint = f": {SIGNALS[name]}" if name in SIGNALS else ""
    if ours:
        return f"killed by {name}"
    # It may raise the others itself; these are sent by somebody.
    sent = name in ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")
    return f"killed by {name}{', not by the show' if sent else ''}{hint}"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
