from engines.obs.backoff import Backoff
from engines.testing import Clock


def test_a_closed_obs_is_tried_about_once_a_second_for_ever() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    assert backoff.left == 0
    waits = []
    for _ in range(3600):
        waits.append(backoff.failed("closed"))
        clock.advance(backoff.left)
    assert waits[:3] == [0.5, 1.0, 1.0]
    assert set(waits[1:]) == {1.0}


def test_a_hung_one_is_back_within_two_seconds_and_a_stranger_is_asked_seldom() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    assert [backoff.failed("hung") for _ in range(4)] == [0.5, 1.0, 2.0, 2.0]
    strange = [backoff.failed("foreign") for _ in range(9)]
    assert strange[0] == 0.5
    assert strange[-1] == 30.0
    backoff.opened()
    assert backoff.failed("closed") == 0.5


def test_a_connection_that_ends_at_once_is_one_more_vain_try() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    for wait in (0.5, 1.0, 2.0, 2.0):
        backoff.opened()
        assert backoff.failed("foreign") == wait
    backoff.opened()
    clock.advance(5)
    assert backoff.failed("foreign") == 0.5


def test_a_wrong_password_is_not_tried_again_but_for_a_wish_each_ten_seconds() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    assert backoff.failed("refused") == 0
    assert backoff.left == float("inf")
    clock.advance(3600)
    assert backoff.left == float("inf")
    backoff.nudge()
    assert backoff.left == 0
    backoff.failed("refused")
    clock.advance(9)
    backoff.nudge()
    assert backoff.left == float("inf")
    clock.advance(1)
    backoff.nudge()
    assert backoff.left == 0


def test_a_wish_makes_the_next_try_sooner_but_not_at_once_after_one() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    backoff.failed("hung")
    clock.advance(0.5)
    backoff.failed("hung")
    backoff.nudge()
    assert backoff.left == 1.0
    clock.advance(0.6)
    backoff.nudge()
    assert backoff.left == 0
