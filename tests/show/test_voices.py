"""People who speak: working ahead, barge-in, and what belongs together."""

from __future__ import annotations

import pytest

from engines.wire import show
from kitsu_tui.show.hold import UNPAUSE_S
from kitsu_tui.show.turn import Turn
from tests.show.cast import sound
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


# -- working ahead -------------------------------------------------------------------------------


@pytest.mark.parametrize("finished", [False, True])
async def test_a_guess_that_was_right_is_held_and_released_once(finished: bool) -> None:
    async with Stage() as stage:
        voice = await paused(stage, "Tell me a story")
        stage.mind.asked[0].say(ONE, TWO, THREE)
        if finished:
            stage.mind.asked[0].finish()
        await stage.play(1000)
        assert stage.speaker.lines[0].held
        assert not stage.speaker.heard, "nothing is heard before it is sure"
        assert not stage.speaker.releases
        assert not stage.of(show.TurnDone)
        await stage.close(voice, "Tell me a story.")
        if not finished:
            stage.mind.asked[0].finish()
        await stage.play(6000)
        assert len(stage.mind.asked) == 1
        assert stage.speaker.releases == [(1, 0)]
        assert stage.speaker.pcm(1) == sound(ONE) + sound(TWO) + sound(THREE)
        assert stage.done(1).status == "ok"
        assert stage.done(1).marks_ms["first_token"] < stage.done(1).marks_ms["audible"]
        assert heard_text(stage) == ["Tell me a story", f"{ONE} {TWO} {THREE}"]


async def test_a_guess_that_is_committed_before_there_is_a_sound_of_it() -> None:
    async with Stage() as stage:
        stage.throat.auto = False
        voice = await paused(stage, "hello")
        await stage.answer(ONE)
        await stage.close(voice, "hello")
        stage.throat.asked[0].make()
        stage.throat.asked[0].finish()
        await stage.play(2000)
        assert stage.speaker.pcm(1) == sound(ONE)
        assert not any(line.held for line in stage.speaker.lines)


async def test_a_guess_that_was_wrong_is_thought_again_and_only_that_is_heard() -> None:
    async with Stage() as stage:
        voice = await paused(stage, "Tell me a story")
        await stage.answer(ONE, TWO, THREE)
        await stage.close(voice, "Tell me a joke.")
        assert stage.mind.asked[-1].params.text == "Tell me a joke."
        await stage.play(1000)
        assert not stage.speaker.heard
        await stage.answer(THREE)
        await stage.play(3000)
        done = stage.done(1)
        assert (done.status, done.rev, done.answer) == ("ok", 1, THREE)
        assert stage.speaker.order() == [(1, 1)]
        assert heard_text(stage) == ["Tell me a joke.", THREE]


async def test_going_on_makes_the_guess_void_down_to_its_last_sentence() -> None:
    async with Stage() as stage:
        voice = await paused(stage, "Tell me")
        stage.mind.asked[0].say(ONE, TWO, THREE)  # the third waits for the second's place
        await stage.settle()
        voice.resume()
        await stage.play(2000)
        assert stage.mind.asked[0].cancelled
        assert not stage.speaker.heard
        texts = {saying.text for saying in stage.throat.asked}
        assert THREE not in texts, "nothing old is begun under the new revision"
        assert not stage.of(show.TurnDone)
        voice.pause()
        await stage.settle()
        stage.ear.asked[0].guess("Tell me more")
        await stage.settle()
        assert stage.mind.asked[1].at.rev == 1
        await stage.answer(TWO)
        await stage.close(voice, "Tell me more")
        await stage.play(3000)
        assert stage.speaker.order() == [(1, 1)]
        assert stage.done(1).answer == TWO


async def test_without_work_ahead_it_waits_for_the_final() -> None:
    async with Stage(ahead=False) as stage:
        voice = await paused(stage, "Tell me")
        assert not stage.mind.asked
        await stage.close(voice, "Tell me")
        assert len(stage.mind.asked) == 1


async def test_a_guess_for_a_turn_that_is_not_spoken() -> None:
    async with Stage() as stage:

        def silent(turn: Turn) -> None:
            turn.play = False

        stage.director.next_voice_turn(silent)
        voice = await paused(stage, "Tell me")
        await stage.answer(ONE)
        assert not stage.of(show.TurnDone)
        await stage.close(voice, "Tell me")
        assert stage.done(1).answer == ONE
        assert not stage.throat.asked
        assert not stage.speaker.releases


