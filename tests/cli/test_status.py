"""What `kitsu status` prints for people."""

from __future__ import annotations

import re

from engines.wire import show
from kitsu_tui.cli.status import report
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ShowState


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
        show.Alert(level="error", text="asr has failed"),
        show.Operators(names=["console:ana@pts/1"]),
    ]
    for n, event in enumerate(events, 1):
        reduce(state, show.Told(n=n, t=1000.0 + n, event=event))
    lines = report(state, 1010.0).splitlines()
    assert "persona: calm, held in the mood sad" in lines
    assert "attached: ana@pts/1" in lines
    assert "alerts that nobody has seen: 1; kitsu acknowledge" in lines
    assert re.fullmatch(r"\d\d:\d\d:\d\d warning: tts died  seen by bob@pts/7", lines[-2])
    assert re.fullmatch(r"\d\d:\d\d:\d\d error: asr has failed", lines[-1])
