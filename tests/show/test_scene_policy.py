"""Which scene comes by itself, and when: the clock is the test's."""

from __future__ import annotations

import pytest

from engines.testing import Clock
from kitsu_tui.config.schema import Scenes
from kitsu_tui.show.scene_policy import LASTS_S, ScenePolicy

MOODS = {"happy": "Close-up", "angry": "Storm"}
EVENTS = {"speaking": "Talk", "quiet": "Wide", "started": "Soon", "operator_back": "Main"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def policy(clock: Clock) -> ScenePolicy:
    scenes = Scenes(
        moods=MOODS,
        events=EVENTS,  # type: ignore[arg-type]
        hold_s=30,
        every_s=4,
        quiet_s=5,
    )
    return ScenePolicy(scenes, clock)


def due(policy: ScenePolicy, scene: str = "Main", *, can: bool = True) -> str:
    """The scene to ask for; it is done at once."""
    wish = policy.due(scene, can=can)
    if wish is None:
        return ""
    policy.began()
    policy.ended()
    return wish.scene


def test_a_mood_counts_once_its_answer_is_on_air(policy: ScenePolicy) -> None:
    policy.felt(1, "happy")
    assert due(policy) == ""
    policy.speaks(1)
    assert due(policy) == "Close-up"


def test_a_mood_that_comes_later_follows_what_speaking_brought(
    policy: ScenePolicy, clock: Clock
) -> None:
    policy.speaks(1)
    assert due(policy) == "Talk"
    policy.felt(1, "angry")
    assert due(policy, "Talk") == ""  # too soon after the last
    assert policy.wait() == 4
    clock.advance(4)
    assert due(policy, "Talk") == "Storm"


def test_the_mood_of_another_answer_is_not_hers_now(policy: ScenePolicy) -> None:
    policy.speaks(1)
    assert due(policy) == "Talk"
    policy.felt(2, "angry")
    assert policy.wait() is None


def test_a_mood_without_a_scene_is_speaking(policy: ScenePolicy) -> None:
    policy.felt(1, "sleepy")
    policy.speaks(1)
    assert due(policy) == "Talk"


def test_an_answer_brings_its_scene_once(policy: ScenePolicy, clock: Clock) -> None:
    policy.felt(1, "happy")
    policy.speaks(1)
    assert due(policy) == "Close-up"
    clock.advance(60)
    policy.speaks(1)
    assert due(policy, "Game") == ""
    policy.felt(2, "happy")
    policy.speaks(2)
    assert due(policy, "Game") == "Close-up"


def test_she_is_quiet_only_after_a_while(policy: ScenePolicy, clock: Clock) -> None:
    policy.speaks(1)
    due(policy)
    policy.fell_silent()
    clock.advance(4.9)
    assert due(policy, "Talk") == ""
    policy.speaks(1)  # the next sentence
    clock.advance(5)
    assert due(policy, "Talk") == ""
    policy.fell_silent()
    assert policy.wait() == 5
    clock.advance(5)
    assert due(policy, "Talk") == "Wide"
    clock.advance(60)
    assert due(policy, "Game") == ""


def test_a_scene_chosen_by_hand_is_held_and_what_came_meanwhile_is_dropped(
    policy: ScenePolicy, clock: Clock
) -> None:
    policy.by_hand()
    policy.speaks(1)
    policy.felt(1, "angry")
    clock.advance(29.9)
    assert due(policy, "Game") == ""
    clock.advance(1)
    assert due(policy, "Game") == ""
    policy.felt(2, "angry")
    policy.speaks(2)
    assert due(policy, "Game") == "Storm"


def test_by_hand_ends_a_wish_that_waits(policy: ScenePolicy, clock: Clock) -> None:
    policy.speaks(1)
    assert due(policy) == "Talk"
    policy.felt(1, "angry")
    policy.by_hand()
    clock.advance(100)
    assert due(policy, "Game") == ""


def test_of_several_wishes_the_last_is_done(policy: ScenePolicy, clock: Clock) -> None:
    policy.speaks(1)
    assert due(policy) == "Talk"
    policy.felt(1, "angry")
    policy.held("happy")
    clock.advance(4)
    assert due(policy, "Talk") == "Close-up"
    assert policy.wait() is None


def test_nothing_while_a_change_of_its_own_is_under_way(policy: ScenePolicy, clock: Clock) -> None:
    policy.speaks(1)
    assert policy.due("Main", can=True) is not None
    policy.began()
    policy.felt(1, "angry")
    clock.advance(60)
    assert policy.due("Main", can=True) is None
    assert policy.wait() is None
    policy.ended()
    clock.advance(4)
    assert due(policy) == "Storm"


def test_nothing_while_panicked_and_nothing_of_it_afterwards(
    policy: ScenePolicy, clock: Clock
) -> None:
    policy.speaks(1)
    policy.fell_silent()
    policy.panicked(latched=True)
    policy.felt(1, "angry")
    policy.held("happy")
    policy.happened("operator_back")
    clock.advance(60)
    policy.panicked(latched=False)
    assert due(policy, "BRB") == ""
    policy.speaks(2)
    assert due(policy, "BRB") == "Close-up"  # held in a mood


def test_what_is_in_program_is_not_asked_for(policy: ScenePolicy) -> None:
    policy.speaks(1)
    assert due(policy, "Talk") == ""
    assert policy.wait() is None


def test_without_obs_what_she_does_is_forgotten_and_the_beginning_waits_a_while(
    policy: ScenePolicy, clock: Clock
) -> None:
    policy.speaks(1)
    assert due(policy, can=False) == ""
    assert due(policy) == ""
    policy.happened("started")
    assert due(policy, can=False) == ""
    clock.advance(LASTS_S - 1)
    assert due(policy, can=False) == ""
    assert due(policy) == "Soon"
    policy.happened("started")
    clock.advance(LASTS_S)
    assert due(policy, can=False) == ""
    assert due(policy) == ""


def test_the_scene_of_a_lost_operator_stands_until_another_is_chosen(
    policy: ScenePolicy, clock: Clock
) -> None:
    for release in ("hand", "back"):
        policy.stand()
        clock.advance(3600)
        policy.held("angry")
        policy.speaks(1)
        assert due(policy, "BRB") == ""
        assert policy.stands is True
        if release == "hand":
            policy.by_hand()
            clock.advance(30)
        else:
            policy.happened("operator_back")
            assert due(policy, "BRB") == "Main"
            clock.advance(30)
        policy.held("")
        policy.held("angry")
        assert due(policy, "Main") == "Storm"


def test_without_a_scene_for_it_an_operator_who_is_back_changes_nothing(clock: Clock) -> None:
    policy = ScenePolicy(Scenes(moods=MOODS), clock)
    policy.stand()
    policy.happened("operator_back")
    policy.held("angry")
    assert policy.stands
    assert policy.due("BRB", can=True) is None


def test_another_profile_is_gone_by_at_once(policy: ScenePolicy) -> None:
    policy.speaks(1)
    policy.use(Scenes(moods={"happy": "Other"}))
    assert due(policy) == ""
    policy.held("happy")
    assert due(policy) == "Other"
    assert policy.mapped() == {"Other": ["mood happy"]}
