"""Whose turn it is."""

from __future__ import annotations

import pytest

from engines.testing import Clock
from engines.wire.show import Source
from kitsu_tui.config.schema import Safety
from kitsu_tui.show.floor import EXPIRES_S, SAME, SHARE, WAITING, Floor, Wish, viewer


def wish(turn: int, source: Source = "operator", at: float = 0.0) -> Wish:
    return Wish(turn=turn, source=source, who="x", text=f"text {turn}", at=at)


def drain(floor: Floor, now: float = 0.0) -> list[int]:
    turns = []
    while (first := floor.next(now)) is not None:
        turns.append(first.turn)
    return turns


def test_operator_then_api_then_voice_then_chat_and_first_come_first() -> None:
    floor = Floor()
    sources: tuple[Source, ...] = ("chat", "voice", "operator", "api", "chat", "operator", "voice")
    for turn, source in enumerate(sources):
        assert floor.push(wish(turn, source)) is None
    assert drain(floor) == [2, 5, 3, 1, 6, 0, 4]
    assert floor.next(0.0) is None


def test_old_chat_is_forgotten_and_what_was_typed_is_not() -> None:
    clock, floor = Clock(0.0), Floor()
    floor.push(wish(1, "chat", clock()))
    floor.push(wish(2, "operator", clock()))
    clock.advance(10)
    floor.push(wish(3, "chat", clock()))
    clock.advance(EXPIRES_S["chat"] - 10)
    assert drain(floor, clock()) == [2, 3]
    floor.push(wish(4, "operator", clock()))
    assert drain(floor, clock.advance(86_400)) == [4]


def test_the_least_urgent_and_oldest_makes_room() -> None:
    floor = Floor()
    for turn in range(WAITING - 2):
        floor.push(wish(turn, "operator"))
    floor.push(wish(100, "chat"))
    floor.push(wish(101, "chat"))
    out = floor.push(wish(102, "operator"))
    assert out is not None
    assert out.turn == 100
    out = floor.push(wish(103, "operator"))
    assert out is not None
    assert out.turn == 101
    newcomer = wish(104, "chat")
    assert floor.push(newcomer) is newcomer, "less urgent than all that wait"
    assert len(floor) == WAITING
    out = floor.push(wish(105, "operator"))
    assert out is not None
    assert out.turn == 0


def test_panic_drops_all_that_waits() -> None:
    floor = Floor()
    for turn in range(3):
        floor.push(wish(turn))
    assert [w.turn for w in floor.clear()] == [0, 1, 2]
    assert len(floor) == 0
    assert floor.next(0.0) is None


def test_what_expires_is_handed_back_once() -> None:
    floor = Floor()
    floor.push(wish(1, "chat", 0.0))
    floor.push(wish(2, "operator", 0.0))
    floor.push(wish(3, "chat", 1.0))
    assert floor.expire(EXPIRES_S["chat"] - 0.1) == []
    assert [w.turn for w in floor.expire(EXPIRES_S["chat"] + 0.5)] == [1]
    assert floor.expire(EXPIRES_S["chat"] + 0.5) == []
    assert drain(floor, EXPIRES_S["chat"] + 0.5) == [2, 3]


def chat(turn: int, who: str, text: str = "", at: float = 0.0) -> Wish:
    return Wish(turn=turn, source="chat", who=who, text=text or f"text {turn}", at=at)


def floor_of(turns: int = 4, waiting: int = 2) -> Floor:
    return Floor(Safety(viewer_turns=turns, viewer_waiting=waiting, viewer_window_s=100.0))


def test_of_one_viewer_so_much_waits_and_the_newest_of_it() -> None:
    floor = floor_of(waiting=2)
    for turn in (1, 2):
        assert floor.push(chat(turn, "Mika")) is None
    assert floor.push(chat(3, "Other")) is None
    out = floor.push(chat(4, "mika"))
    assert out is not None
    assert (out.turn, out.out) == (1, SHARE)
    assert drain(floor) == [2, 3, 4], "who writes more goes to the end of the queue"


def test_a_viewer_is_answered_so_often_in_a_while() -> None:
    clock, floor = Clock(0.0), floor_of(turns=2, waiting=3)
    for turn in (1, 2, 3):
        floor.push(chat(turn, "Mika", at=clock()))
    floor.push(wish(9, "operator"))
    for expected in (9, 1, 2):
        assert floor.expire(clock()) == []
        first = floor.next(clock())
        assert first is not None
        assert first.turn == expected
    assert [(w.turn, w.out) for w in floor.expire(clock())] == [(3, SHARE)]
    refused = floor.push(chat(4, "MIKA", at=clock.advance(50)))
    assert refused is not None
    assert (refused.turn, refused.out) == (4, SHARE)
    assert floor.push(chat(5, "Ann", at=clock())) is None
    assert floor.push(chat(6, "Mika", at=clock.advance(50.1))) is None, "the window has gone by"
    assert drain(floor, clock()) == [5, 6]


@pytest.mark.parametrize(
    "other", ["MIKA", "M\u0456ka", "ｍｉｋａ", "_m.i.k.a_", "m1ka", "Mi\u200bka"]
)
def test_names_are_who_they_pass_for(other: str) -> None:
    floor = floor_of(waiting=1)
    floor.push(chat(1, "Mika"))
    out = floor.push(chat(2, other))
    assert out is not None
    assert out.turn == 1


def test_names_that_only_look_a_little_alike_are_two() -> None:
    assert len({viewer(n) for n in ("user6", "user9", "user2", "Mika", "Mina", "🦊", "🐺")}) == 7


def test_one_question_of_many_is_one_turn() -> None:
    floor = floor_of()
    assert floor.push(chat(1, "a", "What is your favourite game?")) is None
    out = floor.push(chat(2, "b", "what is your FAVOURITE game"))
    assert out is not None
    assert (out.turn, out.out) == (2, SAME)
    assert floor.push(wish(3, "operator")) is None
    assert floor.push(chat(4, "c", "?!")) is None
    assert floor.push(chat(5, "d", "!!")) is None, "no words are no question"
    assert drain(floor) == [3, 1, 4, 5]
    assert floor.push(chat(6, "b", "What is your favourite game?")) is None, "it waits no more"


def test_who_is_no_viewer_has_no_bounds() -> None:
    floor = floor_of(turns=1, waiting=1)
    sources: tuple[Source, ...] = ("operator", "api", "voice")
    for turn in range(12):
        assert floor.push(wish(turn, sources[turn % 3])) is None
    assert len(drain(floor)) == 12
