"""Which sentences are on air, whatever becomes of their turns."""

from __future__ import annotations

from engines.wire import show
from kitsu_tui.show.onair import OnAir


def airing(seq: int, rev: int = 0, turn: int = 1) -> show.Airing:
    return show.Airing(turn=turn, rev=rev, seq=seq, text="hi")


def aired(seq: int, rev: int = 0, turn: int = 1) -> show.Aired:
    return show.Aired(turn=turn, rev=rev, seq=seq, status="played", heard="hi", heard_ms=9.0)


def done(turn: int = 1) -> show.TurnDone:
    return show.TurnDone(turn=turn, rev=0, status="ok", answer="hi")


def follow(*events: show.ShowEvent) -> list[bool]:
    on_air = OnAir()
    return [on_air.follow(event) for event in events]


def test_she_falls_silent_with_the_last_sentence() -> None:
    assert follow(airing(0), aired(0), done()) == [False, True, False]


def test_a_sentence_may_begin_before_the_one_before_is_told_over() -> None:
    assert follow(airing(0), airing(1), aired(0), aired(1)) == [False, False, False, True]


def test_one_that_was_never_heard_ends_no_silence() -> None:
    assert follow(aired(0), done()) == [False, False]


def test_the_end_of_a_turn_ends_what_was_left_of_it() -> None:
    assert follow(airing(0), done(turn=2), done(), aired(0)) == [False, False, True, False]


def test_of_an_earlier_revision_nothing_is_left() -> None:
    assert follow(airing(0), airing(0, rev=1), aired(0, rev=1)) == [False, False, True]


def test_panic_and_the_end_of_the_show_are_silence() -> None:
    for end in (show.Panicked(by="ana", epoch=2), show.ShowStopping(by="ana")):
        assert follow(airing(0), end, aired(0)) == [False, True, False]
