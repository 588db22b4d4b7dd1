"""Drills: the panic itself, off air, resumed whatever happens, and told from a real one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engines.harness import Call, Refused, handles
from engines.wire import obs, show
from engines.wire.message import Empty
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.drill import Drills, differences
from tests.show.screen import BRB, Screen, ScreenDesk
from tests.show.stage import Stage

GAME = {"scene": "Game", "muted": False}


class Looked(Screen):
    """A screen that can be looked at, as OBS can."""

    outputs: dict[str, bool]
    link_now: str
    forgets: bool

    @handles(obs.LOOK)
    def look(self, params: Empty, call: Call) -> obs.State:
        if not self.desk.open:
            raise Refused("gone", "OBS is closed")
        return state_of(self.desk, link=type(self).link_now, **type(self).outputs)


def state_of(desk: ScreenDesk, **more: Any) -> obs.State:
    inputs = [obs.Input(name="Mic", muted=desk.now["muted"])]
    return obs.State(**({"link": "open", "scene": desk.now["scene"], "inputs": inputs} | more))


class Rehearsal:
    """A stage with a screen, and drills."""

    def __init__(self, stage: Stage, path: Path) -> None:
        self.stage = stage
        self.desk = stage.screens["obs"]
        self.live = False
        self.path = path
        self.drills = self.another()

    def another(self) -> Drills:
        """Drills of a show on the same state folder."""
        cast: Any = self.stage.cast
        return Drills(cast, self.stage.panic, self.stage.told.append, self.path, lambda: self.live)

    async def run(self, *, on_air: bool = False) -> show.Drilled:
        """A drill, to its end."""
        task = asyncio.create_task(self.drills.run("ana", on_air=on_air))
        for _ in range(20):
            await self.stage.settle()
            if task.done():
                break
            await self.stage.advance(0.5)
            await asyncio.to_thread(lambda: None)  # what writes the file
        return await task


@asynccontextmanager
async def rehearsal(path: Path, *, link: str = "open", **outputs: Any) -> AsyncIterator[Rehearsal]:
    stage = Stage(screens=("obs",))
    stage.play_by("obs", Looked, outputs=outputs, link_now=link)
    async with stage:
        yield Rehearsal(stage, path / "drill.json")


async def test_all_is_reached_put_back_told_and_kept(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as it:
        found = await it.run()
        assert found.ok
        assert list(found.surfaces) == ["audio", "policy", "tts", "obs.scene", "obs.muted"]
        assert list(found.put_back) == ["obs.scene", "obs.muted"]
        assert found.why == {}
        assert it.desk.names == ["panic", "resume"]
        assert it.desk.now == GAME
        assert not it.stage.panic.latched
        assert {e.by for e in it.stage.of(show.Panicked)} == {"drill:ana"}
        assert [e.by for e in it.stage.of(show.Resumed)] == ["drill:ana"]
        assert it.stage.of(show.Drilled) == [found]
        kept = msgspec.json.decode(it.path.read_bytes(), type=show.Drilled)
        assert kept == found
        it.another().restore()
        told = it.stage.of(show.Drilled)[-1]
        assert (told.earlier, told.at) == (True, found.at)


@pytest.mark.parametrize("left", [None, b"", b"{", b'{"by": 3}'])
def test_without_an_earlier_one_nothing_is_told(tmp_path: Path, left: bytes | None) -> None:
    told: list[show.ShowEvent] = []
    path = tmp_path / "drill.json"
    if left is not None:
        path.write_bytes(left)
    nobody: Any = None
    Drills(nobody, nobody, told.append, path, lambda: False).restore()
    assert told == []


@pytest.mark.parametrize(
    ("outputs", "word"), [({"streaming": True}, "streams"), ({"recording": True}, "records")]
)
async def test_not_on_air_but_when_that_is_said(
    tmp_path: Path, outputs: dict[str, Any], word: str
) -> None:
    async with rehearsal(tmp_path, **outputs) as it:
        with pytest.raises(Refusal, match=f"OBS {word}.*--on-air"):
            await it.run()
        assert it.desk.asked == []
        assert (await it.run(on_air=True)).ok


async def test_a_live_profile_without_a_word_of_obs_is_taken_for_on_air(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as it:
        await it.stage.kill("obs")
        it.live = True
        with pytest.raises(Refusal, match="cannot be told.*obs is backoff.*--on-air"):
            await it.run()
        it.live = False
        found = await it.run()
        assert not found.ok
        assert found.surfaces["obs"] is None
        assert found.why["obs"] == "obs is backoff"


async def test_obs_that_is_only_connecting_is_waited_for_a_while(tmp_path: Path) -> None:
    async with rehearsal(tmp_path, link="connecting") as it:
        it.live = True
        with pytest.raises(Refusal, match="cannot be told"):
            await it.run()


async def test_not_while_panicked_nor_two_at_once(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as it:
        first = asyncio.create_task(it.drills.run("ana", on_air=False))
        await asyncio.sleep(0)
        with pytest.raises(Refusal, match="under way already"):
            await it.drills.run("bob", on_air=False)
        assert (await first).ok
        await it.stage.press()
        with pytest.raises(Refusal, match="resume first"):
            await it.run()
        await it.stage.panic.resume("test")


async def test_a_press_while_obs_is_looked_at_first_keeps_the_drill_away(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as it:
        drill = asyncio.create_task(it.drills.run("ana", on_air=False))
        await asyncio.sleep(0)
        await it.stage.panic.press("bob")
        with pytest.raises(Refusal, match="resume first"):
            await drill
        assert it.stage.panic.latched
        await it.stage.panic.resume("test")


@pytest.mark.parametrize("turns", [12, 14, 16, 18, 20, 24, 28])
async def test_a_real_panic_during_a_drill_stays(tmp_path: Path, turns: int) -> None:
    """At whatever turn of the loop it comes."""
    async with rehearsal(tmp_path) as it:
        drill = asyncio.create_task(it.drills.run("ana", on_air=False))
        while not it.stage.panic.latched:
            await asyncio.sleep(0)
        for _ in range(turns - 12):
            await asyncio.sleep(0)
        await it.stage.panic.press("bob")
        await it.stage.settle()
        await it.stage.advance(4.0)
        found = await drill
        assert it.stage.panic.latched
        assert it.stage.panic.by == "bob"
        assert it.desk.now == BRB
        if "drill" in found.why:
            assert "bob pressed panic meanwhile" in found.why["drill"]
            assert not found.ok
        await it.stage.panic.resume("bob")
        await it.stage.settle()
        assert it.desk.now == GAME


async def test_a_drill_goes_on_when_whoever_asked_for_it_has_gone(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as it:
        asked = asyncio.create_task(it.drills.run("ana", on_air=False))
        while not it.stage.panic.latched:
            await asyncio.sleep(0)
        asked.cancel()
        await it.drills.close()
        assert not it.stage.latch.panicked
        assert it.desk.now == GAME
        with pytest.raises(Refusal, match="stopping"):
            await it.run()


async def test_what_is_not_reached_is_named(tmp_path: Path) -> None:
    async with rehearsal(tmp_path) as it:
        it.desk.broken = {"scene"}
        found = await it.run()
        assert not found.ok
        assert found.surfaces["obs.scene"] is None
        assert found.why["obs.scene"] == "no such scene"
        assert found.surfaces["obs.muted"] is not None


async def test_what_is_not_as_before_is_named_although_the_engine_says_that_it_is(
    tmp_path: Path,
) -> None:
    async with rehearsal(tmp_path) as it:
        it.stage.cast.units["obs"].engine._back = lambda params: it.stage.cast.units[
            "obs"
        ].engine._show(params.epoch, {"muted": False})
        found = await it.run()
        assert not found.ok
        assert found.put_back["obs.scene"] is None
        assert found.why["obs.scene"] == "it shows BRB, before that Game"
        assert found.surfaces["obs.scene"] is not None


async def test_a_file_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    async with rehearsal(tmp_path / "nowhere") as it:
        assert (await it.run()).ok


def test_differences() -> None:
    before = obs.State(
        link="open",
        scene="Game",
        inputs=[obs.Input(name="Mic", muted=False), obs.Input(name="Cam")],
        filters=[obs.Filter(source="Cam", name="Blur", on=False)],
    )
    assert differences(before, before) == {}
    after = obs.State(
        link="open",
        scene="BRB",
        inputs=[obs.Input(name="Mic", muted=True), obs.Input(name="New", muted=True)],
        filters=[
            obs.Filter(source="Cam", name="Blur", on=True),
            obs.Filter(source="New", name="Blur", on=True),
        ],
    )
    assert differences(before, after) == {
        "obs.scene": "it shows BRB, before that Game",
        "obs.mutes": "not muted as before: Mic",
        "obs.filter": "not on or off as before: Cam/Blur",
    }
    assert json.loads(msgspec.json.encode(after))["scene"] == "BRB"
