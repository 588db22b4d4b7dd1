"""What became of a panic, surface by surface."""

from __future__ import annotations

import pytest

from engines.wire.surface import Step
from kitsu_tui.show.outcome import Outcome


def test_the_way_there_and_back_counts() -> None:
    steps = [Step(name="mutes", ms=2.0), Step(name="scene", ms=20.0)]
    assert Outcome.of_steps("obs", steps, 23.0).surfaces == {"obs.mutes": 5.0, "obs.scene": 23.0}
    assert Outcome.of_steps("obs", steps, None).surfaces == {"obs.mutes": 2.0, "obs.scene": 20.0}


def test_where_one_failed_nobody_knows_how_long_the_way_took() -> None:
    steps = [Step(name="mutes", ms=2.0), Step(name="scene", detail="no scene BRB")]
    found = Outcome.of_steps("obs", steps, 2000.0)
    assert found.surfaces == {"obs.mutes": 2.0, "obs.scene": None}
    assert found.why == {"obs.scene": "no scene BRB"}
    assert (found.failed, found.ok) == (["obs.scene"], False)


def test_without_steps_it_is_one_surface() -> None:
    assert Outcome.of_steps("avatar", [], 3.0).surfaces == {"avatar": 3.0}


def test_what_waits_and_what_was_left_say_why() -> None:
    steps = [
        Step(name="scene", ms=1.0, detail="left on Chat, chosen since", left=True),
        Step(name="mutes", ms=1.0, detail="sounding: Mic"),
        Step(name="filter", waits=True),
    ]
    found = Outcome.of_steps("obs", steps, None)
    assert found.why == {
        "obs.scene": "left on Chat, chosen since",
        "obs.filter": "it is not there",
    }
    assert (found.waits, found.ok) == (["obs.filter"], False)


@pytest.mark.parametrize(
    ("later", "surfaces", "waits"),
    [
        (Outcome({"obs.scene": 1.0}), {"audio": 1.0, "obs.scene": 1.0}, []),
        (Outcome.waiting("obs.scene", "closed"), {"audio": 1.0}, ["obs.scene"]),
        (Outcome({"avatar": 1.0}), {"audio": 1.0, "avatar": 1.0}, ["obs"]),
        (Outcome.failing("obs", "no answer"), {"audio": 1.0, "obs": None}, []),
    ],
)
def test_what_comes_later_replaces(
    later: Outcome, surfaces: dict[str, float | None], waits: list[str]
) -> None:
    found = Outcome({"audio": 1.0})
    found.update(Outcome.waiting("obs", "obs is starting"))
    found.update(later)
    assert (found.surfaces, found.waits) == (surfaces, waits)
    assert found.why.keys() <= {*surfaces, *waits}


def test_its_words() -> None:
    found = Outcome({"audio": 3.0, "avatar": None}, {"obs": "closed"}, ["obs"])
    assert found.words() == "audio 3 ms; WAITS: obs (closed); NOT reached: avatar"
    assert Outcome().words() == ""
