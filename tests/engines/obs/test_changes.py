"""Every change on a real OBS: done, and read back by another client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from engines.wire import obs
from engines.wire.message import Empty
from kitsu_tui.bench.obs_lab import ObsLab
from tests.fakes.obs_websocket import FakeObs
from tests.support.obs_engine import Driven, driven


@pytest.fixture
async def engine(obs_lab: ObsLab) -> AsyncIterator[Driven]:
    # Long, for a busy machine.
    async with driven(obs_lab.url, obs_lab.password, request_s=8, figures_s=0.5) as made:
        yield made


async def test_changes_are_done_and_read_back(engine: Driven, obs_lab: ObsLab) -> None:
    with obs_lab.client() as client:
        ask = client.request
        assert await engine.change(obs.SetScene(scene="Close-up")) == "scene Close-up"
        assert ask("GetCurrentProgramScene")["currentProgramSceneName"] == "Close-up"
        assert await engine.change(obs.SetMute(input="Mic")) == "Mic muted"
        assert ask("GetInputMute", inputName="Mic")["inputMuted"] is True
        assert await engine.change(obs.SetMute(input="Mic")) == "Mic sounding"
        assert await engine.change(obs.SetVolume(input="Music", db=-12.5)) == "Music at -12.5 dB"
        assert ask("GetInputVolume", inputName="Music")["inputVolumeDb"] == pytest.approx(-12.5)
        assert await engine.change(obs.SetText(input="Caption", text="hi")) == "Caption shows 'hi'"
        settings = ask("GetInputSettings", inputName="Caption")["inputSettings"]
        assert settings["text"] == "hi"
        assert await engine.change(obs.SetText(input="Caption", text="")) == "Caption is empty"
        assert await engine.change(obs.SetFilter(filter="Tint")) == "filter Tint of Stage on"
        found = ask("GetSourceFilter", sourceName="Stage", filterName="Tint")
        assert found["filterEnabled"] is True
        change = obs.SetSource(source="Avatar", scene="Main", on=True)
        assert await engine.change(change) == "Avatar shown in Main"
        number = ask("GetSceneItemId", sceneName="Main", sourceName="Avatar")["sceneItemId"]
        shown = ask("GetSceneItemEnabled", sceneName="Main", sceneItemId=number)
        assert shown["sceneItemEnabled"] is True

    def told(state: obs.State) -> bool:
        inputs = {each.name: each for each in state.inputs}
        return (
            (state.scene, state.items[0].source) == ("Close-up", "Close")
            and (inputs["Mic"].muted, inputs["Music"].volume_db) == (False, -12.5)
            and inputs["Caption"].text == ""
            and [each.on for each in state.filters if each.name == "Tint"] == [True]
        )

    await engine.until(told)


async def test_names_that_obs_does_not_have(engine: Driven) -> None:
    wrong: list[tuple[obs.Change, str]] = [
        (obs.SetScene(scene="brb"), "no scene 'brb'; did you mean 'BRB'? There are: Main,"),
        (obs.SetSource(source="Avatr"), "no source in Main 'Avatr'; did you mean 'Avatar'?"),
        (obs.SetSource(source="x", scene="Mian"), "no scene 'Mian'; did you mean 'Main'?"),
        (obs.SetFilter(filter="Tin"), "no filter 'Tin'; did you mean 'Tint'?"),
        (obs.SetFilter(filter="Tint", source="Avatar"), "no filter of Avatar 'Tint'; OBS has none"),
        (obs.SetMute(input="mic"), "no input with sound 'mic'; did you mean 'Mic'?"),
        (obs.SetText(input="Kaption", text=""), "no text source 'Kaption'; did you mean"),
    ]
    for change, words in wrong:
        code, message = await engine.refused(change)
        assert code == "unknown-name"
        assert message.startswith(words)
    assert await engine.refused(obs.SetMute(input="Avatar")) == (
        "refused",
        "'Avatar' makes no sound",
    )
    code, message = await engine.refused(obs.SetText(input="Stage", text="x"))
    assert (code, message) == ("refused", "'Stage' shows no text, it is a color_source_v3")


async def test_recording_begins_and_ends(engine: Driven) -> None:
    assert await engine.refused(obs.SetRecord(do="stop")) == ("refused", "OBS is not recording")
    assert await engine.change(obs.SetRecord(do="start")) == "recording"
    code, message = await engine.refused(obs.SetRecord(do="start"))
    assert (code, message) == ("refused", "OBS is recording already")
    await engine.until(lambda state: state.recording)
    count = len(engine.bench.events(obs.FIGURES))
    while (await engine.bench.wait_event(obs.FIGURES, count + 1)).record_s is None:
        count += 1
    assert await engine.change(obs.SetRecord(do="stop")) == "recording ended"
    await engine.until(lambda state: not state.recording)
    assert (await engine.refused(obs.SetReplay(do="save")))[0] == "refused"


async def test_recording_pauses_and_goes_on() -> None:
    # A double: OBS 29 on a busy machine may not end a recording that has only just gone on.
    with FakeObs() as fake:
        async with driven(fake.url) as engine:
            await engine.change(obs.SetRecord(do="start"))
            assert await engine.change(obs.SetRecord(do="pause")) == "recording paused"
            assert (await engine.until(lambda state: state.record_paused)).recording
            assert await engine.change(obs.SetRecord(do="resume")) == "recording goes on"
            await engine.until(lambda state: not state.record_paused)
            assert await engine.change(obs.SetRecord(do="stop")) == "recording ended"


async def test_a_fade_is_told_at_its_end_and_a_cut_does_not_wait(
    engine: Driven, obs_lab: ObsLab
) -> None:
    with obs_lab.client() as client:
        for studio in (False, True):
            client.request("SetStudioModeEnabled", studioModeEnabled=studio)
            client.request("SetCurrentSceneTransition", transitionName="Fade")
            client.request("SetCurrentSceneTransitionDuration", transitionDuration=20_000)
            await engine.until(lambda state: state.transition == "Fade")
            first = "Ending" if studio else "Main"
            detail = await engine.change(obs.SetScene(scene="Close-up"))
            assert detail == "scene Close-up (Fade, 20000 ms)"
            assert engine.state.scene == first
            # The same again does not confuse OBS, nor do two others in mid-fade.
            await engine.change(obs.SetScene(scene="Close-up"))
            await engine.change(obs.SetScene(scene="Starting", cut=True))
            await engine.until(lambda state: state.scene == "Starting")
            await engine.change(obs.SetScene(scene="BRB"))
            assert await engine.change(obs.SetScene(scene="BRB", cut=True)) == "scene BRB"
            await engine.until(lambda state: state.scene == "BRB")
            await engine.change(obs.SetScene(scene="Ending", cut=True))
            state = await engine.until(lambda state: state.scene == "Ending")
            assert state.transition == "Fade"
            found = client.request("GetCurrentSceneTransition")
            assert found["transitionDuration"] == 20_000
            assert client.request("GetStudioModeEnabled")["studioModeEnabled"] is studio


async def test_what_is_renamed_made_and_removed_in_obs_is_followed(
    engine: Driven, obs_lab: ObsLab
) -> None:
    with obs_lab.client() as client:
        ask = client.request
        ask("SetSceneName", sceneName="Main", newSceneName="Home")
        ask("SetInputName", inputName="Mic", newInputName="Voice")
        ask("SetSourceFilterName", sourceName="Stage", filterName="Tint", newFilterName="Warm")
        ask("RemoveScene", sceneName="Ending")
        ask("CreateScene", sceneName="New")
        ask(
            "CreateSourceFilter",
            sourceName="Avatar",
            filterName="Glow",
            filterKind="color_filter_v2",
        )
        state = await engine.until(
            lambda state: "New" in state.scenes and any(f.name == "Glow" for f in state.filters)
        )
        assert state.scene == "Home"
        assert state.scenes == ["Home", "Close-up", "BRB", "Starting", "New"]
        assert {"Voice", "Music"} <= {each.name for each in state.inputs if each.muted is False}
        assert {each.name for each in state.filters} == {"Panic", "Blur", "Warm", "Glow"}
        assert (await engine.refused(obs.SetScene(scene="Main")))[0] == "unknown-name"
        assert await engine.change(obs.SetMute(input="Voice", on=True)) == "Voice muted"


async def test_another_scene_collection_is_read_anew_and_all_is_looked_at_on_demand(
    engine: Driven, obs_lab: ObsLab
) -> None:
    with obs_lab.client(timeout=20) as client:
        client.request("CreateSceneCollection", sceneCollectionName="Other")
        async with asyncio.timeout(20):
            state = await engine.until(lambda state: "Main" not in state.scenes)
        assert state.missing == ["scene 'BRB' (brb_scene)"]
        client.request("SetCurrentSceneCollection", sceneCollectionName="Lab")
        await engine.until(lambda state: state.scene == "Main" and not state.missing)
    state = await engine.bench.peer.request(obs.LOOK, Empty())
    assert (state.link, state.scenes[0], state.obs_version[:3]) == ("open", "Main", "29.")


async def test_live_keys_are_taken_over(engine: Driven) -> None:
    host = engine.bench.host.engine
    assert host is not None
    await host.reconfigure(obs.Config(brb_scene="Nowhere", caption="Caption"))
    state = await engine.until(lambda state: bool(state.missing))
    assert state.missing == ["scene 'Nowhere' (brb_scene)"]
