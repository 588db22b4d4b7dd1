"""What of a line an audience has in its ears."""

from __future__ import annotations

import pytest

from kitsu_tui.show.line import Line
from kitsu_tui.show.voice import contexts, in_ears

TEXT = "one two three four five six"
RATE = 1000


def line(text: str = TEXT, *, heard: int = 0, whole: int = 3000, status: str = "cut") -> Line:
    """One that is over, of three seconds."""
    found = Line(seq=0, text=text, rate=RATE, samples=whole, heard_samples=heard, status=status)
    found.audible_ns = 1 if heard else 0
    found.ended.set()
    return found


def test_what_may_yet_be_heard_counts_whole_and_what_never_was_not_at_all() -> None:
    waits = Line(seq=0, text=TEXT)
    assert in_ears(waits) == [TEXT]
    assert in_ears(line()) == [""]
    assert in_ears(line(heard=3000, status="played")) == [TEXT]
    assert in_ears(line(status="muted")) == [""]


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (100, ["", "one", "one two"]),
        (1500, ["one two three", "one two three four"]),
        (2800, [TEXT, "one two three four five"]),
    ],
)
def test_where_it_was_cut_is_known_nearly(heard: int, said: list[str]) -> None:
    assert in_ears(line(heard=heard)) == said


def test_of_what_nobody_counted_each_beginning_may_have_been_heard() -> None:
    lost = line()
    lost.audible_ns = 1
    every = ["", "one", "one two", "one two three", "one two three four"]
    assert set(every) < set(in_ears(lost))
    partly = line(heard=500, status="muted")
    assert {"", "one", TEXT} < set(in_ears(partly))


def test_lines_one_after_the_other() -> None:
    played = line("Hello there.", heard=3000, status="played")
    cut, never = line("so of grom and more", heard=1500), line("unheard")
    found = contexts([played, cut, never], 120)
    assert "Hello there. so of grom" in found
    assert len(found) > 1
    assert contexts([], 120) == [""]
    assert contexts([played], 6) == ["there."]
    assert contexts([cut, played], 6) == ["there."]
    assert len(contexts([cut, cut], 120)) == len(in_ears(cut))


def test_slow_speech_cut_between_two_words_is_known_as_well() -> None:
    """So slow that all that may have been heard ends within a space."""
    slow = line(".\nbc", heard=2640, whole=7000)
    assert in_ears(slow)
    assert contexts([slow], 120)


def test_of_a_long_line_that_was_muted_all_and_nothing_may_have_been_heard() -> None:
    long = " ".join(f"word{number}" for number in range(60))
    assert {"", long} < set(in_ears(line(long, heard=1500, status="muted")))
    assert {"", long} < set(in_ears(line(long, heard=9000, status="muted")))
