"""What `kitsu status` prints for people."""

from __future__ import annotations

import re

from engines.wire import obs, show
from kitsu_tui.cli.obs_report import scenes
from kitsu_tui.cli.status import report
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ObsView, ShowState


def test_what_engines_say_has_no_power_over_the_terminal() -> None:
    """A library that colours its last words did that here, too."""
    state = ShowState()
    red = "\x1b[31mError\x1b[0m\nno such voice"
    events: list[show.ShowEvent] = [
        show.ShowStarted(
            profile="starter", live=False, pid=7, version="1", epoch=1, engines=["tts"]
        ),
        show.EngineChanged(engine="tts", state="failed", detail=red),
        show.Alert(level="error", text=f"tts has failed: {red}", about="tts"),
        show.Panicked(by="\x1b]0;me\x07", epoch=2),
    ]
    for n, event in enumerate(events, 1):
        reduce(state, show.Told(n=n, t=1000.0 + n, event=event))
    text = report(state, 1010.0)
    assert all(line.isprintable() for line in text.split("\n"))
    assert sum("no such voice" in line for line in text.split("\n")) == 2
    assert "Error" in text


def test_it_says_of_alerts_when_and_whether_they_were_seen_and_who_is_there() -> None:
    state = ShowState()
    events: list[show.ShowEvent] = [
        show.ShowStarted(profile="starter", live=False, pid=7, version="1", epoch=1, engines=[]),
        show.PersonaState(name="Kitsu", preset="calm", mood="sad"),
        show.Alert(level="warning", text="tts died"),
        show.Acknowledged(upto=3, by="console:bob@pts/7"),
        show.Alert(level="warning", text="a rule is wrong"),
        show.Mended(texts=["a rule is wrong"]),
        show.Alert(level="error", text="asr has failed"),
        show.Operators(names=["console:ana@pts/1"]),
    ]
    for n, event in enumerate(events, 1):
        reduce(state, show.Told(n=n, t=1000.0 + n, event=event))
    lines = report(state, 1010.0).splitlines()
    assert "persona: calm, held in the mood sad" in lines
    assert "attached: ana@pts/1" in lines
    assert "alerts that nobody has seen: 1; kitsu acknowledge" in lines
    assert re.fullmatch(r"\d\d:\d\d:\d\d warning: tts died  seen by bob@pts/7", lines[-3])
    assert re.fullmatch(r"\d\d:\d\d:\d\d warning: a rule is wrong  mended", lines[-2])
    assert re.fullmatch(r"\d\d:\d\d:\d\d error: asr has failed", lines[-1])


def lines_of(*events: show.ShowEvent) -> list[str]:
    state = ShowState()
    begun = show.ShowStarted(
        profile="starter", live=True, pid=7, version="1", epoch=1, engines=["obs"]
    )
    for n, event in enumerate((begun, *events), 1):
        reduce(state, show.Told(n=n, t=1000.0 + n, event=event))
    return report(state, 1010.0).splitlines()


def test_obs_is_a_line_with_how_the_stream_does() -> None:
    known = obs.State(link="open", scene="Main\x1b[2J", streaming=True, recording=True)
    figures = obs.Figures(live_s=3723.0, dropped=6, frames=1200, bitrate_kbps=4500.4)
    lines = lines_of(show.ObsState(state=known), show.ObsFigures(figures=figures))
    [line] = [line for line in lines if line.startswith("OBS")]
    assert line.isprintable()
    rest = "streaming for 1:02:03, 6 frames dropped (0.5 %), 4500 kbit/s, recording"
    assert line.endswith(rest)
    quiet = lines_of(show.ObsState(state=obs.State(link="open", scene="Main")))
    assert "OBS: scene 'Main'" in quiet
    closed = lines_of(show.ObsState(state=obs.State(link="closed", scene="Main")))
    assert "OBS: closed" in closed
    refused = obs.State(link="refused", detail="OBS refuses the password")
    assert "OBS refuses the password" in lines_of(show.ObsState(state=refused))
    gone = show.EngineChanged(engine="obs", state="backoff")
    assert not [ln for ln in lines_of(show.ObsState(state=known), gone) if ln.startswith("OBS")]


def test_that_nobody_is_there_is_a_line() -> None:
    gone = show.OperatorGone(since=900.0, why="no console", did="brb", detail="scene BRB")
    assert "nobody is there (no console): the BRB scene was brought" in lines_of(gone)
    back = show.OperatorBack(by="ana", gone_s=3.0)
    assert not [line for line in lines_of(gone, back) if "nobody is there" in line]


def test_what_panic_has_not_reached_and_how_the_last_drill_went() -> None:
    panic = show.Panicked(
        by="ana",
        epoch=2,
        done=True,
        surfaces={"audio": 3.0, "avatar": None},
        why={"avatar": "no answer", "obs": "obs is starting"},
        waits=["obs"],
    )
    drill = show.Drilled(by="cli:ana", ok=True, at=1000.0)
    lines = lines_of(panic, drill)
    assert "panic did NOT reach avatar: no answer" in lines
    assert "panic waits for obs: obs is starting" in lines
    assert any(re.fullmatch(r"last drill: \S+ by ana: all reached, all put back", x) for x in lines)
    back = show.PutBack(epoch=3, why={"obs": "obs is backoff"})
    assert "putting back waits for obs: obs is backoff" in lines_of(
        panic, show.Resumed(by="ana", epoch=3), back
    )


def test_scenes_that_are_offered_come_first() -> None:
    view = ObsView(state=obs.State(link="open", scene="B", scenes=["A", "B", "C"]))
    found = scenes(view)
    assert found is not None
    assert (found.scenes, found.offered) == (["A", "B", "C"], 3)
    view.offers = ["C", "A"]
    found = scenes(view)
    assert found is not None
    assert (found.scenes, found.offered) == (["C", "A", "B"], 2)
    assert scenes(ObsView()) is None
