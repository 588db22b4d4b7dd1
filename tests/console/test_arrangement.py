"""Which panes are in sight: the active one always, and none twice."""

import itertools
from typing import get_args

import pytest

from kitsu_tui.console.arrangement import (
    LAYOUTS,
    Layout,
    Size,
    home,
    in_sight,
    next_layout,
    size_for,
)

PANES = ("transcript", "engines", "latency", "host", "alerts", "logs")


def test_sizes() -> None:
    assert size_for(80, 24) == "small"
    assert size_for(120, 40) == "medium"
    assert size_for(200, 50) == "large"
    assert size_for(300, 20) == "small"


@pytest.mark.parametrize(("size", "layout"), itertools.product(get_args(Size), LAYOUTS))
def test_the_active_pane_is_always_in_sight(size: Size, layout: Layout) -> None:
    for active in PANES:
        panes = in_sight(size, layout, active)
        assert active in panes
        assert len(set(panes)) == len(panes)
        assert in_sight(size, layout, active, zoomed=True) == (active,)
        assert home(size, layout, active) in in_sight(size, layout, home(size, layout, active))


def test_a_pane_that_is_called_takes_one_place_and_no_other() -> None:
    usual = in_sight("medium", "desk", "transcript")
    called = in_sight("medium", "desk", "alerts")
    assert [(a, b) for a, b in zip(usual, called, strict=True) if a != b] == [("host", "alerts")]


def test_a_layout_opens_on_a_pane_of_its_own() -> None:
    assert home("large", "watch", "transcript") == "logs"
    assert home("large", "talk", "engines") == "engines"
    assert home("small", "watch", "logs") == "transcript"


def test_the_key_goes_round() -> None:
    followers = [next_layout(layout) for layout in LAYOUTS]
    assert followers == [*LAYOUTS[1:], LAYOUTS[0]]
