"""What the rows in sight say of a show: the truth, once, and the state before all else."""

import pytest

from engines.wire import show
from kitsu_tui.console import bars
from kitsu_tui.console.lines import Line, width_of
from kitsu_tui.console.link import Link
from kitsu_tui.console.panes import transcript
from kitsu_tui.model.state import reduce
from tests.support.scripted_show import START, script

READY = show.EngineChanged(engine="tts", state="ready", pid=9)
NULL = show.DeviceState(state="null", input="", output="")
VOICE_MUTED = show.Muted(mic=False, voice=True, by="x")


def made(*more: show.ShowEvent, live: bool = False) -> Link:
    link = Link(by="console:ana@test", clock=lambda: START)
    for event in [*script(live=live), READY, *more]:
        reduce(link.state, show.Told(n=link.state.n + 1, t=START, event=event))
    link.state.operators = ["console:ana@pts/1", "console:bob@pts/7"]
    link.phase = "attached"
    return link


def text(line: Line) -> str:
    return "".join(text for text, _ in line)


def status(link: Link, width: int = 120) -> str:
    line = bars.status(link, START + 60, width)
    assert width_of(line) <= width
    return text(line)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (show.GateState(rules=0, error="no file"), "NO SAFETY RULES"),
        (NULL, "NO SOUND DEVICE"),
        (show.DeviceState(state="lost", input="", output=""), "SOUND DEVICE LOST"),
        (show.EngineChanged(engine="policy", state="failed"), "NOT READY: policy failed"),
        (show.EngineChanged(engine="asr", state="backoff"), "ON AIR │ DEAF: asr backoff"),
        (show.Panicked(by="x", epoch=9), "PANIC: off the air"),
    ],
)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_why_she_is_not_heard_or_deaf_stands_in_the_status(
    event: show.ShowEvent, words: str, width: int
) -> None:
    assert "ON AIR" in status(made(live=True), width)
    shown = status(made(event, live=True), width)
    assert words in shown
    assert ("ON AIR" in shown) is ("ON AIR" in words)


def test_an_engine_that_is_off_makes_nobody_deaf_and_a_reason_stands_once() -> None:
    assert "DEAF" not in status(made(show.EngineChanged(engine="asr", state="off")))
    shown = status(made(show.EngineChanged(engine="audio", state="failed")))
    assert "NOT READY: audio failed" in shown
    assert "DEAF" not in shown
    assert status(made(VOICE_MUTED)).casefold().count("voice muted") == 1
    failed = show.EngineChanged(engine="tts", state="failed")
    assert "NOT READY: tts failed │ mic open │ voice MUTED" in status(made(VOICE_MUTED, failed))


def test_the_operators_give_way_to_the_state() -> None:
    backoff = show.EngineChanged(engine="policy", state="unresponsive")
    assert "2 operators" in status(made(backoff), 80)
    shown = status(made(backoff), 44)
    assert "NOT READY: policy unresponsive" in shown
    assert "operator" not in shown


@pytest.mark.parametrize("width", [80, 120, 200])
def test_without_a_sound_device_the_levels_say_so_once(width: int) -> None:
    assert text(bars.levels(made(NULL).state, width)).count("no sound device") == 1
    assert "no sound device" not in text(bars.levels(made().state, width))
    lost = show.DeviceState(state="lost", input="", output="", detail="unplugged")
    assert "DEVICE LOST" in text(bars.levels(made(lost).state, width))


def test_what_was_under_way_when_the_show_went_does_not_look_alive() -> None:
    turn = made().state.turns[-1]
    assert "▶ Of foxes," in "".join(map(text, transcript.block(turn, 100)))
    seen = "".join(map(text, transcript.block(turn, 100, alive=False)))
    assert "▶" not in seen
    assert "Of foxes," in seen
    assert "[as last seen, unfinished]" in seen
    turn.sentences, turn.draft = [], ""
    assert "dream? [as last seen" in "".join(map(text, transcript.block(turn, 100, alive=False)))
    done = made().state.turns[0]
    assert transcript.block(done, 100, alive=False) == transcript.block(done, 100)
