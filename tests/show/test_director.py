"""Whose turn it is, and what ends it. (People who speak: `test_voices.py`.)"""

from __future__ import annotations

import asyncio

import pytest

from engines.wire import show
from kitsu_tui.config.errors import ConfigError
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.floor import EXPIRES_S, WAITING
from kitsu_tui.show.turn import Turn
from tests.show.stage import Stage, Voice

ONE = "I chase butterflies, of course!"
TWO = "And then I nap on the keyboard."
THREE = "That is my whole day."


async def speaking(stage: Stage, ms: int = 400) -> Turn:
    """She says ONE and TWO."""
    turn = await stage.typed("what do you do")
    await stage.answer(ONE, TWO)
    await stage.play(ms)
    return turn


async def paused(stage: Stage, guess: str) -> Voice:
    """Somebody speaks and pauses; that is the guess."""
    voice = await stage.voice()
    voice.pause()
    await stage.settle()
    stage.ear.asked[-1].guess(guess)
    await stage.settle()
    return voice


def heard_text(stage: Stage) -> list[str]:
    return [line.text for line in stage.history.messages()]


# -- what is typed -------------------------------------------------------------------------------


async def test_what_is_typed_while_she_answers_waits_in_order() -> None:
    async with Stage() as stage:
        first = await speaking(stage)
        chat = await stage.typed("from chat", source="chat")
        second = await stage.typed("second")
        third = await stage.typed("third")
        assert len(stage.mind.asked) == 1
        for turn in (first, second, third):
            await stage.play(4000)
            assert stage.done(turn).status == "ok"
            await stage.answer(THREE)
        await stage.play(2000)
        assert [thought.params.text for thought in stage.mind.asked] == [
            "what do you do",
            "second",
            "third",
            "from chat",
        ]
        assert stage.done(chat).status == "ok"


async def test_what_is_typed_while_somebody_speaks_waits_for_the_answer_to_it() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        typed = await stage.typed("typed")
        await stage.advance(1.0)
        assert not stage.mind.asked
        await stage.close(voice, "spoken words")
        assert [thought.params.text for thought in stage.mind.asked] == ["spoken words"]
        await stage.answer(ONE)
        await stage.play(2000)
        await stage.answer(TWO)
        await stage.play(2000)
        assert stage.done(typed).answer == TWO


async def test_what_waits_is_bounded_and_what_makes_room_is_told() -> None:
    async with Stage() as stage:
        await speaking(stage)
        turns = [await stage.typed(f"line {i}") for i in range(WAITING + 1)]
        done = stage.done(turns[0])
        assert (done.status, done.detail) == ("stopped", "too many wait")
        assert len(stage.open_turns()) == WAITING + 1


async def test_old_chat_is_told_that_it_waited_too_long() -> None:
    async with Stage() as stage:
        await stage.typed("what do you do")
        chat = await stage.typed("hi", source="chat")
        for _ in range(3):
            await stage.advance(EXPIRES_S["chat"] / 2.5)
            stage.mind.asked[0].say(ONE)
        await stage.answer(TWO)
        await stage.play(8000)
        assert stage.done(chat).detail == "it waited too long"


async def test_a_preset_that_is_not_there_is_refused_before_a_turn_begins() -> None:
    async with Stage() as stage:
        with pytest.raises(ConfigError, match="no preset"):
            await stage.typed("hi", preset="kawai")
        assert not stage.of(show.TurnStarted)


# -- interrupt -----------------------------------------------------------------------------------


async def test_interrupt_when_she_does_nothing() -> None:
    async with Stage() as stage:
        assert stage.director.interrupt() == "she was not answering"
        await stage.voice()
        assert stage.director.interrupt() == "she was not answering"


async def test_interrupt_while_she_thinks_and_the_next_that_waits_begins() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        after = await stage.typed("next")
        assert stage.director.interrupt() == "turn 1 ended"
        await stage.advance(1.0)
        assert stage.done(turn).status == "interrupted"
        assert stage.mind.asked[0].cancelled
        await stage.answer(ONE)
        await stage.play(2000)
        assert stage.done(after).answer == ONE
        assert len(stage.history) == 1


