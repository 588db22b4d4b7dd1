"""Panic and resume on a real OBS, whatever transition is set or runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from engines.wire import common, obs, surface
from engines.wire.message import Empty
from kitsu_tui.bench.obs_lab import ObsLab
from kitsu_tui.obsws import ObsClient
from tests.fakes.obs_websocket import FakeObs
from tests.support.obs_engine import Driven, driven

SOUNDS = ["Mic", "Desktop", "Music"]
FADE_MS = 20_000
"""Longer than anything here takes."""


class Stage:
    """What another client of OBS sees and does."""

    def __init__(self, lab: ObsLab) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.client: ObsClient = lab.client(self._told)

    def _told(self, kind: str, data: dict[str, Any], _: int) -> None:
        self.events.append((kind, data))

    def ask(self, request: str, **data: Any) -> dict[str, Any]:
        return self.client.request(request, **data)

    @property
    def scene(self) -> str:
        """As the last event told."""
        told = [data for kind, data in self.events if kind == "CurrentProgramSceneChanged"]
        return str(told[-1]["sceneName"]) if told else ""

    def muted(self) -> set[str]:
        return {name for name in SOUNDS if self.ask("GetInputMute", inputName=name)["inputMuted"]}

    def filter_on(self) -> bool:
        found = self.ask("GetSourceFilter", sourceName="Main", filterName="Panic")
        return bool(found["filterEnabled"])

    def transition(self) -> tuple[str, int | None]:
        found = self.ask("GetCurrentSceneTransition")
        return found["transitionName"], found["transitionDuration"]

    def go(self, scene: str) -> None:
        self.ask("SetCurrentProgramScene", sceneName=scene)

    async def fade(self, ms: int = FADE_MS) -> None:
        self.ask("SetCurrentSceneTransition", transitionName="Fade")
        async with asyncio.timeout(10):
            while self.transition()[0] != "Fade":  # OBS answers before it is set
                await asyncio.sleep(0.01)
        self.ask("SetCurrentSceneTransitionDuration", transitionDuration=ms)

    async def until_scene(self, scene: str) -> None:
        async with asyncio.timeout(10):
            while self.scene != scene:
                await asyncio.sleep(0.01)


@pytest.fixture
def stage(obs_lab: ObsLab) -> Iterator[Stage]:
    made = Stage(obs_lab)
    yield made
    made.client.close()


def at(lab: ObsLab, **config: Any) -> Any:
    return driven(lab.url, lab.password, **{"panic_filter": "Panic", **config})


async def test_panic_mutes_cuts_and_filters_and_resume_puts_it_back(
    obs_lab: ObsLab, stage: Stage
) -> None:
    await stage.fade(300)
    stage.ask("SetInputMute", inputName="Music", inputMuted=True)
    async with at(obs_lab) as engine:
        steps = await engine.panic(1)
        assert set(steps) == {"mutes", "filter", "scene"}
        assert all(step.ms is not None and not step.waits for step in steps.values()), steps
        assert stage.muted() == set(SOUNDS)
        assert stage.filter_on()
        await stage.until_scene("BRB")
        assert stage.transition()[0] == "Cut"
        before = engine.befores
        assert len(before) == 1
        assert (before[0]["scene"], before[0]["transition"]) == ("Main", "Fade")
        assert set(before[0]["mutes"]) == {"Mic", "Desktop"}
        assert (await engine.until(lambda state: state.panicked)).scene == "BRB"

        # A second press does it again, and what stood before is still what stood before.
        stage.ask("SetInputMute", inputName="Mic", inputMuted=False)
        assert (await engine.panic(2, before[0]))["mutes"].detail == "muted Mic"
        assert engine.befores == before

        # What a later one mutes beyond that is told, for the engine may not live to put it back.
        stage.ask("SetInputMute", inputName="Music", inputMuted=False)
        assert (await engine.panic(3, before[0]))["mutes"].detail == "muted Music"
        added = engine.bench.events(surface.BEFORE)[1:]
        assert [each.adds for each in added] == [True]
        assert added[0].before == {**before[0], "mutes": [*before[0]["mutes"], "Music"]}
        stage.ask("SetInputMute", inputName="Music", inputMuted=False)
        assert (await engine.panic(4, added[0].before))["mutes"].detail == "muted Music"
        assert len(engine.befores) == 2

        steps = await engine.resume(5, added[0].before)
        assert all(step.ms is not None and not step.left for step in steps.values()), steps
        assert stage.muted() == set()
        assert not stage.filter_on()
        await stage.until_scene("Main")
        assert stage.transition() == ("Fade", 300)
        state = await engine.until(lambda state: not state.panicked and state.scene == "Main")
        assert state.transition == "Fade"


async def test_nothing_waits_to_be_put_back_of_a_panic_that_never_reached_obs(
    obs_lab: ObsLab,
) -> None:
    obs_lab.kill()
    async with at(obs_lab, link="closed") as engine:
        assert all(step.waits for step in (await engine.panic(1)).values())
        assert await engine.resume(2) == {}
        obs_lab.start(fresh=True)
        state = await engine.until(lambda state: state.link == "open")
        assert (state.scene, state.panicked) == ("Main", False)
        assert engine.befores == []


async def test_a_scene_that_is_left_at_once_is_told_all_the_same() -> None:
    with FakeObs() as fake:
        async with driven(fake.url) as engine:
            begun = len(engine.bench.events(obs.STATE))
            await engine.panic(1)
            await engine.resume(2, engine.befores[0])
            await engine.until(lambda state: not state.panicked and state.scene == "Main")
            told = [state.scene for state in engine.bench.events(obs.STATE)[begun:]]
            assert "BRB" in told


async def test_a_change_that_panic_overtakes_is_not_made_afterwards() -> None:
    with FakeObs() as fake:
        async with driven(fake.url) as engine:
            with fake.lock:  # OBS takes its time for something
                look = asyncio.create_task(engine.bench.peer.request(obs.LOOK, Empty()))
                await asyncio.sleep(0.05)
                scene = asyncio.create_task(engine.refused(obs.SetScene(scene="Starting")))
                await asyncio.sleep(0.01)
                panic = asyncio.create_task(engine.panic(1))
                await asyncio.sleep(0.01)
            await look
            assert (await panic)["scene"].detail == "BRB"
            assert await scene == ("panic", "panic is held: resume first")
            assert (await engine.until(lambda state: state.panicked)).scene == "BRB"


async def test_resume_finds_the_scene_of_another_profiles_panic() -> None:
    with FakeObs() as fake:
        async with driven(fake.url) as engine:
            await engine.panic(1)
            config = obs.Config(url=fake.url, brb_scene="Ending")
            await engine.bench.peer.request(
                common.CONFIGURE, common.Configure(config=msgspec.to_builtins(config))
            )
            assert (await engine.panic(2, engine.befores[0]))["scene"].detail == "Ending"
            step = (await engine.resume(3, engine.befores[-1]))["scene"]
            assert (step.detail, step.left) == ("Main", False)


async def run_fade(stage: Stage, fade: str) -> None:
    """Leave a long fade under way."""
    first, second = fade.split(" to ")
    stage.go("Starting")
    await stage.until_scene("Starting")
    if first != "Starting":
        stage.go(first)
        await stage.until_scene(first)
    await stage.fade()
    stage.events.clear()
    stage.go(second)
    await asyncio.sleep(0.3)
    assert stage.scene == ""


@pytest.mark.parametrize("studio", [False, True])
async def test_panic_goes_through_a_running_fade(
    obs_lab: ObsLab, stage: Stage, studio: bool
) -> None:
    stage.ask("SetStudioModeEnabled", studioModeEnabled=studio)
    async with at(obs_lab) as engine:
        for epoch, fade in enumerate(("Main to Close-up", "Main to BRB", "BRB to Main")):
            stage.ask("SetCurrentSceneTransition", transitionName="Cut")
            await run_fade(stage, fade)
            steps = await engine.panic(2 * epoch + 1)
            assert steps["scene"].detail == "BRB", fade
            assert steps["scene"].ms is not None
            await stage.until_scene("BRB")
            assert stage.ask("GetStudioModeEnabled")["studioModeEnabled"] is studio
            await engine.resume(2 * epoch + 2)
            assert stage.transition() == ("Fade", FADE_MS)
            # OBS is not left standing between two scenes.
            stage.ask("SetCurrentSceneTransition", transitionName="Cut")
            stage.go("Ending")
            await stage.until_scene("Ending")


async def test_an_obs_that_lost_its_way_in_a_fade_is_brought_there_all_the_same(
    obs_lab: ObsLab, stage: Stage
) -> None:
    async with at(obs_lab, figures_s=0.5) as engine:
        await stage.fade(1000)
        stage.go("BRB")
        await asyncio.sleep(0.2)
        stage.go("BRB")  # of this OBS 29 never tells the end
        await engine.until(lambda state: state.scene == "BRB")
        told = stage.scene == "BRB"
        steps = await engine.panic(1)
        assert told or steps["scene"].detail == "BRB"
        await stage.until_scene("BRB")


async def test_a_scenes_own_transition_does_not_delay_panic_and_is_put_back(
    obs_lab: ObsLab, stage: Stage
) -> None:
    for scene in ("BRB", "Main"):
        stage.ask(
            "SetSceneSceneTransitionOverride",
            sceneName=scene,
            transitionName="Fade",
            transitionDuration=FADE_MS,
        )
    async with at(obs_lab) as engine:
        steps = await engine.panic(1)
        assert steps["scene"].ms is not None
        await stage.until_scene("BRB")
        steps = await engine.resume(2)
        assert steps["scene"].ms is not None
        await stage.until_scene("Main")
        for scene in ("BRB", "Main"):
            assert stage.ask("GetSceneSceneTransitionOverride", sceneName=scene) == {
                "transitionName": "Fade",
                "transitionDuration": FADE_MS,
            }


async def test_what_somebody_changed_since_is_left(obs_lab: ObsLab, stage: Stage) -> None:
    async with at(obs_lab) as engine:
        await engine.panic(1)
        stage.ask("SetInputMute", inputName="Mic", inputMuted=False)
        stage.ask(
            "SetSourceFilterEnabled", sourceName="Main", filterName="Panic", filterEnabled=False
        )
        stage.go("Ending")
        state = await engine.until(lambda state: state.scene == "Ending")
        assert state.panicked
        assert [each.muted for each in state.inputs if each.name == "Mic"] == [False]
        steps = await engine.resume(2)
        assert all(step.left for step in steps.values()), steps
        assert steps["scene"].detail == "left on Ending, chosen since"
        await stage.until_scene("Ending")
        assert stage.muted() == set()


async def test_a_scene_that_is_gone_and_names_that_obs_lacks(obs_lab: ObsLab, stage: Stage) -> None:
    async with at(
        obs_lab, brb_scene="Brb", panic_filter="Panik", panic_mutes=["Mic", "Mik"]
    ) as engine:
        assert len(engine.state.missing) == 3
        steps = await engine.panic(1)
        assert all(step.ms is None and not step.waits for step in steps.values()), steps
        assert steps["scene"].detail.startswith("no scene 'Brb'; did you mean 'BRB'?")
        assert steps["filter"].detail.startswith("no filter 'Panik'; did you mean 'Panic'?")
        assert steps["mutes"].detail.startswith("muted Mic; no input 'Mik'; did you mean 'Mic'?")
        assert stage.muted() == {"Mic"}
        await engine.resume(2)
        assert stage.muted() == set()
    async with at(obs_lab) as engine:
        await engine.panic(3)
        stage.ask("RemoveScene", sceneName="Main")
        await engine.until(lambda state: "Main" not in state.scenes)
        steps = await engine.resume(4)
        assert steps["scene"].ms is None
        assert steps["scene"].detail.startswith("left on BRB: no scene 'Main'")


async def hold(engine: Driven, stage: Stage) -> None:
    await stage.until_scene("BRB")
    assert stage.muted() == set(SOUNDS)
    assert (await engine.until(lambda state: state.link == "open")).panicked


async def test_panic_is_held_over_the_death_of_obs_and_of_the_engine(
    obs_lab: ObsLab, stage: Stage
) -> None:
    async with at(obs_lab) as engine:
        await engine.panic(1)
        before = engine.befores[0]
        obs_lab.restart()  # with its scenes as they were at first: Main, and nothing muted
        steps = await engine.reached()
        assert steps["scene"].detail == "BRB"
        assert len(engine.befores) == 1
    again = Stage(obs_lab)
    assert again.ask("GetCurrentProgramScene")["currentProgramSceneName"] == "BRB"
    assert again.muted() == set(SOUNDS)
    # The engine dies, too: the show gives the next one what stood before.
    async with at(obs_lab) as engine:
        steps = await engine.panic(1, before)
        assert steps["scene"].detail == "BRB was there"
        assert engine.befores == []
        await engine.resume(2, before)
        await again.until_scene("Main")
        assert again.muted() == set()
    again.client.close()


async def test_panic_and_resume_wait_for_an_obs_that_is_not_there(
    obs_lab: ObsLab, stage: Stage
) -> None:
    obs_lab.kill()
    async with at(obs_lab, link="closed") as engine:
        steps = await engine.panic(1)
        assert all(step.waits for step in steps.values())
        assert steps["scene"].detail.startswith("OBS is not running at 127.0.0.1:")
        assert engine.befores == []
        obs_lab.start(fresh=True)
        steps = await engine.reached()
        assert steps["scene"].detail == "BRB"
        assert engine.befores[0]["scene"] == "Main"
        obs_lab.stop()  # it saves: BRB, and all muted
        await engine.until(lambda state: state.link == "closed")
        assert all(step.waits for step in (await engine.resume(2, engine.befores[0])).values())
        obs_lab.start()
        steps = await engine.reached(2)
        assert steps["scene"].detail == "Main"
        again = Stage(obs_lab)
        assert again.muted() == set()
        again.client.close()
