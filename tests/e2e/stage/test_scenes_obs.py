"""Scenes, sources, captions and an operator who is gone: a real show with a real OBS."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import jsonschema
import pytest
from msgspec import Struct

from engines.wire import control
from engines.wire import obs as wire
from engines.wire.message import RequestKind
from kitsu_tui.bench.obs_scenes import CAPTION, SCENES
from kitsu_tui.client import RequestFailed, connect
from kitsu_tui.config.models import ModelStore
from kitsu_tui.obsws import ObsClient
from tests.support import obs
from tests.support.obs import ObsLab
from tests.support.show import QUIET, RealShow, real_show

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

T = TypeVar("T")
P = TypeVar("P", bound=Struct)
R = TypeVar("R", bound=Struct)

PROFILE = (
    QUIET
    + """  obs: {enabled: true}
obs: {caption: Caption}
scenes:
  moods: {sleepy: Close-up, happy: Main, excited: Nowhere}
  events: {started: Starting, stopping: Ending}
  hold_s: 1.0
  every_s: 0
"""
)


@pytest.fixture(scope="module")
def show(obs_module: ObsLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealShow]:
    """A show with `obs` alone."""
    lab = obs.reset(obs_module)
    with real_show(tmp_path_factory.mktemp("scenes")) as place:
        place.environ |= lab.environ
        place.start(PROFILE)
        until(place, lambda s: scene(s) == "Starting")
        yield place


@pytest.fixture
def there(obs_module: ObsLab) -> Iterator[ObsClient]:
    """OBS itself, asked past the show."""
    with obs_module.client() as client:
        yield client


def scene(state: dict[str, Any]) -> str:
    """In program, as the show has it; empty when OBS is not there."""
    known = state["obs"].get("state")
    return str(known["scene"]) if known and known["link"] == "open" else ""


def program(client: ObsClient) -> str:
    return str(client.request("GetCurrentProgramScene")["currentProgramSceneName"])


def caption(client: ObsClient) -> str:
    settings = client.request("GetInputSettings", inputName=CAPTION)["inputSettings"]
    return str(settings.get("text", ""))


def wait(what: Callable[[], T], wanted: Callable[[T], bool], timeout: float = 30.0) -> T:
    end = time.monotonic() + timeout
    while not wanted(found := what()):
        assert time.monotonic() < end, found
        time.sleep(0.03)
    return found


def ask(show: RealShow, kind: RequestKind[P, R], params: P) -> R:
    """Ask the show, as a verb does, in this process: a command takes half a second."""

    async def work() -> R:
        async with connect() as client:
            return await client.ask(kind, params)

    with pytest.MonkeyPatch.context() as patch:
        for name, value in show.environ.items():
            patch.setenv(name, value)
        return asyncio.run(work())


def picture(show: RealShow) -> dict[str, Any]:
    found: dict[str, Any] = ask(show, control.STATUS, control.Ask(by="test")).state
    return found


def until(show: RealShow, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The picture, once it is as `wanted` wants it."""
    return wait(lambda: picture(show), lambda state: bool(wanted(state)), 60.0)


def bring(show: RealShow, name: str) -> str:
    return ask(show, control.SCENE, control.Scene(scene=name, by="cli:tester")).detail


def mood(show: RealShow, name: str) -> None:
    ask(show, control.MOOD, control.Mood(mood=name, by="cli:tester"))


def told(show: RealShow, kind: str, **last: Any) -> list[dict[str, Any]]:
    """Events of a kind, once the last of them is as it should be: the disk comes a little later."""

    def found() -> list[dict[str, Any]]:
        return [event for event in show.journal() if event["kind"] == kind]

    return wait(found, lambda events: bool(events) and last.items() <= events[-1].items())


# -- scenes ----------------------------------------------------------------------------------------


def test_scenes_are_listed_and_brought_by_any_name_that_is_meant(
    show: RealShow, there: ObsClient
) -> None:
    listed = show.kitsu("scene").stdout.splitlines()
    assert [line[2:] for line in listed] == list(SCENES)
    assert show.kitsu("scene", "main").stdout == "scene Main\n"
    assert program(there) == "Main"
    assert show.kitsu("scene", "close", "--cut").stdout == "scene Close-up\n"
    assert program(there) == "Close-up"
    assert "* Close-up" in show.kitsu("scene").stdout.splitlines()
    told(show, "scene", scene="Close-up", by="cli:tester")
    told(show, "action", name="scene", args="Close-up", by="cli:tester")


