"""The latency pane: percentiles that say when they are few, the last turn, both kinds of turns."""

import pytest

from kitsu_tui.console.lines import Line, width_of
from kitsu_tui.console.panes import latency as pane

SAID = {
    "speech_end": 0.0,
    "endpoint": 200.0,
    "asr_final": 420.0,
    "first_token": 530.0,
    "first_sentence": 640.0,
    "first_pcm": 790.0,
    "audible": 840.0,
}
TYPED = {"speech_end": 0.0, "first_token": 100.0, "first_sentence": 220.0, "audible": 400.0}


def text(line: Line) -> str:
    return "".join(text for text, _ in line)


def drawn(turns: list[dict[str, float]], width: int, kind: str = "all", height: int = 40) -> str:
    lines = pane.latency(turns, kind, width, height)
    assert all(width_of(line) <= width for line in lines)
    return "\n".join(map(text, lines))


def test_before_the_first_turn() -> None:
    assert drawn([], 60) == "no turn has become audible yet"


def test_percentiles_of_few_turns_are_marked_also_without_colour() -> None:
    for count, marks in ((1, "~840 ~840 ~840"), (50, "840 840 ~840"), (100, "840 840 840")):
        row = next(line for line in drawn([SAID] * count, 60).splitlines() if "audible" in line)
        assert row.split() == ["=", "audible", *marks.split(), "840", str(count)]


def test_a_stage_has_one_sign_in_table_bar_and_legend_of_every_turn() -> None:
    for turns in ([SAID, TYPED], [SAID]):
        shown = drawn(turns, 60)
        assert "\n▒ first token" in shown
        assert "▒\u00a0first\u00a0token" in shown
    bar = drawn([SAID, TYPED], 60).partition("last turn (")[2].splitlines()[1]
    assert set(bar) == set("▒░=")


@pytest.mark.parametrize("width", range(30, 201, 10))
def test_it_fits_and_the_greatest_of_all_stays(width: int) -> None:
    turns = [{k: v * 100 for k, v in SAID.items()}, TYPED] * 60
    shown = drawn(turns, width)
    heading = shown.splitlines()[0].split()
    assert "p95" in heading
    assert heading[-1] == "turns"
    assert ("p99" in heading) is (width >= 39)
    assert ("last" in heading) is (width >= 46)
    assert "…" not in shown


def test_the_last_turn_is_a_bar_of_its_stages() -> None:
    shown = drawn([SAID], 42).splitlines()
    at = shown.index("last turn (said): 840 ms")
    assert shown[at + 1] == "█" * 10 + "▓" * 11 + "▒" * 5 + "░" * 6 + "#" * 8 + "=" * 2
    legend = " ".join(shown[at + 2 :]).replace("\u00a0", " ")
    assert "▓ transcript +220" in legend
    assert "= audible +50" in legend


def test_both_kinds_of_turns_are_told_apart() -> None:
    turns = [SAID, TYPED, TYPED]
    shown = drawn(turns, 60)
    assert "said to her: p50 840  p95 ~840  1 turn" in shown
    assert "typed to her: p50 400  p95 ~400  2 turns" in shown
    assert "said to her" not in drawn([SAID], 60)
    assert "transcript" not in drawn(turns, 60, "typed")
    assert "end of turn" in drawn(turns, 60, "voice")
    assert drawn([SAID], 60, "typed") == "no turn has become audible yet"


def test_the_last_turns_have_a_bar_each() -> None:
    turns = [SAID | {"audible": ms} for ms in (400.0, 800.0, 1600.0)]
    assert "audible of the last turns, 400 to 1600 ms, the newest at the right" in drawn(turns, 70)
    assert drawn(turns, 70).splitlines()[-1] == "▃▅█"


def test_where_it_is_low_blank_lines_go_first() -> None:
    assert "\n\n" in drawn([SAID, TYPED], 60, height=30)
    assert "\n\n" not in drawn([SAID, TYPED], 60, height=12)
