"""In which order engines start."""

from __future__ import annotations

import pytest

from kitsu_tui.config.errors import ConfigError
from kitsu_tui.show.graph import start_order


def test_each_comes_after_what_it_needs() -> None:
    needs = {"tts": ["audio"], "policy": [], "obs": ["tts", "policy"], "audio": []}
    order = start_order(needs)
    assert sorted(order) == sorted(needs)
    for name, wanted in needs.items():
        for other in wanted:
            assert order.index(other) < order.index(name)


def test_the_order_is_always_the_same() -> None:
    needs: dict[str, list[str]] = {name: [] for name in "fabdec"}
    assert len({tuple(start_order(needs)) for _ in range(20)}) == 1


def test_nobody_needs_nobody() -> None:
    assert start_order({}) == []


def test_a_need_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as bad:
        start_order({"tts": ["adio"], "audio": []})
    assert str(bad.value) == (
        "engines.tts.needs: found 'adio' (did you mean audio?); expected some of: tts, audio"
    )


@pytest.mark.parametrize(
    "needs",
    [
        {"a": ["a"]},
        {"a": ["b"], "b": ["a"]},
        {"a": ["b"], "b": ["c"], "c": ["a"], "d": []},
    ],
)
def test_a_circle_is_told_with_its_members(needs: dict[str, list[str]]) -> None:
    with pytest.raises(ConfigError, match="these need each other: ") as bad:
        start_order(needs)
    for name in needs:
        assert (name in str(bad.value).split(": ")[-1]) == (name != "d")
