"""She does not say the same thing over and over."""

from __future__ import annotations

import pytest

from kitsu_tui.show.safety.repeats import Repeats

LINE = "I love chasing butterflies in the garden!"


def test_what_was_said_is_not_said_again() -> None:
    repeats = Repeats(3)
    assert repeats(LINE, "") is None
    assert repeats(LINE, "") is None, "a check is no saying"
    repeats.said(LINE)
    assert repeats(LINE, "") is None, "two who ask the same may hear the same"
    repeats.said(LINE)
    for again in (
        LINE,
        LINE.upper(),
        "i love chasing butterflies, in the garden",
        "Well, I love chasing butterflies in the garden!",
    ):
        verdict = repeats(again, "")
        assert verdict is not None, again
        assert (verdict.action, verdict.category, verdict.means) == (
            "drop", "repetition", "repeat",
        )  # fmt: skip
    assert repeats("I love chasing mice in the kitchen!", "") is None


def test_what_differs_in_its_figures_is_another_thing() -> None:
    repeats = Repeats(12)
    part = "Here is part {} of my very long story for you, dear chat."
    for number in (1, 2, 3):
        assert repeats(part.format(number), "") is None
        repeats.said(part.format(number))


def test_only_the_last_ones_count() -> None:
    repeats = Repeats(3)
    repeats.said(LINE)
    repeats.said(LINE)
    repeats.said("The second thing that I say.")
    assert repeats(LINE, "") is not None
    repeats.said("Yip yip!")
    assert repeats(LINE, "") is not None, "short ones do not count"
    repeats.said("Here comes the third thing now.")
    assert repeats(LINE, "") is None


def test_an_answer_that_repeats_itself_before_any_of_it_is_heard() -> None:
    assert Repeats(12)(LINE, f"Yip! {LINE}") is not None
    assert Repeats(0)(LINE, f"Yip! {LINE}") is None


def test_short_ones_may_come_again() -> None:
    repeats = Repeats(12)
    for text in ("Oh no!", "Yip yip!", "I love it!"):
        repeats.said(text)
        assert repeats(text, text) is None


def test_what_is_free_or_asked_for() -> None:
    repeats = Repeats(12)
    repeats.use(12, ["Nope, my ears did not hear that!"])
    repeats.said("Nope, my ears did not hear that!")
    assert repeats("Nope, my ears did not hear that!", "") is None
    repeats.said(LINE)
    repeats.asked(LINE)
    assert repeats(LINE, "") is None
    repeats.said(LINE)
    assert repeats(LINE, "") is not None


@pytest.mark.parametrize(
    "text",
    [
        "Ha ha ha ha ha, that is funny",
        "No, no, no, no, not again!",
        "Tick tock, tick tock, tick tock goes the clock",
        "I am so happy, I am so happy today",
        "We win some, we lose some, we love some.",
        "La la la la la la la la",
    ],
)
def test_no_loop(text: str) -> None:
    assert Repeats(12)(text, "") is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("I am happy, I am happy, I am happy, I am happy.", "I am happy."),
        (
            "Oh, I like you so much, I like you so much, I like you so much and foxes!",
            "Oh, I like you so much and foxes!",
        ),
        ("so so so so so so so so so so so so tired", "so so so tired"),
        ("the fox the fox the fox the fox the fox the fox", "the fox"),
    ],
)
def test_a_loop_is_cut(text: str, kept: str) -> None:
    verdict = Repeats(12)(text, "")
    assert verdict is not None
    assert (verdict.action, verdict.rule, verdict.text) == ("replace", "loop", kept)


def test_a_smaller_bound_forgets() -> None:
    repeats = Repeats(12)
    repeats.said(LINE)
    repeats.use(0)
    assert repeats(LINE, "") is None
    repeats.use(12)
    assert repeats(LINE, "") is None
