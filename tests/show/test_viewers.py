"""A viewer's words and name on their way to her, and what she says to what is not let in."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from engines.wire import show
from kitsu_tui.config.persona import Persona, load_persona
from kitsu_tui.show.floor import SHARE
from kitsu_tui.show.refusals import Refusals
from kitsu_tui.show.viewers import fit_name
from tests.show.stage import Stage


def persona(stage: Stage, **lines: list[str]) -> Persona:
    return replace(stage.scene.persona, refusals=lines, viewer="a little friend")


async def test_a_viewers_words_are_marked_as_such_and_remembered_so() -> None:
    async with Stage() as stage:
        stage.director.say("Hello there", "Mika", "chat")
        await stage.settle()
        asked = stage.mind.asked[-1].params
        assert (asked.text, asked.who, asked.viewer) == ("Hello there", "Mika", True)
        await stage.answer("Hi Mika, how are you?")
        await stage.play(5000)
        await stage.typed("And now me")
        asked = stage.mind.asked[-1].params
        assert (asked.who, asked.viewer) == ("", False)
        told = [line for line in asked.history if line.text == "Hello there"]
        assert [(line.role, line.who, line.viewer) for line in told] == [("user", "Mika", True)]


@pytest.mark.parametrize(
    "name",
    ["grommit", "xx_Grommit_xx", "TheGrommitFan", "weed", "mika12345678", "x" * 41, "!?", " "],
)
async def test_a_name_that_is_not_fit_is_neither_thought_nor_said(name: str) -> None:
    async with Stage() as stage:
        stage.scene.persona = persona(stage)
        stage.director.say("Hello there", name, "chat")
        await stage.settle()
        assert stage.mind.asked[-1].params.who == "a little friend"
        assert await fit_name(stage.scene.judge, "Mika_99") == "Mika_99"


async def test_what_is_not_let_in_gets_a_line_in_character_at_once() -> None:
    async with Stage() as stage:
        stage.scene.persona = persona(stage, test=["One of them.", "Two of them."], any=["Any."])
        answers = []
        for who in ("a", "b", "c"):
            turn = stage.director.say("say grommit", who, "chat")
            stage.director.say(f"{who} waits", "me")
            await stage.play(5000)
            answers.append(stage.done(turn).answer)
            assert stage.done(turn).status == "blocked"
            await stage.answer("Yes.")
            await stage.play(5000)
        assert answers == ["One of them.", "Two of them.", "One of them."]
        verdicts = [v for v in stage.of(show.Judged) if v.seq == -1 and v.action == "drop"]
        assert {(v.category, v.rule) for v in verdicts} == {("test", "no-grommit")}
        assert all("grommit" not in thought.params.text for thought in stage.mind.asked)


async def test_more_than_a_viewers_share_is_told_so_and_others_have_theirs() -> None:
    async with Stage() as stage:
        await stage.typed("I speak first")
        turns = [stage.director.say(f"text {n}", "Mika", "chat") for n in range(4)]
        other = stage.director.say("me too", "Ann", "chat")
        mine = [stage.director.say(f"mine {n}", "me") for n in range(5)]
        await stage.settle()
        ended = [turn for turn in turns if turn.done.done()]
        assert ended == turns[:2]
        assert {(stage.done(turn).status, stage.done(turn).detail) for turn in ended} == {
            ("stopped", SHARE)
        }
        assert not any(turn.done.done() for turn in (other, *mine))


def test_refusals_by_category_then_any_then_the_profiles_line() -> None:
    known = load_kitsu()
    refusals = Refusals()
    first = [refusals.line(known, "injection", "no") for _ in known.refusals["injection"]]
    assert first == known.refusals["injection"]
    assert refusals.line(known, "injection", "no") == first[0]
    assert refusals.line(known, "never-heard-of", "no") == known.refusals["any"][0]
    assert refusals.line(known, "gate-error", "no") == known.refusals["any"][1]
    assert refusals.line(known, "injection", "") == "", "the profile wants silence"
    assert refusals.line(replace(known, refusals={}), "injection", "no") == "no"


def load_kitsu() -> Persona:
    return load_persona(Path(__file__).parents[2] / "profiles/personas/kitsu.yaml")