def test_a_scene_that_is_not_there_is_refused_with_what_is_near(show: RealShow) -> None:
    done = show.kitsu("scene", "Bbr", check=False)
    assert done.returncode == 1
    assert "no scene 'Bbr' (did you mean BRB?); there are: Main, Close-up" in done.stderr
    assert "Traceback" not in done.stderr
    muting = control.Obs(change=wire.SetMute(input="Mik", on=True), by="test")
    with pytest.raises(RequestFailed, match="'Mic'"):
        ask(show, control.OBS, muting)


def test_what_the_profile_names_and_obs_lacks_is_one_alert(show: RealShow) -> None:
    for _ in range(2):
        mood(show, "excited")
        mood(show, "")
    texts = [alert["text"] for alert in picture(show)["alerts"]]
    assert texts == ["OBS has no scene 'Nowhere', which the profile names for mood excited"]


def test_json_fits_its_schema(show: RealShow) -> None:
    for name, args in (("scene", ["scene"]), ("obs", ["obs", "status"])):
        schema = json.loads(show.kitsu("schema", name).stdout)
        said = json.loads(show.kitsu(*args, "--json").stdout)
        jsonschema.Draft202012Validator(schema).validate(said)
        assert "Close-up" in json.dumps(said)
    assert "OBS: scene " in show.kitsu("status").stdout


def test_her_mood_brings_a_scene_and_a_change_by_hand_in_obs_is_held(
    show: RealShow, there: ObsClient
) -> None:
    mood(show, "happy")
    time.sleep(1.0)  # what an earlier test chose is held that long
    mood(show, "sleepy")
    wait(lambda: program(there), lambda name: name == "Close-up")
    until(show, lambda s: scene(s) == "Close-up")
    told(show, "scene", scene="Close-up", by="profile", why="mood sleepy, held")
    there.request("SetCurrentProgramScene", sceneName="BRB")
    until(show, lambda s: scene(s) == "BRB")
    changed = told(show, "scene", scene="BRB")[-1]
    assert "by" not in changed
    assert "why" not in changed
    mood(show, "")


def test_everything_else_is_changed_in_obs(show: RealShow, there: ObsClient) -> None:
    bring(show, "Main")
    show.kitsu("obs", "mute", "mic", "on")
    assert there.request("GetInputMute", inputName="Mic")["inputMuted"] is True
    show.kitsu("obs", "volume", "Mic", "-12")
    volume = there.request("GetInputVolume", inputName="Mic")["inputVolumeDb"]
    assert abs(volume + 12) < 0.1
    show.kitsu("obs", "text", CAPTION, "hello\x1b[2J")
    assert caption(there) == "hello\x1b[2J"
    show.kitsu("obs", "filter", "tint", "on")
    about = {"sourceName": "Stage", "filterName": "Tint"}
    assert there.request("GetSourceFilter", **about)["filterEnabled"] is True
    show.kitsu("obs", "source", "avatar", "on")
    items = there.request("GetSceneItemList", sceneName="Main")["sceneItems"]
    assert next(i for i in items if i["sourceName"] == "Avatar")["sceneItemEnabled"] is True
    report = show.kitsu("obs", "status").stdout
    assert "Mic -12.0 dB (muted)" in report
    assert "\x1b" not in report


def test_under_panic_no_scene_can_be_brought_and_afterwards_all_is_as_it_was(
    show: RealShow, there: ObsClient
) -> None:
    bring(show, "Close-up")
    ask(show, control.PANIC, control.Ask(by="cli:tester"))
    assert program(there) == "BRB"
    with pytest.raises(RequestFailed, match="panic is latched: resume first"):
        bring(show, "Main")
    assert program(there) == "BRB"
    ask(show, control.RESUME, control.Resume(by="cli:tester"))
    wait(lambda: program(there), lambda name: name == "Close-up")
    until(show, lambda s: scene(s) == "Close-up")
    events = told(show, "scene", scene="Close-up", why="resumed")
    assert [event["why"] for event in events[-2:]] == ["panic", "resumed"]


