"""The console driven by keys, against a scripted show."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from engines.wire import show
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.arrangement import size_for
from kitsu_tui.console.link import Link
from kitsu_tui.console.screens.confirm import Confirm
from kitsu_tui.console.screens.help import Help
from kitsu_tui.console.screens.quit import Quit
from kitsu_tui.console.widgets.line_view import LineView
from kitsu_tui.console.widgets.row import Row
from kitsu_tui.model.reduce import reduce
from tests.conftest import Sandbox
from tests.console.conftest import console, text_of, until
from tests.support.scripted_show import START, ScriptedShow, log_lines, script

Attached = tuple[ConsoleApp, Pilot[Any], ScriptedShow]


async def _attached(server: ScriptedShow) -> AsyncIterator[Attached]:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.link.attached)
        app.desk.flush()  # else a timer does it, sooner or later
        yield app, pilot, server


@pytest.fixture
async def rehearsal(scripted: ScriptedShow) -> AsyncIterator[Attached]:
    """A console that is attached to a rehearsal."""
    async for attached in _attached(scripted):
        yield attached


@pytest.fixture
async def live(sandbox: Sandbox) -> AsyncIterator[Attached]:
    """A console that is attached to a live show."""
    async with ScriptedShow(sandbox.environ, script(live=True), clock=lambda: START) as server:
        async for attached in _attached(server):
            yield attached


def row(app: ConsoleApp, name: str) -> str:
    return app.desk.query_one(f"#{name}", Row).text


def _end(pane: LineView) -> str:
    return "".join(text for text, _ in pane.line_at(pane.line_count() - 1))


async def test_typing_reaches_her_letter_by_letter_and_no_key_acts(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    await pilot.press("slash", *"mxqv 1?", "enter")
    params = await server.until_asked("show.say")
    assert (params.text, params.by) == ("mxqv 1?", "console:ana@test")
    assert [name for name, _ in server.asked] == ["show.say"]
    await until(pilot, lambda: "mxqv 1?" in text_of(app))
    assert app.desk.input_line.value == ""
    assert app.focused is app.desk.input_line
    await pilot.press("up")
    assert app.desk.input_line.value == "mxqv 1?"
    await pilot.press("escape")
    assert str(app.focused) == str(app.desk.panes["transcript"])


def burst(app: ConsoleApp, keys: str) -> None:
    """Keys that arrive at once, as the terminal's driver hands them over."""
    names = {"/": "slash", "\r": "enter", "\b": "backspace", " ": "space", "\x1b": "escape"}
    for char in keys:
        app.post_message(events.Key(names.get(char, char), char if char.isprintable() else None))


def said_to(server: ScriptedShow) -> list[str]:
    return [params.text for name, params in server.asked if name == "show.say"]


