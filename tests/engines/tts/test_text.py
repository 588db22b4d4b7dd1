# The letters of IPA are meant.
from __future__ import annotations

import pytest

from engines.tts.text import cut, speakable


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Hi  chat!\n", "Hi chat!"),
        ("🙂", ""),
        ("👩‍👩‍👧 👍🏽 🇩🇪", ""),
        ("...", ""),
        ("!? —", ""),
        ("\x00\x07", ""),
        ("I ❤️ you 🦊!", "I you !"),
        ("What?!?! No!!!", "What? No!"),
        ("It is 3°C, 100% sure, $5", "It is 3°C, 100% sure, $5"),
        ("café", "café"),
        ("日本", "日本"),
    ],
)
def test_what_is_spoken(text: str, spoken: str) -> None:
    assert speakable(text) == spoken


def test_raw_phonemes_of_the_backend_cannot_be_smuggled_in() -> None:
    assert "[[" not in speakable("hello [[fɹˈɑːd]] there")


def test_a_sentence_a_little_too_long_is_not_cut() -> None:
    assert cut("a" * 12, 10, 10) == [list("a" * 12)]


def test_cut_behind_a_mark_rather_than_between_words() -> None:
    pieces = cut("aa bb cc, dd ee ff gg", 12, 12)
    assert ["".join(piece) for piece in pieces] == ["aa bb cc,", "dd ee ff gg"]


def test_cut_between_words_without_marks_and_anywhere_without_words() -> None:
    assert ["".join(p) for p in cut("aaaa bbbb cccc dddd", 10, 10)] == ["aaaa bbbb ", "cccc dddd"]
    assert ["".join(p) for p in cut("a" * 30, 10, 10)] == ["a" * 10, "a" * 10, "a" * 10]


def test_nothing_is_lost_in_a_cut() -> None:
    text = "one two three, four five; six seven eight nine ten eleven twelve. " * 20
    assert "".join("".join(p) for p in cut(text, 20, 40)).replace(" ", "") == text.replace(" ", "")
