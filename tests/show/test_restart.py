"""When a dead engine is started again."""

from __future__ import annotations

import random

import pytest

from engines.testing import Clock
from kitsu_tui.show.restart import FINAL, HEALTHY_S, LIMIT, MAX_S, WINDOW_S, RestartPolicy


class Middle(random.Random):
    """No jitter: the middle of every range."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def test_the_delay_doubles_from_half_a_second_to_thirty() -> None:
    policy, clock = RestartPolicy(Middle()), Clock()
    delays = []
    for _ in range(9):
        delay = policy.died(1, 0, clock.advance(WINDOW_S + 1)).delay  # never within the window
        assert delay is not None
        delays.append(delay)
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_jitter_is_a_fifth_either_way_and_differs() -> None:
    delays = []
    for seed in range(200):
        delay = RestartPolicy(random.Random(seed)).died(1, 0, 0.0).delay
        assert delay is not None
        delays.append(delay)
    assert 0.4 <= min(delays) < 0.42
    assert 0.58 < max(delays) <= 0.6


def test_a_minute_of_health_begins_anew_and_less_does_not() -> None:
    policy, clock = RestartPolicy(Middle()), Clock()
    for _ in range(3):
        policy.died(1, 0, clock.advance(WINDOW_S + 1))
    assert policy.died(1, HEALTHY_S - 0.1, clock.advance(WINDOW_S + 1)).delay == 4
    assert policy.died(1, HEALTHY_S, clock.advance(WINDOW_S + 1)).delay == 0.5


def test_five_restarts_within_three_minutes_are_enough() -> None:
    policy, clock = RestartPolicy(Middle()), Clock()
    for _ in range(LIMIT):
        assert policy.died(-9, 0, clock.advance(10)).delay is not None
    decision = policy.died(-9, 0, clock.advance(10))
    assert decision.delay is None
    assert decision.reason == "5 restarts within 180 s"
    assert policy.died(-9, 0, clock.advance(WINDOW_S - 60)).delay is None
    assert policy.died(-9, 0, clock.advance(61)).delay is not None, "the window moves on"


@pytest.mark.parametrize("code", [2, 4])
def test_after_some_exits_another_start_would_end_the_same_way(code: int) -> None:
    decision = RestartPolicy().died(code, 500, 0.0)
    assert decision.delay is None
    assert decision.reason == FINAL[code]


@pytest.mark.parametrize("code", [0, 1, 75, -9, -15, None])
def test_after_others_it_is_tried_again(code: int | None) -> None:
    assert RestartPolicy().died(code, 0, 0.0).delay is not None


def test_the_operator_begins_it_anew() -> None:
    policy, clock = RestartPolicy(Middle()), Clock()
    decisions = [policy.died(1, 0, clock.advance(1)) for _ in range(LIMIT + 1)]
    assert decisions[-1].delay is None
    policy.forgive()
    assert policy.died(1, 0, clock.advance(1)).delay == 0.5


def test_an_engine_that_dies_for_a_whole_day_is_still_restarted() -> None:
    policy, clock = RestartPolicy(Middle()), Clock()
    for _ in range(3000):
        assert policy.died(1, 30, clock.advance(60)).delay == pytest.approx(30, abs=30)
    assert policy.died(1, 30, clock.advance(60)).delay == MAX_S
