"""The panic bench's view of OBS, against a double: what it sets, hears, and finds not put back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from kitsu_tui.bench import stage as bench
from kitsu_tui.bench.obs_lab import ObsLab
from kitsu_tui.bench.obs_scenes import SOUNDS
from kitsu_tui.bench.place import BenchFailed
from kitsu_tui.bench.stage import BRB, Set, Stage
from kitsu_tui.obsws import ObsClient
from tests.fakes.obs_websocket import FakeObs


class Lab:
    """A lab with a double in it."""

    def __init__(self, fake: FakeObs) -> None:
        self.fake = fake

    def client(self, on_event: Any = None, *, timeout: float = 5.0) -> ObsClient:
        return ObsClient(self.fake.url, timeout=timeout, on_event=on_event)


@contextmanager
def a_stage() -> Iterator[tuple[FakeObs, Stage, ObsClient]]:
    """The double, the stage, and somebody who does what the show's engine would."""
    with FakeObs() as fake, ObsClient(fake.url) as engine:
        made = Stage(cast(ObsLab, Lab(fake)))
        try:
            yield fake, made, engine
        finally:
            made.close()


def _panic(engine: ObsClient) -> None:
    engine.request("SetCurrentSceneTransition", transitionName="Cut")
    engine.request("SetCurrentProgramScene", sceneName=BRB)
    for name in SOUNDS:
        engine.request("SetInputMute", inputName=name, inputMuted=True)
    _filter(engine, True)


def _filter(engine: ObsClient, on: bool) -> None:
    engine.request(
        "SetSourceFilterEnabled", sourceName="Main", filterName="Panic", filterEnabled=on
    )


def _resume(engine: ObsClient, before: Set) -> None:
    engine.request("SetCurrentProgramScene", sceneName=before.scene)
    engine.request("SetCurrentSceneTransition", transitionName=before.transition)
    for name in SOUNDS:
        engine.request("SetInputMute", inputName=name, inputMuted=name in before.muted)
    _filter(engine, False)


async def test_a_drill_is_timed_by_what_obs_tells_and_seen_to_be_undone() -> None:
    with a_stage() as (fake, stage, engine):
        for _ in range(6):
            await stage.prepare()
            assert fake.world.program in bench.FROM
            stage.begin()
            at = time.perf_counter_ns()
            _panic(engine)
            seen = await stage.reached(at)
            ended = (time.perf_counter_ns() - at) / 1e6
            assert seen.scene is not None
            assert seen.mutes is not None
            assert seen.filter is not None
            assert 0 < seen.scene < seen.mutes < seen.filter < ended
            _resume(engine, seen.before)
            await stage.put_back(seen, time.perf_counter_ns())
            assert (seen.left, seen.back is not None) == ([], True)


async def test_what_does_not_come_is_none_and_what_stays_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "EVENT_S", 0.1)
    monkeypatch.setattr(bench, "BACK_S", 0.1)
    with a_stage() as (_, stage, engine):
        await stage.prepare()
        stage.begin()
        at = time.perf_counter_ns()
        engine.request("SetCurrentProgramScene", sceneName=BRB)
        awaited = sorted(set(SOUNDS) - stage.last.muted)
        engine.request("SetInputMute", inputName=awaited[0], inputMuted=True)
        seen = await stage.reached(at)
        assert seen.scene is not None
        assert seen.filter is None
        assert (seen.mutes is None) == (len(awaited) > 1)
        _filter(engine, True)
        await stage.put_back(seen, time.perf_counter_ns())
        assert seen.back is None
        assert f"scene {BRB} instead of {seen.before.scene}" in seen.left
        assert f"mute of {awaited[0]}" in seen.left
        assert "filter Panic" in seen.left


async def test_what_was_told_before_the_press_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "EVENT_S", 0.1)
    with a_stage() as (_, stage, engine):
        await stage.prepare()
        _panic(engine)
        stage.program()  # by the answer's time it has heard of all that was before
        stage.begin()
        seen = await stage.reached(time.perf_counter_ns())
        assert (seen.scene, seen.mutes, seen.filter) == (None, None, None)


async def test_an_obs_that_ends_is_said() -> None:
    with a_stage() as (fake, stage, _):
        fake.hang_up()
        with pytest.raises(BenchFailed, match="OBS: the connection ended"):
            await stage.prepare()
    with a_stage() as (_, stage, _), pytest.raises(BenchFailed, match="does not show BRB"):
        await stage.shows(BRB, 0.05)


async def test_obs_alone_is_timed_too() -> None:
    with a_stage() as (fake, stage, _):
        found = await stage.floor(4)
        asked = [data["sceneName"] for kind, data in fake.asked if kind == "SetCurrentProgramScene"]
    assert len(found) == 4
    assert min(found) > 0
    assert asked == ["Close-up", "Main", "Close-up", "Main"]  # Main was there at first
