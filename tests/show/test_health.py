"""Whether an engine still answers."""

from __future__ import annotations

from engines.testing import Clock
from kitsu_tui.show.health import EVERY_S, KILL_LOADING_S, KILL_S, UNRESPONSIVE_S, Health


def test_a_ping_is_due_at_once_and_then_every_two_and_a_half_seconds() -> None:
    clock = Clock()
    health = Health(clock())
    sent = []
    for _ in range(40):
        n = health.due(clock())
        if n is not None:
            sent.append((n, clock() - 1000))
        clock.advance(0.25)
    assert sent == [(1, 0), (2, EVERY_S), (3, 2 * EVERY_S), (4, 3 * EVERY_S)]


def test_one_that_answers_is_well_and_its_time_is_known() -> None:
    clock = Clock()
    health = Health(clock())
    for _ in range(1000):
        n = health.due(clock())
        if n is not None:
            health.pong(n, clock.advance(0.003))
        assert health.verdict(clock(), loading=False) == "ok"
        clock.advance(0.25)
    assert round(health.ping_ms, 3) == 3.0


def test_silence_is_unresponsive_then_deadly() -> None:
    clock = Clock()
    health = Health(clock())
    health.due(clock())
    verdicts = []
    for _ in range(int(KILL_S)):
        health.due(clock.advance(1.0))
        verdicts.append(health.verdict(clock(), loading=False))
    assert verdicts == ["ok"] * int(UNRESPONSIVE_S - 1) + ["unresponsive"] * 15 + ["kill"]


def test_while_it_loads_it_is_given_a_minute() -> None:
    clock = Clock()
    health = Health(clock())
    health.due(clock())
    clock.advance(KILL_LOADING_S - 0.1)
    assert health.verdict(clock(), loading=True) == "unresponsive"
    assert health.verdict(clock(), loading=False) == "kill"
    clock.advance(0.1)
    assert health.verdict(clock(), loading=True) == "kill"


def test_a_late_pong_heals_and_speaks_for_the_pings_before_it() -> None:
    clock = Clock()
    health = Health(clock())
    numbers = []
    for _ in range(4):
        numbers.append(health.due(clock()))
        clock.advance(EVERY_S)
    assert health.verdict(clock(), loading=False) == "unresponsive"
    assert numbers[-2] is not None
    health.pong(numbers[-2], clock())
    assert health.verdict(clock(), loading=False) == "ok", "the last one has waited 2.5 s only"
    assert numbers[-1] is not None
    health.pong(numbers[-1], clock())
    clock.advance(1000)
    assert health.verdict(clock(), loading=False) == "ok", "nothing is asked, nothing is late"


def test_pongs_that_answer_nothing_change_nothing() -> None:
    clock = Clock()
    health = Health(clock())
    health.due(clock())
    clock.advance(UNRESPONSIVE_S)
    for n in (-1, 0, 99):
        health.pong(n, clock())
    assert health.verdict(clock(), loading=False) == "unresponsive"
    assert health.ping_ms == 0.0


def test_long_silence_holds_no_memory() -> None:
    clock = Clock()
    health = Health(clock())
    for _ in range(1000):
        health.due(clock.advance(EVERY_S))
    assert len(health._sent) <= 32
    assert health.verdict(clock(), loading=True) == "kill"


def test_when_we_stood_still_ourselves_nobody_else_is_blamed() -> None:
    health = Health(0.0)
    assert health.due(0.0) == 1
    health.excuse(100.0)
    assert health.verdict(104.0, loading=False) == "ok"
    assert health.verdict(105.0, loading=False) == "unresponsive"
    health.pong(1, 105.0)
    assert health.verdict(200.0, loading=False) == "ok"
