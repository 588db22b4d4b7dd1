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
from kitsu_tui.show import supervisor as supervisor_module
from kitsu_tui.show.durable import Born, Ledger, LedgerFile
from kitsu_tui.show.spec import Spec
from kitsu_tui.show.supervisor import Supervisor
from tests.support.rig import Rig, command, no_config, until


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
