"""The logs pane by its keys: filter while following, find, marks, details, copy, what is unseen."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from engines.wire import show
from engines.wire.logline import LogLine, stamp
from kitsu_tui.console import clipboard
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.panes.log_marks import Incidents
from kitsu_tui.console.panes.logs import Logs
from kitsu_tui.console.screens.log_details import LogDetails, details, plain, split_json
from kitsu_tui.console.screens.pick import Pick
from kitsu_tui.console.widgets.log_rows import Mark
from kitsu_tui.model.logfilter import Filter
from kitsu_tui.model.state import MarkView
from tests.conftest import Sandbox
from tests.console.conftest import console, text_of, until
from tests.support.scripted_show import START, ScriptedShow, log_lines, script

At = tuple[ConsoleApp, Pilot[Any], ScriptedShow, Logs]


@pytest.fixture
async def at_logs(scripted: ScriptedShow, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[At]:
    """A console on the logs pane, with forty lines."""
    monkeypatch.delenv("TMUX", raising=False)
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = app.desk.panes["logs"]
        assert isinstance(pane, Logs)
        await until(pilot, lambda: len(pane.entries) == 40)
        await pilot.press("l")
        yield app, pilot, scripted, pane


def count(pane: Logs) -> int:
    return len(pane.store.shown)


def told(app: ConsoleApp) -> list[str]:
    """What the operator was told."""
    return [*app.desk.notices_shown, *(notice.text for notice in app.link.notices)]


async def type_(pilot: Pilot[Any], text: str) -> None:
    """Type on a line."""
    line = pilot.app.focused
    for char in text:
        line.take(char)  # type: ignore[union-attr]
    await pilot.pause()


async def test_a_filter_works_while_it_is_typed_and_escape_takes_it_back(at_logs: At) -> None:
    app, pilot, server, pane = at_logs
    await pilot.press("F")
    await type_(pilot, "level:warn ")
    assert count(pane) == 11
    await type_(pilot, "line [1-9]:")
    assert count(pane) == 2
    assert pane.subtitle == "level:warn line [1-9]: 2/40"
    server.log([*log_lines(40)])
    await until(pilot, lambda: count(pane) == 4)
    assert pane.following
    await pilot.press("escape")
    assert (count(pane), pane.filter, pane.subtitle) == (80, Filter(), "")
    assert app.focused is pane


async def test_a_bad_pattern_is_told_while_typing_and_taking_it_changes_nothing(
    at_logs: At,
) -> None:
    app, pilot, _, pane = at_logs
    await pilot.press("F")
    await type_(pilot, "cat")
    await pilot.press("enter")
    await pilot.press("F")
    await type_(pilot, "fox|(dog")
    assert pane.subtitle == "✗ missing )"
    assert pane.filter.terms[0].pattern == "fox|"
    await until(pilot, lambda: "✗ missing )" in text_of(app))
    await pilot.press("enter")
    assert told(app)[-1].startswith("not filtered so: missing )")
    assert pane.filter.terms[0].pattern == "cat"
    assert "✗" not in pane.subtitle
    await pilot.press("F", "up")
    assert getattr(app.focused, "value", "") == "fox|(dog"


async def test_where_nothing_passes_the_way_back_is_said(at_logs: At) -> None:
    _, pilot, _, pane = at_logs
    await pilot.press("F")
    await type_(pilot, "no such line")
    await pilot.press("enter")
    assert "0/40, D shows all" in pane.subtitle
    await pilot.press("D")
    assert pane.subtitle == ""


async def test_enter_keeps_the_filter_and_d_drops_it_and_brings_it_back(at_logs: At) -> None:
    _, pilot, _, pane = at_logs
    await pilot.press("F")
    await type_(pilot, "@tts !line 4:")
    await pilot.press("enter")
    assert count(pane) == 7
    await pilot.press("D")
    assert count(pane) == 40
    await pilot.press("D")
    assert count(pane) == 7
    # The line begins with what holds now.
    await pilot.press("F")
    assert getattr(pilot.app.focused, "value", "") == "@tts !line 4:"


async def test_the_least_level_steps_and_leaves_the_rest_of_the_filter(at_logs: At) -> None:
    _, pilot, _, pane = at_logs
    await pilot.press("F")
    await type_(pilot, "fox")
    await pilot.press("enter")
    counts = []
    for _ in range(4):
        await pilot.press("L")
        counts.append((pane.filter.level, count(pane)))
    assert counts == [("info", 34), ("warning", 11), ("error", 5), ("", 40)]
    assert pane.filter.terms


async def test_an_engine_is_picked_or_left_out(at_logs: At) -> None:
    app, pilot, _, pane = at_logs
    await pilot.press("E")
    await until(pilot, lambda: isinstance(app.screen, Pick))
    await pilot.press(*"all but tts", "enter")
    await until(pilot, lambda: pane.filter.but)
    assert count(pane) == 32
    await pilot.press("E")
    await until(pilot, lambda: isinstance(app.screen, Pick))
    await pilot.press(*"tts", "enter")
    await until(pilot, lambda: not pane.filter.but)
    assert count(pane) == 8


async def test_a_window_of_time_is_picked_around_a_mark(at_logs: At) -> None:
    app, pilot, server, pane = at_logs
    server.log(log_lines(40, START + 300))
    server.tell(show.Marked(by="console:bob@pts/7", text="she stutters"))
    await until(pilot, lambda: len(pane.landmarks()) == 1)
    assert "she stutters" in text_of(app)
    await pilot.press("W")
    await until(pilot, lambda: isinstance(app.screen, Pick))
    await pilot.press(*"stutters", "enter")
    await until(pilot, lambda: pane.filter.around == START)
    assert count(pane) == 41
    await pilot.press("right_square_bracket")
    assert isinstance(pane.chosen()[0], Mark)


async def test_find_marks_while_typing_moves_at_enter_only_and_goes_round(at_logs: At) -> None:
    app, pilot, _, pane = at_logs
    y = pane.scroll_offset.y
    await pilot.press("f")
    await type_(pilot, "line 1?5:")
    assert pane.store.hits == [5, 15]
    assert (pane.scroll_offset.y, pane.following) == (y, True)
    await pilot.press("enter")
    assert pane.cursor == 15
    assert told(app)[-1:] == ["2 of 2"]
    await pilot.press("n")
    assert pane.cursor == 5
    assert told(app)[-1] == "from the top again, 1 of 2"
    await pilot.press("N")
    assert pane.cursor == 15
    assert told(app)[-1] == "from the end again, 2 of 2"
    assert "“line 1?5:” 2" in pane.subtitle
    await pilot.press("escape")
    assert pane.search is None
    await pilot.press("f")
    await type_(pilot, "no such words")
    await pilot.press("enter")
    assert told(app)[-1] == "not found: no such words"
    assert pane.cursor == 15


async def test_escape_from_find_brings_the_search_before_back(at_logs: At) -> None:
    _, pilot, _, pane = at_logs
    await pilot.press("f")
    await type_(pilot, "fox")
    await pilot.press("enter", "f")
    await type_(pilot, "zzz(")
    assert pane.subtitle.startswith("✗ missing )")
    await pilot.press("escape")
    assert pane.search is not None
    assert pane.search.text == "fox"
    assert len(pane.store.hits) == 40
    assert "✗" not in pane.subtitle


async def test_enter_tells_a_line_whole_with_what_its_file_has(
    at_logs: At, sandbox: Sandbox
) -> None:
    app, pilot, server, pane = at_logs
    line = LogLine(
        ts=stamp(START + 5),
        service="tts",
        level="error",
        message='could not \x1b[2J speak: {"turn": 7, "voice": "joe", "more": {"a": [1, 2]}} (end)',
        exception="Traceback:\nValueError: no",
        logger="engines.tts",
    )
    sandbox.logs.mkdir()
    raw = {**msgspec.to_builtins(line), "turn": 7, "voice": "joe\x1b"}
    (sandbox.logs / "tts.log").write_bytes(msgspec.json.encode(raw) + b"\n")
    app.link.state.log_root = str(sandbox.logs)
    server.log([line])
    await until(pilot, lambda: len(pane.entries) == 41)
    await pilot.press("enter")
    assert app.screen is app.desk
    await pilot.press("up", "enter")
    await until(pilot, lambda: isinstance(app.screen, LogDetails))
    await until(pilot, lambda: "more fields" in text_of(app))
    text = text_of(app)
    for part in (stamp(START + 5), "engines.tts", '"more": {', "ValueError: no", "(end)"):
        assert part in text
    assert "\x1b" not in text
    await pilot.press("Y")
    assert "could not ␛[2J speak:" in app.clipboard
    assert "\x1b" not in app.clipboard
    assert "copied" in text_of(app)
    await pilot.press("escape")
    assert app.screen is app.desk


async def test_the_cursor_s_line_and_a_range_are_copied(at_logs: At) -> None:
    app, pilot, server, pane = at_logs
    server.log([LogLine(ts=stamp(START), service="s", level="info", message="bell\x07 \x9b1m")])
    await until(pilot, lambda: len(pane.entries) == 41)
    written: list[str] = []
    driver = app._driver
    assert driver is not None
    write = driver.write

    def note(data: str) -> None:
        written.append(data)
        write(data)

    driver.write = note  # type: ignore[method-assign]
    await pilot.press("Y")
    assert app.clipboard == ""
    await pilot.press("up", "shift+up", "shift+up", "Y")
    rows = app.clipboard.split("\n")
    assert [row.split(" ", 3)[3][:12] for row in rows] == [
        "line 38: the",
        "line 39: the",
        "bell␇ <U+009",
    ]
    assert told(app)[-1] == "copied 3 lines, if your terminal supports it (OSC 52)"
    [sent] = [data for data in written if data.startswith("\x1b]52;c;")]
    assert base64.b64decode(sent[7:-1]).decode() == app.clipboard


async def test_what_comes_out_of_sight_is_counted_in_the_title_until_it_is_seen(
    scripted: ScriptedShow,
) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = app.desk.panes["logs"]
        assert isinstance(pane, Logs)
        await until(pilot, lambda: app.link.attached)
        await pilot.press("l")
        await until(pilot, lambda: count(pane) == 40)
        assert pane.unseen == {}
        await pilot.press("t")
        at = stamp(START)
        errors = [LogLine(ts=at, service="tts", level="error", message="no") for _ in range(3)]
        scripted.log([*errors, LogLine(ts=at, service="asr", level="warning", message="hm")])
        await until(pilot, lambda: pane.unseen == {"tts": (0, 3), "asr": (1, 0)})
        await until(
            pilot, lambda: "Logs tts!3 asr!1" in text_of(app) or "tts!3" in str(pane.border_title)
        )
        await pilot.press("l")
        await until(pilot, lambda: pane.unseen == {})
        await until(pilot, lambda: str(pane.border_title) == "Logs")
        # Filtered out is out of sight as well.
        await pilot.press("F")
        await type_(pilot, "@audio")
        await pilot.press("enter")
        scripted.log(errors)
        await until(pilot, lambda: pane.unseen == {"tts": (0, 3)})
        await pilot.press("D")
        await until(pilot, lambda: pane.unseen == {})


async def test_drops_are_told(at_logs: At) -> None:
    app, pilot, server, pane = at_logs
    server.log([], dropped=17)
    await until(pilot, lambda: "17 dropped (see the log files)" in pane.subtitle)
    assert pane.lost == 17
    await until(pilot, lambda: "17 dropped" in text_of(app))


# Marks


def test_incident_marks_from_before_stand_at_their_time() -> None:
    incidents = Incidents()
    lines = log_lines(10)  # a tenth of a second apart
    marks = [
        MarkView(t=START + 0.45, text="here", by="ana"),
        MarkView(t=START - 9, text="", by="bob"),
    ]
    out = incidents.among(lines, marks)
    assert [n for n, line in enumerate(out) if isinstance(line, Mark)] == [0, 6]
    assert "marked by bob ---" in str(out[0])
    assert "marked by ana: here ---" in str(out[6])
    assert incidents.among(lines, marks) == lines, "once only"


def test_a_mark_that_came_as_a_line_is_not_put_in_twice() -> None:
    incidents = Incidents()
    told = "--- 08:00:01 marked by ana: here ---"
    out = incidents.among([*log_lines(3), told], [MarkView(t=START, text="here", by="ana")])
    assert out == [*log_lines(3), Mark(told, START)]


# Details


def test_json_is_found_wherever_it_stands() -> None:
    assert split_json('{"a": {"b": 1}}') == ("", '{\n  "a": {\n    "b": 1\n  }\n}', "")
    assert split_json('x {y} {"a": "狐"} z') == ("x {y}", '{\n  "a": "狐"\n}', "z")
    for none in ("", "no", "{}", "{not json}", "{" * 60_000, '{"a":' * 20_000):
        assert split_json(none) is None


def test_details_of_a_monster_are_bounded() -> None:
    line = LogLine(ts="x", service="s", level="odd", message="\n".join("x" * 9000))
    assert len(details(line)) < 5100
    assert plain(line).startswith("x")


# Copying


def test_what_is_copied_is_safe_and_bounded_by_whole_rows() -> None:
    assert clipboard.safe("a\x1b]52;c;x\x07\nb\u202e") == "a␛]52;c;x␇\nb<U+202E>"
    assert clipboard.fitting(["abc", "def", "ghi"], 7) == ["abc", "def"]
    assert clipboard.fitting(["狐" * 10], 7) == ["狐狐"]
    assert clipboard.fitting([]) == []


async def test_too_much_to_copy_is_cut_and_said(at_logs: At) -> None:
    app, *_ = at_logs
    said = clipboard.copy(app, ["x" * 1000] * 100, "line", {})
    assert said.startswith("copied the first 54 of 100 lines: a terminal takes 74 kB")
    assert len(base64.b64encode(app.clipboard.encode())) <= 74_000
    assert clipboard.copy(app, ["x" * 90_000], "line", {}).startswith("copied the beginning of one")


@pytest.fixture
def tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A tmux of this test's own, that this process seems to run in."""
    if sys.platform == "win32" or not shutil.which("tmux"):
        pytest.skip("no tmux here")
    socket = f"{tempfile.gettempdir()}/kt-{os.getpid()}"  # a socket's path is short
    begin = ["tmux", "-S", socket, "-f", os.devnull]

    def run(*args: str) -> str:
        done = subprocess.run([*begin, *args], capture_output=True, text=True, timeout=20)
        return done.stdout

    run("new-session", "-d", "sleep 60")
    monkeypatch.setenv("TMUX", f"{socket},1,0")
    return run


