"""What is too old to be heard: never heard again."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.wire.envelope import At, Cancel, Scope
from engines.wire.stale import REMEMBERED, StaleFilter


@pytest.mark.parametrize(
    ("cancel", "stale", "fresh"),
    [
        (
            Cancel(scope="epoch", at=At(epoch=2)),
            [At(epoch=1, turn=9)],
            [At(epoch=2, turn=1), At(epoch=3, turn=1)],
        ),
        (
            Cancel(scope="turn", at=At(turn=5)),
            [At(turn=5), At(turn=5, rev=8), At(turn=5, seq=3)],
            [At(turn=4), At(turn=6), At()],
        ),
        (
            Cancel(scope="rev", at=At(turn=5, rev=2)),
            [At(turn=5), At(turn=5, rev=1)],
            [At(turn=5, rev=2), At(turn=5, rev=3), At(turn=6)],
        ),
        (
            Cancel(scope="sentence", at=At(turn=5, rev=1, seq=2)),
            [At(turn=5, rev=1, seq=2)],
            [At(turn=5, rev=1, seq=1), At(turn=5, rev=1, seq=3), At(turn=5, rev=2, seq=2)],
        ),
        (
            Cancel(scope="request", id="1"),
            [],
            [At(), At(turn=1)],
        ),
    ],
    ids=["epoch", "turn", "rev", "sentence", "request"],
)
def test_each_scope_hits_what_it_names_and_nothing_else(
    cancel: Cancel, stale: list[At], fresh: list[At]
) -> None:
    staleness = StaleFilter()
    assert not any(staleness.is_stale(at) for at in stale)
    staleness.cancel(cancel)
    for at in stale:
        assert staleness.is_stale(at), at
    for at in fresh:
        assert not staleness.is_stale(at), at


def test_a_message_teaches_of_a_newer_epoch_and_revision() -> None:
    staleness = StaleFilter(epoch=3)
    assert staleness.is_stale(At(epoch=2))
    staleness.observe(At(epoch=4, turn=2, rev=1))
    assert staleness.is_stale(At(epoch=3, turn=2, rev=1))
    assert staleness.is_stale(At(epoch=4, turn=2, rev=0))
    assert not staleness.is_stale(At(epoch=4, turn=2, rev=1))
    staleness.observe(At(epoch=1, turn=2))
    assert staleness.epoch == 4


def test_what_has_no_place_is_never_stale() -> None:
    staleness = StaleFilter(epoch=9)
    staleness.observe(None)
    staleness.cancel(Cancel(scope="turn"))
    assert not staleness.is_stale(None)


@pytest.mark.parametrize("scope", ["turn", "sentence", "rev"])
def test_long_after_it_is_still_stale_and_memory_is_bounded(scope: Scope) -> None:
    staleness = StaleFilter()
    many = REMEMBERED * 8
    for turn in range(1, many + 1):
        staleness.cancel(Cancel(scope=scope, at=At(turn=turn, rev=1, seq=1)))
    stale = [At(turn=turn, rev=0 if scope == "rev" else 1, seq=1) for turn in range(1, many + 1)]
    assert all(staleness.is_stale(at) for at in stale)
    assert not staleness.is_stale(At(turn=many + 1, rev=1, seq=1))
    assert not staleness.is_stale(At()), "what belongs to no turn does not grow old by number"
    held = len(staleness._turns) + len(staleness._revs) + len(staleness._sentences)
    assert held <= REMEMBERED


def test_sentences_without_a_turn_are_bounded_too() -> None:
    staleness = StaleFilter()
    for seq in range(REMEMBERED + 5):
        staleness.cancel(Cancel(scope="sentence", at=At(seq=seq)))
    assert all(staleness.is_stale(At(seq=seq)) for seq in range(REMEMBERED + 5))
    assert len(staleness._sentences) <= REMEMBERED
    assert not staleness.is_stale(At(turn=1))


ats = st.builds(
    At,
    epoch=st.integers(0, 3),
    turn=st.integers(0, 6),
    rev=st.integers(0, 3),
    seq=st.integers(0, 3),
)
steps = st.one_of(
    st.tuples(st.just("observe"), ats),
    st.tuples(
        st.just("cancel"),
        st.builds(Cancel, scope=st.sampled_from(get_args(Scope)), id=st.none(), at=ats),
    ),
)


@settings(max_examples=150)
@given(st.lists(steps, max_size=25), st.lists(ats, max_size=10), st.booleans())
def test_once_stale_always_stale(told: list[tuple[str, Any]], asked: list[At], tiny: bool) -> None:
    """Whatever comes, in whatever order, also when little is remembered."""
    with pytest.MonkeyPatch.context() as patch:
        if tiny:
            patch.setattr("engines.wire.stale.REMEMBERED", 2)
        staleness = StaleFilter()
        was_stale: set[At] = set()
        for how, what in told:
            if how == "observe":
                staleness.observe(what)
            else:
                staleness.cancel(what)
            for at in asked:
                if staleness.is_stale(at):
                    was_stale.add(at)
                assert at not in was_stale or staleness.is_stale(at)


@given(st.lists(steps, max_size=15), ats)
def test_asking_changes_nothing(told: list[tuple[str, Any]], at: At) -> None:
    quiet, asked = StaleFilter(), StaleFilter()
    for how, what in told:
        for staleness in (quiet, asked):
            (staleness.observe if how == "observe" else staleness.cancel)(what)
        asked.is_stale(at)
    assert quiet.is_stale(at) == asked.is_stale(at)
