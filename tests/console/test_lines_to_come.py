"""Lines that are not on air yet: how they stand there, and what keys do about them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from engines.wire import control, show
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.banner import banner
from kitsu_tui.console.lines import Line, width_of
from kitsu_tui.console.link import Link
from kitsu_tui.console.news import news
from kitsu_tui.console.next_row import next_row, wanted
from kitsu_tui.console.screens.blocklist import Blocklist
from kitsu_tui.console.screens.confirm import Confirm
from kitsu_tui.console.screens.turn import lines as details
from kitsu_tui.console.status_row import status
from kitsu_tui.console.to_come import Coming, LineKey, ToCome, line_key, momentary, state_words
from kitsu_tui.console.turn_lines import plain, turn_lines
from kitsu_tui.console.widgets.prompt import Prompt
from kitsu_tui.console.widgets.row import Row
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import SentenceView, ShowState, TurnView
from tests.conftest import Sandbox
from tests.console.conftest import console, text_of, until
from tests.support.lines_script import (
    FIRST,
    SECOND,
    THIRD,
    TURN,
    asked,
    decided,
    held,
    judged,
    over,
    reviewed,
    waits,
)
from tests.support.scripted_show import START, ScriptedShow, script

NOW = START + 60
Attached = tuple[ConsoleApp, Pilot[Any], ScriptedShow]


def picture(*events: show.ShowEvent) -> ShowState:
    state = ShowState()
    for event in [*script(), *events]:
        reduce(state, show.Told(n=state.n + 1, t=START, event=event))
    return state


def attached_link(*events: show.ShowEvent, **more: Any) -> Link:
    return Link(by="console:ana@test", state=picture(*events), phase="attached", **more)


def text(lines: list[Line] | Line | None) -> str:
    if lines is None:
        return ""
    if isinstance(lines, tuple):
        return "".join(part for part, _ in lines)
    return " ".join(" ".join(text(line) for line in lines).split())


def notices(app: ConsoleApp) -> str:
    return " | ".join(app.desk.notices_shown)


# In words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"waits": "review", "until": NOW + 14}, "waits for approval: 14 s, then dropped"),
        (
            {"waits": "review", "until": NOW + 14, "then": "air"},
            "waits for approval: 14 s, then said",
        ),
        ({"waits": "operator", "held_by": "cli:me"}, "held by me, without end"),
        ({"waits": "operator", "held_by": "cli:me", "until": NOW + 3}, "held by me: 3 s, then"),
        ({"waits": "risk", "until": NOW + 0.4, "then": "air"}, "doubtful: 0.4 s, then said"),
        ({"waits": "opinion", "until": NOW + 0.8}, "waits for a second opinion: 0.8 s"),
        ({"waits": "review", "until": NOW - 1}, "waits for approval: time is up"),
        ({}, "made"),
        ({"decided": "air", "decided_by": "cli:bob"}, "approved by bob, made"),
    ],
)
def test_how_a_line_to_come_stands(line: dict[str, Any], words: str) -> None:
    turn = TurnView(turn=1, source="voice", who="Mika", started=START)
    view = SentenceView(seq=0, text="Hm.", spoken="Hm.", **line)
    forms = state_words(turn, view, Coming(NOW))
    assert words in forms[0]
    assert len(forms[-1]) <= len(forms[0])
    # Of a show that does not answer nothing is counted, and nothing is promised.
    gone = state_words(turn, view, Coming(NOW, alive=False))[0]
    assert "when last seen" in gone
    assert not any(char.isdigit() for char in gone)


def test_lines_to_come_stand_apart_with_what_was_found() -> None:
    turn = picture(*held()).turns[-1]
    rows = turn_lines(turn, 100, coming=Coming(NOW, target=LineKey(TURN, 0, 1)))
    shown = [text(row) for row in rows]
    at = next(number for number, row in enumerate(shown) if row.startswith("next up"))
    assert "▸ [held by a rule: 14 s, then dropped] " + SECOND in text(rows[at:])
    assert "personal names-3, folded, risk 0.62" in text(rows[at:])
    assert f"[made] {THIRD}" in shown[-1]
    # What is on air stands in the answer.
    assert f"▶ {FIRST}" in text(rows[:at])
    assert SECOND not in text(rows[:at])


def test_what_was_stopped_says_by_whom_and_by_which_means() -> None:
    state = picture(*over())
    shown = text(turn_lines(state.turns[-1], 400, coming=Coming(NOW)))
    assert f"[replaced by bob: {FIRST}] ▶ The moon is a big rock." in shown
    assert f"[dropped by ana@test: {SECOND}]" in shown
    assert "[sound: slur sounds-2 (phonetic): This one would" in shown
    assert f"next up [approved by ana@test, made] {THIRD}" in shown
    about = text(details(state.turns[-1], 300))
    assert "replaced by bob (replaced)" in about
    assert (
        "from: an operator's words, Qwen3-0.6B, prompt 0123456789abcdef, approved by bob" in about
    )
    assert "gate: allow, 0.08 ms" in about
    assert "opinion: allow, 212.00 ms" in about
    assert "sound: found, category slur, rule sounds-2, view phonetic" in about
    assert "dropped by the show (sound)" in about


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (decided(0, "drop", why="time"), "[dropped, nobody decided in time: "),
        (
            decided(
                0, "drop", why="split", ruled=show.Ruled(means="gate", action="drop", rule="x")
            ),
            "[gate: allow x, with the line after it: ",
        ),
        (decided(0, "drop", "cli:bob", why="dropped"), "[dropped by bob: "),
        (
            show.TurnDone(turn=TURN, rev=0, status="interrupted", answer=""),
            "[never said, it waited: ",
        ),
        (show.Aired(turn=TURN, rev=0, seq=0, status="muted", heard="", heard_ms=0), "[muted: "),
    ],
)
def test_how_a_line_that_waited_ends(event: show.ShowEvent, words: str) -> None:
    state = picture(*asked(), judged(0, FIRST), waits(0, FIRST), event)
    assert f"{words}{FIRST}]" in text(turn_lines(state.turns[-1], 300, coming=Coming(NOW)))
    assert not state.open_lines()


def test_a_turn_that_is_over_has_nothing_to_come() -> None:
    state = picture(*held(), show.TurnDone(turn=TURN, rev=0, status="ok", answer=FIRST))
    shown = plain(state.turns[-1])
    assert "next up" not in shown
    assert f"[never said, it waited: {SECOND}]" in shown


# Which line


def test_keys_are_about_the_next_line_until_another_is_chosen() -> None:
    state, memory = picture(*reviewed()), ToCome()

    def at() -> int:
        found = memory.target(state)
        assert found is not None
        return found[1].seq

    assert at() == 0
    for seq in (1, 2, 0, 1):
        memory.step(state)
        assert at() == seq
    reduce(state, show.Told(n=999, t=NOW, event=decided(1, "drop", "cli:bob")))
    assert at() == 0
    memory.choose(state.turns[-1])
    assert memory.chosen == LineKey(TURN, 0, 0)
    assert ToCome().target(ShowState()) is None


def test_it_rings_once_when_lines_begin_to_wait_and_not_for_ones_own() -> None:
    state, memory = picture(*reviewed()), ToCome()
    assert memory.rings(state, "console:ana@test", NOW)
    assert not memory.rings(state, "console:ana@test", NOW + 1)
    assert not memory.rings(ShowState(), "console:ana@test", NOW + 2)
    assert not memory.rings(state, "console:ana@test", NOW + 20)
    assert memory.rings(state, "console:ana@test", NOW + 100)
    mine = picture(*asked(), judged(0, FIRST), waits(0, FIRST, "operator", by="console:ana@test"))
    assert not ToCome().rings(mine, "console:ana@test", NOW)
    assert ToCome().rings(mine, "cli:bob", NOW)


def test_a_moment_of_doubt_does_not_open_the_row() -> None:
    brief = waits(0, FIRST, "risk", until=START + 0.4, then="air", risk=0.5)
    state = picture(*asked(), judged(0, FIRST), brief)
    assert momentary(state.open_lines()[0][1])
    assert not wanted(state)
    assert not ToCome().rings(state, "x", NOW)
    assert wanted(picture(*held()))
    assert wanted(picture(show.ReviewMode(on=True, wait_s=20)))


# The rows


@settings(deadline=None, max_examples=40)
@given(st.integers(8, 210), st.text(max_size=80), st.booleans())
def test_the_row_fits_whatever_she_says(width: int, said: str, read_only: bool) -> None:
    events = [*asked(), judged(0, said or "x"), waits(0, said or "x", until=NOW + 14)]
    link = attached_link(*events, read_only=read_only)
    row = next_row(link, NOW, width)
    assert width_of(row) <= width
    if width >= 40:
        assert "14 s" in text(row)
    assert not any(char in text(row) for char in "\x1b\r\n\x07")
    if read_only:
        assert "X I H" not in text(row).rpartition("”")[2]
    elif width >= 80:
        assert "X" in text(row).rpartition("  ")[2]


def test_the_row_says_what_there_is_to_do() -> None:
    row = text(next_row(attached_link(*reviewed()), NOW, 200))
    assert row.startswith(" ▸ next up 1/3 waits for approval: 14 s, then dropped “Well, the moon")
    assert row.rstrip().endswith("+ airs X drops I instead H holds")
    typing = text(next_row(attached_link(*reviewed()), NOW, 200, typing=True))
    assert "drops" not in typing
    silent = text(next_row(attached_link(*reviewed(), silent=12), NOW, 200))
    assert "waited for approval when last seen" in silent
    assert "14 s" not in silent
    review = show.ReviewMode(on=True, wait_s=20)
    empty = text(next_row(attached_link(review), NOW, 80))
    assert empty == " REVIEW 20 s, then dropped · no line of hers waits"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_review_is_never_out_of_sight(width: int) -> None:
    link = attached_link(show.ReviewMode(on=True, wait_s=20, then="air"))
    row = text(status(link, NOW, width))
    assert "REVIEW" in row
    assert ("REVIEW 20 s, then said" in row) is (width > 40)
    assert "REVIEW" not in text(status(attached_link(), NOW, width))


def test_lines_that_wait_out_of_sight_have_a_banner() -> None:
    link = attached_link(*reviewed())
    assert banner(link, NOW) is None
    said = text(banner(link, NOW, 100, unseen=True))
    assert said == " 3 LINES WAIT to be decided on: the next dropped in 14 s · t shows them"
    assert text(banner(link, NOW, 40, unseen=True)).startswith(" 3 LINES WAIT")
    latched = attached_link(*reviewed(), show.Panicked(by="x", epoch=9))
    assert "PANIC" in text(banner(latched, NOW, unseen=True))


def test_a_gate_without_rules_is_loud_and_one_with_faults_is_said() -> None:
    dead = attached_link(show.GateState(rules=0, error="base.yaml: not a list"))
    assert text(banner(dead, NOW)) == " NO SAFETY RULES: she stays silent · base.yaml: not a list"
    assert "NO SAFETY RULES" in text(banner(attached_link(show.GateState(rules=0)), NOW, 40))
    hurt = attached_link(show.GateState(rules=7, problems=2, blocked=3))
    assert banner(hurt, NOW) is None
    row = text(status(hurt, NOW, 250))
    assert "2 RULE PROBLEMS" in row
    assert "7 rules, 3 blocked" in row


def test_what_no_operator_dropped_is_said() -> None:
    found = show.Ruled(means="sound", action="drop", category="slur", rule="s-2")
    said = [
        [notice.text for notice in news(event, "me")]
        for event in (
            decided(0, "drop", why="time"),
            decided(0, "drop", why="sound", ruled=found),
            decided(0, "drop", "cli:bob"),
            decided(0, "air", why="time"),
        )
    ]
    assert said == [
        ["nobody decided in time: a line was dropped"],
        ["a line was dropped: sound slur s-2"],
        [],
        [],
    ]


# Keys


@pytest.fixture
async def attached(sandbox: Sandbox, request: pytest.FixtureRequest) -> AsyncIterator[Attached]:
    """A console on a show with three lines that wait for approval; its parameter: the size."""
    events = [*script(), *reviewed()]
    async with ScriptedShow(sandbox.environ, events, clock=lambda: START) as server:
        app = console()
        async with app.run_test(size=getattr(request, "param", (100, 30))) as pilot:
            await until(pilot, lambda: app.link.attached)
            app.desk.flush()
            yield app, pilot, server


def next_shown(app: ConsoleApp) -> str:
    return app.desk.query_one("#next", Row).text if app.desk.has_class("-next") else ""


@pytest.mark.parametrize(
    ("key", "what"), [("plus", "air"), ("full_stop", "air"), ("X", "drop"), ("H", "hold")]
)
async def test_one_key_decides_about_the_next_line(attached: Attached, key: str, what: str) -> None:
    app, pilot, server = attached
    await pilot.press(key)
    line = await server.until_asked("show.line")
    assert (line.what, line.turn, line.rev, line.seq) == (what, TURN, 0, 0)
    assert line.by == "console:ana@test"
    await until(pilot, lambda: "“Well, the moon is made of" in notices(app))


async def test_another_line_is_chosen_and_decided_on_from_any_pane(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("l", "J", "J", "X")
    line = await server.until_asked("show.line")
    assert (line.what, line.seq) == ("drop", 2)
    assert "3/3" in next_shown(app)


async def test_what_was_asked_stands_there_at_once_and_until_it_is_told(attached: Attached) -> None:
    app, pilot, server = attached
    server.deaf = True
    await pilot.press("X")
    await server.until_asked("show.line")
    assert "dropping…" in next_shown(app)
    app.link.silent = 12.0
    app.desk.repaint()
    assert "dropping… no answer" in next_shown(app)
    assert "waited for approval when last seen" in text_of(app)
    app.link.silent = 0
    app.desk.repaint()
    assert "▸ [dropping…] Well, the moon" in text_of(app)
    server.tell(decided(0, "drop", "console:ana@test", why="dropped"))
    await until(pilot, lambda: "[dropped by ana@test: Well," in text_of(app))
    assert "dropping…" not in text_of(app)
    assert "1/2" in next_shown(app)


async def test_a_refusal_is_said_and_the_line_stands_as_it_was(attached: Attached) -> None:
    app, pilot, server = attached
    server.refuse["show.line"] = "the line is on air already"
    await pilot.press("X")
    await until(pilot, lambda: "dropping: the line is on air already" in notices(app))
    app.desk.flush()
    assert "approval" in next_shown(app)


async def test_nothing_is_asked_about_a_line_that_is_not_the_one_in_sight(
    attached: Attached,
) -> None:
    app, pilot, server = attached
    app.desk.paused = True
    changed = waits(0, "Something else by now.", until=START + 90)
    server.tell(changed)
    memory = app.link.to_come
    await until(pilot, lambda: app.link.state.open_lines()[0][1].spoken == changed.text)
    memory.shown = (LineKey(TURN, 0, 0), FIRST)  # drawn before that came
    await pilot.press("plus")
    await until(pilot, lambda: "it was changed just now" in notices(app))
    memory.shown = (LineKey(TURN, 1, 0), FIRST)
    await pilot.press("plus")
    await until(pilot, lambda: "she has let go of that line" in notices(app))
    memory.shown = None
    await pilot.press("plus")
    await until(pilot, lambda: "let it air: look at it first" in notices(app))
    server.tell(show.Airing(turn=TURN, rev=0, seq=0, text=changed.text))
    await until(pilot, lambda: app.link.state.open_lines()[0][1].seq == 1)
    memory.shown = (LineKey(TURN, 0, 0), changed.text)
    await pilot.press("X")
    await until(pilot, lambda: "on air already; > ends it" in notices(app))
    assert "show.line" not in [name for name, _ in server.asked]


async def test_hold_is_let_go_by_the_same_key(attached: Attached) -> None:
    app, pilot, server = attached
    server.deaf = True
    await pilot.press("H", "H")
    await until(pilot, lambda: "hold: is on its way" in notices(app))
    server.tell(waits(0, FIRST, "operator", until=0, by="console:ana@test"))
    await until(pilot, lambda: "held by ana@test" in next_shown(app))
    await pilot.press("H")
    await server.until(lambda: len(server.asked) == 2)
    assert [params.what for _, params in server.asked] == ["hold", "air"]


async def test_replacing_holds_the_line_while_one_types(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("I")
    prompt = app.desk.query_one(Prompt)
    assert prompt.value == FIRST
    await server.until_asked("show.line")
    await pilot.press(*"Rock.", "enter")
    await server.until(lambda: len(server.asked) == 2)
    (_, first), (_, then) = server.asked
    assert (first.what, first.seq) == ("hold", 0)
    assert (then.what, then.text, then.turn, then.rev, then.seq) == ("replace", "Rock.", TURN, 0, 0)


STOPPED = "the gate stops that too: drop, slur (slur-race-inside); line 0 of turn 12 stays"


@pytest.mark.parametrize("attached", [(80, 24)], indirect=True)
async def test_a_text_that_is_not_taken_stays_to_be_changed_with_the_reason_in_sight(
    attached: Attached,
) -> None:
    app, pilot, server = attached
    await pilot.press("I")
    await server.until_asked("show.line")
    server.refuse["show.line"] = STOPPED
    await pilot.press(*"Rude.", "enter")
    prompt = app.desk.query_one(Prompt)
    await until(pilot, lambda: STOPPED in notices(app))
    await until(pilot, lambda: prompt.asking)
    await until(pilot, lambda: "drop, slur (slur-race-inside)" in text_of(app))
    assert prompt.value == "Rude."
    del server.refuse["show.line"]
    await pilot.press(*"st?", "enter")
    await server.until(lambda: server.asked[-1][1].text == "Rude.st?")
    assert not prompt.asking


async def test_a_text_that_is_not_taken_takes_no_keys_from_another_line(
    attached: Attached,
) -> None:
    app, pilot, server = attached
    await pilot.press("I")
    await server.until_asked("show.line")
    server.refuse["show.line"] = STOPPED
    prompt = app.desk.query_one(Prompt)
    prompt.value = "Rude."
    await prompt.action_submit()
    app.desk.set_focus(app.desk.input_line)
    await until(pilot, lambda: STOPPED in notices(app))
    assert app.desk.focused is app.desk.input_line
    await pilot.press("escape", "I")
    assert prompt.value == "Rude."


def test_a_line_that_was_dropped_while_it_began_says_what_was_heard() -> None:
    state = picture(
        *asked(),
        judged(0, FIRST),
        decided(0, "drop", "cli:bob", why="dropped"),
        show.Aired(turn=TURN, rev=0, seq=0, status="cut", heard="Well, the", heard_ms=300),
    )
    rows = text(turn_lines(state.turns[-1], 300, coming=Coming(NOW)))
    assert "she Well, the [dropped by bob: moon is made of old rice crackers.]" in rows


async def test_leaving_a_line_that_waited_leaves_it_waiting(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("I", "escape")
    await until(pilot, lambda: "the line stays as it is" in notices(app))
    assert [params.what for _, params in server.asked] == ["hold"]
    assert not app.desk.query_one(Prompt).asking


async def test_leaving_a_line_that_was_on_its_way_lets_it_go(sandbox: Sandbox) -> None:
    events = [*script(), *asked(), judged(0, FIRST)]
    async with ScriptedShow(sandbox.environ, events, clock=lambda: START) as server:
        app = console()
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.link.attached)
            assert not next_shown(app)
            await pilot.press("I", "escape")
            await server.until(lambda: len(server.asked) == 2)
            assert [params.what for _, params in server.asked] == ["hold", "air"]


async def test_a_console_that_reads_sees_the_lines_and_cannot_decide(sandbox: Sandbox) -> None:
    async with ScriptedShow(
        sandbox.environ, [*script(), *reviewed()], clock=lambda: START
    ) as server:
        link = Link(by="console:ana@test", clock=lambda: START, read_only=True)
        app = console(link)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.link.attached)
            await pilot.press("plus", "X", "I", "H", "V", "C")
            await until(pilot, lambda: "Block words: this console only reads" in notices(app))
            app.desk.flush()
            assert "approval" in next_shown(app)
            assert "drops" not in next_shown(app)
            assert server.asked == []


async def test_review_is_switched_to_what_it_is_not(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("V")
    assert (await server.until_asked("show.review")).on is False
    server.tell(show.ReviewMode(on=False, by="console:ana@test"))
    await until(pilot, lambda: not app.link.state.review.on)
    await pilot.press("V")
    await server.until(lambda: len(server.asked) == 2)
    assert server.asked[-1][1].on is True


async def test_the_bell_rings_once_for_all_that_wait(
    attached: Attached, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _, _ = attached
    app.link.to_come = ToCome()
    rung: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    app.desk._tick()
    app.desk._tick()
    assert rung == [1]
    app.link.to_come = ToCome()
    app.desk.bell = False
    app.desk._tick()
    assert rung == [1]
    app.desk.flush()
    assert notices(app).count("a line of hers waits: + airs it, X drops it") >= 1


async def test_the_row_stays_a_while_and_then_gives_its_place_back(attached: Attached) -> None:
    app, _, server = attached
    assert next_shown(app)
    app.link.state.review.on = False
    app.link.state.turns[-1].status = "ok"
    app.desk._rows(NOW + 1)
    assert "no line of hers waits" in next_shown(app)
    app.desk._rows(NOW + 10)
    assert not next_shown(app)
    await server.vanish()


# The blocklist


async def test_words_are_blocked_and_taken_off(attached: Attached) -> None:
    app, pilot, server = attached
    server.answers["show.blocklist"] = control.Listed(texts=["old rice", "wasabi"])
    await pilot.press("C")
    await until(pilot, lambda: "2 on your list" in text_of(app))
    assert isinstance(app.screen, Blocklist)
    server.answers["show.blocklist"] = control.Listed(texts=["bob", "old rice", "wasabi"])
    await pilot.press(*"bob", "enter")
    await until(pilot, lambda: "blocked from now on: bob" in text_of(app))
    assert "+ bob" in text_of(app)
    await pilot.press("down", "enter")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    await pilot.press("y")
    await until(pilot, lambda: "no longer blocked: old rice" in text_of(app))
    asked_for = [(params.what, params.text) for _, params in server.asked]
    assert asked_for == [("list", ""), ("add", "bob"), ("remove", "old rice")]
    assert server.asked[-1][1].by == "console:ana@test"
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is app.desk)


async def test_it_begins_with_what_is_chosen_and_says_what_is_refused(attached: Attached) -> None:
    app, pilot, server = attached
    server.answers["show.blocklist"] = control.Listed(texts=[])
    await pilot.press("J", "C")
    await until(pilot, lambda: "none on your list" in text_of(app))
    assert SECOND[:40] in text_of(app)
    server.refuse["show.blocklist"] = "too short: a word has two letters"
    await pilot.press("a", "enter")
    await until(pilot, lambda: "not blocked: too short" in text_of(app))
    assert server.asked[-1][1].text == "a"  # what was selected gave way
    await pilot.press("escape", "up", "C")
    await until(pilot, lambda: isinstance(app.screen, Blocklist))


def test_the_key_of_a_line() -> None:
    state = picture(*held())
    assert line_key(*state.open_lines()[0]) == (TURN, 0, 1)
