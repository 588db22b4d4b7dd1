"""The row for what must not be overlooked: panic on its surfaces, what is left of it, absences."""

import msgspec
import pytest

from engines.wire import show
from kitsu_tui.console.banner import banner, seen
from kitsu_tui.console.lines import width_of
from kitsu_tui.console.link import Link
from kitsu_tui.model.reduce import reduce
from tests.support.scripted_show import START, script
from tests.support.stage_script import stage

CLOSED = "OBS is closed"
WAITING = ["obs.scene", "obs.mutes", "obs.filter"]
PANIC = show.Panicked(
    by="console:bob@pts/7",
    epoch=4,
    surfaces={"audio": 4.0, "policy": 11.0, "tts": 9.0},
    waits=WAITING,
    why=dict.fromkeys(WAITING, CLOSED),
    done=True,
)
RESUMED = show.Resumed(by="console:bob@pts/7", epoch=5)
GONE = show.OperatorGone(
    since=START - 720, why="no console for 60 s", did="brb", detail="scene BRB"
)
BACK = show.OperatorBack(by="console:ana@test", gone_s=720)


def made(*more: show.ShowEvent, read_only: bool = False) -> Link:
    link = Link(by="console:ana@test", clock=lambda: START, read_only=read_only)
    for event in [*script(), *stage(), *more]:
        tell(link, event)
    link.phase = "attached"
    return link


def tell(link: Link, event: show.ShowEvent, t: float = START) -> None:
    reduce(link.state, show.Told(n=link.state.n + 1, t=t, event=event))


def text(link: Link, width: int = 120) -> str:
    line = banner(link, START, width)
    if line is None:
        return ""
    assert width_of(line) <= width
    return "".join(text for text, _ in line)


def test_what_waits_is_said_once_with_its_reason_and_not_as_failed() -> None:
    shown = text(made(PANIC), 160)
    assert "obs.scene obs.mutes obs.filter WAIT (OBS is closed)" in shown
    assert "FAILED" not in shown
    assert "audio 4 ms" in shown
    one = show.Panicked(by="x", epoch=4, waits=["obs.scene"], why={"obs.scene": CLOSED}, done=True)
    assert "obs.scene WAITS (OBS is closed)" in text(made(one))


def test_what_waits_has_not_failed_whatever_its_milliseconds() -> None:
    event = msgspec.structs.replace(PANIC, surfaces=dict.fromkeys(WAITING, None))
    assert "obs.scene obs.mutes obs.filter WAIT (OBS is closed)" in text(made(event))
    assert "FAILED" not in text(made(event))


@pytest.mark.usefixtures("utc")
def test_at_80_columns_everything_that_is_wrong_is_there_whole() -> None:
    shown = text(made(PANIC), 80)
    assert "PANIC" in shown
    assert "o resumes" in shown
    assert "obs.scene obs.mutes obs.filter WAIT" in shown
    assert "…" not in shown


def test_what_failed_stands_before_what_waits_and_says_why() -> None:
    failed = show.Panicked(
        by="x",
        epoch=4,
        surfaces={"audio": 4.0, "obs.filter": None},
        waits=["obs.scene"],
        why={"obs.filter": "no filter Blurr", "obs.scene": CLOSED},
        done=True,
    )
    shown = text(made(failed), 160)
    assert "obs.filter FAILED (no filter Blurr)  obs.scene WAITS (OBS is closed)" in shown
    assert shown.index("obs.filter") < shown.index("obs.scene") < shown.index("audio 4 ms")


def test_done_surfaces_that_have_no_room_are_counted() -> None:
    many: dict[str, float | None] = {f"engine{n}": float(n) for n in range(12)}
    shown = text(made(show.Panicked(by="x", epoch=4, surfaces=many, done=True)), 80)
    assert shown.rstrip().endswith("done")
    shown_count = sum(f"engine{n} " in shown for n in range(12))
    assert f"+{12 - shown_count} done" in shown


def test_a_surface_that_is_reached_later_is_told_with_the_others() -> None:
    link = made(PANIC)
    tell(link, show.PanicReached(epoch=4, surfaces=dict.fromkeys(WAITING, 90.0)))
    assert "WAIT" not in text(link, 200)
    assert "obs.scene 90 ms" in text(link, 200)


def test_a_rehearsal_is_told_from_a_panic() -> None:
    drill = show.Panicked(by="drill:console:bob@pts/7", epoch=4)
    assert "PANIC, rehearsed since" in text(made(drill))
    assert "by bob@pts/7" in text(made(drill))


def test_what_resume_could_not_put_back_stays_until_it_was_seen() -> None:
    link = made(PANIC, RESUMED)
    assert text(link) == ""
    tell(link, show.PutBack(epoch=5, surfaces={"obs.scene": None}, why={"obs.scene": "gone"}))
    assert "NOT PUT BACK: obs.scene (gone) · A seen" in text(link)
    assert "obs.scene" in text(link, 40)
    assert seen(link)
    assert text(link) == ""
    assert not seen(link)
    # Another panic's are news again.
    tell(link, msgspec.structs.replace(PANIC, epoch=6))
    tell(link, show.Resumed(by="x", epoch=7))
    tell(link, show.PutBack(epoch=7, surfaces={"obs.mutes": None}))
    assert "NOT PUT BACK: obs.mutes" in text(link)


def test_what_waits_to_be_put_back_is_no_failure() -> None:
    link = made(PANIC, RESUMED, show.PutBack(epoch=5, why={"obs.scene": CLOSED}))
    assert "still to be put back: obs.scene (OBS is closed)" in text(link)
    assert "NOT" not in text(link)
    tell(link, show.PutBack(epoch=5, surfaces={"obs.scene": 80.0}))
    assert text(link) == ""


@pytest.mark.usefixtures("utc")
def test_who_comes_back_is_told_what_was_done_meanwhile_and_how_to_undo_it() -> None:
    link = made(GONE, BACK)
    shown = text(link, 160)
    assert (
        "You were away 12 min (no console for 60 s): scene BRB at 08:00; S goes back · A seen"
        in shown
    )
    assert "BRB" in text(link, 80)
    assert "S goes back" in text(link, 80)
    assert seen(link)
    assert text(link) == ""


def test_another_scene_undoes_it_and_the_one_that_was_brought_does_not() -> None:
    link = made(GONE)
    tell(link, show.SceneChanged(scene="BRB", before="Talk", by="operator gone"), START + 1)
    tell(link, BACK, START + 2)
    assert "You were away" in text(link)
    tell(link, show.SceneChanged(scene="Talk", before="BRB", by="console:ana"), START + 3)
    assert text(link) == ""


def test_while_nobody_is_there_a_console_that_only_reads_sees_it() -> None:
    shown = text(made(GONE, read_only=True))
    assert "Nobody is there since" in shown
    assert "S goes back" not in shown


def test_when_nothing_was_done_nothing_stands_there() -> None:
    nothing = show.OperatorGone(since=START - 720, why="no console for 60 s")
    assert "Nobody is there" in text(made(nothing))
    assert text(made(nothing, BACK)) == ""


def test_a_panic_of_the_absence_is_seen_as_panic_and_over_with_it() -> None:
    gone = show.OperatorGone(since=START - 720, why="no console for 60 s", did="panic")
    pressed = show.Panicked(by="operator gone", epoch=4)
    link = made(gone, pressed, BACK)
    assert "PANIC" in text(link)
    tell(link, RESUMED)
    assert text(link) == ""
