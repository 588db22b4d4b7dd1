"""What an operator is told at once of what happens on the stage."""

import pytest

from engines.wire import show
from kitsu_tui.console.news import line_of, news
from tests.support.stage_script import DRILL

ANA, BOB = "console:ana@test", "console:bob@pts/7"


def told(event: show.ShowEvent, by: str = ANA) -> list[tuple[str, str]]:
    return [(notice.text, notice.style) for notice in news(event, by)]


@pytest.mark.parametrize(
    ("event", "words", "style"),
    [
        (DRILL, "rehearsed panic: NOT reached: obs.filter (no filter 'Blurr'", "bad"),
        (show.Drilled(by=BOB, ok=True, surfaces={"audio": 4.0}), "rehearsed panic: ok", "dim"),
        (show.Drilled(by=BOB, ok=False, surfaces={"audio": 4.0}), "NOT all put back", "bad"),
        (
            show.PanicReached(epoch=4, surfaces={"obs.scene": 80.0}),
            "panic has reached obs.scene",
            "good",
        ),
        (
            show.PanicReached(epoch=4, surfaces={"obs.scene": None}, why={"obs.scene": "late"}),
            "panic FAILED: obs.scene (late)",
            "bad",
        ),
        (show.PutBack(epoch=5, surfaces={"obs.scene": None}), "NOT put back: obs.scene", "bad"),
        (
            show.PutBack(epoch=5, why={"obs.scene": "OBS is closed"}),
            "still to be put back: obs.scene",
            "warn",
        ),
        (
            show.PutBack(epoch=5, surfaces={"obs.mutes": 9.0}, why={"obs.mutes": "Mic was opened"}),
            "put back, but for obs.mutes: Mic was opened",
            "dim",
        ),
        (
            show.Switching(profile="calm", by=BOB, phase="failed", detail="no model"),
            "profile calm: no model",
            "bad",
        ),
        (show.OperatorBack(by=ANA, gone_s=720), "you were away 12 min", "warn"),
        (show.OperatorBack(by=BOB, gone_s=720), "bob@pts/7 is there again", "dim"),
        (show.OperatorGone(since=1, why="no console"), "nobody is there (no console)", "warn"),
    ],
)
def test_what_is_told_and_how_strongly(event: show.ShowEvent, words: str, style: str) -> None:
    ((text, shown),) = told(event)
    assert words in text
    assert shown == style


def test_what_went_well_or_is_old_is_no_news() -> None:
    assert told(show.PutBack(epoch=5, surfaces={"obs.scene": 40.0})) == []
    assert told(show.Drilled(by=BOB, ok=True, earlier=True)) == []
    assert told(show.Switching(profile="calm", by=BOB, phase="preparing")) == []


def test_nobody_is_told_of_his_own_rehearsal_or_act() -> None:
    assert told(DRILL, BOB) == []
    assert told(show.Acted(name="scene", by=ANA, args="BRB")) == []
    assert told(show.Acted(name="scene", by=BOB, args="BRB")) != []


def test_another_profile_is_found_again_in_the_logs() -> None:
    event = show.ProfileChanged(profile="calm", before="live", by=BOB, restarted=["tts"], ms=140)
    ((words, _),) = told(event)
    assert words == "profile: live → calm by bob@pts/7, 140 ms; began anew: tts"
    assert line_of(event) == f"profile live → calm by {BOB}"
    assert line_of(DRILL) == ""
