"""The engines pane: columns that leave whole, reasons, details, history."""

import re

import pytest

from engines.wire import show
from kitsu_tui.console.lines import Line, width_of
from kitsu_tui.console.panes import engines as pane
from kitsu_tui.console.trends import Trends
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ShowState
from tests.support.scripted_show import START, script

NOW = START + 61


def made(*more: show.ShowEvent) -> tuple[ShowState, Trends]:
    state, trends = ShowState(), Trends()
    for event in [*script(), *more]:
        told = show.Told(n=state.n + 1, t=START, event=event)
        reduce(state, told)
        trends.take(told)
    return state, trends


def text(line: Line) -> str:
    return "".join(text for text, _ in line)


def drawn(state: ShowState, width: int, now: float = NOW) -> list[str]:
    engines = list(state.engines.values())
    at = pane.widths(engines, width)
    lines = [pane.head(at, width)]
    lines += [pane.row(n, e, n == 2, now, at, width) for n, e in enumerate(engines, 1)]
    assert all(width_of(line) <= width for line in lines)
    return [text(line) for line in lines]


LONG: list[show.ShowEvent] = [
    show.EngineChanged(engine="telemetry", state="unresponsive", pid=4_194_304, by="console:ana@x"),
    show.EngineFigures(
        engine="telemetry", cpu=1600, memory=99_900_000_000, ping_ms=19_999, queue=9
    ),
]


@pytest.mark.parametrize("more", [[], LONG], ids=["short", "long"])
def test_columns_leave_whole_at_every_width(more: list[show.ShowEvent]) -> None:
    state, _ = made(*more)
    for width in range(36, 201):
        whole(state, width)


def whole(state: ShowState, width: int) -> None:
    heading, *rows = drawn(state, width)
    known = ["#", "engine", "state", *(column.name for column in pane.COLUMNS)]
    titles = heading.split()
    assert titles == [name for name in known if name in titles]
    assert titles[:4] == ["#", "engine", "state", "for"]
    for row in rows:
        assert "…" not in row or "killed" in row  # a reason may be cut, a column never
    for engine, row in zip(state.engines.values(), rows, strict=True):
        assert engine.name in row
        assert engine.state in row
    # What is more important is there whenever what is less important is.
    order = ["for", "starts", "cpu", "memory", "pid", "queue", "by", "ping", "lost"]
    there = [name in titles for name in order]
    assert there == sorted(there, reverse=True)


def test_all_columns_have_their_place_when_there_is_room() -> None:
    state, _ = made(*LONG)
    heading, audio, *_, telemetry = drawn(state, 120)
    assert heading.split() == ["#", "engine", "state", *(column.name for column in pane.COLUMNS)]
    assert audio.split()[:7] == ["1", "audio", "●", "ready", "61", "s", "1"]
    words = ["1600 %", "99.9 GB", "9", "19999", "4194304", "ana@x"]
    assert re.search(r"\s+".join(map(re.escape, ["unresponsive"])), telemetry)
    for word in words:
        assert word in telemetry


def test_one_that_waits_for_its_next_start_counts_down_and_says_why() -> None:
    state, _ = made()
    for now, words in ((START, "in 4s"), (START + 1.5, "in 2s"), (START + 9, "in 0s")):
        tts = drawn(state, 80, now)[4]
        assert words in tts
        assert "killed by signal 9" in tts
    assert "killed" not in drawn(state, 40)[4]


def test_the_details_tell_everything_about_one() -> None:
    asked = show.EngineChanged(engine="tts", state="starting", pid=9, by="console:bob@pts/7")
    state, trends = made(asked)
    told = [text(line) for line in pane.details(state.engines["tts"], trends, START, 70)]
    assert told[0] == "tts: ◔ starting"
    assert "asked by bob@pts/7" in told
    at = told.index("its last changes")
    assert re.fullmatch(r"\d\d:\d\d:\d\d ◔ starting  by bob@pts/7", told[at + 1])
    why = "killed by signal 9; starts again in 4 s"
    assert re.fullmatch(rf"\d\d:\d\d:\d\d ↻ backoff  {why}", told[at + 2])
    assert told[-1] == "│ RuntimeError: out of memory"
    dead, _ = made()
    told = [text(line) for line in pane.details(dead.engines["tts"], trends, START, 70)]
    assert "last end: killed by signal 9" in told
    assert any(re.fullmatch(r"next start at \d\d:\d\d:\d\d, in 4 s", line) for line in told)


def test_the_cpu_of_the_last_minutes_stands_beside_its_figure() -> None:
    state, trends = made()
    for step in range(30):
        figures = show.EngineFigures(engine="asr", cpu=100.0 if step >= 20 else 1.0)
        told = show.Told(n=state.n + 1, t=START + 2 * step, event=figures)
        reduce(state, told)
        trends.take(told)
    [line] = [
        text(line)
        for line in pane.details(state.engines["asr"], trends, START + 60, 60)
        if text(line).startswith("cpu")
    ]
    assert line.startswith("cpu 100 % ")
    assert line.endswith("▁▁▁▁▁▁▁▁████")
    assert all(
        width_of(line) <= 20 for line in pane.details(state.engines["asr"], trends, START, 20)
    )


def test_hostile_words_stay_words() -> None:
    died = show.EngineChanged(
        engine="tts",
        state="failed",
        detail="\x1b[2J\u202e",
        last_words=["\x1b]0;x\x07", "a" * 9999],
    )
    state, trends = made(died)
    lines = pane.details(state.engines["tts"], trends, START, 60)
    assert not any("\x1b" in text(line) or "\u202e" in text(line) for line in lines)
    assert all(width_of(line) <= 60 for line in lines)
    assert "␛[2J" in drawn(state, 100)[4]


@pytest.mark.parametrize("width", [200, 80, 60, 40, 20])
def test_the_summary_names_who_is_in_trouble_as_long_as_it_can(width: int) -> None:
    state, _ = made(show.EngineChanged(engine="metrics", state="off"))
    engines = list(state.engines.values())
    line = pane.summary(engines, width)
    assert width_of(line) <= width
    assert "tts backoff" in text(line)
    assert ("audio" in text(line)) is (width >= 60)


def test_in_a_very_narrow_summary_those_in_trouble_are_named_or_counted() -> None:
    asr = show.EngineChanged(engine="asr", state="unresponsive", pid=4)
    state, _ = made(asr)
    engines = list(state.engines.values())
    assert text(pane.summary(engines, 36)) == " ? asr unresponsive  ↻ tts backoff "
    assert text(pane.summary(engines, 33)) == " ? asr unresponsive  +1 not ready"
