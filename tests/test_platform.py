"""What differs between operating systems."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from kitsu_tui import platform


@pytest.mark.parametrize(
    ("code", "ours", "words"),
    [
        (None, True, "unknown"),
        (0, True, "exit 0 (done)"),
        (1, True, "exit 1 (an error)"),
        (2, True, "exit 2 (bad configuration)"),
        (4, True, "exit 4 (model or device missing)"),
        (75, True, "exit 75 (try again)"),
        (9, True, "exit 9"),
        (127, True, "exit 127 (its command was not found)"),
        (137, True, "exit 137 (killed by SIGKILL)"),
        (255, True, "exit 255 (ssh says so when it has no connection)"),
        (0xC0000005, True, "exit 0xc0000005 (it crashed: a memory access)"),
        (0xC0001234, True, "exit 0xc0001234"),
        (-9, True, "killed by SIGKILL"),
        (-9, False, "killed by SIGKILL, not by the show: perhaps out of memory"),
        (-15, False, "killed by SIGTERM, not by the show"),
        (-11, False, "killed by SIGSEGV: it crashed: a memory access"),
        (-4, False, "killed by SIGILL: an instruction that this CPU does not know"),
        (-99, False, "killed by signal 99"),
    ],
)
def test_every_way_to_end_has_its_words(code: int | None, ours: bool, words: str) -> None:
    assert platform.describe_exit(code, ours=ours) == words


@pytest.mark.skipif(sys.platform != "linux", reason="niceness of threads is Linux's")
def test_niceness_reaches_threads_that_are_there_already_and_what_is_started_later() -> None:
    code = (
        "import subprocess, sys, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "print(1, flush=True); sys.stdin.readline()\n"
        "child = [sys.executable, '-c', 'import os; print(os.nice(0), flush=True)']\n"
        "subprocess.run(child)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        platform.set_nice(process.pid, 7)
        threads = psutil.Process(process.pid).threads()
        nices = [os.getpriority(os.PRIO_PROCESS, thread.id) for thread in threads]
        assert len(nices) > 1
        assert set(nices) == {7}
        out, _ = process.communicate("\n", timeout=30)
        assert out.strip() == "7"
    finally:
        process.kill()


def _slice_ns(pid: int) -> int:
    """What the kernel says of a thread's slice (sched_getattr), 0 where it does not say."""
    number = {"x86_64": 315, "aarch64": 275, "riscv64": 275}[os.uname().machine]
    found = platform.SchedAttr()
    size = ctypes.sizeof(found)
    assert ctypes.CDLL(None).syscall(number, pid, ctypes.byref(found), size, 0) == 0
    return int(found.runtime)


@pytest.mark.skipif(sys.platform != "linux", reason="slices are Linux's")
def test_quick_is_inherited_and_ends_with_niceness() -> None:
    code = (
        "import sys, threading, time\n"
        "sys.stdin.readline()\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "print(1, flush=True); sys.stdin.readline()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        usual = _slice_ns(process.pid)
        assert platform.set_quick(process.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        process.stdout.readline()
        threads = [thread.id for thread in psutil.Process(process.pid).threads()]
        assert len(threads) > 1
        if usual:  # Linux 6.12 and later: before that it is taken, and means nothing
            assert {_slice_ns(thread) for thread in threads} == {platform.QUICK_NS}
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == os.nice(0)
        platform.set_nice(process.pid, 7)
        assert _slice_ns(process.pid) == usual
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == 7
    finally:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="no groups by session on this kernel"
)
def test_niceness_is_the_sessions_too_where_sessions_share_the_processor() -> None:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        platform.set_nice(process.pid, 3)
        end = time.monotonic() + 20
        group = Path(f"/proc/{process.pid}/autogroup")
        while "nice 3" not in group.read_text() and time.monotonic() < end:
            time.sleep(0.02)
        assert "nice 3" in group.read_text()
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="no groups by session on this kernel"
)
@pytest.mark.parametrize(("nice", "told"), [(19, "nice 5"), (0, "nice 0")])
def test_a_session_gets_no_more_niceness_than_leaves_it_alive(nice: int, told: str) -> None:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        platform._set_group_nice(process.pid, nice)
        assert told in Path(f"/proc/{process.pid}/autogroup").read_text()
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="no groups by session on this kernel"
)
def test_who_shares_a_session_does_not_make_it_nice() -> None:
    """The tests themselves once left the terminal that they ran in at a niceness of five."""
    shell = subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo $!; wait"], start_new_session=True, stdout=subprocess.PIPE
    )
    try:
        assert shell.stdout is not None
        pid = int(shell.stdout.readline())
        platform._set_group_nice(pid, 7)
        assert "nice 0" in Path(f"/proc/{shell.pid}/autogroup").read_text()
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.communicate(timeout=10)


@pytest.mark.skipif(sys.platform != "linux", reason="classes of Linux")
def test_a_class_that_somebody_gave_a_process_stays() -> None:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        os.sched_setscheduler(process.pid, os.SCHED_BATCH, os.sched_param(0))
        assert not platform.set_quick(process.pid)
        assert os.sched_getscheduler(process.pid) == os.SCHED_BATCH
    finally:
        process.kill()
        process.wait(10)


def test_the_job_of_windows_is_asked_for_as_its_headers_say() -> None:
    """Not tried on Windows: what is looked at is the layout on 64 bits, and the order of calls."""
    if ctypes.sizeof(ctypes.c_size_t) == 8:
        assert ctypes.sizeof(platform.JobLimits) == 144
        assert platform.JobLimits.limit_flags.offset == 16
    calls: list[str] = []

    def api(name: str, answer: int) -> Any:
        def call(*args: Any) -> int:
            calls.append(name)
            return answer

        return call

    def kernel(**answers: int) -> Any:
        names = {
            "CreateJobObjectW": 12,
            "GetCurrentProcess": 13,
            "SetInformationJobObject": 1,
            "AssignProcessToJobObject": 1,
        }
        return SimpleNamespace(**{n: api(n, a) for n, a in (names | answers).items()})

    assert platform.contained(kernel())
    assert calls[0] == "CreateJobObjectW"
    assert calls[-1] == "AssignProcessToJobObject"
    assert not platform.contained(kernel(CreateJobObjectW=0))
    assert not platform.contained(kernel(AssignProcessToJobObject=0))


def test_elsewhere_there_is_nothing_to_contain() -> None:
    if sys.platform != "win32":
        assert platform.contain()


@pytest.mark.skipif(sys.platform != "linux", reason="sched(7)")
def test_what_is_urgent_runs_in_real_time_where_it_may_and_hands_that_on_to_nobody() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            assert platform.set_urgent(process.pid)
            may = os.sched_getscheduler(process.pid) == os.SCHED_RR
            if os.geteuid() == 0 and not may:
                share = Path("/proc/sys/kernel/sched_rt_runtime_us").read_text()
                assert int(share) <= 0, "root may"
            platform.set_nice(process.pid, 0)
            assert os.sched_getscheduler(process.pid) == os.SCHED_OTHER
            platform.set_urgent(process.pid)
            platform.set_nice(process.pid, 7)
            assert os.sched_getscheduler(process.pid) == os.SCHED_OTHER
        finally:
            process.kill()
