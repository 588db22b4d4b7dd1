"""Rounds of panic against a show that is scripted: what counts as a sample, and what it says."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from engines.wire import control, show
from engines.wire.message import RequestKind
from kitsu_tui.bench import rounds as bench
from kitsu_tui.bench.place import BenchFailed
from kitsu_tui.bench.rounds import Pressed, Rounds
from kitsu_tui.client import Client
from kitsu_tui.config import endpoint
from tests.conftest import Sandbox
from tests.support.scripted_show import ScriptedShow

MS = 1_000_000


class Speaking(ScriptedShow):
    """She is heard as soon as she is asked, but for the turns in `mute`."""

    mute: tuple[int, ...] = ()
    turns = 0

    def _do(self, kind: RequestKind[Any, Any], params: Any) -> Any:
        if kind is not control.SAY:
            return super()._do(kind, params)
        self.turns += 1
        if self.turns in self.mute:
            self.tell(show.TurnDone(turn=self.turns, rev=0, status="silent", answer=""))
        else:
            self.tell(show.Airing(turn=self.turns, rev=0, seq=0, text="hello"))
        return control.Said(turn=self.turns)


@asynccontextmanager
async def a_show(
    sandbox: Sandbox, kind: type[Speaking] = Speaking
) -> AsyncIterator[tuple[Speaking, Rounds]]:
    speaking = kind(sandbox.environ)
    async with speaking:
        reader, writer = await endpoint.open_connection(sandbox.environ)
        client = Client(reader, writer)
        await client.greeted()
        try:
            yield speaking, Rounds(client, {}, lambda words: None)
        finally:
            await client.close()


def panicked(at: int, silent_ms: float) -> show.Panicked:
    """The end of a panic whose last sound was so long after the press."""
    return show.Panicked(
        by="x",
        epoch=2,
        surfaces={"audio": 4.0},
        done=True,
        pressed_ns=at + MS,
        cut_ns=at + 2 * MS,
        silent_ns=at + round(silent_ms * MS),
    )


async def test_a_sample_is_from_the_press_to_the_last_sound(sandbox: Sandbox) -> None:
    async with a_show(sandbox) as (speaking, rounds):

        def press(number: int) -> int:
            at = time.perf_counter_ns()
            speaking.tell(show.Panicked(by="x", epoch=2), panicked(at, 7.5))
            return at

        await rounds.collect("plain", 2, press)
        assert [p.last_sound_ms for p in rounds.presses["plain"]] == [7.5, 7.5]
        assert [p.cut_ms for p in rounds.presses["plain"]] == [2.0, 2.0]
        assert [name for name, _ in speaking.asked].count("show.resume") == 2
        assert rounds.missed == 0


async def test_a_press_in_a_pause_and_a_turn_without_words_are_done_again(
    sandbox: Sandbox,
) -> None:
    async with a_show(sandbox) as (speaking, rounds):
        speaking.mute = (2,)

        def press(number: int) -> int:
            at = time.perf_counter_ns()
            speaking.tell(panicked(at, -200 if number == 1 else -10))
            return at

        await rounds.collect("plain", 1, press)
        assert [p.last_sound_ms for p in rounds.presses["plain"]] == [0.0]
        assert (speaking.turns, rounds.missed) == (3, 2)


async def test_a_press_without_effect_is_a_failure_and_no_sample(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "DONE_S", 0.2)
    async with a_show(sandbox) as (_, rounds):
        with pytest.raises(BenchFailed, match="no effect"):
            await rounds.collect("plain", 1, lambda number: time.perf_counter_ns())
        assert not rounds.presses["plain"]


async def test_it_ends_when_she_never_sounds(sandbox: Sandbox) -> None:
    async with a_show(sandbox) as (speaking, rounds):
        speaking.mute = tuple(range(1, 100))
        with pytest.raises(BenchFailed, match="0 presses"):
            await rounds.collect("plain", 1, lambda number: 0)


def test_nothing_after_the_press_is_no_negative_time() -> None:
    before = Pressed(at=5 * MS, taken=6 * MS, silent=MS, cut=4 * MS, surfaces={})
    assert (before.last_sound_ms, before.cut_ms) == (0.0, 0.0)


async def test_what_is_told_late_of_an_earlier_press_is_no_sample(sandbox: Sandbox) -> None:
    async with a_show(sandbox) as (speaking, rounds):

        def press(number: int) -> int:
            at = time.perf_counter_ns()
            speaking.tell(panicked(at - 50 * MS, 3), panicked(at, 8))
            return at

        await rounds.collect("plain", 1, press)
        assert [p.last_sound_ms for p in rounds.presses["plain"]] == [8]


async def test_what_is_to_be_done_after_a_press_is_done_though_it_had_no_effect(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "DONE_S", 0.2)
    done: list[str] = []
    async with a_show(sandbox) as (_, rounds):
        with pytest.raises(BenchFailed):
            await rounds.collect(
                "plain", 1, lambda number: time.perf_counter_ns(), after=lambda: done.append("x")
            )
    assert done == ["x"]
