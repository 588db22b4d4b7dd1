"""The sheets: what another profile changes, and how a rehearsal of panic went."""

import msgspec
import pytest

from engines.wire import control, show
from kitsu_tui.console.lines import Line, width_of
from kitsu_tui.console.sheets import drill_line, drill_lines, plan_lines
from tests.support.stage_script import DRILL

NOTHING = control.Plan(profile="calm", before="live")
OK = msgspec.structs.replace(
    DRILL,
    ok=True,
    why={},
    surfaces={"audio": 4.1, "obs.scene": 62.4},
    put_back={"obs.scene": 71.0},
)


def text(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def test_a_profile_that_changes_nothing_says_so() -> None:
    assert "nothing changes" in text(plan_lines(NOTHING, [], 60))
    assert "LIVE" not in text(plan_lines(NOTHING, [], 60))
    assert "a LIVE profile" in text(plan_lines(NOTHING, [], 60, live=True))


def test_values_of_every_kind_are_words() -> None:
    values = [("a", "b"), ("", [1, "é"]), (None, {"x": True}), ("x" * 400, 2.5)]
    changes = [
        control.KeyChange(key=f"key{n}", before=before, after=after)
        for n, (before, after) in enumerate(values)
    ]
    said = text(plan_lines(msgspec.structs.replace(NOTHING, changes=changes), [], 400))
    assert "key0 a → b" in said
    assert 'key1 "" → [1, "é"]' in said
    assert 'key2 (none) → {"x": true}' in said
    assert "x… → 2.5" in said


def test_what_is_wrong_stands_first_and_hundreds_of_keys_are_counted() -> None:
    changes = [control.KeyChange(key=f"key{n}", before=0, after=1) for n in range(450)]
    plan = msgspec.structs.replace(NOTHING, changes=changes, problems=["no scene 'Closeup'"])
    said = text(plan_lines(plan, ["its keys are not taken"], 60)).splitlines()
    assert said[2].startswith("! wrong")
    assert said[3].startswith("! wrong")
    assert said[-1] == "and 250 more"


@pytest.mark.parametrize("width", [20, 38, 70, 120])
def test_no_line_is_wider_than_the_sheet(width: int) -> None:
    problems = ["x" * 90]
    assert all(width_of(line) <= width for line in plan_lines(NOTHING, problems, width))
    assert all(width_of(line) <= max(width, 34) for line in drill_lines(DRILL, width))


def test_a_rehearsal_says_what_was_reached_and_what_was_not() -> None:
    said = text(drill_lines(DRILL, 90))
    assert "✗ NOT ALL WAS REACHED" in said
    (failed,) = [line for line in said.splitlines() if line.startswith("obs.filter")]
    assert failed.split()[1:3] == ["FAILED", "FAILED"]
    assert "did you mean 'Blur'?" in failed
    assert "✓ all surfaces were reached" in text(drill_lines(OK, 90))


def test_a_rehearsal_in_a_line() -> None:
    assert drill_line(OK) == "2 surfaces reached, the last after 62 ms"
    assert drill_line(DRILL).startswith("NOT reached: obs.filter (no filter 'Blurr'")
    not_back = msgspec.structs.replace(OK, ok=False)
    assert drill_line(not_back).endswith("NOT all put back")
    assert drill_line(show.Drilled(by="x", ok=False)) == "0 surfaces reached; NOT all put back"
