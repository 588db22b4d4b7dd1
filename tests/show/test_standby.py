"""One engine takes another's place, with real children."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from pathlib import Path

import msgspec
import psutil
import pytest

from engines.wire import common, echo, show
from engines.wire.envelope import At, Cancel
from engines.wire.peer import RequestFailed
from kitsu_tui.show import supervisor as module
from kitsu_tui.show.durable import LedgerFile
from kitsu_tui.show.listeners import Listeners
from kitsu_tui.show.spec import Spec
from kitsu_tui.show.successor import outcome
from kitsu_tui.show.supervisor import Supervisor
from tests.support.rig import Rig, command, no_config, until


def spec(name: str, *flags: str, needs: list[str] | None = None, load_s: float = 20.0) -> Spec:
    line = [*command(*flags), f"--name={name}"]
    return Spec(name=name, command=line, config=no_config, needs=needs or [], load_s=load_s)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def up(rig: Rig, *specs: Spec) -> Supervisor:
    """These engines, ready."""
    found = Supervisor(list(specs), rig.around)
    found.start()
    await until(lambda: all(found.is_ready(name) for name in found.units))
    return found


def ledger(rig: Rig) -> dict[str, int]:
    """Names and pids, as the next show would find them."""
    path = Path(rig.around.cwd) / "children.json"
    file = msgspec.json.decode(path.read_bytes(), type=LedgerFile)
    return {name: born.pid for name, born in file.children.items()}


def test_who_listens_hears_the_last_of_what_was_said_while_nobody_did() -> None:
    heard: list[common.Figures] = []
    old, new = Listeners(), Listeners("keep")
    old.add(common.FIGURES, lambda figures, _: heard.append(figures))
    new.same_as(old)
    listener = new.table[common.FIGURES.name][1]
    for n in range(3):
        listener(common.Figures(queue=n), None)
    assert heard == []
    old.mode = "drop"
    old.table[common.FIGURES.name][1](common.Figures(queue=9), None)
    new.begin()
    assert [figures.queue for figures in heard] == [2]
    listener(common.Figures(queue=3), None)
    new.begin()
    assert [figures.queue for figures in heard] == [2, 3]


async def test_the_ledger_knows_who_stands_by_serves_and_leaves(rig: Rig) -> None:
    found = await up(rig, spec("echo", "deaf"))
    old = found.units["echo"]
    old_pid = old.pid
    asked = found.open("echo", echo.ECHO, echo.Echo(text="hi"))
    (new,) = found.stand_by([spec("echo")], rig.around)
    assert await outcome(new, 0, 10) == ""
    assert ledger(rig) == {"echo": old_pid, "echo (next)": new.pid}
    assert rig.changes()[-1].pid == old_pid, "nobody hears of it before it serves"
    found.swap([new], [spec("echo")], rig.around, "cli:me")
    await until(lambda: ledger(rig) == {f"echo (leaving, {old_pid})": old_pid, "echo": new.pid})
    assert not asked.done
    os.kill(old_pid, 9)
    await until(lambda: ledger(rig) == {"echo": new.pid})
    await found.stop()
    assert ledger(rig) == {}


async def test_what_does_not_end_is_asked_again_of_the_one_that_serves(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEAVE_S", 0.3)
    found = await up(rig, spec("echo", "deaf"))
    pid = found.units["echo"].pid
    asked = found.open("echo", echo.ECHO, echo.Echo(text="hi"))
    (new,) = found.stand_by([spec("echo")], rig.around)
    await outcome(new, 0, 10)
    found.swap([new], [spec("echo")], rig.around, "cli:me")
    with pytest.raises(RequestFailed) as failed:
        await asked.result(10)
    assert failed.value.code == "gone", "the code that has callers ask again"
    await until(lambda: not psutil.pid_exists(pid))
    await found.stop()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["old"], "speaks wire [0]"),
        (["loading"], "not ready within 0.6 s"),
        (["dies"], "exit 9"),
    ],
)
async def test_why_one_that_stands_by_is_of_no_use(rig: Rig, flags: list[str], words: str) -> None:
    found = await up(rig, spec("echo"))
    pid = found.units["echo"].pid
    (new,) = found.stand_by([spec("echo", *flags, load_s=0.6)], rig.around)
    await until(lambda: new.state in ("backoff", "failed"))  # one of them is ready before it dies
    assert words in await outcome(new, 0, 10)
    await found.dismiss([new])
    assert not new.pid
    assert found.units["echo"].pid == pid
    assert not [e for e in rig.told if isinstance(e, show.Alert)]
    assert ledger(rig) == {"echo": pid}
    await found.stop()


async def test_those_that_start_together_may_need_each_other(rig: Rig) -> None:
    off = spec("tts", needs=["audio"])
    first = spec("audio")
    first.enabled = off.enabled = False
    found = Supervisor([first, off, spec("echo", needs=["tts"])], rig.around)
    found.start()
    units = found.stand_by([spec("tts", needs=["audio"]), spec("audio")], rig.around)
    assert [await outcome(unit, 0, 10) for unit in units] == ["", ""]
    assert found.units["echo"].state == "waiting"
    specs = [unit.spec for unit in units] + [spec("echo", needs=["tts"])]
    found.swap(units, specs, rig.around, "cli:me")
    await until(lambda: found.is_ready("echo"))
    rig.told.clear()
    await found.stop()
    order = [c.engine for c in rig.told if isinstance(c, show.EngineChanged) if c.pid == 0]
    assert order == ["echo", "tts", "audio"], "who is needed leaves last, still"


async def test_a_cancellation_reaches_all_of_them(rig: Rig) -> None:
    found = await up(rig, spec("echo", "deaf"))
    old = found.units["echo"]
    (new,) = found.stand_by([spec("echo")], rig.around)
    await outcome(new, 0, 10)
    sent: list[tuple[str, int]] = []

    def note(name: str, cancel: Cancel) -> None:
        assert cancel.at is not None
        sent.append((name, cancel.at.epoch))

    for name, unit in {"old": old, "new": new}.items():
        assert unit.link is not None
        cancel = partial(note, name)
        unit.link.cancel = cancel  # type: ignore[method-assign]
    found.cancel(Cancel(scope="epoch", at=At(epoch=7)))
    found.open("echo", echo.ECHO, echo.Echo(text="hi"))
    found.swap([new], [spec("echo")], rig.around, "cli:me")
    found.cancel(Cancel(scope="epoch", at=At(epoch=8)))
    assert sorted(sent) == [("new", 7), ("new", 8), ("old", 7), ("old", 8)]
    await found.stop()


async def test_an_engine_that_is_being_replaced_is_waited_for_as_long_as_it_takes(
    rig: Rig,
) -> None:
    found = await up(rig, spec("echo"))
    with found.held("echo"):
        assert not found.is_ready("echo")
        with pytest.raises(RequestFailed, match="echo is being replaced"):
            found.open("echo", echo.ECHO, echo.Echo(text="hi"))
        waiting = asyncio.create_task(found.wait_ready("echo", 0.05))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    assert await asyncio.wait_for(waiting, 5)
    assert await found.idle(found.units["echo"], 1.0)
    await found.stop()


async def test_nobody_stands_by_for_a_show_that_stops(rig: Rig) -> None:
    found = await up(rig, spec("echo"))
    (new,) = found.stand_by([spec("echo", "loading")], rig.around)
    await until(lambda: new.state == "loading")
    began = time.monotonic()
    asked = asyncio.create_task(outcome(new, 0, 30))
    await found.stop()
    assert await asked == "it was switched off"
    (late,) = found.stand_by([spec("echo")], rig.around)
    assert await outcome(late, 0, 30) == "it was switched off"
    assert time.monotonic() - began < 15
    assert not new.pid
    assert ledger(rig) == {}
