"""Whether an operator is there: the clocks are the test's."""

from __future__ import annotations

from typing import Any

from engines.testing import Clock
from kitsu_tui.config.schema import Operator
from kitsu_tui.show.attendance import Attendance, Back, Gone


class Room:
    """An attendance, its clocks, and a look every second."""

    def __init__(self, **wishes: Any) -> None:
        self.clock, self.wall = Clock(50.0), Clock(10_000.0)
        self.policy = Attendance(Operator(**wishes), self.clock, self.wall)

    def wait(self, seconds: int) -> list[tuple[int, Gone]]:
        """Time goes by; who was found gone, and when."""
        found = []
        for second in range(seconds):
            self.clock.advance(1)
            self.wall.advance(1)
            gone = self.policy.look()
            if gone is not None:
                found.append((second + 1, gone))
        return found

    def asleep(self, seconds: float) -> None:
        """Nothing looks for so long."""
        self.clock.advance(seconds)
        self.wall.advance(seconds)


def test_nobody_is_missed_who_was_never_there() -> None:
    assert Room(when_gone="go_on", no_console_s=60, no_key_m=1).wait(600) == []


def test_a_careful_show_counts_from_its_start() -> None:
    for when in ("brb", "panic"):
        room = Room(when_gone=when, no_console_s=60)
        assert room.wait(600) == [(60, Gone(10_000.0, "no console"))]


def test_the_last_console_that_goes_counts() -> None:
    room = Room(no_console_s=60)
    assert room.policy.attached(["ana"]) is None
    assert room.wait(300) == []
    room.policy.attached(["ana", "bob"])
    room.policy.attached(["bob"])
    assert room.wait(300) == []
    room.policy.attached([])
    assert room.wait(100) == [(60, Gone(10_600.0, "no console"))]
    assert room.policy.gone is True
    assert room.wait(600) == []  # said once
    assert room.policy.attached(["ana"]) == Back("ana", 700.0)
    assert room.wait(600) == []


def test_a_console_that_comes_again_in_time_was_never_gone() -> None:
    room = Room(no_console_s=60)
    room.policy.attached(["ana"])
    for _ in range(10):
        room.policy.attached([])
        assert room.wait(59) == []
        assert room.policy.attached(["ana"]) is None


def test_who_asks_from_a_command_line_is_there_without_a_console() -> None:
    room = Room(no_console_s=60)
    assert room.policy.sign("cli:ana") is None
    assert room.wait(59) == []
    room.policy.sign("cli:ana")
    assert room.wait(100) == [(60, Gone(10_059.0, "no console"))]
    assert room.policy.sign("cli:ana") == Back("cli:ana", 100.0)


def test_no_key_for_long_counts_with_a_console_attached() -> None:
    room = Room(no_console_s=60, no_key_m=2)
    room.policy.attached(["ana"])
    assert room.wait(100) == []
    room.policy.sign("ana")
    assert room.wait(300) == [(120, Gone(10_100.0, "no key for 2 min"))]
    assert room.policy.sign("ana") == Back("ana", 300.0)
    assert room.wait(119) == []


def test_another_console_is_a_sign_and_the_same_ones_are_none() -> None:
    room = Room(no_key_m=2)
    room.policy.attached(["ana"])
    room.wait(120)
    assert room.policy.gone
    assert room.policy.attached(["ana"]) is None
    assert room.policy.attached(["ana", "ana"]) == Back("ana", 120.0)


def test_zero_is_never() -> None:
    room = Room(when_gone="panic", no_console_s=0, no_key_m=0)
    room.policy.attached(["ana"])
    room.policy.attached([])
    assert room.wait(5000) == []


def test_time_that_nobody_saw_go_by_does_not_count() -> None:
    room = Room(no_console_s=60, no_key_m=1)
    room.policy.attached(["ana"])
    room.policy.attached([])
    room.wait(10)
    room.asleep(8 * 3600)
    assert [second for second, _ in room.wait(100)] == [48]  # 10 before, 3 of the sleep
    room = Room(no_console_s=60)
    room.policy.attached(["ana"])
    room.policy.attached([])
    room.clock.advance(-500)  # no clock should; it is no reason to be gone
    assert [second for second, _ in room.wait(100)] == [61]


def test_another_profile_is_gone_by_from_then_on() -> None:
    room = Room(no_console_s=0)
    room.policy.attached(["ana"])
    room.policy.attached([])
    assert room.wait(600) == []
    room.policy.use(Operator(no_console_s=601))
    assert [second for second, _ in room.wait(2)] == [1]
