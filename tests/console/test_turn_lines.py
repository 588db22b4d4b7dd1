"""A turn in lines: every state of it has its words, and no text in it breaks the picture."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kitsu_tui.console.lines import Line, width_of
from kitsu_tui.console.screens.turn import lines as details
from kitsu_tui.console.turn_lines import (
    highlight,
    name_of,
    note_lines,
    phase,
    plain,
    texts_of,
    turn_lines,
)
from kitsu_tui.model.notes import NoteView
from kitsu_tui.model.state import SentenceView, TurnView

NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x07\r\n\t\x9b\u202e\u200b\u0301\U0001f98a漢שלع "),
    ),
    max_size=60,
)


def turn(**more: object) -> TurnView:
    return TurnView(turn=1, source="voice", who="Mika", started=1e9, **more)  # type: ignore[arg-type]


def sentence(text: str, **more: object) -> SentenceView:
    return SentenceView(seq=0, text=text, **more)  # type: ignore[arg-type]


def text(lines: list[Line]) -> str:
    rows = ("".join(part for part, _ in line).strip() for line in lines)
    return " ".join(row for row in rows if row)


@pytest.mark.parametrize(
    ("view", "others", "word"),
    [
        (turn(said="so"), False, "listening"),
        (turn(said="so", said_final=True), False, "thinking"),
        (turn(said="so", said_final=True), True, "waiting"),
        (turn(said="so", said_final=True, draft="I"), True, "thinking"),
        (turn(said_final=True, sentences=[sentence("I")]), False, "thinking"),
        (turn(said_final=True, sentences=[sentence("I", status="airing")]), True, "speaking"),
        (turn(said_final=True, status="error"), True, "error"),
    ],
)
def test_how_far_a_turn_is(view: TurnView, others: bool, word: str) -> None:
    assert phase(view, others=others) == word
    assert f"[{word}]" in text(turn_lines(view, 200, others=others))


def test_what_came_in_and_was_changed_stands_beside_what_was_let_in() -> None:
    entry = SentenceView(
        seq=-1, text="damn", action="replace", category="profanity", rule="mild", spoken="oh my"
    )
    shown = text(
        turn_lines(turn(said="damn", said_final=True, stopped="profanity", entry=entry), 99)
    )
    assert "[gate: profanity mild: damn] oh my" in shown


def test_the_details_say_rule_and_view_and_end_every_stage_in_sight() -> None:
    stopped = sentence(
        "rude", action="drop", category="slur", rule="list-3", view="folded", ms=0.25
    )
    marks = {
        "first_token": 2000.0,
        "first_sentence": 2340.0,
        "first_pcm": 2344.0,
        "audible": 2357.0,
    }
    view = turn(said="x", said_final=True, status="ok", sentences=[stopped], marks_ms=marks)
    for width in (30, 60, 74, 200):
        lines = details(view, width)
        assert all(width_of(line) <= width for line in lines)
    shown = text(details(view, 74))
    assert "gate: drop, category slur, rule list-3, view folded, 0.25 ms" in shown
    bars = ["".join(part for part, _ in line) for line in details(view, 74)[-4:]]
    assert all("█" in bar and "…" not in bar for bar in bars)
    assert [bar.split("+")[-1] for bar in bars] == ["2000", "340", "4", "13"]


@given(who=NASTY, said=NASTY, answer=NASTY, width=st.integers(12, 90), cut=st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_the_picture(who: str, said: str, answer: str, width: int, cut: int) -> None:
    view = TurnView(
        turn=1,
        source="chat",
        who=who,
        started=1e9,
        said=said,
        said_final=True,
        mood=who,
        actions=[said],
        sentences=[
            sentence(answer, status="cut", heard=answer[:cut]),
            sentence(answer, action="replace", category=who, rule=said, spoken=said),
        ],
        draft=f"{answer} {said}",
        detail=said,
    )
    note = NoteView(n=1, t=1e9, kind="mark", text=said, by=who)
    for lines in (turn_lines(view, width), note_lines(note, width), details(view, width)):
        for line in lines:
            assert width_of(line) <= width
            assert all(part.isprintable() for part, _ in line)
            assert all(part.isprintable() for part, _ in highlight(line, said.lower() or "x"))
    assert all(char.isprintable() or char == "\n" for char in plain(view))
    assert said in texts_of(view)


def test_what_is_searched_for_is_set_off() -> None:
    line: Line = (("one Fox, two foxes", "dim"),)
    assert [part for part, style in highlight(line, "fox") if style == "selected"] == ["Fox", "fox"]
    assert "".join(part for part, _ in highlight(line, "fox")) == "one Fox, two foxes"
    assert highlight(line, "bear") == line


def test_an_operator_has_a_short_name() -> None:
    assert [name_of(who) for who in ("console:ana@pts/1", "cli:root", "Mika", "")] == [
        "ana@pts/1",
        "root",
        "Mika",
        "somebody",
    ]
