"""What operators ask of OBS: names that are found, refusals in words, and how it is told."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from engines.wire import control, obs, show
from kitsu_tui.show import obs_verbs
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.obs_verbs import pick
from tests.show.obs_desk import ObsStage

KNOWN = obs.State(
    link="open",
    scene="Main",
    scenes=["Main", "Main (wide)", "Game", "Gaming corner", "BRB", "brb"],
    items=[obs.Item(scene="Main", source="Cam", on=True)],
    inputs=[
        obs.Input(name="Mic", kind="pulse", muted=False, volume_db=-3.0),
        obs.Input(name="Words", kind="text", text=""),
        obs.Input(name="Cam", kind="image"),
    ],
    filters=[
        obs.Filter(source="Cam", name="Blur", on=False),
        obs.Filter(source="Mic", name="Gate", on=True),
    ],
)


class Verbs(ObsStage):
    """Asks as the control socket does."""

    async def ask(self, body: control.Scene | control.Obs) -> str:
        running: Any = SimpleNamespace(
            scenes=self.scenes, panic=self.panic, bus=SimpleNamespace(tell=self.told.append)
        )
        done: Any
        if isinstance(body, control.Scene):
            done = obs_verbs.scene(running, body)
        else:
            done = obs_verbs.change(running, body)
        task = asyncio.ensure_future(done)
        await self.advance(10.0)
        return str(task.result().detail)

    async def bring(self, name: str, **more: Any) -> str:
        return await self.ask(control.Scene(scene=name, by="ana", **more))

    async def change(self, change: obs.Change) -> str:
        return await self.ask(control.Obs(change=change, by="ana"))

    def acted(self) -> list[tuple[str, str, str, bool]]:
        return [(e.name, e.args, e.by, e.ok) for e in self.of(show.Acted)]


def verbs(**more: Any) -> Verbs:
    stage = Verbs(**more)
    stage.desk.state = KNOWN
    return stage


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Main", "Main"),
        ("main", "Main"),
        ("GAME", "Game"),
        ("Gami", "Gaming corner"),
        ("BRB", "BRB"),
        ("brb", "brb"),
    ],
)
def test_a_name_is_found(said: str, name: str) -> None:
    assert pick("scene", said, KNOWN.scenes) == name


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Brb", "'Brb' may be BRB, brb: say which"),
        ("ga", "'ga' may be Game, Gaming corner: say which"),
        ("gmae", "OBS has no scene 'gmae' (did you mean Game?); there are: Main, Main (wide)"),
        ("zzz", "OBS has no scene 'zzz'; there are: Main"),
    ],
)
def test_a_name_that_is_none_or_several_is_refused_with_what_is_near(said: str, words: str) -> None:
    with pytest.raises(Refusal) as error:
        pick("scene", said, KNOWN.scenes)
    assert str(error.value).startswith(words)


def test_many_names_are_not_all_told_and_a_list_that_is_not_whole_decides_nothing() -> None:
    with pytest.raises(Refusal, match="and 88 more"):
        pick("scene", "zzz", [f"s{n}" for n in range(100)])
    assert pick("scene", "zzz", [f"s{n}" for n in range(obs.MOST)]) == "zzz"
    assert pick("scene", "zzz", []) == "zzz"


# -- scenes ----------------------------------------------------------------------------------------


async def test_a_scene_is_brought_and_told() -> None:
    async with verbs() as stage:
        assert await stage.bring("game", cut=True) == "scene Game"
        assert stage.desk.asked == [obs.SetScene(scene="Game", cut=True)]
        assert stage.acted() == [("scene", "Game", "ana", True)]
        assert stage.changes()[-1] == ("Game", "ana", "")
        assert await stage.change(obs.SetScene(scene="main")) == "scene Main"
        assert stage.acted()[-1] == ("scene", "Main", "ana", True)


async def test_what_obs_refuses_is_told_as_failed() -> None:
    async with verbs() as stage:
        stage.desk.refuse = ("refused", "OBS says no")
        with pytest.raises(Refusal, match="OBS says no"):
            await stage.bring("Game")
        assert stage.acted() == [("scene", "Game", "ana", False)]


async def test_an_obs_that_does_not_answer_is_given_up() -> None:
    async with verbs() as stage:
        stage.desk.gate.clear()
        with pytest.raises(Refusal, match="no answer within 8 s"):
            await stage.bring("Game")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("closed", "OBS is closed, or its WebSocket server is off"),
        ("hung", "OBS does not answer"),
        ("refused", "OBS refuses the password"),
        ("foreign", "what listens there is no OBS"),
        ("connecting", "OBS is not connected yet"),
    ],
)
async def test_without_obs_it_is_refused_in_words(link: str, words: str) -> None:
    async with verbs() as stage:
        for detail in ("", "OBS is not running at 127.0.0.1:4455"):
            stage.desk.tell(link=link, detail=detail)
            await stage.settle()
            with pytest.raises(Refusal) as error:
                await stage.bring("Game")
            assert str(error.value) == (detail or words)
        assert stage.desk.asked == []


async def test_without_the_engine_it_is_refused_in_words() -> None:
    async with verbs(there=False) as stage:
        with pytest.raises(Refusal, match="obs is off: kitsu start obs"):
            await stage.bring("Game")
        await stage.open()
        await stage.die()
        with pytest.raises(Refusal, match="obs is backoff: kitsu start obs"):
            await stage.change(obs.SetRecord(do="start"))


async def test_while_panic_is_latched_nothing_may_be_shown_or_sounded() -> None:
    async with verbs() as stage:
        stage.latch.panicked = True
        with pytest.raises(Refusal, match="panic is latched: resume first"):
            await stage.bring("BRB")
        for change in (
            obs.SetScene(scene="Game"),
            obs.SetMute(input="Mic", on=False),
            obs.SetMute(input="Mic"),
            obs.SetSource(source="Cam"),
        ):
            with pytest.raises(Refusal, match="panic is latched"):
                await stage.change(change)
        assert stage.desk.asked == []
        quiet: list[obs.Change] = [
            obs.SetReplay(do="save"),
            obs.SetRecord(do="stop"),
            obs.SetMute(input="Mic", on=True),
            obs.SetSource(source="Cam", on=False),
            obs.SetFilter(filter="Blur"),  # the engine knows which one panic holds
        ]
        for silent in quiet:
            await stage.change(silent)
        assert stage.desk.asked == quiet


# -- everything else -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "asked", "args"),
    [
        (obs.SetSource(source="cam"), obs.SetSource(source="Cam"), "source Cam"),
        (
            obs.SetSource(source="logo", scene="game", on=True),  # OBS itself must know
            obs.SetSource(source="logo", scene="Game", on=True),
            "source logo on",
        ),
        (
            obs.SetFilter(filter="blur", on=False),
            obs.SetFilter(filter="Blur", on=False),
            "filter Blur off",
        ),
        (
            obs.SetFilter(filter="gate", source="mic"),
            obs.SetFilter(filter="Gate", source="Mic"),
            "filter Mic/Gate",
        ),
        (obs.SetMute(input="mic", on=True), obs.SetMute(input="Mic", on=True), "mute Mic on"),
        (obs.SetVolume(input="mic", db=-6), obs.SetVolume(input="Mic", db=-6), "volume Mic -6 dB"),
        (
            obs.SetText(input="words", text="hello"),
            obs.SetText(input="Words", text="hello"),
            "text Words",
        ),
        (obs.SetRecord(do="start"), obs.SetRecord(do="start"), "record start"),
        (obs.SetReplay(do="save"), obs.SetReplay(do="save"), "replay save"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_change_is_asked_for_with_obs_s_own_names(
    said: obs.Change, asked: obs.Change, args: str
) -> None:
    async with verbs() as stage:
        assert await stage.change(said) == "done"
        assert stage.desk.asked == [asked]
        assert stage.acted() == [("obs", args, "ana", True)]


@pytest.mark.parametrize(
    "said",
    [
        obs.SetSource(source="Cem"),
        obs.SetSource(source="in a group"),
        obs.SetFilter(filter="Blurr"),
        obs.SetFilter(filter="Blur", source="Words"),
        obs.SetMute(input="Cam"),
        obs.SetText(input="Mic", text="x"),
    ],
)
async def test_of_what_is_not_found_obs_itself_says_what_is_near(said: obs.Change) -> None:
    async with verbs() as stage:
        stage.desk.refuse = ("unknown-name", "did you mean ...")
        with pytest.raises(Refusal, match="did you mean"):
            await stage.change(said)
        assert stage.desk.asked == [said]


async def test_of_a_scene_that_is_not_found_and_of_two_names_it_is_said_here() -> None:
    async with verbs() as stage:
        with pytest.raises(Refusal, match=r"no scene 'Gmae' \(did you mean Game\?\)"):
            await stage.change(obs.SetSource(source="Cam", scene="Gmae"))
        more = [*KNOWN.filters, obs.Filter(source="Cam", name="Blurrier", on=True)]
        stage.desk.tell(filters=more)
        await stage.settle()
        with pytest.raises(Refusal, match="'bl' may be Blur, Blurrier: say which"):
            await stage.change(obs.SetFilter(filter="bl"))
        assert stage.desk.asked == []
