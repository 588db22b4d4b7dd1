"""What `kitsu status` prints for people."""

from __future__ import annotations

from engines.wire import show
from kitsu_tui.cli.status import report
from kitsu_tui.model.state import ShowState, reduce


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
