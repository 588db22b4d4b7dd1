# The letters of IPA are meant.
from __future__ import annotations

from engines.tts.visemes import SHAPES, from_phonemes, spread

NAMES = {"rest", "aa", "ee", "ih", "oh", "ou", "bmp", "fv", "l", "sz", "th"}


def names(*timed: tuple[str, float]) -> list[tuple[float, str]]:
    return [(v.start_ms, v.name) for v in from_phonemes(timed)]


def test_every_shape_is_one_of_the_wire() -> None:
    assert {name for name, _ in SHAPES.values()} | {"rest"} == NAMES
    assert all(0 < weight <= 1 for _, weight in SHAPES.values())


def test_a_stress_mark_belongs_to_its_vowel_and_a_length_mark_to_the_one_before() -> None:
    timed = names(("^", 50), ("b", 20), ("ˈ", 100), ("ɑ", 40), ("ː", 60), ("$", 90))
    assert timed == [(0, "rest"), (50, "bmp"), (70, "aa"), (270, "rest")]


def test_a_gap_between_words_does_not_close_the_mouth_and_a_pause_does() -> None:
    assert names(("a", 50), (" ", 40), ("m", 50)) == [(0, "aa"), (90, "bmp")]
    assert names(("a", 50), (",", 200), ("m", 50)) == [(0, "aa"), (50, "rest"), (250, "bmp")]
    assert names(("a", 50), (",", 10), ("m", 50)) == [(0, "aa"), (60, "bmp")]


def test_the_same_shape_is_told_once() -> None:
    assert names(("s", 50), ("z", 50), ("ʃ", 50), ("i", 50)) == [(0, "sz"), (150, "ee")]


def test_an_unknown_phoneme_holds_the_shape() -> None:
    assert names(("a", 50), ("☃", 50), ("m", 50)) == [(0, "aa"), (100, "bmp")]


def test_a_merged_vowel_opens_like_its_first_part() -> None:
    assert names(("aɪ", 50)) == [(0, "aa")]


def test_spread_over_a_length() -> None:
    made = spread(["^", "m", "a", "$"], 400.0)
    assert [(v.start_ms, v.name) for v in made] == [
        (0, "rest"),
        (100, "bmp"),
        (200, "aa"),
        (300, "rest"),
    ]
