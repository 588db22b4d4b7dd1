"""What she remembers, and what of a sentence was heard."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kitsu_tui.show.history import MAX_CHARS, History, clipped


def texts(history: History) -> list[str]:
    return [message.text for message in history.messages()]


def test_exchanges_are_two_lines_each_oldest_first() -> None:
    history = History(8, 4)
    history.add(" hi ", " hello there ")
    history.add("how are you?", "fine")
    assert [(m.role, m.text) for m in history.messages()] == [
        ("user", "hi"),
        ("assistant", "hello there"),
        ("user", "how are you?"),
        ("assistant", "fine"),
    ]


def test_it_forgets_in_blocks_so_that_the_beginning_stays() -> None:
    history = History(turns=8, block=4)
    beginnings = []
    for n in range(40):
        history.add(f"q{n}", f"a{n}")
        assert len(history) <= 8
        beginnings.append(texts(history)[0])
    changes = sum(1 for a, b in itertools.pairwise(beginnings) if a != b)
    assert changes == 8, "once in four exchanges"
    assert texts(history)[-1] == "a39"


def test_between_two_evictions_it_only_grows() -> None:
    history = History(turns=6, block=3)
    before: list[str] = []
    for n in range(30):
        history.add(f"q{n}", f"a{n}")
        now = texts(history)
        assert now[: len(before)] == before or now[0] != before[0]
        before = now


@pytest.mark.parametrize(("turns", "block"), [(1, 1), (2, 9), (5, 0), (3, 3)])
def test_odd_sizes_are_bounded_and_keep_the_latest(turns: int, block: int) -> None:
    history = History(turns, block)
    for n in range(20):
        history.add(f"q{n}", f"a{n}")
        assert 0 < len(history) <= turns
        assert texts(history)[-1] == f"a{n}"


def test_nothing_is_remembered_when_told_so_or_when_nothing_was_heard() -> None:
    none = History(0, 4)
    none.add("q", "a")
    assert len(none) == 0
    history = History(8, 4)
    history.add("q", "  ")
    assert history.messages() == []


def test_a_long_line_is_cut() -> None:
    history = History(8, 4)
    history.add("q" * 5000, "a" * 5000)
    assert [len(text) for text in texts(history)] == [MAX_CHARS, MAX_CHARS]


@pytest.mark.parametrize(
    ("heard", "whole", "expected"),
    [
        (0, 100, ""),
        (-5, 100, ""),
        (100, 0, ""),
        (100, 100, "I chase butterflies all day."),
        (98, 100, "I chase butterflies all day."),
        (200, 100, "I chase butterflies all day."),
        (97, 100, "I chase butterflies all"),
        (50, 100, "I chase"),
        (26, 100, "I chase"),
        (20, 100, "I"),
        (1, 100, ""),
    ],
)
def test_what_was_heard_ends_at_a_whole_word(heard: float, whole: float, expected: str) -> None:
    assert clipped("I chase butterflies all day.", heard, whole) == expected


@settings(deadline=None, database=None)
@given(st.text("ab \n", max_size=30), st.floats(-10, 200))
def test_it_is_always_a_beginning_of_whole_words(text: str, heard: float) -> None:
    part = clipped(text, heard, 100.0)
    assert text.startswith(part)
    assert text.split()[: len(part.split())] == part.split()


def test_more_heard_is_never_less_text() -> None:
    text = "one two three four five six"
    lengths = [len(clipped(text, heard, 100)) for heard in range(101)]
    assert lengths == sorted(lengths)


def test_an_answer_that_repeats_a_remembered_one_is_not_remembered_again() -> None:
    history = History(8, 4)
    history.add("hi", "I am Kitsu!")
    history.add("who?", "I am  kitsu!")
    history.add("what?", "A fox.")
    assert [m.text for m in history.messages()] == ["hi", "I am Kitsu!", "what?", "A fox."]