async def test_a_hook_that_was_undone_is_not_called() -> None:
    async with Stage() as stage:
        taken: list[Turn] = []
        stage.director.next_voice_turn(taken.append)()
        stage.director.next_voice_turn(taken.append)
        await stage.voice("hello there")
        await stage.voice("hello again")
        assert [turn.number for turn in taken] == [1]


async def test_a_guess_that_came_to_nothing_ends_silently() -> None:
    async with Stage() as stage:
        voice = await paused(stage, "Tell me")
        await stage.answer(ONE)
        await stage.close(voice, "")
        await stage.play(1000)
        assert stage.done(1).status == "silent"
        assert not stage.speaker.heard


# -- barge-in ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",  # a cough
        "Yeah, okay.",
        "chase butterflies of course",  # her own words come back
        "and then I nap",  # those that she says next
    ],
)
async def test_what_is_not_speech_to_her_holds_her_for_a_moment(text: str) -> None:
    async with Stage() as stage:
        turn = await speaking(stage)
        voice = await stage.voice()
        before = len(stage.speaker.heard)
        await stage.play(500)
        assert len(stage.speaker.heard) == before, "paused at once"
        await stage.close(voice, text)
        await stage.play(3000)
        assert stage.speaker.pauses == [True, False]
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO)
        assert [event.turn for event in stage.of(show.TurnStarted)] == [turn.number]
        assert stage.done(turn).status == "ok"


async def test_an_echo_lets_her_go_on_before_it_is_over() -> None:
    async with Stage() as stage:
        await speaking(stage)
        await stage.voice()
        stage.ear.asked[-1].partial("I chase")
        await stage.settle()
        assert stage.speaker.pauses == [True, False]


async def test_a_sound_without_words_does_not_hold_her_for_long() -> None:
    async with Stage() as stage:
        await speaking(stage)
        await stage.voice()
        await stage.advance(UNPAUSE_S - 0.1)
        assert stage.speaker.pauses == [True]
        await stage.advance(0.2)
        assert stage.speaker.pauses == [True, False]


@pytest.mark.parametrize("after", [1.0, 2.0])
async def test_the_echo_of_her_last_words_is_known_for_a_moment(after: float) -> None:
    async with Stage() as stage:
        await speaking(stage, 2460)
        assert not stage.open_turns()
        await stage.advance(after)
        await stage.voice("nap on the keyboard")
        assert len(stage.mind.asked) == (1 if after < 1.5 else 2)


async def test_speech_ends_her_line_and_what_was_heard_is_remembered() -> None:
    async with Stage() as stage:
        turn = await speaking(stage, 700)
        voice = await stage.voice()
        stage.ear.asked[-1].partial("no stop what")
        await stage.settle()
        await stage.play(500)
        done = stage.done(turn)
        assert (done.status, done.answer) == ("interrupted", "I chase butterflies,")
        assert stage.speaker.pcm(turn.number) == sound(ONE)[: 700 * 16]
        assert stage.speaker.pauses == [True, False]
        await stage.close(voice, "No, stop, what about dogs?")
        await stage.answer(THREE)
        await stage.play(2000)
        assert stage.mind.asked[-1].params.history[-1].text == "I chase butterflies,"
        assert stage.done(2).answer == THREE
        assert heard_text(stage)[:2] == ["what do you do", "I chase butterflies,"]


async def test_one_word_is_not_sure_before_it_is_all() -> None:
    async with Stage() as stage:
        turn = await speaking(stage)
        voice = await stage.voice()
        stage.ear.asked[-1].partial("stop")
        await stage.settle()
        voice.pause()
        await stage.settle()
        stage.ear.asked[-1].guess("stop")
        await stage.settle()
        assert not stage.of(show.TurnDone)
        await stage.close(voice, "Stop!")
        await stage.advance(1.0)
        assert stage.done(turn).status == "interrupted"
        assert stage.mind.asked[-1].params.text == "Stop!"


