"""The link to OBS: what answers there, and what becomes of what is asked meanwhile."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest

from engines.harness import ConfigError
from engines.obs.client import Address, parse
from engines.obs.engine import ObsEngine
from engines.testing import lab
from engines.wire import obs, surface
from engines.wire.message import Empty
from kitsu_tui.bench.obs_lab import ObsLab
from tests.fakes.obs_strangers import KINDS, stranger
from tests.fakes.obs_websocket import FakeObs
from tests.support.obs_engine import driven

CUT = obs.SetScene(scene="BRB")
CONFIG = 2
"""Bit of the subscription to events of profiles and scene collections."""


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("ws://127.0.0.1:4455", "127.0.0.1", 4455),
        ("studio.lan", "studio.lan", 4455),
        ("studio.lan:4460", "studio.lan", 4460),
        ("ws://[::1]:4460/", "[::1]", 4460),
        (" ws://localhost ", "localhost", 4455),
    ],
)
def test_addresses(url: str, host: str, port: int) -> None:
    assert parse(url) == Address(host, port)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is no ws://HOST:PORT"),
        ("http://127.0.0.1:4455", "is no ws://HOST:PORT"),
        ("ws://127.0.0.1:44555555", "Port out of range"),
        ("ws://127.0.0.1:x", "x"),
        ("ws://127.0.0.1:0", "port 0 is none"),
        ("ws://127.0.0.1:4455/ws", "is no ws://HOST:PORT"),
        ("wss://127.0.0.1:4455", "speaks no TLS"),
        ("my studio", "is no ws://HOST:PORT"),
        ("ws://[::1", "Invalid IPv6"),
    ],
)
def test_what_is_no_address_is_said_with_the_key(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match="obs.url") as caught:
        parse(url)
    assert words in str(caught.value)
    assert "ws://127.0.0.1:4455" in str(caught.value)


def test_a_password_in_the_address_is_not_repeated() -> None:
    with pytest.raises(ConfigError, match="OBS_WS_PASSWORD") as caught:
        parse("ws://:hunter2@127.0.0.1:4455")
    assert "hunter2" not in str(caught.value)


async def test_the_engine_does_not_start_with_a_bad_address() -> None:
    with pytest.raises(ConfigError, match=r"obs\.url"):
        async with lab(ObsEngine, obs.Config(url="ftp://x")):
            pass


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_strangers(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with stranger(kind) as url:
        async with driven(url, link="", request_s=0.2) as engine:
            state = await engine.until(lambda state: state.link != "connecting")
            assert state.link == ("hung" if kind == "greets" else "foreign"), state.detail
            assert state.retry_s > 0
            assert (engine.status.state, engine.status.detail) == ("degraded", state.detail)
            assert (await engine.refused(CUT))[0] == "gone"
            steps = await engine.panic(1)
            assert all(step.waits for step in steps.values())
    assert all(record.exc_info is None for record in caplog.records), caplog.text
    assert len([record for record in caplog.records if record.name == "obs"]) == 1


async def test_another_protocol() -> None:
    with FakeObs(rpc=2, takes=(2,)) as fake:
        async with driven(fake.url, link="foreign") as engine:
            assert "does not take protocol 1" in engine.state.detail


async def test_a_wrong_password_is_said_and_not_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeObs(password="right horse") as fake:
        for password, words in (
            ("wrong horse", "refuses the password"),
            ("", "wants a password: set OBS_WS_PASSWORD"),
        ):
            async with driven(fake.url, password, link="refused") as engine:
                assert words in engine.state.detail
                assert engine.state.retry_s == 0
                assert engine.status.state == "degraded"
                for _ in range(3):  # wishes do not hammer it either
                    assert (await engine.refused(CUT))[0] == "gone"
                assert len(fake.closes) <= 1
            fake.closes.clear()
        async with driven(fake.url, "right horse") as engine:
            assert await engine.change(CUT) == "scene BRB"
    assert "horse" not in caplog.text


async def test_a_real_obs_refuses_a_wrong_password_and_takes_the_right_one(
    obs_lab: ObsLab,
) -> None:
    async with driven(obs_lab.url, "wrong", link="refused") as engine:
        assert "refuses the password" in engine.state.detail
    async with driven(obs_lab.url, obs_lab.password) as engine:
        assert engine.status.state == "ready"


async def test_a_closed_obs_is_calm_and_nothing_is_lost_in_silence(
    obs_lab: ObsLab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with driven(obs_lab.url, obs_lab.password, request_s=5) as engine:
        obs_lab.kill()
        asked = [asyncio.create_task(engine.refused(CUT)) for _ in range(5)]
        for code, _ in await asyncio.gather(*asked):
            assert code == "gone"
        await engine.until(lambda state: "is not running" in state.detail)
        assert engine.status.state == "ready"
        look = await engine.bench.peer.request(obs.LOOK, Empty())
        assert (look.link, look.scenes[0]) == ("closed", "Main")
        used, began = time.process_time(), time.monotonic()
        await asyncio.sleep(2)
        # A hundred times what was measured: only an endless loop would use that much.
        assert time.process_time() - used < 0.3 * (time.monotonic() - began)
        obs_lab.start()
        await engine.until(lambda state: state.link == "open")
        assert await engine.change(CUT) == "scene BRB"
        with obs_lab.client() as client:
            client.request("SetInputMute", inputName="Mic", inputMuted=True)
        await engine.until(
            lambda state: any(each.name == "Mic" and each.muted for each in state.inputs)
        )
    lines = [record.getMessage() for record in caplog.records if record.name == "obs"]
    assert len(lines) == 3, lines


async def test_an_obs_that_hangs_is_given_up_and_comes_back(obs_lab: ObsLab) -> None:
    async with driven(obs_lab.url, obs_lab.password, request_s=1, figures_s=60) as engine:
        # The first figures come at once, the next in a minute: nothing else is asked.
        await engine.bench.wait_event(obs.FIGURES)
        obs_lab.hang()
        try:
            code, message = await engine.refused(CUT)
            assert code == "late"
            assert "whether it was done is not known" in message
            await engine.until(lambda state: state.link == "hung")
            assert engine.status.state == "degraded"
            assert (await engine.refused(CUT))[0] in ("gone", "late")
            steps = await engine.panic(1)
            assert all(step.waits for step in steps.values())
        finally:
            obs_lab.go_on()
        steps = await engine.reached()
        assert steps["scene"].detail in ("BRB", "BRB was there")
        assert engine.state.link == "open"
        assert engine.befores


async def test_figures_find_out_that_obs_hangs(obs_lab: ObsLab) -> None:
    async with driven(obs_lab.url, obs_lab.password, request_s=0.5, figures_s=0.5) as engine:
        obs_lab.hang()
        try:
            await engine.until(lambda state: state.link == "hung")
        finally:
            obs_lab.go_on()
        await engine.until(lambda state: state.link == "open")


@pytest.mark.parametrize("version", [(5, 0, 1), (5, 1, 0), (5, 7, 3)])
async def test_older_and_newer_ones(version: tuple[int, int, int]) -> None:
    with FakeObs(version=version, extras=True) as fake:
        async with driven(fake.url, panic_filter="Panic") as engine:
            assert engine.state.websocket_version == ".".join(map(str, version))
            assert await engine.change(obs.SetScene(scene="Close-up")) == "scene Close-up"
            await engine.until(lambda state: state.scene == "Close-up")
            for change in (
                obs.SetMute(input="Mic", on=True),
                obs.SetVolume(input="Music", db=-6),
                obs.SetText(input="Caption", text="x"),
                obs.SetFilter(filter="Tint", on=True),
                obs.SetSource(source="Avatar", scene="Main", on=True),
                obs.SetRecord(do="start"),
                obs.SetRecord(do="pause"),
                obs.SetRecord(do="stop"),
            ):
                await engine.change(change)
            steps = await engine.panic(1)
            assert all(step.ms is not None for step in steps.values()), steps
            steps = await engine.resume(2)
            assert all(step.ms is not None for step in steps.values()), steps
            await engine.until(lambda state: state.scene == "Close-up")


async def test_what_obs_says_no_to_and_what_it_does_not_know() -> None:
    with FakeObs() as fake:
        fake.refuse("SetInputMute", 702, "busy with itself")
        async with driven(fake.url, request_s=0.5) as engine:
            assert await engine.refused(obs.SetMute(input="Mic", on=True)) == (
                "refused",
                "OBS says no: busy with itself",
            )
            assert await engine.change(CUT) == "scene BRB"  # the link is fine
            fake.hold("SetInputVolume")
            assert (await engine.refused(obs.SetVolume(input="Mic", db=0)))[0] == "late"
            assert engine.state.link == "hung"
            fake.hold()
            await engine.until(lambda state: state.link == "open")
            await engine.change(obs.SetVolume(input="Mic", db=0))


async def test_an_obs_that_still_loads_is_waited_for() -> None:
    with FakeObs() as fake:
        fake.ready = False
        async with driven(fake.url, link="closed") as engine:
            assert engine.state.detail == "OBS is still starting"
            fake.ready = True
            await engine.until(lambda state: state.link == "open")
            fake.kick(1001)
            await engine.until(lambda state: state.link == "closed")
            await engine.until(lambda state: state.link == "open")


async def test_too_many_wishes_are_refused() -> None:
    with FakeObs() as fake:
        async with driven(fake.url, request_s=2) as engine:
            fake.hold("SetInputMute")
            change = obs.SetMute(input="Mic", on=True)
            answers = await asyncio.gather(*(engine.refused(change) for _ in range(200)))
            codes = {code for code, _ in answers}
            assert codes <= {"busy", "late", "gone"}
            assert "busy" in codes


async def test_a_scene_collection_that_changes_in_the_midst_of_panic_costs_no_link(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeObs() as fake:
        async with driven(fake.url, request_s=0.3) as engine:
            answer = fake.world.answer

            def begins(kind: str, data: dict[str, Any]) -> dict[str, Any] | None:
                if kind == "GetInputMute":
                    monkeypatch.setattr(fake.world, "answer", answer)
                    name = "CurrentSceneCollectionChanging"
                    fake.tell(CONFIG, name, {"sceneCollectionName": "x"})
                return answer(kind, data)

            monkeypatch.setattr(fake.world, "answer", begins)
            steps = await engine.bench.peer.request(surface.PANIC, surface.Panic(epoch=1))
            assert all(step.waits for step in steps.steps)
            await asyncio.sleep(0.5)
            name = "CurrentSceneCollectionChanged"
            fake.tell(CONFIG, name, {"sceneCollectionName": "x"})
            assert (await engine.reached())["scene"].detail == "BRB"
            assert {state.link for state in engine.bench.events(obs.STATE)} <= {
                "connecting",
                "open",
            }
    assert all(record.exc_info is None for record in caplog.records), caplog.text