def test_an_engine_that_goes_leaves_no_obs_that_looks_alive(show: RealShow) -> None:
    ask(show, control.KILL, control.OneEngine(engine="obs", by="cli:tester"))
    until(show, lambda s: s["engines"]["obs"]["state"] == "stopped")
    assert picture(show)["obs"]["state"] is None
    done = show.kitsu("scene", "Main", check=False)
    assert (done.returncode, "obs is stopped" in done.stderr) == (1, True)
    ask(show, control.START, control.OneEngine(engine="obs", by="cli:tester"))
    until(show, lambda s: scene(s) == "Close-up")


# -- an operator who is gone -----------------------------------------------------------------------


async def attach(seconds: float) -> None:
    """A console that is there for a while."""
    async with connect() as client:
        watching = client.peer.open(control.WATCH, control.Watch(by="console:ana", logs=False))
        await asyncio.sleep(seconds)
        watching.cancel("goes")


def test_a_lost_operator_brings_brb_also_to_an_obs_that_comes_later(
    obs_module: ObsLab, place: RealShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = obs.reset(obs_module)
    lab.kill()
    place.environ |= lab.environ
    place.start(
        QUIET + "  obs: {enabled: true}\n"
        "operator: {when_gone: brb, no_console_s: 2}\n"
        "scenes: {moods: {sleepy: Close-up}, events: {stopping: Ending}, hold_s: 0}\n"
    )
    state = until(place, lambda s: s["operator"]["gone"] and s["operator"]["did"] == "nothing")
    assert state["operator"]["why"] == "no console"
    assert "tried again" in state["operator"]["detail"]
    lab.start()
    with lab.client() as there:
        wait(lambda: program(there), lambda name: name == "BRB")
        state = until(place, lambda s: s["operator"]["did"] == "brb")
        assert state["operator"]["gone"]
        monkeypatch.setenv("KITSU_RUNTIME_DIR", str(place.runtime))
        asyncio.run(attach(0.5))
        back = told(place, "operator.back")
        assert [event["by"] for event in back] == ["console:ana"]
        mood(place, "sleepy")  # hers, and it stays: nobody has chosen another scene
        assert program(there) == "BRB"
        until(place, lambda s: s["operator"]["gone"])
        bring(place, "Main")
        assert not picture(place)["operator"]["gone"]
        assert program(there) == "Main"
        place.kitsu("stop")
        assert program(there) == "Ending"


# -- captions --------------------------------------------------------------------------------------


LINE = "My thoughts are somewhere else, little friends."


@pytest.mark.real
def test_captions_are_what_is_heard_and_go(
    obs_module: ObsLab, place: RealShow, starter_models: ModelStore
) -> None:
    lab = obs.reset(obs_module)
    place.environ |= lab.environ
    # Without a mind she says a line of the profile's: it is the same every time.
    place.start(
        QUIET.replace("audio: {enabled: false}", "audio: {enabled: true}").replace(
            "tts: {enabled: false}", "tts: {enabled: true}"
        )
        + "  obs: {enabled: true}\naudio: {backend: 'null'}\nobs: {caption: Caption}\n"
        f"conversation: {{failure_line: {LINE!r}}}\n"
        "scenes: {events: {speaking: Close-up, quiet: Main}, every_s: 0, quiet_s: 0.5}\n"
    )
    place.wait_ready("audio", "tts", "obs")
    until(place, scene)
    with lab.client() as there:
        wait(lambda: caption(there), lambda text: text == "")
        ask(place, control.SAY, control.Say(text="hello", by="test"))
        wait(lambda: caption(there), lambda text: text == LINE)
        wait(lambda: program(there), lambda name: name == "Close-up")
        wait(lambda: caption(there), lambda text: text == "")
        wait(lambda: program(there), lambda name: name == "Main")
    until(place, lambda s: s["turns"][-1]["status"])
    assert picture(place)["alerts"] == []