async def test_a_second_voice_takes_over_the_pause_of_the_first() -> None:
    async with Stage() as stage:
        await speaking(stage)
        cough = await stage.voice()
        await stage.advance(2.0)
        cough.end()
        await stage.settle()
        first = stage.ear.asked[-1]
        await stage.voice()
        first.final("")
        await stage.advance(2.0)
        assert stage.speaker.pauses == [True], "somebody else is still speaking"
        await stage.advance(2.0)
        assert stage.speaker.pauses == [True, False]


async def test_speaking_on_after_a_long_pause_is_one_turn() -> None:
    async with Stage() as stage:

        def ask(turn: Turn) -> None:
            turn.play, turn.preset = False, "calm"

        stage.director.next_voice_turn(ask)
        await stage.voice("What is your")
        stage.mind.asked[-1].say(ONE)
        await stage.settle()
        voice = await stage.voice()
        stage.ear.asked[-1].partial("favourite colour")
        await stage.settle()
        await stage.close(voice, "Favourite colour?")
        assert stage.mind.asked[-1].params.text == "What is your Favourite colour?"
        assert stage.mind.asked[-1].params.system == "You are gentle."
        await stage.answer(TWO)
        await stage.play(2000)
        assert stage.done(1).status == "interrupted"
        assert stage.done(2).answer == TWO
        assert not stage.speaker.heard, "who asked for no voice gets none"
        assert heard_text(stage) == ["What is your Favourite colour?", TWO]


async def test_speaking_on_at_once_is_one_turn_even_if_something_was_heard() -> None:
    async with Stage() as stage:
        await stage.voice("I was wondering")
        await stage.answer(ONE, TWO)
        await stage.play(100)
        assert stage.speaker.heard
        await stage.voice("what is your favourite game?")
        assert stage.mind.asked[-1].params.text == "I was wondering what is your favourite game?"
        assert stage.done(1).status == "interrupted"


async def test_speaking_on_after_something_was_heard_is_another_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The loop's clock is the test's, the onset's is not: no real time goes by in between.
    monkeypatch.setattr("kitsu_tui.show.turn.WENT_ON_S", 0.0)
    async with Stage() as stage:
        await stage.voice("What is your name")
        await stage.answer(ONE, TWO)
        await stage.play(400)
        await stage.voice("No, tell me your age.")
        assert stage.mind.asked[-1].params.text == "No, tell me your age."


async def test_the_guess_of_a_turn_whose_final_is_late_is_joined_and_the_final_left_alone() -> None:
    async with Stage() as stage:
        voice = await paused(stage, "What is your")
        voice.end()
        await stage.settle()
        await stage.answer(ONE)
        late = stage.ear.asked[-1]
        voice = await stage.voice()
        stage.ear.asked[-1].partial("favourite colour")
        await stage.settle()
        late.final("What is your")
        await stage.settle()
        await stage.close(voice, "Favourite colour?")
        assert stage.mind.asked[-1].params.text == "What is your Favourite colour?"
        await stage.answer(TWO)
        await stage.play(2000)
        assert stage.done(2).answer == TWO
        assert stage.speaker.order() == [(2, 0)]


@pytest.mark.parametrize("sure", [False, True])
async def test_a_final_that_comes_after_the_next_guess_belongs_before_it(sure: bool) -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        voice.end()
        await stage.settle()
        late = stage.ear.asked[-1]
        voice = await paused(stage, "favourite colour")
        await stage.answer(ONE)
        if sure:
            await stage.close(voice, "Favourite colour?")
        late.final("What is your")
        await stage.settle()
        if not sure:
            await stage.close(voice, "Favourite colour?")
        assert stage.mind.asked[-1].params.text == "What is your Favourite colour?"
        await stage.answer(TWO)
        await stage.play(2000)
        assert stage.done(2).answer == TWO
        assert stage.done(1).status == "interrupted"
        assert stage.speaker.order() == [(2, 1)]


async def test_an_answer_does_not_begin_over_somebody_who_has_begun_to_speak() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        voice.end()
        await stage.settle()
        first = stage.ear.asked[-1]
        await stage.voice()
        first.final("What is your name")
        await stage.settle()
        await stage.answer(ONE)
        await stage.play(500)
        assert not stage.speaker.heard
        await stage.play(4000)
        assert stage.speaker.pcm(1) == sound(ONE), "a sound without words does not hold it"
