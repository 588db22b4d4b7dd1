"""Panic in every state: silence, one end for every turn, nothing old afterwards, and a way back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from engines.wire import show
from kitsu_tui.show.director import Refusal
from tests.show.cast import sound
from tests.show.loudspeaker import CUT_NS, SILENT_NS
from tests.show.stage import Stage

ONE, TWO = "Hello you there my friend.", "I like snacks."

State = Callable[[Stage], Awaitable[object]]


async def idle(stage: Stage) -> None:
    pass


async def thinking(stage: Stage) -> None:
    await stage.typed("hi")


async def between_sentences(stage: Stage) -> None:
    await stage.typed("hi")
    stage.mind.asked[-1].say(ONE)
    await stage.play(2000)


async def speaking(stage: Stage) -> None:
    await stage.typed("hi")
    await stage.answer(ONE, TWO)
    await stage.play(500)


async def making(stage: Stage) -> None:
    stage.throat.auto = False
    await stage.typed("hi")
    await stage.answer(ONE, TWO)
    stage.throat.asked[-1].make(2)
    await stage.settle()


async def queueing(stage: Stage) -> None:
    await speaking(stage)
    await stage.typed("and then")
    await stage.typed("and also")


async def hearing(stage: Stage) -> None:
    await stage.voice()
    stage.ear.asked[-1].partial("tell me a")
    await stage.settle()


async def hearing_unannounced(stage: Stage) -> None:
    await stage.voice()


async def awaiting_the_final(stage: Stage) -> None:
    voice = await stage.voice()
    stage.ear.asked[-1].partial("tell me a")
    voice.end()
    await stage.settle()


async def held(stage: Stage) -> None:
    voice = await stage.voice()
    voice.pause()
    await stage.settle()
    stage.ear.asked[-1].guess("tell me a story")
    await stage.settle()
    await stage.answer(ONE, TWO)
    await stage.play(200)


async def paused(stage: Stage) -> None:
    await speaking(stage)
    await stage.voice()


async def waiting_for_policy(stage: Stage) -> None:
    await thinking(stage)
    await stage.kill("policy")
    await stage.start("policy")


async def interrupted_just_now(stage: Stage) -> None:
    await speaking(stage)
    stage.director.interrupt()


STATES: list[State] = [
    idle,
    thinking,
    between_sentences,
    speaking,
    making,
    queueing,
    hearing,
    hearing_unannounced,
    awaiting_the_final,
    held,
    paused,
    waiting_for_policy,
    interrupted_just_now,
]


@pytest.mark.parametrize("state", STATES)
async def test_panic_in_every_state(state: State) -> None:
    async with Stage() as stage:
        await state(stage)
        begun = stage.open_turns()
        asked = len(stage.mind.asked), len(stage.throat.asked), len(stage.ear.asked)
        epoch = stage.latch.epoch
        heard = len(stage.speaker.heard)
        surfaces = await stage.press()
        assert not stage.cast.units["audio"].engine.paused, "playback is not left paused"
        await stage.play(1000)

        assert list(surfaces) == ["audio", "policy", "tts"]
        assert all(ms is not None for ms in surfaces.values())
        assert len(stage.speaker.heard) == heard, "not a sample more"
        assert (len(stage.mind.asked), len(stage.throat.asked), len(stage.ear.asked)) == asked
        assert not stage.open_turns()
        expected = "interrupted" if state is interrupted_just_now else "panic"
        assert {stage.done(number).status for number in begun} <= {expected}
        assert stage.latch.epoch == epoch + 1
        assert stage.speaker.silences == 1
        with pytest.raises(Refusal, match="resume first"):
            stage.director.say("hi", "me")
        deaf = await stage.voice()  # somebody speaks during the panic
        deaf.end()
        await stage.settle()
        assert len(stage.ear.asked) == asked[2]

        stage.throat.auto = True
        assert await stage.panic.resume("test")
        await stage.settle()
        turn = await stage.typed("are you back")
        await stage.answer(TWO)
        await stage.play(2000)
        assert stage.done(turn).status == "ok"
        assert stage.speaker.pcm(turn.number) == sound(TWO)
        assert (stage.latch.epoch, stage.latch.panicked) == (epoch + 2, False)
        assert stage.latch.saved == [(epoch + 1, True), (epoch + 2, False)]


async def test_it_is_told_when_it_is_pressed_and_when_it_is_done() -> None:
    async with Stage() as stage:
        await speaking(stage)
        before = time.perf_counter_ns()
        await stage.press("key")
        first, last = stage.of(show.Panicked)
        assert (first.by, first.done, last.done) == ("key", False, True)
        assert last.surfaces.keys() == {"audio", "policy", "tts"}
        assert (last.silent_ns, last.cut_ns) == (SILENT_NS, CUT_NS)
        assert before < last.pressed_ns < time.perf_counter_ns()


async def test_a_panic_without_audio_does_not_tell_of_the_last_one_s_sound() -> None:
    async with Stage() as stage:
        await stage.press()
        await stage.panic.resume("test")
        await stage.kill("audio")
        await stage.press()
        told = [e for e in stage.of(show.Panicked) if e.done]
        assert [e.silent_ns for e in told] == [SILENT_NS, 0]
        await stage.start("audio")


async def test_what_an_answer_says_while_panic_strikes_ends_as_panic() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.mind.asked[0].say(ONE)
        stage.mind.asked[0].finish()
        await stage.press()
        assert stage.done(turn).status == "panic"
        assert not stage.speaker.heard


async def test_a_panic_between_the_asking_and_its_first_step() -> None:
    async with Stage() as stage:
        turn = stage.director.say("hi", "me")
        await stage.press()
        assert stage.done(turn).status == "panic"
        assert not stage.mind.asked


async def test_an_answer_that_ends_of_the_new_epoch_before_it_is_told_ends_as_panic() -> None:
    async with Stage() as stage:
        turn = await stage.typed("hi")
        stage.mind.asked[0].say(ONE)
        await stage.settle()
        stage.latch.panicked = True
        stage.panic.raise_epoch("panic")
        await stage.settle()
        stage.director.fall_silent("panic")
        await stage.advance(1.0)
        assert stage.done(turn).status == "panic"


async def test_what_was_being_heard_is_forgotten_although_asr_does_not_answer() -> None:
    async with Stage() as stage:
        await stage.voice()
        stage.ear.asked[0].partial("tell me a")
        await stage.settle()
        stage.deafen("asr")
        await stage.press()
        assert not stage.director.hearing.busy
        await stage.panic.resume("test")
        await stage.typed("are you back")
        assert len(stage.mind.asked) == 1


async def test_a_surface_that_does_not_answer_is_told_and_does_not_hold_the_rest() -> None:
    async with Stage() as stage:
        await speaking(stage)
        stage.speaker.deaf = True
        surfaces = await stage.press()
        stage.speaker.deaf = False
        assert surfaces["audio"] is None
        assert surfaces["tts"] is not None
        assert [alert.about for alert in stage.of(show.Alert)] == ["audio"]
        assert not stage.open_turns()


async def test_engines_that_are_not_there_are_silent_already() -> None:
    async with Stage() as stage:
        for name in ("audio", "policy", "tts"):
            await stage.kill(name)
        surfaces = await stage.press()
        assert all(ms is not None for ms in surfaces.values())
        for name in ("audio", "policy", "tts"):
            await stage.start(name)


async def test_a_latch_that_cannot_be_saved_is_told_at_press_and_at_resume() -> None:
    async with Stage() as stage:
        stage.latch.works = False
        await stage.press()
        await stage.panic.resume("test")
        texts = [alert.text for alert in stage.of(show.Alert)]
        assert len(texts) == 2
        assert "outlive" in texts[0]
        assert "next show" in texts[1]


async def test_a_second_press_holds_and_one_resume_is_enough() -> None:
    async with Stage() as stage:
        await stage.press()
        await stage.press()
        found = [await stage.panic.resume("test") for _ in range(2)]
        assert [one is not None for one in found] == [True, False]
        assert not stage.panic.latched


async def test_hammering_is_one_press() -> None:
    async with Stage() as stage:
        epoch = stage.latch.epoch
        first, second = await asyncio.gather(stage.panic.press("ana"), stage.panic.press("ana"))
        assert stage.latch.epoch == epoch + 1
        assert first is second
        await stage.panic.resume("ana")
        await stage.panic.press("ana")  # after a resume it is another one, however soon
        assert stage.panic.latched
        assert stage.latch.epoch == epoch + 3


async def test_a_resume_while_a_surface_is_still_waited_for_is_told_last() -> None:
    async with Stage() as stage:
        stage.speaker.deaf = True
        pressing = asyncio.create_task(stage.panic.press("me"))
        await stage.settle()
        await stage.panic.resume("me")
        stage.speaker.deaf = False
        await stage.advance(3.0)
        assert pressing.done()
        latest = [e for e in stage.told if isinstance(e, show.Panicked | show.Resumed)][-1]
        assert isinstance(latest, show.Resumed)


async def test_a_panic_while_the_resume_is_saved_is_told_last_and_holds() -> None:
    async with Stage() as stage:
        await stage.press()
        resuming = asyncio.create_task(stage.panic.resume("me"))
        await asyncio.sleep(0)
        await stage.press()
        assert resuming.done()
        assert stage.panic.latched
        latest = [e for e in stage.told if isinstance(e, show.Panicked | show.Resumed)][-1]
        assert isinstance(latest, show.Panicked)


async def test_a_latch_from_before_the_start_is_told() -> None:
    async with Stage() as stage:
        stage.panic.restore()
        assert not stage.of(show.Panicked)
        stage.latch.panicked, stage.latch.by = True, "before"
        stage.panic.restore()
        assert [(e.by, e.done) for e in stage.of(show.Panicked)] == [("before", True)]
