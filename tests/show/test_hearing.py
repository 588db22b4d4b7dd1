"""From sound to words: nothing that was said is lost, and every utterance comes to an end."""

from __future__ import annotations

import pytest

from engines.wire import show
from tests.show.cast import sound
from tests.show.stage import Stage

A, B = b"\1\0" * 160, b"\2\0" * 160
ANSWER = "I like snacks."


def heard(stage: Stage) -> list[tuple[int, str, bool]]:
    return [(event.turn, event.text, event.final) for event in stage.of(show.Heard)]


async def test_an_utterance_becomes_a_turn_with_its_marks() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        assert not stage.of(show.TurnStarted), "a sound is no turn"
        listening = stage.ear.asked[0]
        listening.partial("what is")
        await stage.settle()
        assert stage.of(show.TurnStarted)[0].source == "voice"
        voice.sound(A)
        voice.pause()
        voice.resume()
        voice.sound(B)
        await stage.close(voice, " What is your name? ")
        await stage.answer(ANSWER)
        await stage.play(1000)
        assert listening.pcm.endswith(A + B)
        assert listening.marks == ["pause", "resume", "end"]
        assert heard(stage) == [(1, "what is", False), (1, "What is your name?", True)]
        done = stage.done(1)
        assert (done.status, done.answer) == ("ok", ANSWER)
        marks = done.marks_ms
        assert list(marks)[:3] == ["speech_end", "endpoint", "asr_final"]
        assert list(marks)[-1] == "audible"
        assert marks["speech_end"] == 0.0


async def test_nothing_said_is_no_turn_and_partials_that_came_to_nothing_end_as_silent() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        await stage.close(voice, "  ")
        assert not stage.of(show.TurnStarted)
        voice = await stage.voice()
        stage.ear.asked[-1].partial("hm well")
        await stage.close(voice, "")
        assert [event.status for event in stage.of(show.TurnDone)] == ["silent"]
        assert not stage.director.hearing.busy


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("ended", [False, True])
async def test_an_asr_that_goes_in_mid_utterance_costs_no_word(ended: bool, asked: bool) -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        voice.sound(A)
        if ended:
            voice.end()
        await stage.settle()
        first = stage.ear.asked[0].pcm
        await stage.kill("asr", asked=asked)
        if not ended:
            voice.sound(B)
        await stage.advance(2.0)
        await stage.start("asr")
        await stage.settle()
        if not ended:
            voice.end()
            await stage.settle()
        again = stage.ear.asked[1]
        assert again.pcm == first + (b"" if ended else B)
        assert again.marks == ["end"]
        again.final("Hello Kitsu.")
        await stage.settle()
        assert heard(stage) == [(1, "Hello Kitsu.", True)]


async def test_an_asr_that_comes_back_to_silence_is_no_trouble() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        await stage.kill("asr")
        await stage.start("asr")
        await stage.settle()
        await stage.close(voice, "")
        assert not stage.of(show.TurnDone)


async def test_an_asr_that_does_not_come_back_is_told() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        await stage.kill("asr")
        voice.end()
        await stage.advance(11.0)
        done = stage.done(1)
        assert (done.status, done.detail) == ("error", "not understood: asr is backoff")
        assert not stage.director.hearing.busy


async def test_an_asr_that_hangs_is_given_up() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        stage.ear.asked[0].partial("tell me")
        voice.end()
        await stage.advance(16.0)
        assert stage.done(1).status == "error"
        assert stage.ear.asked[0].cancelled


async def test_an_asr_that_fails_is_not_asked_again() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        voice.end()
        stage.ear.asked[0].fail()
        await stage.settle()
        assert len(stage.ear.asked) == 1
        assert "it went wrong" in stage.done(1).detail


async def test_audio_that_dies_in_mid_utterance_ends_it_with_what_was_said() -> None:
    async with Stage() as stage:
        await stage.voice()
        stage.ear.asked[0].partial("tell me")
        await stage.settle()
        await stage.kill("audio")
        await stage.advance(1.0)
        assert stage.ear.asked[0].marks == ["end"]
        stage.ear.asked[0].final("Tell me.")
        await stage.settle()
        assert stage.mind.asked[0].params.text == "Tell me."
        assert not stage.director.hearing.busy


async def test_audio_that_is_back_at_once_begins_anew_and_both_are_understood() -> None:
    async with Stage() as stage:
        await stage.voice()
        stage.ear.asked[0].partial("tell me")
        await stage.settle()
        await stage.kill("audio")
        await stage.start("audio")
        stage._utterances = 0  # it counts from the beginning
        voice = await stage.voice()
        assert stage.ear.asked[0].marks == ["end"]
        stage.ear.asked[0].final("Tell me.")
        await stage.settle()
        await stage.close(voice, "A story.")
        assert stage.mind.asked[-1].params.text == "Tell me. A story."
        assert stage.done(1).status == "interrupted"


async def test_a_microphone_that_never_ends_an_utterance_does_not_hold_her_for_good() -> None:
    async with Stage() as stage:
        await stage.voice()
        await stage.typed("are you there")
        await stage.advance(140.0)
        assert not stage.mind.asked
        await stage.advance(40.0)
        assert stage.mind.asked[0].params.text == "are you there"


async def test_sound_of_an_utterance_that_is_over_is_left_alone() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        voice.end()
        voice.sound(A)
        voice.pause()
        voice.resume()
        voice.end()
        await stage.settle()
        assert stage.ear.asked[0].marks == ["end"]


async def test_a_guess_that_comes_after_they_went_on_is_no_guess() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        voice.pause()
        await stage.settle()
        stage.ear.asked[0].guess("tell me")
        voice.resume()
        await stage.settle()
        assert not stage.mind.asked or stage.mind.asked[0].cancelled
        voice.pause()
        await stage.settle()
        stage.ear.asked[0].guess("tell me more")
        await stage.settle()
        assert stage.mind.asked[-1].params.text == "tell me more"
        await stage.answer(ANSWER)
        await stage.close(voice, "tell me more")
        await stage.play(1000)
        assert stage.speaker.pcm(1, stage.done(1).rev) == sound(ANSWER)


async def test_a_guess_of_an_earlier_pause_gives_way_to_that_of_this_one() -> None:
    async with Stage() as stage:
        voice = await stage.voice()
        for step in (voice.pause, voice.resume, voice.pause):
            step()
        await stage.settle()
        stage.ear.asked[0].guess("tell me")
        stage.ear.asked[0].guess("tell me more")
        await stage.settle()
        stage.ear.asked[0].guess("Tell me more.")  # the same
        await stage.settle()
        assert [t.params.text for t in stage.mind.asked if not t.over] == ["tell me more"]
        await stage.answer(ANSWER)
        await stage.close(voice, "tell me more")
        await stage.play(1000)
        assert stage.done(1).answer == ANSWER
