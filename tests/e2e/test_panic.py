"""Panic and drills on a real show, at an engine that takes part by what its hello says alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kitsu_tui.cli.drill import DrillReport
from tests.support.quick import QuickShow, quick_show
from tests.support.show import KITSU, QUIET, ROOT, kill

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ENGINE = "tests.support.surface_engine"
GAME = {"scene": "Game", "muted": False}
BRB = {"scene": "BRB", "muted": True}


class Stage:
    """A show with one surface, whose picture is a file."""

    def __init__(self, place: QuickShow) -> None:
        self.place = place
        self.file = place.folder / "shown.json"
        self.file.write_text(json.dumps(GAME))
        command = json.dumps([sys.executable, "-m", ENGINE, str(self.file)])
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        env = json.dumps({"PYTHONPATH": path})
        self.profile = place.folder / "profile.yaml"
        self.profile.write_text(
            f"{QUIET}  echo: {{enabled: true, command: {command}, env: {env}}}\n"
        )

    def start(self) -> dict[str, Any]:
        self.place.start(self.profile)
        return self.place.wait_ready("echo", timeout=30)

    @property
    def shown(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text())
        return found

    @property
    def latch(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.place.state / "latch.json").read_text())
        return found

    def wait_shown(self, wanted: dict[str, Any]) -> None:
        self.place.wait(lambda _: self.shown == wanted, 30, f"{wanted} is shown")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """It, not started."""
    with quick_show(tmp_path / "show") as place:
        yield Stage(place)


def test_it_is_latched_and_put_back_whoever_is_killed_in_between(stage: Stage) -> None:
    place = stage.place
    echo = stage.start()["engines"]["echo"]["pid"]
    said = place.kitsu("panic").stdout
    assert said.startswith("panic: audio ")
    assert ", echo.scene " in said
    assert stage.latch["kept"]["echo"]["before"] == GAME
    kill(echo)
    stage.file.write_text(json.dumps(GAME | {"more": 1}))  # what it drives forgot the panic, too
    stage.wait_shown(BRB | {"more": 1})
    place.wait_ready("echo")
    kill(place.status()["pid"])
    assert place.gone(10)
    stage.file.write_text(json.dumps({"scene": "Other", "muted": False}))
    state = stage.start()
    assert state["panic"]["latched"]
    stage.wait_shown(BRB)
    place.wait(lambda s: not s["panic"]["waits"], 10, "the picture knows")
    assert place.kitsu("resume").stdout.startswith("resumed; put back: echo.scene ")
    assert stage.shown == GAME
    place.wait(lambda _: not stage.latch["kept"], 10, "nothing is kept any more")


def test_what_could_not_be_put_back_is_when_its_engine_is_back_in_a_later_show(
    stage: Stage,
) -> None:
    place = stage.place
    stage.start()
    place.kitsu("panic")
    place.kitsu("kill", "echo")
    place.wait_engine("echo", "stopped")
    said = place.kitsu("resume").stdout
    assert said == "resumed; put back: WAITS: echo (echo is stopped)\n"
    assert stage.shown == BRB
    place.wait(lambda _: not stage.latch["panicked"], 10, "the resume is kept")
    kill(place.status()["pid"])
    assert place.gone(10)
    assert stage.latch["kept"]["echo"]["before"] == GAME
    stage.start()
    stage.wait_shown(GAME)
    place.wait(lambda _: not stage.latch["kept"], 10, "nothing is kept any more")
    assert not place.status()["panic"]["latched"]


def test_what_hangs_is_named_in_time_and_reached_when_it_goes_on(stage: Stage) -> None:
    place = stage.place
    echo = stage.start()["engines"]["echo"]["pid"]
    os.kill(echo, signal.SIGSTOP)
    try:
        done = place.kitsu("panic", check=False)
    finally:
        os.kill(echo, signal.SIGCONT)
    assert done.returncode == 1
    assert "audio 0" in done.stdout, "nobody waited for it"
    assert "NOT reached: echo (no answer within 2 s)" in done.stdout
    stage.wait_shown(BRB)
    state = place.wait(lambda s: "echo.scene" in s["panic"]["surfaces"], 10, "it is told")
    assert "echo" not in state["panic"]["surfaces"]
    assert state["panic"]["why"] == {}
    place.kitsu("resume")
    assert stage.shown == GAME


def test_a_drill_is_kept_told_and_no_panic(stage: Stage) -> None:
    place = stage.place
    stage.start()
    done = place.kitsu("drill", "--json")
    found = msgspec.json.decode(done.stdout, type=DrillReport)
    assert (found.ok, found.by, found.why) == (True, "cli:tester", {})
    assert list(found.surfaces) == ["audio", "policy", "tts", "echo.scene", "echo.muted"]
    assert list(found.put_back) == ["echo.scene", "echo.muted"]
    assert stage.shown == GAME

    def told() -> set[str]:
        return {event["by"] for event in place.journal() if event["kind"] == "panic"}

    end = time.monotonic() + 10
    while not told() and time.monotonic() < end:  # the journal is written a moment later
        time.sleep(0.05)
    assert told() == {"drill:cli:tester"}
    assert json.loads(place.kitsu("journal", "list", "--json").stdout)["panics"] == 0
    place.kitsu("stop")
    stage.start()
    kept = place.status()["drill"]
    assert (kept["at"], kept["earlier"]) == (found.at, True)
    place.kitsu("panic")
    done = place.kitsu("drill", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "panic is latched: resume first" in done.stderr


def test_a_drill_whose_client_is_killed_resumes_all_the_same(stage: Stage) -> None:
    place = stage.place
    echo = stage.start()["engines"]["echo"]["pid"]
    os.kill(echo, signal.SIGSTOP)
    try:
        client = subprocess.Popen(
            [*KITSU, "drill"], env=place.environ, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        place.wait(lambda s: s["panic"]["latched"], 30, "it is under way")
        client.kill()
        client.wait(10)
        state = place.wait(lambda s: not s["panic"]["latched"], 30, "resumed")
    finally:
        os.kill(echo, signal.SIGCONT)
    assert state["panic"]["by"] == "drill:cli:tester"
    state = place.wait(lambda s: s["drill"], 30, "told")
    assert state["drill"]["surfaces"]["echo"] is None
    stage.wait_shown(GAME)


def test_without_a_show_a_drill_has_one_of_its_own(stage: Stage) -> None:
    done = stage.place.kitsu("drill", "--profile", str(stage.profile))
    assert done.stdout.splitlines()[0].split() == ["surface", "reached", "put", "back"]
    assert done.stdout.splitlines()[-1] == "all reached, all put back"
    assert stage.shown == GAME
    assert stage.place.gone(10)
    schema = json.loads(stage.place.kitsu("schema", "drill").stdout)
    assert "DrillReport" in json.dumps(schema)


def test_a_show_that_ends_in_mid_drill_is_not_latched(stage: Stage) -> None:
    place = stage.place
    echo = stage.start()["engines"]["echo"]["pid"]
    os.kill(echo, signal.SIGSTOP)
    try:
        with subprocess.Popen(
            [*KITSU, "drill"],
            env=place.environ,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ):
            place.wait(lambda s: s["panic"]["latched"], 30, "it is under way")
            place.ask("show.stop")
            place.wait(lambda s: s["stopping"], 10, "the show ends")
            os.kill(echo, signal.SIGCONT)
    finally:
        if Path(f"/proc/{echo}").exists():
            os.kill(echo, signal.SIGCONT)
    assert place.gone(20)
    assert not stage.latch["panicked"]
    assert stage.shown == GAME
