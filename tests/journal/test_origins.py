"""Where lines came from, in words."""

from __future__ import annotations

from engines.wire import show
from kitsu_tui.journal.origins import origins
from kitsu_tui.model.state import SentenceView, TurnView

ALLOWED = show.Ruled(means="gate", action="allow")


def aired(seq: int, **keys: object) -> SentenceView:
    told = {
        "turn": 1,
        "rev": 0,
        "seq": seq,
        "text": "Hi.",
        "model": "small",
        "prompt_hash": "12ab",
        "ruled": [ALLOWED],
    } | keys
    return SentenceView(seq=seq, text="Hi.", source=show.Provenance(**told))  # type: ignore[arg-type]


def turn(*sentences: SentenceView) -> TurnView:
    return TurnView(turn=1, source="chat", who="ann", started=0, sentences=list(sentences))


def test_lines_of_one_origin_share_a_row() -> None:
    assert origins(turn(aired(0), aired(1), aired(2))) == ["1-3: small, prompt 12ab; gate allow"]
    assert origins(turn(aired(0), aired(2))) == ["1,3: small, prompt 12ab; gate allow"]


def test_who_let_it_go_and_whose_words_they_are_is_said() -> None:
    held = show.Ruled(means="gate", action="hold", category="doubt", rule="d1")
    found = origins(
        turn(
            aired(0, ruled=[held], approved_by="cli:ann"),
            aired(1, words="operator", written="Hello.", approved_by="cli:ann"),
            aired(2, words="profile", model="", prompt_hash=""),
        )
    )
    assert found == [
        "1: small, prompt 12ab; gate hold doubt d1; let go by cli:ann",
        "2: an operator's words, prompt 12ab; gate allow; let go by cli:ann; written as 'Hello.'",
        "3: the profile's words; gate allow",
    ]


def test_what_was_dropped_is_said_with_who_and_why() -> None:
    by = SentenceView(seq=0, text="x", decided="drop", decided_by="cli:ann", decided_why="dropped")
    late = SentenceView(seq=1, text="x", decided="drop", decided_why="time")
    ruled = SentenceView(
        seq=2, text="x", decided="drop", decided_why="split", category="slur", rule="s1"
    )
    assert origins(turn(by, late, ruled)) == [
        "1: dropped by cli:ann",
        "2: dropped: time",
        "3: dropped: split (slur s1)",
    ]


def test_a_turn_of_an_older_journal_has_no_rows() -> None:
    assert origins(turn(SentenceView(seq=0, text="Hi.", status="played"))) == []
