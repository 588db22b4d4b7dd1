"""A check may hang, raise or leave children behind: the report still comes, and nothing is left."""

from __future__ import annotations

import asyncio
import sys
import threading
import time

import psutil
import pytest

from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.probe import Probe, examine, run
from kitsu_tui.doctor.report import Check, Finding, bad, ok, plain, split_advice, warn


async def look(probe: Probe, left: float = 10.0) -> list[Check]:
    return [check for check, _ in await examine("Group", probe, Context(), lambda: left)]


async def test_what_is_found_stands_in_the_report_with_its_group() -> None:
    found = await look(Probe("a", lambda _: [ok("a", "fine"), warn("b", "so so", "mend it")]))
    assert [(c.group, c.name, c.status, c.do) for c in found] == [
        ("Group", "a", "ok", ""),
        ("Group", "b", "warn", "mend it"),
    ]


async def test_what_raises_is_a_finding() -> None:
    def fail(context: Context) -> Finding:
        raise RuntimeError("no home")

    [check] = await look(Probe("a", fail))
    assert check.status == "bad"
    assert "RuntimeError: no home" in check.found
    assert check.do


async def test_a_thread_that_hangs_is_given_up() -> None:
    release = threading.Event()

    def hang(context: Context) -> Finding:
        release.wait(30)
        return ok("a", "late")

    [check] = await look(Probe("a", hang, timeout=0.05))
    assert check.status == "bad"
    assert "no answer" in check.found
    release.set()


async def test_when_no_time_is_left_a_check_ends_at_once() -> None:
    async def hang(context: Context) -> Finding:
        await asyncio.sleep(30)
        return ok("a", "late")

    [check] = await look(Probe("a", hang, timeout=60), left=-1)
    assert check.status == "bad"
    assert "time that there is for everything" in check.found


async def test_a_command_that_hangs_is_ended_with_its_children() -> None:
    code = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print(child.pid, flush=True); time.sleep(60)"
    )
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    with pytest.raises(TimeoutError):
        await run([sys.executable, "-c", code], 1.0)
    end = time.monotonic() + 5
    while True:
        left = {
            p.pid
            for p in psutil.Process().children(recursive=True)
            if p.status() != psutil.STATUS_ZOMBIE
        }
        if left <= before:
            break
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def test_words_of_others_become_one_harmless_line() -> None:
    assert plain("a\n\tb\x1b[31mred\x07") == "a b�[31mred�"
    assert len(plain("x" * 5000)) == 600


def test_advice_is_parted_from_what_is_wrong() -> None:
    said = "model x is not in /m; run: kitsu models pull x"
    assert split_advice(said) == ("model x is not in /m", "kitsu models pull x")
    assert split_advice("odd") == ("odd", "")


def test_a_finding_names_what_to_do() -> None:
    assert bad("a", "b", "c").do == "c"
