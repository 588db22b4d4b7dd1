"""What a sound during her speech means."""

from __future__ import annotations

import pytest

from kitsu_tui.show.bargein import Meaning, meaning, same_words, words

ON_AIR = "I chase butterflies, of course! And then I nap on the keyboard."


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("", "nothing"),
        (" ... ", "nothing"),
        ("[cough]", "speech"),  # a word of the recogniser's: its own filters take these out
        ("Yeah.", "backchannel"),
        ("Uh, okay.", "backchannel"),
        ("mm yeah right", "backchannel"),
        ("yeah yeah yeah yeah", "speech"),
        ("Okay but wait", "speech"),
        ("Stop!", "speech"),
        ("Stop, what about dogs?", "speech"),
        ("and then I nap", "echo"),
        ("And then, I nap on the KEYBOARD", "echo"),
        ("chase butterflies of course and then", "echo"),
        ("and then I nag on the keyboard", "echo"),  # misheard a little
        ("keyboard the on nap I then", "speech"),  # her words, but not in her order
        ("what do you do on the keyboard all day", "speech"),
    ],
)
def test_meaning(heard: str, expected: Meaning) -> None:
    assert meaning(heard, ON_AIR) == expected


def test_while_nothing_is_on_air_every_word_is_speech() -> None:
    assert meaning("yeah", "") == "speech"
    assert meaning("I chase butterflies", "") == "speech"
    assert meaning("", "") == "nothing"


def test_words_are_lower_case_without_marks_and_keep_their_apostrophes() -> None:
    assert words("Don't STOP, me_now! 3x é") == ["don't", "stop", "me", "now", "3x", "é"]


def test_same_words() -> None:
    assert same_words("What's your favourite snack?", "what's your favourite snack")
    assert not same_words("what is your favourite snack", "what's your favourite snack")
    assert not same_words("snack favourite", "favourite snack")
