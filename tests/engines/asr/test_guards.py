"""Loops and hallucinations, told from figures alone."""

import pytest

from engines.asr.backends.guards import (
    cleaned,
    is_hallucinated,
    is_looping,
    repeats,
    token_limit,
    unrolled,
)


@pytest.mark.parametrize(
    ("tokens", "period"),
    [
        ([], 0),
        ([1], 0),
        ([1, 2, 3, 4], 0),
        ([1, 2, 1, 2], 0),  # twice may be meant: "what? what?"
        ([7, 7, 7, 7], 0),  # "no no no no"
        ([7, 7, 7, 7, 7], 1),
        ([9, 1, 2, 1, 2, 1, 2], 2),
        ([1, 2, 3, 1, 2, 3, 1, 2, 3, 1], 3),
    ],
)
def test_a_repeated_ending_is_found(tokens: list[int], period: int) -> None:
    assert repeats(tokens, seconds=9) == period


def test_said_twice_is_a_loop_when_there_was_no_time_for_it() -> None:
    twice = [1, 2, 3, 4, 5, 6, 7] * 2
    assert repeats(twice, seconds=4) == 0
    assert repeats(twice, seconds=1.5) == 7
    assert unrolled(twice, seconds=1.5) == [1, 2, 3, 4, 5, 6, 7]


def test_a_loop_is_said_once() -> None:
    assert unrolled([9, 1, 2, 1, 2, 1, 2], seconds=9) == [9, 1, 2]
    assert unrolled([1, 2, 3, 1, 2, 3, 1, 2, 3, 1], seconds=9) == [1, 2, 3]
    assert unrolled([1, 2, 3], seconds=9) == [1, 2, 3]


def test_what_was_stopped_at_its_limit_or_deflates_too_well_loops() -> None:
    assert is_looping("a b", list(range(12)), seconds=0)
    assert is_looping("the fox and then " * 8, [1, 2], seconds=5)
    assert not is_looping("Which game are we playing tonight?", [1, 2, 3, 4, 5, 6, 7], seconds=2)


def test_the_limit_of_tokens_grows_with_the_sound() -> None:
    assert token_limit(0) == 12
    assert token_limit(2.5) == 32
    assert token_limit(600) == 220


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" Hello there. ", "Hello there."),
        ("[BLANK_AUDIO]", ""),
        ("(coughs) Hello.", "Hello."),
        ("*sigh*", ""),
        ("♪♪", ""),
        (". . .", ""),
        ("你好。", "你好。"),
    ],
)
def test_only_words_count_as_said(text: str, said: str) -> None:
    assert cleaned(text) == said


@pytest.mark.parametrize(
    ("text", "no_speech", "logprob", "noise"),
    [
        ("Snack", 0.9, -1.3, True),
        ("Snack", 0.9, -0.4, False),  # sure of its words
        ("Snack", 0.2, -1.3, False),  # sure that somebody spoke
        ("Thank you.", 0.5, -0.2, False),
        ("Thank you.", 0.85, -0.4, True),
        ("Thanks for watching!", 0.1, -1.3, True),
        ("You", 0.7, -0.8, False),
    ],
)
def test_words_heard_in_noise_are_told(
    text: str, no_speech: float, logprob: float, noise: bool
) -> None:
    assert is_hallucinated(text, no_speech, logprob, threshold=0.6) is noise
