"""What the panic bench says of presses that were made up."""

from __future__ import annotations

from typing import Any, cast

from kitsu_tui.bench.panic_report import Measured, report
from kitsu_tui.bench.presses import ASKED, HUNG, NO_OBS
from kitsu_tui.bench.report import BenchReport, Figure, table
from kitsu_tui.bench.rounds import Pressed, Rounds
from kitsu_tui.bench.stage import Seen, Set

MS = 1_000_000


class Made:
    """Rounds that are over."""

    def __init__(self, **presses: list[Pressed]) -> None:
        self.presses = presses
        self.cpu: dict[str, list[float]] = {"audio": [1.0, 3.0]}
        self.missed = 2


def pressed(last_ms: float, scene_ms: float | None = 20.0, **seen: Any) -> Pressed:
    """One whose last sound and BRB scene came so long after it; the show took it 1 ms after."""
    surfaces: dict[str, float | None] = {"audio": 2.0, "obs.scene": 30.0, "obs.mutes": None}
    made = Pressed(0, MS, round(last_ms * MS), 2 * MS, surfaces, ["policy"])
    made.seen = Seen(seen.pop("before", Set()), scene=scene_ms, mutes=3.0, filter=4.0, back=9.0)
    for name, value in seen.items():
        setattr(made.seen, name, value)
    return made


def of(measured: Measured, **presses: list[Pressed]) -> tuple[BenchReport, dict[str, Figure]]:
    measured.rounds = cast(Rounds, Made(**presses))
    made = report(measured)
    return made, {figure.name.strip(): figure for figure in made.figures}


def test_bounds_are_told_and_judged_at_the_99th_percentile() -> None:
    drills = [pressed(10.0) for _ in range(99)] + [pressed(10.0, 99.9)]
    made, figures = of(Measured(), **{ASKED: drills})
    sound, scene = figures["press to last sound"], figures["press to BRB scene, event"]
    assert (sound.p50, sound.target, sound.met) == (10.0, "p99 under 50", True)
    assert (scene.max, scene.met, scene.samples) == (99.9, True, 100)
    assert figures["press to BRB scene, read back"].p50 == 31.0  # from the press, not from the show
    assert "press to mutes, read back" not in figures  # never read back
    worse = [pressed(60.0) for _ in range(5)]
    made, figures = of(Measured(), **{ASKED: drills, "plain": worse})
    assert (figures["last sound, by request"].met, figures["last sound, by key"].met) == (
        True,
        False,
    )
    assert "(p99 under 50: NOT MET)" in table(made)
    assert "105 drills" in made.method


def test_transitions_studio_mode_and_special_conditions_stand_by_themselves() -> None:
    drills = [
        pressed(1, 20, before=Set(transition="Fade")),
        pressed(1, 40, before=Set(transition="Slide", studio=True)),
    ]
    late = [pressed(70, 150)]
    made, figures = of(Measured(), **{ASKED: drills, HUNG: late, NO_OBS: [pressed(5)]})
    assert figures["BRB, Fade set"].max == 20
    assert figures["BRB, Slide set"].max == figures["BRB, in studio mode"].max == 40
    assert "BRB, Cut set" not in figures
    assert figures["press to last sound"].max == 1  # those under special conditions are apart
    assert figures[f"last sound, {HUNG}"].met is False
    assert figures[f"BRB, {HUNG}"].max == 150
    assert figures[f"last sound, {NO_OBS}"].max == 5
    assert len(figures) == len(made.figures)  # no name stands for two


def test_what_was_lost_and_what_was_left_is_said() -> None:
    drills = [pressed(1), pressed(1, None), pressed(1, left=["mute of Mic"], back=None)]
    made, figures = of(Measured(ended="somebody ended it"), **{ASKED: drills})
    notes = " ".join(made.notes)
    assert "of 3 drills with OBS, no event came of the scene in 1, the mutes in 0" in notes
    assert "after 1 of 3 resumes something was not as before, such as: mute of Mic" in notes
    assert figures["resume to all put back"].samples == 2
    assert table(made).endswith("ended early: somebody ended it")


def test_without_obs_the_rest_is_told_and_why() -> None:
    drill = pressed(3)
    drill.seen = None
    made, figures = of(Measured(without="obs-studio not installed"), **{ASKED: [drill]})
    assert figures["press to last sound"].p50 == 3
    assert not any("BRB scene, event" in name for name in figures)
    assert "no OBS took part: obs-studio not installed" in made.notes


def test_nothing_measured_is_nothing_to_tell() -> None:
    assert not Measured()
    empty = Measured(rounds=cast(Rounds, Made(**{ASKED: []})))
    assert not empty
    assert Measured(rounds=cast(Rounds, Made(**{ASKED: [pressed(1)]})))
