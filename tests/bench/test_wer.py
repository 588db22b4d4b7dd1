"""Word error rate: what counts as the same word, and what as an error."""

import pytest

from kitsu_tui.bench.wer import errors, normalised, wer


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("What is your favourite snack?", "what's your favorite snack"),
        ("I can't, I won't.", "I cannot I will not"),
        ("You're 21 or 7", "you are twenty one or seven"),
        ("It\u2019s O.K.", "it is o k"),
        ("", "..."),
    ],
)
def test_spelling_is_no_error(said: str, heard: str) -> None:
    assert wer(said, heard) == 0


@pytest.mark.parametrize(
    ("said", "heard", "wrong", "words"),
    [
        ("a b c d", "a b c d", 0, 4),
        ("a b c d", "a x c d", 1, 4),
        ("a b c d", "a c d", 1, 4),
        ("a b c d", "a b b c d", 1, 4),
        ("a b c d", "", 4, 4),
        ("", "you", 1, 0),
        ("one two", "three four five", 3, 2),
    ],
)
def test_errors_are_counted(said: str, heard: str, wrong: int, words: int) -> None:
    assert errors(said, heard) == (wrong, words)


def test_the_rate_is_errors_for_each_word() -> None:
    assert wer("a b c d", "a b x") == 0.5
    assert wer("", "you") == 1.0
    assert wer("a", "b c d") == 3.0


def test_words() -> None:
    assert normalised("What's your favourite snack, at 21?") == [
        *("what", "is", "your", "favorite", "snack", "at", "twenty", "one")
    ]