async def test_keys_that_arrive_at_once_keep_their_order(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    burst(app, "/x mq1\b2 ?\rsecond\rm\x1bm")
    await until(pilot, lambda: "mic MUTED" in row(app, "status"))
    await until(pilot, lambda: len(said_to(server)) == 2)
    assert said_to(server) == ["x mq2 ?", "second"]
    assert app.desk.input_line.value == "m"
    assert {name for name, _ in server.asked} == {"show.say", "show.mute"}


async def test_what_is_typed_at_once_takes_a_draft_s_place(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    burst(app, "/an older draft\x1b")
    await until(pilot, lambda: app.focused is app.desk.panes["transcript"])
    assert app.desk.input_line.value == "an older draft"
    burst(app, "/new\r")
    await until(pilot, lambda: said_to(server))
    assert said_to(server) == ["new"]
    await pilot.press("up", "up")
    assert app.desk.input_line.value == "an older draft"  # not lost


async def test_a_paste_is_taken_as_far_as_it_fits_and_that_is_said(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    app.post_message(events.Paste("nowhere"))
    await until(pilot, lambda: "press / first" in row(app, "footer"))
    burst(app, "/")
    app.post_message(events.Paste("one\r\n\n  two\tthree\x1b[31m\n"))
    burst(app, "\r")
    await until(pilot, lambda: said_to(server) == ["one   two three [31m"])
    await until(pilot, lambda: "2 pasted lines were made one" in app.desk.notices_shown)
    burst(app, "ab")
    app.post_message(events.Paste("c" * 3000))
    await until(pilot, lambda: app.desk.input_line.value == "ab" + "c" * 1998)
    words = "only 1998 of 3000 characters fit: a line holds 2000"
    await until(pilot, lambda: words in app.desk.notices_shown)
    burst(app, "d\r")
    await until(pilot, lambda: len(said_to(server)) == 2)
    words = "only 0 of 1 characters fit: a line holds 2000"
    await until(pilot, lambda: words in app.desk.notices_shown)


async def test_a_line_that_is_refused_comes_back_with_the_reason(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    server.refuse["show.say"] = "she is in panic"
    await pilot.press("i", *"hello", "enter")
    await until(pilot, lambda: "not said: she is in panic" in row(app, "footer"))
    assert app.desk.input_line.value == "hello"


async def test_mutes_are_asked_for_and_stand_in_words(rehearsal: Attached) -> None:
    app, pilot, _ = rehearsal
    assert "mic open │ voice open" in row(app, "status")
    await pilot.press("m")
    await until(pilot, lambda: "mic MUTED │ voice open" in row(app, "status"))
    await until(pilot, lambda: "MUTED" in row(app, "levels"))
    await pilot.press("v", "m")
    await until(pilot, lambda: "mic open │ voice MUTED" in row(app, "status"))


async def test_digits_toggle_and_r_restarts_what_is_selected(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    await pilot.press("3")
    assert (await server.until_asked("show.toggle")).engine == "policy"
    await until(pilot, lambda: "○ off" in text_of(app))
    await pilot.press("e", "down", "down", "down", "r")
    assert (await server.until_asked("show.restart")).engine == "tts"
    await until(pilot, lambda: "✓ restart tts" in row(app, "footer"))
    await pilot.press("9")
    await until(pilot, lambda: "no engine 9" in row(app, "footer"))


async def test_the_selected_engine_tells_why_it_died(rehearsal: Attached) -> None:
    app, pilot, _ = rehearsal
    await pilot.press("e", "down", "down", "down")
    await pilot.press("z")
    await until(pilot, lambda: "RuntimeError: out of memory" in text_of(app))
    screen = text_of(app)
    assert "last end: killed by signal 9" in screen
    assert "next start at" in screen


async def test_live_asks_before_a_risky_action_and_enter_means_no(live: Attached) -> None:
    app, pilot, server = live
    assert "LIVE" in row(app, "status")
    assert app.desk.has_class("-live")
    await pilot.press("2")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    assert "Switch asr off?" in text_of(app)
    await pilot.press("enter")
    await until(pilot, lambda: app.screen is app.desk)
    await pilot.press("2")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    await pilot.press("y")
    asked = await server.until_asked("show.toggle")
    assert (asked.engine, asked.on) == ("asr", False)
    assert len(server.asked) == 1
    # On again is not asked about, as with starting it.
    await until(pilot, lambda: app.link.state.engines["asr"].state in ("off", "stopped"))
    await pilot.press("2")
    await server.until(lambda: len(server.asked) == 2)
    assert server.asked[1][1].on is True


@pytest.mark.parametrize("key", ["f9", "ctrl+o"])
async def test_panic_and_the_way_back(rehearsal: Attached, key: str) -> None:
    app, pilot, server = rehearsal
    await pilot.press("o")
    await until(pilot, lambda: "no panic to resume from" in row(app, "footer"))
    await pilot.press(key)
    await server.until_asked("show.panic")
    await until(pilot, lambda: "PANIC since" in row(app, "banner"))
    assert "PANIC: off the air" in row(app, "status")
    assert "policy 11 ms" in row(app, "banner")
    await pilot.press("o")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    assert "console:ana@test" in text_of(app)
    await pilot.press("y")
    assert (await server.until_asked("show.resume")).epoch == 4
    await until(pilot, lambda: not app.desk.has_class("-panic"))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (show.Resumed(by="bob", epoch=6), "bob has resumed already"),
        (show.Panicked(by="bob", epoch=6), "panic again, by bob"),
    ],
    ids=["resumed", "pressed again"],
)
@pytest.mark.parametrize("late", [True, False], ids=["with a late yes", "by itself"])
async def test_the_question_before_a_resume_is_about_one_panic(
    rehearsal: Attached, event: show.ShowEvent, words: str, *, late: bool
) -> None:
    app, pilot, server = rehearsal
    server.tell(show.Panicked(by="ana", epoch=5))
    await until(pilot, lambda: app.link.state.epoch == 5)
    await pilot.press("o")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    if late:
        reduce(app.link.state, show.Told(n=app.link.state.n + 1, t=START, event=event))
        app.post_message(events.Key("y", "y"))
    else:
        server.tell(event)
    await until(pilot, lambda: app.screen is app.desk)
    await until(pilot, lambda: words in row(app, "footer"))
    assert server.asked == []


async def test_a_surface_that_failed_says_so(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    surfaces: dict[str, float | None] = {"audio": 3.0, "obs": None}
    server.tell(show.Panicked(by="x", epoch=9, surfaces=surfaces))
    await until(pilot, lambda: "obs …" in row(app, "banner"))
    server.tell(show.Panicked(by="x", epoch=9, surfaces=surfaces, done=True))
    await until(pilot, lambda: "obs FAILED" in row(app, "banner"))


async def test_quit_asks_and_escape_stays(rehearsal: Attached) -> None:
    app, pilot, _ = rehearsal
    await pilot.press("q")
    await until(pilot, lambda: isinstance(app.screen, Quit))
    assert "detach: the show goes on" in text_of(app)
    await pilot.press("ctrl+q", "escape")
    await until(pilot, lambda: app.screen is app.desk)
    await pilot.press("ctrl+c")
    await until(pilot, lambda: isinstance(app.screen, Quit))
    await pilot.press("d")
    await until(pilot, lambda: app.return_value == "detached")


async def test_quit_can_stop_the_show(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    await pilot.press("q", "s")
    params = await server.until_asked("show.stop")
    assert params.by == "console:ana@test"
    await until(pilot, lambda: app.return_value == "stopped")


async def test_stopping_a_live_show_asks_twice(live: Attached) -> None:
    app, pilot, server = live
    await pilot.press("q", "s")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    await pilot.press("n")
    await until(pilot, lambda: app.screen is app.desk)
    assert server.asked == []


async def test_help_and_palette_come_from_the_registry(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    await pilot.press("question_mark")
    await until(pilot, lambda: isinstance(app.screen, Help))
    assert "PANIC: off the air, now" in text_of(app)
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is app.desk)
    commands = {command.title: command.help for command in app.get_system_commands(app.desk)}
    assert {"Interrupt her", "Switch tts on or off", "On the air again"} <= set(commands)
    assert commands["Interrupt her"].startswith("x, Space · Ends what she is saying")
    await pilot.press("ctrl+p")
    await until(pilot, lambda: "CommandPalette" in type(app.screen).__name__)
    await pilot.press("f9")
    await server.until_asked("show.panic")


async def test_a_line_left_half_written_looks_left(rehearsal: Attached) -> None:
    app, pilot, _ = rehearsal
    line = app.desk.input_line
    dim = []
    # What an empty line says is dim by itself.
    for keys in (("slash", *"hello"), ("escape",), ("slash", "backspace", "escape")):
        await pilot.press(*keys)
        await pilot.pause()
        dim.append((line.value, bool(line.rich_style.dim)))
    assert dim == [("hello", False), ("hello", True), ("", False)]


async def test_a_panic_without_an_answer_is_seen_while_it_waits(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    server.deaf = True
    await pilot.press("f9")
    await server.until_asked("show.panic")
    await until(pilot, lambda: "PANIC PRESSED" in row(app, "banner"))
    assert app.desk.has_class("-panic")


async def test_hostile_text_stays_text(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    bad = "\x1b[31m[bold]x[/bold]\u202e日本🦊\x07"
    server.tell(show.TurnStarted(turn=50, source="chat", who="[link=x]\x1b]0;t\x07", text=bad))
    server.tell(show.EngineChanged(engine="asr", state="failed", detail=bad, last_words=[bad] * 3))
    server.tell(show.Alert(level="error", text=bad))
    server.tell(show.Operators(names=[bad]))
    lines = [
        log_lines(1)[0].__class__(ts="\x1b", service=bad, level=bad, message=bad, exception=bad)
    ]
    server.log(lines)
    await pilot.press("e", "down")
    await until(pilot, lambda: "[link=x]␛]0;t␇" in text_of(app))
    await until(pilot, lambda: "✗ error: ␛[31m[bold]x[/bold]" in row(app, "footer"))
    screen = text_of(app)
    assert screen.count("[bold]x[/bold]<U+202E>日本🦊␇") >= 3
    assert not set(screen) & set("\x1b\x07\u202e")


async def test_transcript_stays_where_its_reader_is(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    for turn in range(100, 130):
        server.tell(show.TurnStarted(turn=turn, source="chat", who="x", text=f"question {turn}"))
    pane = app.desk.panes["transcript"]
    await until(pilot, lambda: "question 129" in text_of(app))
    await pilot.press("t", "pageup")
    assert not pane.following
    y = pane.scroll_offset.y
    read = [pane.line_at(y + n) for n in range(10)]
    # The first ones only come below; with the last ones the oldest turns go, above the reader.
    for first, last in ((200, 350), (350, 370)):
        for turn in range(first, last):
            text = f"question {turn}"
            server.tell(show.TurnStarted(turn=turn, source="chat", who="x", text=text))
        await until(pilot, lambda: pane.line_count() and f"question {last - 1}" in _end(pane))  # noqa: B023
        y = pane.scroll_offset.y
        assert [pane.line_at(y + n) for n in range(10)] == read
        assert not pane.following
    await pilot.press("G")
    await until(pilot, lambda: "question 369" in text_of(app))


async def test_losing_the_show_is_said_and_the_last_picture_stays(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    await server.vanish()
    await until(pilot, lambda: "NO SHOW" in row(app, "status"))
    assert "NO SHOW: " in row(app, "banner")
    assert "What is your favourite snack?" in text_of(app)
    assert "as last seen" in text_of(app)
    await until(pilot, lambda: "seen, unfinished" in text_of(app))
    assert "▶" not in text_of(app)
    await until(pilot, lambda: "hearing you" not in row(app, "levels"))
    await pilot.press("m")
    await until(pilot, lambda: "no show is attached" in row(app, "footer"))
    await server.listen()
    await until(pilot, lambda: app.link.attached)
    await until(pilot, lambda: "NO SHOW" not in row(app, "status"))


async def test_another_operator_s_actions_are_told(rehearsal: Attached) -> None:
    app, pilot, server = rehearsal
    server.tell(show.Acted(name="mute", args="mic", by="console:bob@pts/9"))
    await until(pilot, lambda: "console:bob@pts/9: mute mic" in row(app, "footer"))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50), (40, 10), (300, 20)])
async def test_every_pane_can_be_reached_at_every_size(
    sandbox: Sandbox, size: tuple[int, int]
) -> None:
    link = Link(by="console:ana@test", clock=lambda: START)
    async with ScriptedShow(sandbox.environ, script(), log_lines(40), clock=lambda: START):
        app = console(link)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.link.attached)
            for key, words in (
                ("e", " 1 audio "),
                ("y", "p50"),
                ("h", "CPU"),
                ("a", "no alerts"),
                ("l", "line 39"),
                ("t", "Of foxes"),
            ):
                await pilot.press(key)
                await until(pilot, lambda words=words: words in text_of(app))  # type: ignore[misc]
            for _ in range(len(app.desk.panes) - 1):  # this show has no OBS
                await pilot.press("tab")
            assert app.desk.active == "transcript"
            await pilot.press("z", "shift+tab")
            assert app.desk.active == "logs"
            await pilot.resize_terminal(90, 30)
            await pilot.resize_terminal(*size)
            await pilot.press("t")
            await until(pilot, lambda: "Of foxes" in text_of(app))


def test_layouts() -> None:
    sizes = [(80, 24), (120, 40), (200, 50), (40, 10), (300, 20), (100, 30)]
    assert [size_for(*size) for size in sizes] == [
        "small",
        "medium",
        "large",
        "small",
        "small",
        "medium",
    ]


async def test_nothing_is_drawn_for_an_event(rehearsal: Attached) -> None:
    """Events only mark; the timer draws. Otherwise a flood would be a flood of drawing."""
    app, pilot, server = rehearsal
    app.desk.flush()
    drawn = 0
    pane = app.desk.panes["transcript"]
    paint = pane.paint

    def counted(link: Link, now: float) -> None:
        nonlocal drawn
        drawn += 1
        paint(link, now)

    pane.paint = counted  # type: ignore[method-assign]
    server.tell(show.TurnStarted(turn=70, source="voice", who="x"))
    for n in range(500):
        server.tell(show.Heard(turn=70, rev=0, text=f"word {n}", final=False))
    await until(pilot, lambda: "word 499" in text_of(app))
    assert drawn < 100
    await asyncio.sleep(0)
