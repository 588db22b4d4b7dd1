"""What the status row says of OBS and of a switch of profiles, in words and within its width."""

import msgspec
import pytest

from engines.wire import obs, show
from kitsu_tui.console import bars
from kitsu_tui.console.lines import width_of
from kitsu_tui.console.link import Link
from kitsu_tui.console.stage_row import has_obs, open_obs, percent, running
from kitsu_tui.model.reduce import reduce
from tests.support.scripted_show import START, script
from tests.support.stage_script import FIGURES, STATE, stage

READY = show.EngineChanged(engine="tts", state="ready", pid=9)
OFF_AIR = msgspec.structs.replace(STATE, streaming=False, recording=False)


def made(*more: show.ShowEvent, live: bool = True) -> Link:
    link = Link(by="console:ana@test", clock=lambda: START)
    for event in [*script(live=live), READY, *more]:
        reduce(link.state, show.Told(n=link.state.n + 1, t=START, event=event))
    link.state.operators = ["console:ana@pts/1"]
    link.phase = "attached"
    return link


def row(link: Link, width: int = 120, now: float = START + 2) -> str:
    known = open_obs(link.state)
    line = bars.status(link, now, width, scene=known.scene if known else "")
    assert width_of(line) <= width
    return "".join(text for text, _ in line)


def test_a_stream_is_told_with_its_time_its_losses_and_the_recording() -> None:
    shown = row(made(*stage()))
    for words in ("● LIVE 1:23:47 ●", "ON AIR", "dropped 0.1 %", "REC 1:23:02", "scene Talk"):
        assert words in shown


def test_at_80_columns_what_matters_most_is_there_and_nothing_is_cut() -> None:
    shown = row(made(*stage()), 80)
    assert "LIVE 1:23:47" in shown
    assert "Talk" in shown
    for width in range(30, 200):
        assert "…" not in row(made(*stage()), width)


def test_the_time_runs_on_by_itself_for_a_few_seconds_only() -> None:
    link = made(*stage())
    assert "LIVE 1:23:45" in row(link, now=START)
    assert "LIVE 1:23:51" in row(link, now=START + 6)
    assert "LIVE 1:23:55" in row(link, now=START + 600)


def test_nothing_is_said_of_losses_or_a_recording_that_are_not() -> None:
    figures = msgspec.structs.replace(FIGURES, dropped=0)
    shown = row(made(*stage(msgspec.structs.replace(STATE, recording=False), figures)))
    assert "dropped" not in shown
    assert "REC" not in shown


def test_a_live_profile_whose_obs_does_not_stream_is_not_on_air() -> None:
    shown = row(made(*stage(OFF_AIR, None)))
    assert "ready, OBS does not stream" in shown
    assert "ON AIR" not in shown
    assert "ON AIR" in row(made(*stage(msgspec.structs.replace(STATE, link="closed"), None)))


def test_a_rehearsal_says_that_obs_streams() -> None:
    assert "OBS STREAMS 1:23:47" in row(made(*stage(), live=False))
    assert "STREAMS" in row(made(*stage(), live=False), 60)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("closed", "OBS is closed"),
        ("hung", "OBS DOES NOT ANSWER"),
        ("refused", "OBS REFUSES THE PASSWORD"),
        ("foreign", "NO OBS AT ITS ADDRESS"),
    ],
)
def test_why_obs_is_not_there_stands_in_words(link: obs.Link, words: str) -> None:
    shown = row(made(*stage(obs.State(link=link), None)))
    assert words in shown
    assert "scene" not in shown


def test_a_stream_that_reconnects_is_told() -> None:
    figures = msgspec.structs.replace(FIGURES, reconnecting=True)
    assert "RECONNECTS" in row(made(*stage(STATE, figures)), 80)


def test_without_an_obs_engine_nothing_is_said_of_it() -> None:
    link = made(show.EngineChanged(engine="obs", state="off", detail="not in this profile"))
    assert not has_obs(link.state)
    assert "OBS" not in row(link, 200)
    # One that an operator stopped is missed.
    assert has_obs(made(show.EngineChanged(engine="obs", state="stopped", by="ana")).state)


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("preparing", "to calm: preparing: loads tts"),
        ("waiting", "to calm: waits: loads tts"),
        ("switching", "to calm: switching: loads tts"),
        ("failed", "profile calm FAILED: loads tts"),
    ],
)
def test_how_far_a_switch_of_profiles_is(phase: str, words: str) -> None:
    event = show.Switching(profile="calm", by="x", phase=phase, detail="loads tts")  # type: ignore[arg-type]
    assert words in row(made(event))
    assert words.partition(":")[0] in row(made(event), 80)


def test_a_switch_that_failed_is_not_said_for_ever() -> None:
    link = made(show.Switching(profile="calm", by="x", phase="failed"))
    assert "FAILED" in row(link, now=START + 50)
    assert "FAILED" not in row(link, now=START + 70)


def test_figures_in_words() -> None:
    assert [percent(value) for value in (0, 0.04, 0.1367, 9.96, 12.4)] == [
        "0 %",
        "<0.1 %",
        "0.1 %",
        "10.0 %",
        "12 %",
    ]
    assert running(36_061) == "10:01:01"
