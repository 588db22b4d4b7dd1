"""Figures of the last minutes, and the bars that they become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.wire import show
from engines.wire.metrics import Gpu, HostFigures
from kitsu_tui.console.lines import cells
from kitsu_tui.console.trends import BUCKET_S, KEPT, SERIES, Series, Trends
from kitsu_tui.console.widgets.sparkline import BARS, sparkline

T = 1000 * BUCKET_S


def test_a_bucket_is_the_mean_of_what_came_in_it() -> None:
    series = Series()
    for t, value in ((0, 10), (1, 20), (4.9, 30), (5, 50), (15, 7)):
        series.add(T + t, value)
    assert series.last(T + 15, 5) == [None, 20, 50, None, 7]
    assert series.last(T + 19, 2) == [None, 7]


def test_a_bucket_that_has_just_begun_is_no_gap_but_a_silence_is() -> None:
    series = Series()
    series.add(T, 10)
    assert series.last(T + BUCKET_S, 2) == [None, 10]
    assert series.last(T + 2 * BUCKET_S, 3) == [10, None, None]


def test_between_two_buckets_only_the_newest_value_changes() -> None:
    series = Series()
    for second in range(20):
        series.add(T + second, second % 7)
    before = series.last(T + 19, 10)
    series.add(T + 19.5, 99)
    after = series.last(T + 19.5, 10)
    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]


def test_series_are_bounded_and_survive_a_clock_that_is_set_back() -> None:
    series = Series()
    for number in range(2 * KEPT):
        series.add(T + number * BUCKET_S, number)
    assert series.last(T + 2 * KEPT * BUCKET_S, 2 * KEPT).count(None) == KEPT
    series.add(T, 3)
    assert series.last(T, 3) == [None, None, 3]
    trends = Trends()
    for number in range(2 * SERIES):
        figures = show.EngineFigures(engine=f"e{number}", cpu=5)
        trends.take(show.Told(n=number, t=T, event=figures))
    assert trends.last("e1.cpu", T, 1) == [5]
    assert trends.last(f"e{SERIES + 1}.cpu", T, 1) == [None]


def test_what_is_kept_of_the_host() -> None:
    trends = Trends()
    gpu = Gpu(index=1, name="x", utilisation=40, memory_used=3, memory_total=4)
    figures = HostFigures(
        cpu=12, cores=[12], memory_used=1, memory_total=2, received=5, sent=6, gpus=[gpu]
    )
    trends.take(show.Told(n=1, t=T, event=show.Host(figures=figures)))
    names = ("cpu", "memory", "received", "sent", "gpu1", "gpu1.memory", "gpu0")
    assert [trends.last(name, T, 1)[0] for name in names] == [12, 50, 5, 6, 40, 75, None]
    begun = show.ShowStarted(profile="x", live=False, pid=1, version="0", epoch=1, engines=[])
    trends.take(show.Told(n=2, t=T, event=begun))
    assert trends.last("cpu", T, 1) == [None]


@pytest.mark.parametrize(
    ("values", "width", "high", "bars"),
    [
        ([0, 50, 100], 3, 100, "▁▅█"),
        ([0, 50, 100], 5, 100, "  ▁▅█"),
        ([9, 0, 50, 100], 2, 100, "▅█"),
        ([None, 12.4, 12.6], 3, 100, " ▁▂"),
        ([-5, 1e9], 2, 100, "▁█"),
        ([1, 2], 2, 0, "▅█"),
        ([0, 0], 2, 0, "▁▁"),
        ([], 2, 0, "  "),
        ([1], 0, 0, ""),
    ],
)
def test_bars(values: list[float | None], width: int, high: float, bars: str) -> None:
    assert sparkline(values, width, high) == bars


@given(
    st.lists(st.none() | st.floats(-1e9, 1e9), max_size=40),
    st.integers(0, 30),
    st.floats(-1e3, 1e3),
)
def test_bars_are_as_wide_as_asked_and_rise_with_their_values(
    values: list[float | None], width: int, high: float
) -> None:
    text = sparkline(values, width, high)
    assert cells(text) == len(text) == width
    shown = values[-width:] if width else []
    for (a, bar_a), (b, bar_b) in zip(
        list(zip(shown, text[width - len(shown) :], strict=True))[:-1],
        list(zip(shown, text[width - len(shown) :], strict=True))[1:],
        strict=True,
    ):
        if a is not None and b is not None and a <= b:
            assert BARS.index(bar_a) <= BARS.index(bar_b)
