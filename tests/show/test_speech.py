"""From sentences to sound: order, credit, and what becomes of a sentence when an engine dies."""

from __future__ import annotations

import pytest

from engines.wire import show
from kitsu_tui.show.speech import CREDIT
from tests.show.cast import CHUNK, sound
from tests.show.stage import Stage

ONE = "Hello you there my friend."
TWO = "I like snacks."
THREE = "And also naps."
LONG = " ".join(["very"] * 40)


async def test_two_sentences_are_under_way_and_no_more() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = False
        await stage.answer(ONE, TWO, THREE)
        assert [saying.text for saying in stage.throat.asked] == [ONE, TWO]
        for saying in stage.throat.asked:
            saying.make()
            saying.finish()
        await stage.play(1100)
        assert [saying.text for saying in stage.throat.asked] == [ONE, TWO, THREE]
        stage.throat.asked[2].make()
        stage.throat.asked[2].finish()
        await stage.play(2000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO) + sound(THREE)
        assert stage.done(turn).status == "ok"


async def test_the_second_is_heard_second_although_it_is_made_first() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = False
        await stage.answer(ONE, TWO)
        first, second = stage.throat.asked
        second.make()
        second.finish()
        await stage.play(500)
        assert not stage.speaker.heard
        first.make()
        first.finish()
        await stage.play(2000)
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO)


async def test_tts_makes_no_more_than_its_credit_ahead_of_the_device() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(LONG)
        played_chunks = 3
        await stage.settle()
        assert stage.throat.asked[0].made <= (CREDIT + played_chunks + 1) * CHUNK * 2
        assert stage.throat.asked[0].made < len(sound(LONG))
        await stage.play(9000)
        assert stage.speaker.pcm(turn.number) == sound(LONG)


async def test_a_sentence_that_cannot_be_pronounced_holds_nothing_up() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = False
        await stage.answer("...", TWO)
        stage.throat.asked[0].finish()
        stage.throat.asked[1].make()
        stage.throat.asked[1].finish()
        await stage.play(1000)
        assert stage.speaker.pcm(turn.number) == sound(TWO)
        assert stage.done(turn).status == "ok"


async def test_what_was_asked_for_a_file_is_kept() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi", keep_pcm=True)
        await stage.answer(ONE)
        await stage.play(2000)
        assert bytes(turn.lines[0].pcm) == sound(ONE)


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("chunks", [0, 3])
async def test_tts_dies_and_its_successor_makes_the_sentence_without_a_repeat(
    chunks: int, asked: bool
) -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi", keep_pcm=True)
        stage.throat.auto = False
        await stage.answer(ONE, TWO)
        stage.throat.asked[0].make(chunks)
        await stage.play(200)
        await stage.kill("tts", asked=asked)
        await stage.advance(2.0)
        stage.throat.auto = True
        await stage.start("tts")
        await stage.play(3000)
        assert stage.done(turn).status == "ok"
        assert stage.speaker.pcm(turn.number) == sound(ONE) + sound(TWO)
        assert bytes(turn.lines[0].pcm) == sound(ONE)


async def test_a_successor_at_another_rate_leaves_what_was_heard_and_says_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = False
        await stage.answer(ONE, TWO)
        stage.throat.asked[0].make(4)
        await stage.play(600)
        await stage.kill("tts")
        monkeypatch.setattr("tests.show.cast.RATE", 16000)
        stage.throat.auto = True
        await stage.start("tts")
        await stage.advance(1.0)
        await stage.play(4000)
        assert [e.status for e in stage.of(show.Aired)] == ["cut", "played"]
        assert stage.done(turn).answer == f"Hello {TWO}"


async def test_tts_that_does_not_come_back_leaves_what_was_heard_and_the_reason() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = False
        await stage.answer(ONE)
        stage.throat.asked[0].make(4)
        await stage.play(600)
        await stage.kill("tts")
        await stage.advance(11.0)
        done = stage.done(turn)
        assert done.status == "error"
        assert "tts" in done.detail
        assert done.answer == "Hello"  # 400 of about 1850 ms, cut back to a whole word
        assert stage.history.messages()[1].text == "Hello"
        assert stage.of(show.Aired)[0].status == "failed"


async def test_tts_that_hangs_is_given_up_and_the_next_sentence_is_said() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = False
        await stage.answer(ONE, TWO)
        stage.throat.asked[1].make()
        stage.throat.asked[1].finish()
        await stage.advance(16.0)
        await stage.play(1000)
        assert stage.throat.asked[0].cancelled
        assert stage.speaker.pcm(turn.number) == sound(TWO)
        assert stage.done(turn).status == "error"


async def test_tts_that_refuses_a_sentence_is_not_asked_again() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = False
        await stage.answer(ONE)
        stage.throat.asked[0].fail("bad-request")
        await stage.settle()
        assert len(stage.throat.asked) == 1
        assert stage.done(turn).status == "error"


async def test_audio_that_dies_ends_the_answer_and_the_next_is_heard() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        await stage.answer(ONE, TWO)
        await stage.play(500)
        await stage.kill("audio")
        await stage.advance(1.0)
        assert stage.done(turn).status == "error"
        await stage.start("audio")
        after = await stage.typed("again")
        await stage.answer(THREE)
        await stage.play(1000)
        assert stage.done(after).status == "ok"
        assert stage.speaker.pcm(after.number) == sound(THREE)


async def test_a_device_that_takes_nothing_for_good_is_given_up() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.cast.units["audio"].engine.paused = True
        await stage.answer(LONG)
        await stage.advance(170.0)
        assert not stage.of(show.TurnDone)
        await stage.advance(40.0)
        done = stage.done(turn)
        assert done.status == "error"
        assert "took no sound" in done.detail


@pytest.mark.parametrize(
    ("made", "words"),
    [(False, "Hello you"), (True, "Hello you there my")],  # by the usual pace; by its length
)
async def test_what_was_heard_of_an_interrupted_sentence_is_clipped_at_the_sample(
    made: bool, words: str
) -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.throat.auto = made
        stage.mind.asked[0].say(ONE)
        await stage.settle()
        if not made:
            stage.throat.asked[0].make(8)
        await stage.play(700)
        stage.director.interrupt()
        await stage.play(700)
        assert turn.lines[0].heard_samples == 700 * 8
        done = stage.done(turn)
        assert (done.status, done.answer) == ("interrupted", words)
        assert stage.speaker.pcm(turn.number) == sound(ONE)[: 700 * 16]
        assert stage.history.messages()[1].text == words
