"""How late the show's loop is, and what is said when it stands still."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from engines.wire import show
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.watchdog import KEPT, LATE_S, LOOK_S, Lateness, Watchdog
from tests.support.rig import Rig, until


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_nothing_looked_at_is_nothing_late() -> None:
    assert Lateness().lag() == (0, 0.0, 0.0, 0.0)


def test_percentiles_are_of_the_looks() -> None:
    late = Lateness()
    for n in range(1000):
        late.look(0.015 if n % 50 == 0 else 0.001)  # one in fifty
    found = late.lag()
    assert found == (1000, 1.0, 15.0, 15.0)


def test_a_standstill_counts_for_every_look_that_was_missed() -> None:
    late = Lateness()
    for _ in range(100):
        late.look(0.0)
    late.look(1.0)
    found = late.lag()
    assert found.samples == 100 + round(1.0 / LOOK_S)
    assert found.max == 1000.0
    assert found.p99 > 900.0, "one late look of a hundred and fifty would hide it"


def test_it_holds_a_minute_and_no_more() -> None:
    late = Lateness()
    late.look(1e9)  # a machine that slept
    assert late.lag().samples == KEPT
    for _ in range(KEPT):
        late.look(0.001)
    assert late.lag() == (KEPT, 1.0, 1.0, 1.0)
    late.reset()
    assert late.lag().samples == 0


def test_a_clock_that_goes_back_is_not_early() -> None:
    late = Lateness()
    late.look(-5.0)
    assert late.lag() == (1, 0.0, 0.0, 0.0)


async def test_a_loop_that_stands_still_is_told_with_the_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    dog = Watchdog(asyncio.get_running_loop())
    dog.start()
    try:
        await asyncio.sleep(0.1)
        dog.lag(reset=True)
        time.sleep(LATE_S + 0.3)
        await until(lambda: "the loop goes on" in caplog.text)
        assert "in test_a_loop_that_stands_still_is_told_with_the_place" in caplog.text
        assert dog.stalls == 1
        assert dog.lag().max > LATE_S * 1000
        assert dog.lag(reset=True).samples > LATE_S / LOOK_S
        assert dog.lag().samples == 0
    finally:
        dog.stop()


async def test_its_figures_are_told_with_the_shows_own(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kitsu_tui.show import figures as module

    monkeypatch.setattr(module, "FIGURES_EVERY_S", 0.2)
    found = Supervisor([], rig.around)
    dog = found.figures.watchdog = Watchdog(asyncio.get_running_loop())
    dog.start()
    found.start()
    try:
        await until(lambda: any(isinstance(e, show.ShowFigures) for e in rig.told))
        told = next(e for e in rig.told if isinstance(e, show.ShowFigures))
        assert told.memory > 1_000_000
        assert told.samples > 0
        assert told.lag_max_ms >= told.lag_p99_ms >= told.lag_p50_ms >= 0
    finally:
        dog.stop()
        await found.stop()
