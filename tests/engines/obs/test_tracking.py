from typing import Any

import pytest

from engines.obs.tracking import Tracker
from engines.wire import obs


@pytest.fixture
def tracker() -> Tracker:
    made = Tracker(scene="Main", cut="Cut", transition="Cut", scenes=["Main", "BRB"])
    made.inputs = {
        "Mic": obs.Input(name="Mic", kind="pulse_input_capture", muted=False, volume_db=0.0),
        "Caption": obs.Input(name="Caption", kind="text_gdiplus_v3", text=""),
    }
    made.filters = {
        ("Cam", "Blur"): obs.Filter(source="Cam", name="Blur", on=False),
        ("Main", "Blur"): obs.Filter(source="Main", name="Blur", on=False),
        ("Main", "Panic"): obs.Filter(source="Main", name="Panic", on=False),
    }
    made.items = [obs.Item(scene="Main", source="Cam", on=True, id=3)]
    return made


def test_a_long_text_is_told_by_its_beginning(tracker: Tracker) -> None:
    tracker.put_input("Caption", text="x" * 2_000_000)
    texts = [each.text for each in tracker.state("open", "", 0).inputs]
    assert texts == [None, "x" * 1000]


def test_events_with_a_value_change_it(tracker: Tracker) -> None:
    events: list[tuple[str, dict[str, Any]]] = [
        ("InputMuteStateChanged", {"inputName": "Mic", "inputMuted": True}),
        ("InputVolumeChanged", {"inputName": "Mic", "inputVolumeDb": -3.14159}),
        ("InputSettingsChanged", {"inputName": "Caption", "inputSettings": {"text": "hi"}}),
        (
            "SourceFilterEnableStateChanged",
            {"sourceName": "Cam", "filterName": "Blur", "filterEnabled": True},
        ),
        (
            "SceneItemEnableStateChanged",
            {"sceneName": "Main", "sceneItemId": 3, "sceneItemEnabled": False},
        ),
        ("CurrentSceneTransitionChanged", {"transitionName": "Fade"}),
        ("StudioModeStateChanged", {"studioModeEnabled": True}),
        ("CurrentPreviewSceneChanged", {"sceneName": "BRB"}),
    ]
    for kind, data in events:
        assert tracker.apply(kind, data)
    assert not tracker.stale
    state = tracker.state("open", "", 0)
    assert state.inputs[0] == obs.Input(
        name="Mic", kind="pulse_input_capture", muted=True, volume_db=-3.14
    )
    assert state.inputs[1].text == "hi"
    assert [each.on for each in state.filters] == [True, False, False]
    assert not state.items[0].on
    assert (state.transition, state.studio, state.preview) == ("Fade", True, "BRB")


def test_a_scene_in_program_is_counted_and_its_items_are_to_be_read(tracker: Tracker) -> None:
    tracker.apply("SceneTransitionStarted", {"transitionName": "Fade"})
    assert (tracker.scene, tracker.moving, tracker.switches) == ("Main", True, 0)
    tracker.apply("CurrentProgramSceneChanged", {"sceneName": "BRB"})
    tracker.apply("SceneTransitionEnded", {"transitionName": "Fade"})
    assert (tracker.scene, tracker.moving, tracker.switches) == ("BRB", False, 1)
    assert tracker.stale == {"items"}


def test_a_renamed_scene_keeps_its_place(tracker: Tracker) -> None:
    tracker.apply("SceneNameChanged", {"oldSceneName": "Main", "sceneName": "Home"})
    assert (tracker.scene, tracker.scenes) == ("Home", ["Home", "BRB"])
    assert {"scenes", "filters", "items"} <= tracker.stale
    tracker.apply("InputNameChanged", {"oldInputName": "Mic", "inputName": "Voice"})
    assert list(tracker.inputs) == ["Voice", "Caption"]
    assert tracker.inputs["Voice"].name == "Voice"


@pytest.mark.parametrize(
    ("state", "recording", "paused"),
    [
        ("STARTING", False, False),
        ("STARTED", True, False),
        ("PAUSED", True, True),
        ("STOPPED", False, False),
    ],
)
def test_an_output_begins_when_it_has_begun(
    tracker: Tracker, state: str, recording: bool, paused: bool
) -> None:
    data = {"outputActive": False, "outputState": f"OBS_WEBSOCKET_OUTPUT_{state}"}
    tracker.apply("RecordStateChanged", data)
    assert (tracker.recording, tracker.record_paused) == (recording, paused)


def test_an_output_that_still_ends_is_on(tracker: Tracker) -> None:
    tracker.apply("StreamStateChanged", {"outputState": "OBS_WEBSOCKET_OUTPUT_STARTED"})
    tracker.apply(
        "StreamStateChanged",
        {"outputActive": False, "outputState": "OBS_WEBSOCKET_OUTPUT_STOPPING"},
    )
    assert tracker.streaming
    tracker.apply("StreamStateChanged", {"outputState": "OBS_WEBSOCKET_OUTPUT_STOPPED"})
    assert not tracker.streaming


@pytest.mark.parametrize(
    "data",
    [{}, {"sceneName": None}, {"inputName": ["x"]}, {"inputName": "Mic", "inputVolumeDb": "loud"}],
)
def test_an_event_that_makes_no_sense_only_makes_it_read_anew(
    tracker: Tracker, data: dict[str, Any]
) -> None:
    assert tracker.apply("InputVolumeChanged", data)
    assert tracker.stale == {"all"}
    assert tracker.inputs["Mic"].volume_db == 0.0


def test_unknown_events_mean_nothing(tracker: Tracker) -> None:
    assert not tracker.apply("SceneDreamt", {"sceneName": "Main"})
    assert not tracker.stale


def test_collections_are_exchanged_between_two_events(tracker: Tracker) -> None:
    held = []
    for word in ("Changing", "Changed"):
        tracker.apply(f"CurrentSceneCollection{word}", {"sceneCollectionName": "A"})
        held.append(tracker.holding)
    assert held == [True, False]
    assert tracker.stale == {"all"}


def test_filters_by_name_and_by_source(tracker: Tracker) -> None:
    assert [each.source for each in tracker.named("Blur")] == ["Cam", "Main"]
    assert [each.source for each in tracker.named("Cam/Blur")] == ["Cam"]
    assert [each.source for each in tracker.named("Blur", "Main")] == ["Main"]
    assert tracker.named("Cam/Blur", "Main") == []


def test_what_the_profile_names_and_obs_lacks(tracker: Tracker) -> None:
    config = obs.Config(
        scenes=["Main", "Brb"],
        brb_scene="BRB",
        panic_filter="Panik",
        panic_mutes=["Mik"],
        caption="Captions",
    )
    assert tracker.missing(config) == [
        "scene 'Brb'; did you mean 'BRB'?",
        "filter 'Panik'; did you mean 'Panic'? (panic_filter)",
        "input with sound 'Mik'; did you mean 'Mic'? (panic_mutes)",
        "text source 'Captions'; did you mean 'Caption'? (caption)",
    ]
    both = obs.Config(scenes=["Main", "Pause"], brb_scene="Pause")
    assert tracker.missing(both) == ["scene 'Pause' (brb_scene)"]
    assert tracker.missing(obs.Config(panic_filter="Blur")) == [
        "filter 'Blur': 2 sources have one, say which"
    ]
    assert tracker.missing(obs.Config(panic_filter="Main/Blur", caption="Caption")) == []


def test_the_state_is_bounded(tracker: Tracker) -> None:
    tracker.scenes = [str(n) for n in range(obs.MOST * 2)]
    assert len(tracker.state("open", "", 0).scenes) == obs.MOST
