"""Whose turn it is."""

from __future__ import annotations

from engines.testing import Clock
from engines.wire.show import Source
from kitsu_tui.show.floor import EXPIRES_S, WAITING, Floor, Wish


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
