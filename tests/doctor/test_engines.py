"""Each engine's start, with real processes that go wrong in every way."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from kitsu_tui.config import load_profile
from kitsu_tui.doctor import engines
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.probe import examine
from kitsu_tui.doctor.report import Check
from kitsu_tui.model.state import EngineView, ShowState
from tests.support.children import children

FAULTY = Path(__file__).parents[1] / "support" / "engines.py"


def context(folder: Path, *command: str, engine: str = "echo") -> Context:
    path = folder / "p.yaml"
    listed = ", ".join(f'"{word}"' for word in command)
    path.write_text(
        f"extends: starter\nengines: {{{engine}: {{enabled: true, command: [{listed}]}}}}\n"
    )
    loaded = load_profile(str(path))
    return Context(profile=str(path), loaded=loaded, environ=loaded.environ)


async def look(made: Context, engine: str = "echo") -> Check:
    probe = next(p for p in engines.family().probes if p.name == engine)
    [(check, _)] = await examine("Engines", probe, made, lambda: 60.0)
    assert children(psutil.Process(), str(FAULTY)) == []
    return check


def faulty(*fault: str) -> list[str]:
    return [sys.executable, str(FAULTY), *fault]


async def test_an_engine_that_is_well(tmp_path: Path) -> None:
    check = await look(context(tmp_path, *faulty("none")))
    assert check.status == "ok", check
    assert "ready in" in check.found
    assert "MB" in check.found


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (("dies_before_hello", "--code", "4"), "exit 4 (model or device missing)"),
        (("dies_at_start", "--code", "2"), "exit 2 (bad configuration)"),
        (("fails_at_start",), "it ended while it loaded"),
    ],
)
async def test_one_that_dies_says_how(tmp_path: Path, fault: tuple[str, ...], says: str) -> None:
    check = await look(context(tmp_path, *faulty(*fault)))
    assert check.status == "bad"
    assert says in check.found
    assert check.do


@pytest.mark.parametrize(
    ("fault", "says"), [("silent", "no hello within"), ("hangs_at_start", "not ready within")]
)
async def test_one_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, says: str
) -> None:
    monkeypatch.setattr(engines, "START_S", 2.0)
    check = await look(context(tmp_path, *faulty(fault)))
    assert (check.status, says in check.found) == ("bad", True), check
    assert "memory" not in check.do  # it was us who ended it


async def test_one_that_does_not_leave_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "LEAVE_S", 0.2)
    check = await look(context(tmp_path, *faulty("ignores_all")))
    assert check.status == "bad"
    assert "does not leave" in check.found


async def test_one_that_is_stopped_with_us_leaves_nothing(tmp_path: Path) -> None:
    task = asyncio.create_task(look(context(tmp_path, *faulty("hangs_at_start"))))
    me = psutil.Process()
    async with asyncio.timeout(10):
        while not children(me, str(FAULTY)):
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not children(me, str(FAULTY))


async def test_a_command_that_is_none(tmp_path: Path) -> None:
    check = await look(context(tmp_path, "/no/such/program"))
    assert check.status == "bad"
    assert "there is no such command" in check.found


async def test_a_show_that_runs_is_asked_instead(tmp_path: Path) -> None:
    made = context(tmp_path, "/no/such/program")
    made.running = ShowState(
        engines={
            "echo": EngineView(
                name="echo", state="failed", detail="five restarts", last_words=["out of memory"]
            )
        }
    )
    check = await look(made)
    assert (check.status, check.do.split(";")[0]) == ("bad", "kitsu restart echo")
    assert "out of memory" in check.found
    made.running.engines["echo"].state = "ready"
    assert (await look(made)).status == "ok"
    made.engines = True  # asked for: then it is started after all
    assert "there is no such command" in (await look(made)).found


async def test_quick_starts_nothing(tmp_path: Path) -> None:
    made = context(tmp_path, "/no/such/program")
    made.quick = True
    assert (await look(made)).status == "skipped"


async def test_a_recording_that_is_there_stays(tmp_path: Path) -> None:
    wav = tmp_path / "show.wav"
    wav.write_bytes(b"last night's")
    path = tmp_path / "rec.yaml"
    path.write_text(f"extends: starter\naudio: {{backend: 'null', output_file: {wav}}}\n")
    loaded = load_profile(str(path))
    check = await look(Context(loaded=loaded, environ=loaded.environ), "audio")
    assert check.status == "ok", check
    assert wav.read_bytes() == b"last night's"