async def test_inside_tmux_the_text_goes_to_its_buffer(tmux: Callable[..., str]) -> None:
    try:
        assert await clipboard.to_tmux("two\nlines ␛ ok")
        assert tmux("show-buffer") == "two\nlines ␛ ok"
    finally:
        tmux("kill-server")
    assert not await asyncio.wait_for(clipboard.to_tmux("nobody there"), 20)


async def test_a_reader_s_place_survives_a_flood(sandbox: Sandbox) -> None:
    async with ScriptedShow(
        sandbox.environ, script(), log_lines(40), clock=lambda: START
    ) as server:
        app = console()
        async with app.run_test(size=(80, 24)) as pilot:
            pane = app.desk.panes["logs"]
            assert isinstance(pane, Logs)
            await until(pilot, lambda: app.link.attached)
            await pilot.press("l")
            await until(pilot, lambda: count(pane) == 40)
            await pilot.press("F")
            await type_(pilot, "fo[x]")
            await pilot.press("enter", "up", "up")
            here = pane.cursor
            for _ in range(5):
                server.log(log_lines(4000))
            await until(pilot, lambda: pane.behind == 20_000)
            assert pane.cursor == here
            await pilot.press("end")
            await until(pilot, lambda: not pane.store.busy)
            assert len(pane.entries) == 20_000
            assert pane.following
