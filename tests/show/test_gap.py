"""Between two sentences."""

from __future__ import annotations

import asyncio

import pytest

from kitsu_tui.show.gap import Gap
from kitsu_tui.show.turn import SpokenLine
from tests.show.stage import Stage


def line(seq: int, status: str = "") -> SpokenLine:
    return SpokenLine(seq=seq, text="a fox", status=status)


async def test_the_sentence_on_air_is_waited_for_and_not_the_one_behind_it() -> None:
    gap = Gap()
    first, second = line(0, "airing"), line(1)
    assert await gap.sentence_over(1.0), "nothing is on air"
    gap.begins(first)
    gap.begins(second)
    assert gap.in_sentence
    over = asyncio.create_task(gap.sentence_over(5.0))
    await asyncio.sleep(0)
    second.status = "airing"
    assert not over.done()
    gap.ends(first)
    assert await over
    assert gap.in_sentence, "the next one has begun meanwhile"


async def test_a_sentence_without_an_end_is_not_waited_for_for_ever() -> None:
    gap = Gap()
    gap.begins(line(0, "airing"))
    assert not await gap.sentence_over(0.01)


async def test_closed_it_lets_nothing_pass_and_waits_for_all_that_was_given() -> None:
    gap = Gap()
    first, second = line(0, "airing"), line(1)
    gap.begins(first)
    gap.begins(second)
    passed = []

    async def sentence() -> None:
        await gap.passed()
        passed.append(True)

    async def close() -> None:
        async with gap.closed(5.0) as silent:
            assert silent
            assert first.status == second.status == "played"
            await asyncio.sleep(0)
            assert not passed

    closing = asyncio.create_task(close())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(sentence())
    for each in (first, second):
        await asyncio.sleep(0)
        each.status = "played"
        gap.ends(each)
    await closing
    await waiting
    assert passed


async def test_it_opens_again_whatever_happens() -> None:
    gap = Gap()
    gap.begins(line(0, "airing"))

    async def fails() -> None:
        async with gap.closed(0.01) as silent:
            assert not silent
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    await asyncio.wait_for(gap.passed(), 1)


async def test_she_says_what_waited_in_a_gap() -> None:
    async with Stage() as stage:
        gap = stage.scene.gap
        turn = await stage.typed("hello")
        await stage.answer("One two three.", "Four five six.", "Seven eight nine.")
        assert [s.at.seq for s in stage.speaker.lines] == [0, 1]
        closed = gap.closed(60.0)
        closing = asyncio.create_task(closed.__aenter__())
        await stage.play(3000)
        assert closing.done(), "what was given to audio has been heard"
        assert closing.result()
        assert not gap.in_sentence
        assert [s.at.seq for s in stage.speaker.lines] == [0, 1], "the third waits"
        await closed.__aexit__(None, None, None)
        await stage.play(3000)
        assert stage.done(turn).answer == "One two three. Four five six. Seven eight nine."
