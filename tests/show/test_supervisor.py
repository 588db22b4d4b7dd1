"""All engines together: the order of leaving, the bound on it, what an earlier show left."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from engines.wire import echo, show
from engines.wire.peer import RequestFailed
from kitsu_tui import platform
from kitsu_tui.config import load_profile
from kitsu_tui.show import supervisor as supervisor_module
from kitsu_tui.show.child import Child
from kitsu_tui.show.durable import Born, Ledger, LedgerFile
from kitsu_tui.show.spec import Spec, thread_budget
from kitsu_tui.show.supervisor import Supervisor, specs
from kitsu_tui.show.unit import Unit
from tests.support.rig import Rig, command, no_config, running, until


def spec(name: str, *flags: str, needs: list[str] | None = None) -> Spec:
    line = [*command(*flags), f"--name={name}"]
    return Spec(name=name, command=line, config=no_config, needs=needs or [])


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def test_engines_leave_after_those_that_need_them(rig: Rig) -> None:
    found = Supervisor(
        [spec("audio"), spec("asr", "slow", needs=["audio"]), spec("tts", needs=["asr"])],
        rig.around,
    )
    found.start()
    await until(lambda: all(found.is_ready(name) for name in found.units))
    rig.told.clear()
    await found.stop()
    changes = [e for e in rig.told if isinstance(e, show.EngineChanged)]
    order = [change.engine for change in changes if change.state == "stopped"]
    assert order == ["tts", "asr", "audio"]


async def test_engines_are_started_one_after_the_other_with_the_loop_free_between(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five at once let the loop of a busy machine stand still for 0.7 s."""
    turns = 0
    made: list[int] = []

    async def spawn(self: Child, *_: object) -> None:
        made.append(turns)
        await asyncio.sleep(0)  # as it does for the pipes
        raise OSError("none today")

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(Child, "spawn", spawn)
    found = Supervisor([spec(name) for name in ("audio", "asr", "tts", "policy")], rig.around)
    counting = asyncio.create_task(count())
    found.start()
    await until(lambda: len(made) >= 4)
    counting.cancel()
    assert len(set(made[:4])) == 4, "not two of them in one turn of the loop"
    await found.stop()


async def test_the_end_is_bounded_whatever_engines_do(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "STOP_S", 1.0)
    found = Supervisor(
        [spec("audio", "stubborn"), spec("asr", "stubborn", needs=["audio"])], rig.around
    )
    found.start()
    await until(lambda: all(found.is_ready(name) for name in found.units))
    pids = [unit.pid for unit in found.units.values()]
    began = time.monotonic()
    await found.stop()
    assert time.monotonic() - began < 1.0 + supervisor_module.KILL_S
    assert not any(platform.start_time(pid) for pid in pids)
    ledger = msgspec.json.decode((Path(rig.around.cwd) / "children.json").read_bytes())
    assert ledger["children"] == {}


async def test_an_engine_that_is_not_there_is_refused_at_once(rig: Rig) -> None:
    found = Supervisor([spec("audio", "dies")], rig.around)
    found.start()
    await until(lambda: found.units["audio"].state == "backoff")
    with pytest.raises(RequestFailed) as failed:
        await found.request("audio", echo.ECHO, echo.Echo(text="hi"))
    assert failed.value.code == "gone"
    assert "audio is backoff" in failed.value.detail
    await found.stop()


async def test_nobody_waits_for_an_engine_that_has_failed(rig: Rig) -> None:
    broken = spec("audio")
    broken.command = ["no-such-command-here"]
    found = Supervisor([broken], rig.around)
    found.start()
    await until(lambda: found.units["audio"].state == "failed")
    assert not await asyncio.wait_for(found.wait_ready("audio", 60.0), 1.0)
    await found.stop()


@pytest.mark.parametrize("pid", [0, 1, -1, -5, 2**31, 2**70])
def test_a_ledger_with_nonsense_in_it_harms_nobody(
    tmp_path: Path, pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda pid, number: sent.append(pid))
    path = tmp_path / "children.json"
    started = psutil.Process(1).create_time() if pid == 1 else 0.0
    path.write_text(json.dumps({"children": {"x": {"pid": pid, "started": started}}}))
    Ledger(path).sweep()
    assert sent == []


