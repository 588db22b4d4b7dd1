"""One engine's life under its supervisor, with real children."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from engines.wire import common, echo, show
from engines.wire.envelope import Event
from engines.wire.peer import RequestFailed
from kitsu_tui.config.errors import ConfigError
from kitsu_tui.show.restart import Decision
from tests.support.rig import Rig, running, until


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


async def test_an_engine_starts_answers_and_stops_for_good(rig: Rig) -> None:
    unit = rig.unit()
    async with running(unit) as (task,):
        await asyncio.wait_for(unit.ready.wait(), 10)
        assert unit.link is not None
        said = await unit.link.peer.request(echo.ECHO, echo.Echo(text="hi"))
        assert said.text == "hi"
        pid = unit.pid
        unit.close()
        await asyncio.wait_for(task, 10)
    assert not alive(pid)
    assert rig.states() == ["starting", "loading", "ready", "stopping", "stopped"]
    last = rig.changes()[-1]
    assert (last.pid, last.exit) == (0, "exit 0 (done)")


async def test_a_death_fails_what_was_asked_and_is_told_truly(rig: Rig) -> None:
    unit = rig.unit("deaf")
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        assert unit.link is not None
        asked = unit.link.peer.open(echo.ECHO, echo.Echo(text="hi"))
        os.kill(unit.pid, 9)
        with pytest.raises(RequestFailed) as failed:
            await asked.result(5.0)
        assert failed.value.code == "gone"
        await until(lambda: unit.state == "backoff")
        assert not unit.ready.is_set()
        last = rig.changes()[-1]
        assert (last.exit, last.pid) == (
            "killed by SIGKILL, not by the show: perhaps out of memory",
            0,
        )
        assert 0 < last.retry_at - time.time() < 1


async def test_a_dead_engine_cannot_become_ready(rig: Rig) -> None:
    unit = rig.unit("ghost")
    async with running(unit):
        await until(lambda: unit.state == "backoff")
        assert not any(change.detail == "boo" for change in rig.changes())


async def test_waiting_for_another_is_told_once(rig: Rig) -> None:
    first, second = rig.unit("loading", name="echo"), rig.unit(name="tts")
    second.after([first])
    async with running(first, second):
        await until(lambda: first.state == "loading")
        await asyncio.sleep(0.7)
        assert len(rig.changes("tts")) == 1
        assert rig.changes("tts")[0].detail == "for echo"
        first.switch(False, "cli:me")
        await until(lambda: first.state == "stopped")
        second.switch(False, "cli:me")
        await until(lambda: second.state == "off")


async def test_who_waits_for_one_that_is_off_starts_when_it_comes(rig: Rig) -> None:
    first, second = rig.unit(enabled=False), rig.unit(name="tts")
    second.spec.command = rig.unit().spec.command
    second.after([first])
    async with running(first, second):
        await until(lambda: second.state == "waiting")
        first.switch(True, "cli:me")
        await until(lambda: "starting" in rig.states("tts"))


@pytest.mark.parametrize("when", ["starting", "loading", "backoff", "stopping", "waiting"])
async def test_switched_off_at_any_time_it_stops_and_stays_so(rig: Rig, when: str) -> None:
    unit = rig.unit(*{"loading": ["loading"], "backoff": ["dies"]}.get(when, []))
    other = rig.unit("loading", name="tts", enabled=False)
    if when == "waiting":
        unit.after([other])
    done = False

    def off(event: show.ShowEvent) -> None:
        nonlocal done
        if isinstance(event, show.EngineChanged) and event.state == when and not done:
            done = True
            unit.switch(False, "cli:me")

    rig.on_tell = off
    async with running(unit, other):
        if when == "stopping":
            await asyncio.wait_for(unit.ready.wait(), 10)
            unit.restart("cli:me")
        await until(lambda: done and unit.state in ("stopped", "off"))
        await asyncio.sleep(0.2)
        assert unit.state in ("stopped", "off")
        assert unit.pid == 0
        assert rig.changes()[-1].by == "cli:me"


async def test_two_restarts_at_once_are_one(rig: Rig) -> None:
    unit = rig.unit("slow")
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        unit.restart("cli:me")
        unit.restart("cli:you")
        await until(lambda: unit.state == "stopping")
        unit.restart("cli:me")
        await until(lambda: unit.restarts == 1 and unit.state == "ready")
        await asyncio.sleep(0.5)
        assert (unit.restarts, unit.state) == (1, "ready")


async def test_a_restart_while_it_starts_is_not_kept_for_later(rig: Rig) -> None:
    """Once: the wake of that restart stayed set and started a failed engine by itself."""
    asked = 0

    def config() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise ConfigError("no such model")
        return {}

    unit = rig.unit(config=config)
    once = [True]

    def again(event: show.ShowEvent) -> None:
        if isinstance(event, show.EngineChanged) and event.state == "starting" and once:
            once.clear()
            unit.restart("cli:me")

    rig.on_tell = again
    async with running(unit):
        await until(lambda: unit.state == "failed")
        await asyncio.sleep(0.2)
        assert asked == 2
        assert rig.changes()[-1].detail == "no such model"
        assert unit.settled.is_set()


async def test_closed_while_it_starts_nobody_is_left(rig: Rig) -> None:
    unit = rig.unit()

    def close(event: show.ShowEvent) -> None:
        if isinstance(event, show.EngineChanged) and event.state == "starting":
            unit.close()

    rig.on_tell = close
    async with running(unit) as (task,):
        await asyncio.wait_for(task, 10)
    assert rig.changes()[-1].state in ("stopped", "off")
    assert not [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["no-such-command-here"], "no-such-command-here: there is no such command"),
        (["/etc/passwd"], "/etc/passwd"),
        (["bad\0name"], "null"),
    ],
)
async def test_what_cannot_be_started_has_failed_in_words(
    rig: Rig, line: list[str], words: str
) -> None:
    unit = rig.unit(line=line)
    async with running(unit):
        await until(unit.settled.is_set)
        assert unit.state == "failed"
        assert words in rig.changes()[-1].detail
        assert "Errno" not in rig.changes()[-1].detail


async def test_an_unforeseen_error_fails_the_engine_and_not_its_supervision(rig: Rig) -> None:
    broken = True

    def config() -> dict[str, Any]:
        if broken:
            raise RuntimeError("a disk on fire")
        return {}

    unit = rig.unit(config=config)
    async with running(unit) as (task,):
        await until(lambda: unit.state == "failed")
        assert "a disk on fire" in rig.changes()[-1].detail
        broken = False
        unit.restart("cli:me")
        await asyncio.wait_for(unit.ready.wait(), 10)
        assert not task.done()


async def test_who_asked_is_named_for_as_long_as_it_holds(rig: Rig) -> None:
    unit = rig.unit()
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        unit.restart("cli:me")
        await until(lambda: unit.restarts == 1 and unit.state == "ready")
        assert rig.changes()[-1].by == "cli:me"
        unit._set("unresponsive", "no answer to pings")
        assert rig.changes()[-1].by == ""
        unit._as_it_says(common.Status(state="ready"))
        assert rig.changes()[-1].by == "", "that it answers again nobody asked for"


async def test_nobody_asked_for_a_death(rig: Rig) -> None:
    unit = rig.unit()
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        unit.restart("cli:me")
        await until(lambda: unit.restarts == 1 and unit.state == "ready")
        os.kill(unit.pid, 9)
        await until(lambda: unit.state == "backoff")
        assert rig.changes()[-1].by == ""


async def test_a_start_that_failed_was_asked_for(rig: Rig) -> None:
    unit = rig.unit(line=["no-such-command-here"], enabled=False)
    async with running(unit):
        unit.start("cli:me")
        await until(lambda: unit.state == "failed")
        assert rig.changes()[-1].by == "cli:me"


async def test_one_that_does_not_read_is_ended_before_the_memory_is_full(rig: Rig) -> None:
    unit = rig.unit("deaf")
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        assert unit.link is not None
        exchange = unit.link.peer.open(echo.COUNT, echo.Count(n=1))
        for _ in range(80):
            exchange.feed(echo.NUMBER, echo.Number(value=10**15))
            exchange._peer.send(_big(exchange.id), echo.NUMBER.traffic, "")
        await until(lambda: unit.state == "backoff")
        assert "does not read" in rig.changes()[-1].detail


def _big(id_: str) -> Any:
    return Event(name="echo.number", data=msgspec.Raw(b'"' + b"x" * 100_000 + b'"'), id=id_)


async def test_the_same_status_again_and_again_is_told_once(rig: Rig) -> None:
    unit = rig.unit("chatters")
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        assert unit.link is not None
        await unit.link.peer.request(echo.ECHO, echo.Echo(text="hi"))
        assert len([c for c in rig.changes() if c.state == "ready"]) == 1


async def test_a_flood_of_bad_lines_makes_it_degraded(rig: Rig) -> None:
    unit = rig.unit("babbles")
    async with running(unit):
        await until(lambda: unit.state == "degraded")
        assert "cannot be used" in rig.changes()[-1].detail
        assert unit.ready.is_set()


async def test_a_secret_on_stderr_stays_there(tmp_path: Path) -> None:
    rig = Rig(tmp_path, {"MY_TOKEN": "abracadabra"})
    unit = rig.unit("spills")
    async with running(unit):
        await until(lambda: len(rig.logs) >= 2)
        assert rig.logs[0].message == "the token is ***"
        assert "abracadabra" not in repr(rig.raw) + repr(rig.logs)
        assert "\\xff" in rig.logs[1].message


async def test_killed_it_goes_at_once_and_stays_so_until_it_is_started(rig: Rig) -> None:
    unit = rig.unit("slow")  # one that takes its time to leave when it is asked
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        pid = unit.pid
        unit.kill("cli:ann")
        await until(lambda: unit.state == "stopped")
        assert not alive(pid)
        last = rig.changes()[-1]
        assert (last.detail, last.by, last.pid) == ("killed by cli:ann", "cli:ann", 0)
        assert "stopping" not in rig.states()
        assert not [e for e in rig.told if isinstance(e, show.Alert)]
        await asyncio.sleep(0.7)  # longer than the first backoff
        assert unit.state == "stopped"
        unit.start("cli:bea")
        await asyncio.wait_for(unit.ready.wait(), 10)
        assert [c.by for c in rig.changes() if c.state == "loading"][-1] == "cli:bea"
        assert "killed" not in rig.changes()[-1].detail


async def test_a_start_is_for_one_that_does_not_run(rig: Rig) -> None:
    unit = rig.unit()
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        pid, told = unit.pid, len(rig.changes())
        unit.start("cli:ann")
        await asyncio.sleep(0.3)
        assert (unit.pid, len(rig.changes())) == (pid, told)


async def test_a_failed_one_is_started_again_when_asked(rig: Rig) -> None:
    unit = rig.unit("dies")
    unit._policy.died = lambda *_: Decision(None, "five restarts")  # type: ignore[method-assign]
    async with running(unit):
        await until(lambda: unit.state == "failed")
        unit.start("cli:ann")
        await until(lambda: rig.states().count("failed") == 2)
        assert unit.restarts == 1
        unit.kill("cli:ann")
        await until(lambda: unit.state == "stopped")
        assert rig.changes()[-1].detail == ""  # there was nothing to kill


@pytest.mark.parametrize("when", ["starting", "loading", "backoff", "stopping"])
async def test_killed_at_any_time_it_is_gone(rig: Rig, when: str) -> None:
    unit = rig.unit(*{"loading": ["loading"], "backoff": ["dies"]}.get(when, ["slow"]))
    once = [True]

    def kill(event: show.ShowEvent) -> None:
        if isinstance(event, show.EngineChanged) and event.state == when and once:
            once.clear()
            unit.kill("cli:me")

    rig.on_tell = kill
    async with running(unit):
        if when == "stopping":
            await asyncio.wait_for(unit.ready.wait(), 10)
            unit.restart("cli:me")
        await until(lambda: not once and unit.state in ("stopped", "off"))
        await asyncio.sleep(0.2)
        assert unit.state in ("stopped", "off")
        assert unit.pid == 0


async def test_a_request_that_makes_no_progress_ends_an_engine_that_answers_pings(
    rig: Rig,
) -> None:
    unit = rig.unit()
    unit.spec.progress_s = 0.6
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        assert unit.link is not None
        asked = unit.link.peer.open(echo.COUNT, echo.Count(n=1))  # it knows of no such thing
        with pytest.raises(RequestFailed) as failed:
            await asked.result(10.0)
        assert failed.value.code == "gone"
        await until(lambda: unit.state == "backoff")
        last = rig.changes()[-1]
        assert last.detail == "no progress on echo.count for 1 s"
        alerts = [e.text for e in rig.told if isinstance(e, show.Alert)]
        assert alerts == ["echo was ended (no progress on echo.count for 1 s)"]
        assert last.exit in ("killed by SIGKILL", "killed by SIGQUIT")  # it knows no stack dump
        await asyncio.wait_for(unit.ready.wait(), 10)
        assert unit.link is not None
        await unit.link.peer.request(echo.ECHO, echo.Echo(text="hi"))
        await asyncio.sleep(1.0)
        assert (unit.state, unit.restarts) == ("ready", 1)


@pytest.mark.parametrize(
    ("flag", "words"),
    [("--name=tts", "says that it is 'tts', expected 'echo'"), ("old", "speaks wire [0]")],
)
async def test_who_is_not_the_one_that_was_meant_is_not_started_again(
    rig: Rig, flag: str, words: str
) -> None:
    unit = rig.unit(flag)
    async with running(unit):
        await until(lambda: unit.state == "failed")
        last = rig.changes()[-1]
        assert words in last.detail
        assert (last.restarts, last.retry_at, last.pid) == (0, 0, 0)
        assert "loading" not in rig.states()


async def test_where_it_was_stuck_is_in_its_log_and_not_its_last_words(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    engines = str(Path(__file__).parents[1] / "support" / "engines.py")
    unit = rig.unit(line=[sys.executable, engines, "hangs_in_answer"])
    unit.spec.progress_s = 0.6
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 30)
        assert unit.link is not None
        unit.link.peer.open(echo.ECHO, echo.Echo(text="hi"))
        await until(lambda: unit.state == "backoff")
        written = b"\n".join(rig.raw).decode()
        assert "most recent call first" in written
        assert "in hang" in written or "engines.py" in written
        last = rig.changes()[-1]
        assert last.exit == "killed by SIGKILL"
        assert not any("File " in words for words in last.last_words)


async def test_a_configuration_that_is_no_utf8_is_a_failure_with_a_name(rig: Rig) -> None:
    unit = rig.unit(config=lambda: {"model": "/voices/\udcff.onnx"})
    async with running(unit):
        await until(lambda: unit.state == "failed")
        assert rig.changes()[-1].detail == (
            "its configuration cannot be sent to it: '/voices/\\udcff.onnx'"
        )


@pytest.mark.parametrize("asked", ["start", "restart"])
async def test_once_the_show_ends_nothing_brings_an_engine_back(rig: Rig, asked: str) -> None:
    """It was started again, and the show's end then took all of its eight seconds."""
    unit = rig.unit("slow")
    async with running(unit) as (task,):
        await asyncio.wait_for(unit.ready.wait(), 10)
        unit.close()
        await until(lambda: unit.state == "stopping")
        getattr(unit, asked)("me")
        await asyncio.wait_for(task, 10)
    assert rig.states() == ["starting", "loading", "ready", "stopping", "stopped"]


async def test_a_start_of_one_that_runs_is_nothing(rig: Rig) -> None:
    unit = rig.unit("loading")
    async with running(unit):
        await until(lambda: unit.state == "loading")
        unit.start("me")
        os.kill(unit.pid, 9)
        await until(lambda: unit.state == "backoff")
        assert {change.by for change in rig.changes()} == {""}  # nobody asked for this


async def test_a_death_after_a_kill_and_a_start_is_a_death(rig: Rig) -> None:
    unit = rig.unit()
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        unit.kill("me")
        await until(lambda: unit.state == "stopped")
        unit.start("me")
        await asyncio.wait_for(unit.ready.wait(), 10)
        os.kill(unit.pid, 9)
        await until(lambda: unit.state == "backoff")


@pytest.mark.skipif(sys.platform == "win32", reason="kin is a process group")
async def test_what_a_dead_engine_had_started_ends_with_it(rig: Rig) -> None:
    unit = rig.unit("kin")
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        engine = psutil.Process(unit.pid)
        await until(engine.children)
        kin = engine.children()[0].pid
        os.kill(engine.pid, 9)
        await until(lambda: not alive(kin))
