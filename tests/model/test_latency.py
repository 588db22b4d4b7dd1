"""Percentiles against a slow definition of them."""

import math

from hypothesis import given
from hypothesis import strategies as st

from kitsu_tui.model.latency import STAGES, enough, kind_of, of_kind, percentile, stages


def test_nothing_has_no_percentile() -> None:
    assert math.isnan(percentile([], 50))


def test_nearest_rank() -> None:
    # The example of the method's usual description: 15 20 35 40 50.
    values = [15.0, 20.0, 35.0, 40.0, 50.0]
    assert [percentile(values, p) for p in (5, 30, 40, 50, 100)] == [15, 20, 20, 35, 50]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_the_first_value_that_covers_its_share(values: list[float], p: int) -> None:
    ordered = sorted(values)
    covering = [v for v in ordered if sum(o <= v for o in ordered) * 100 >= p * len(ordered)]
    assert percentile(ordered, p) == covering[0]


def test_stages_stand_in_order_and_count_only_the_turns_that_reached_them() -> None:
    figures = stages([{"audible": 900.0, "endpoint": 200.0}, {"endpoint": 300.0}])
    assert [f.stage for f in figures] == ["endpoint", "audible"]
    assert [(f.samples, f.last) for f in figures] == [(2, 300.0), (1, 900.0)]
    assert {f.stage for f in figures} <= set(STAGES)


def test_a_percentile_needs_a_sample_above_it_to_be_more_than_the_slowest_turn() -> None:
    assert [n for n in (1, 2, 19, 20, 99, 100, 101) if enough(99, n)] == [100, 101]
    assert [n for n in (1, 2, 19, 20, 21) if enough(95, n)] == [20, 21]
    assert [n for n in (0, 1, 2, 3) if enough(50, n)] == [2, 3]


@given(
    st.lists(st.integers(0, 1000), unique=True, min_size=1, max_size=150),
    st.sampled_from([50, 95, 99]),
)
def test_enough_is_when_the_nearest_rank_is_not_the_greatest(values: list[int], p: int) -> None:
    ordered = sorted(float(value) for value in values)
    assert enough(p, len(ordered)) is (percentile(ordered, p) < ordered[-1])


def test_speech_has_an_end_and_a_transcript() -> None:
    said = {"speech_end": 0.0, "endpoint": 200.0, "audible": 900.0}
    typed = {"speech_end": 0.0, "first_token": 90.0, "audible": 300.0}
    assert (kind_of(said), kind_of(typed)) == ("voice", "typed")
    assert of_kind([said, typed, said], "voice") == [said, said]
    assert of_kind([said, typed], "typed") == [typed]