def test_dead_children_that_nobody_fetched_cost_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container without an init they stay, and each once cost two seconds."""
    dead = [subprocess.Popen([sys.executable, "-S", "-c", ""]) for _ in range(3)]
    born = {str(n): Born(p.pid, psutil.Process(p.pid).create_time()) for n, p in enumerate(dead)}
    path = tmp_path / "children.json"
    path.write_bytes(msgspec.json.encode(LedgerFile(born)))
    for process in dead:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    monkeypatch.setattr("kitsu_tui.show.durable.SWEEP_S", 60.0)
    assert Ledger(path).sweep() == []
    for process in dead:
        process.wait()


async def test_a_ledger_on_a_disk_that_hangs_holds_up_no_start(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kitsu_tui.show.durable.SAVE_S", 0.05)
    monkeypatch.setattr("kitsu_tui.show.durable.write_file", lambda *_, **__: time.sleep(0.6))
    unit = rig.unit()
    task = asyncio.ensure_future(unit.run())
    await asyncio.wait_for(unit.ready.wait(), 5)
    unit.close()
    await asyncio.wait_for(task, 5)
    await asyncio.sleep(0.6)


async def test_adding_and_removing_at_once_ends_in_the_truth(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "children.json")
    names = [f"e{n}" for n in range(20)]
    await asyncio.gather(*(ledger.add(name, os.getpid()) for name in names))
    await asyncio.gather(*(ledger.remove(name) for name in names[1:]))
    left = msgspec.json.decode((tmp_path / "children.json").read_bytes(), type=LedgerFile)
    assert list(left.children) == ["e0"]


def test_a_profile_says_how_engines_are_run(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "extends: starter\n"
        "asr: {threads: 3}\n"
        "policy: {timeout_s: 40}\n"
        "conversation: {speak_timeout_s: 20}\n"
        "engines: {metrics: {progress_s: 7, load_s: 30}, tts: {env: {OMP_NUM_THREADS: '9'}}}\n"
    )
    found = {s.name: s for s in specs(load_profile(str(path), {"MKL_NUM_THREADS": "5"}))}
    budget = {name: spec.env["OMP_NUM_THREADS"] for name, spec in found.items()}
    assert budget == {
        "audio": "1",
        "asr": "3",
        "policy": "2",
        "tts": "9",
        "metrics": "1",
        "obs": "1",
        "guard": "1",
        "echo": "1",
    }
    assert found["asr"].env["OPENBLAS_NUM_THREADS"] == "3"
    assert "MKL_NUM_THREADS" not in found["asr"].env, "the user's own stands"
    patience = {name: round(spec.progress_s, 3) for name, spec in found.items()}
    assert patience == {
        "audio": 12,
        "asr": 12,
        "policy": 44,
        "tts": 16,
        "metrics": 7,
        "obs": 12,
        "guard": 12,
        "echo": 12,
    }
    assert (found["metrics"].load_s, found["tts"].load_s) == (30, 120)
    # Those that are heard run first: she must not stutter because she thinks.
    assert found["audio"].nice == 0 < found["tts"].nice < found["asr"].nice < found["policy"].nice


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_budget_and_niceness_reach_the_process_and_what_it_starts(rig: Rig) -> None:
    unit = Unit(spec("audio", "kin"), rig.around)
    unit.spec.nice, unit.spec.env = 6, thread_budget(3, {})
    async with running(unit):
        await asyncio.wait_for(unit.ready.wait(), 10)
        engine = psutil.Process(unit.pid)
        await until(engine.children)
        for process in (engine, *engine.children()):
            assert process.nice() == 6
            assert process.environ()["OMP_NUM_THREADS"] == "3"
            assert process.environ()["KITSU_SHOW_PID"] == str(os.getpid())
        kin = engine.children()[0].pid
    await until(lambda: not platform.start_time(kin))
