"""Panic at a real OBS: reached, held and put back, whoever is killed or hangs in between."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.obs import ObsLab
from tests.support.quick import QuickShow, quick_show
from tests.support.show import QUIET, kill

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PROFILE = (
    QUIET.replace("audio: {enabled: false}", "audio: {enabled: true}")
    + "  obs: {enabled: true}\naudio: {backend: 'null'}\nobs: {panic_filter: Panic}\n"
)
BEFORE = {"scene": "Main", "mutes": [False, False, False], "filter": False}
PANICKED = {"scene": "BRB", "mutes": [True, True, True], "filter": True}
STEPS = ("obs.mutes", "obs.scene", "obs.filter")


def seen(lab: ObsLab) -> dict[str, Any]:
    """What OBS itself says of what panic changes."""
    with lab.client() as there:
        return {
            "scene": there.request("GetCurrentProgramScene")["currentProgramSceneName"],
            "mutes": [
                there.request("GetInputMute", inputName=name)["inputMuted"]
                for name in ("Mic", "Desktop", "Music")
            ],
            "filter": there.request("GetSourceFilter", sourceName="Main", filterName="Panic")[
                "filterEnabled"
            ],
        }


def until(lab: ObsLab, wanted: dict[str, Any], timeout: float = 30.0) -> None:
    """Wait until OBS is so."""
    end = time.monotonic() + timeout
    while (now := seen(lab)) != wanted:
        assert time.monotonic() < end, f"it is {now}, expected {wanted}"
        time.sleep(0.1)


@pytest.fixture
def show(obs_lab: ObsLab, tmp_path: Path) -> Iterator[QuickShow]:
    """A show with `audio` and `obs`, connected."""
    with quick_show(tmp_path / "show") as place:
        place.environ |= obs_lab.environ
        place.start(PROFILE)
        connected(place)
        yield place


def connected(place: QuickShow) -> dict[str, Any]:
    """Wait until it is, and return the picture."""
    place.wait_ready("audio")
    return place.wait(
        lambda s: s["obs"]["state"] and s["obs"]["state"]["link"] == "open", 30, "OBS is there"
    )


def latched(place: QuickShow, what: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until the picture of panic is so, and return it."""
    found: dict[str, Any] = place.wait(lambda s: what(s["panic"]), 30, "panic")["panic"]
    return found


def test_it_reaches_all_and_a_drill_says_so(show: QuickShow, obs_lab: ObsLab) -> None:
    with obs_lab.client() as there:
        there.request("SetCurrentSceneTransition", transitionName="Fade")
        there.request("SetCurrentSceneTransitionDuration", transitionDuration=5000)
    said = show.kitsu("panic").stdout
    assert all(f", {name} " in said for name in STEPS), said
    assert seen(obs_lab) == PANICKED, "at once, although a fade of 5 s was set"
    assert "put back: " in show.kitsu("resume").stdout
    until(obs_lab, BEFORE)
    done = json.loads(show.kitsu("drill", "--json").stdout)
    assert (done["ok"], done["why"]) == (True, {})
    assert done["surfaces"].keys() >= {"audio", *STEPS}
    assert seen(obs_lab) == BEFORE
    with obs_lab.client() as there:
        assert there.request("GetCurrentSceneTransition")["transitionName"] == "Fade"
        there.request("StartRecord")
        refused = show.kitsu("drill", check=False)
        there.request("StopRecord")
    assert refused.returncode == 1
    assert "OBS records" in refused.stderr
    assert seen(obs_lab) == BEFORE


def test_it_outlives_everybody(show: QuickShow, obs_lab: ObsLab) -> None:
    state = show.status()
    show.kitsu("panic")
    kill(state["engines"]["obs"]["pid"])
    show.wait(
        lambda s: s["engines"]["obs"]["restarts"] and s["engines"]["obs"]["state"] == "ready",
        30,
        "the engine is back",
    )
    obs_lab.kill()
    obs_lab.start(fresh=True)
    until(obs_lab, PANICKED)
    kill(state["pid"])
    assert show.gone(10)
    assert seen(obs_lab) == PANICKED
    show.start(PROFILE)
    assert show.status()["panic"]["latched"]
    latched(show, lambda panic: set(STEPS) <= panic["surfaces"].keys())
    assert seen(obs_lab) == PANICKED
    show.kitsu("resume")
    assert seen(obs_lab) == BEFORE


def test_a_closed_obs_waits_at_panic_and_at_resume(show: QuickShow, obs_lab: ObsLab) -> None:
    obs_lab.kill()
    show.wait(lambda s: s["obs"]["state"]["link"] != "open", 30, "it is missed")
    done = show.kitsu("panic", check=False)
    assert done.returncode == 1
    assert "WAITS: obs.mutes (" in done.stdout
    assert done.stdout.startswith("panic: audio ")
    obs_lab.start(fresh=True)
    until(obs_lab, PANICKED)
    panic = latched(show, lambda panic: not panic["waits"])
    assert set(STEPS) <= panic["surfaces"].keys()
    obs_lab.kill()
    show.wait(lambda s: s["obs"]["state"]["link"] != "open", 30, "it is missed")
    assert "WAITS: obs." in show.kitsu("resume").stdout
    kill(show.status()["pid"])
    assert show.gone(10)
    obs_lab.start()
    show.start(PROFILE)
    until(obs_lab, BEFORE)
    kept = show.state / "latch.json"
    show.wait(lambda _: not json.loads(kept.read_text())["kept"], 10, "nothing is owed any more")


def test_a_hung_obs_harms_no_silence_and_gets_it_when_it_goes_on(
    show: QuickShow, obs_lab: ObsLab
) -> None:
    obs_lab.hang()
    try:
        done = show.kitsu("panic", check=False)
        panic = show.status()["panic"]
    finally:
        obs_lab.go_on()
    assert done.returncode == 1
    assert panic["waits"], done.stdout
    assert panic["surfaces"]["audio"] < 1000, "nobody waited for OBS"
    until(obs_lab, PANICKED)
    latched(show, lambda panic: not panic["waits"])
    show.kitsu("resume")
    until(obs_lab, BEFORE)


def test_an_engine_that_hangs_harms_no_silence_either(show: QuickShow, obs_lab: ObsLab) -> None:
    engine = show.status()["engines"]["obs"]["pid"]
    os.kill(engine, signal.SIGSTOP)
    try:
        done = show.kitsu("panic", check=False)
        panic = show.status()["panic"]
    finally:
        os.kill(engine, signal.SIGCONT)
    assert "NOT reached: obs (no answer within 2 s)" in done.stdout
    assert panic["surfaces"]["audio"] < 1000
    until(obs_lab, PANICKED)
    show.kitsu("resume")
    until(obs_lab, BEFORE)