async def test_interrupt_while_somebody_holds_her() -> None:
    async with Stage() as stage:
        turn = await speaking(stage)
        await stage.voice()
        stage.director.interrupt()
        await stage.play(1000)
        assert stage.done(turn).status == "interrupted"
        assert stage.speaker.pauses == [True, False]
        assert len(stage.speaker.pcm(turn.number)) == 400 * 16


async def test_skip_ends_the_sentence_on_air_and_she_goes_on_with_the_next() -> None:
    async with Stage() as stage:
        assert stage.director.skip() == "nothing is on air"
        turn = await stage.typed("hi")
        assert stage.director.skip() == "nothing is on air"
        await stage.answer(ONE, TWO)
        await stage.play(200)
        assert stage.director.skip() == "a sentence of turn 1 skipped"
        await stage.play(4000)
        aired = stage.of(show.Aired)
        assert [event.status for event in aired] == ["cut", "played"]
        assert aired[0].heard_ms < 400
        assert stage.done(turn).status == "ok"
        assert stage.done(turn).answer.endswith(TWO)
        assert not stage.done(turn).answer.startswith(ONE)


async def test_the_mood_that_an_operator_holds_her_in_is_the_only_one_she_may_name() -> None:
    async with Stage() as stage:
        stage.scene.mood = "sad"
        await stage.typed("hi")
        assert stage.mind.asked[-1].params.moods == ["sad"]
        await stage.answer(ONE)
        await stage.play(2000)


async def test_interrupt_of_a_guess_ends_that_turn_for_good() -> None:
    async with Stage() as stage:
        voice = await paused(stage, "Tell me")
        await stage.answer(ONE)
        assert stage.director.interrupt() == "turn 1 ended"
        await stage.settle()
        stage.ear.asked[-1].partial("Tell me a")
        await stage.close(voice, "Tell me a story")
        await stage.play(1000)
        assert stage.done(1).status == "interrupted"
        assert len(stage.mind.asked) == 1
        assert not stage.speaker.heard
        await stage.voice("Hello again")
        assert stage.mind.asked[-1].params.text == "Hello again"


async def test_a_turn_that_winds_up_is_not_begun_again_by_its_final() -> None:
    async with Stage() as stage:
        voice = await paused(stage, "Tell me")
        stage.deafen("policy")
        stage.director.interrupt()
        await stage.close(voice, "Tell me a story")
        await stage.advance(1.0)
        assert stage.done(1).status == "interrupted"
        assert [event.turn for event in stage.of(show.TurnStarted)] == [1]


async def test_an_answer_that_does_not_wind_up_is_left_after_a_moment() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE)
        await stage.play(200)
        stage.deafen("audio")
        stage.director.interrupt()
        await stage.advance(0.3)
        assert not stage.of(show.TurnDone)
        await stage.advance(0.3)
        assert stage.done(turn).status == "interrupted"


async def test_once_the_show_ends_nothing_begins() -> None:
    async with Stage() as stage:
        stage.director.fall_silent("stopped")
        with pytest.raises(Refusal, match="stopping"):
            await stage.typed("one more")
        assert stage.director.new_turn() is None
        assert not stage.of(show.TurnStarted)


# -- the mind's cache ----------------------------------------------------------------------------


async def test_of_many_changes_at_once_only_the_last_is_warmed() -> None:
    """Sixty presets in a row once held up the next answer by eight seconds."""
    async with Stage() as stage:
        presets = list(stage.scene.persona.presets)
        jobs = []
        for n in range(20):
            stage.scene.preset = presets[n % len(presets)]
            jobs.append(asyncio.create_task(stage.director.warm()))
        await asyncio.gather(*jobs)
        last = stage.scene.prompt().system
        assert len(stage.mind.warmed) == 2
        assert stage.mind.warmed[-1].system == last


async def test_she_is_warmed_after_what_is_remembered_and_not_while_busy() -> None:
    async with Stage() as stage:
        await speaking(stage)
        await stage.typed("next")
        await stage.play(4000)
        assert not stage.mind.warmed, "the next answer comes first"
        await stage.answer(THREE)
        await stage.play(2000)
        assert [line.text for line in stage.mind.warmed[0].history][-1] == THREE
        await stage.kill("policy")
        await stage.director.warm()
        await stage.start("policy")
