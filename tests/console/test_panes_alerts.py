"""The alerts pane: what is new, who has seen what, and when the bell rings."""

from collections.abc import AsyncIterator

import pytest

from engines.wire import show
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.lines import width_of
from kitsu_tui.console.panes.alerts import BELL_EVERY_S, Alerts, bell_due, block, unseen
from kitsu_tui.model.state import AlertView
from tests.console.conftest import console, until
from tests.console.test_desk import Attached, row
from tests.support.scripted_show import START, ScriptedShow


def alert(n: int, level: str = "warning", acked_by: str = "") -> AlertView:
    return AlertView(
        t=START + n, level=level, text=f"alert {n}", about="tts", n=n, acked_by=acked_by
    )


def test_what_nobody_has_seen_is_marked_without_colour() -> None:
    [new] = block(alert(3, "error"), True, 60)
    text = "".join(text for text, _ in new)
    assert text.startswith(">*")
    assert text.endswith(" error tts: alert 3")
    [old] = block(alert(3, acked_by="console:bob@pts/7"), False, 60)
    text = "".join(text for text, _ in old)
    assert text.startswith("  ")
    assert text.endswith(" warning tts: alert 3  seen by bob@pts/7")
    assert {style for _, style in old} <= {"dim", "strong", ""}


def test_one_whose_cause_is_gone_says_so() -> None:
    gone = alert(3, "error", acked_by="show")
    gone.mended = True
    [line] = block(gone, False, 60)
    assert "".join(text for text, _ in line).endswith(" error tts: alert 3  mended")
    assert unseen([gone]) == []


@pytest.mark.parametrize("width", [20, 40, 80])
def test_long_and_hostile_alerts_fit(width: int) -> None:
    view = AlertView(t=START, level="error", text="\x1b]0;x\x07 日本 " * 9, about="\u202e", n=1)
    lines = block(view, True, width)
    assert all(width_of(line) <= width for line in lines)
    assert not any("\x1b" in text or "\u202e" in text for line in lines for text, _ in line)


def test_the_bell_rings_for_news_that_matters_once_in_a_while() -> None:
    never = float("-inf")
    assert bell_due([], 0, never, 100) == (False, 0)
    assert bell_due([alert(4, "info")], 0, never, 100) == (False, 4)
    assert bell_due([alert(4)], 0, never, 100) == (True, 4)
    assert bell_due([alert(4)], 4, 100, 200) == (False, 4)
    assert bell_due([alert(4, acked_by="x")], 0, never, 100) == (False, 4)
    # Within ten seconds it waits, and does not forget.
    alerts = [alert(4), alert(6, "error")]
    assert bell_due(alerts, 4, 100, 100 + BELL_EVERY_S - 1) == (False, 4)
    assert bell_due(alerts, 4, 100, 100 + BELL_EVERY_S) == (True, 6)
    alerts[1].acked_by = "bob"
    assert bell_due(alerts, 4, 100, 100 + BELL_EVERY_S) == (False, 6)


def test_unseen_is_what_nobody_acknowledged() -> None:
    alerts = [alert(1, acked_by="x"), alert(2), alert(3)]
    assert [view.n for view in unseen(alerts)] == [2, 3]


@pytest.fixture
async def attached(scripted: ScriptedShow) -> AsyncIterator[Attached]:
    """A console that shows three alerts."""
    for level in ("info", "warning", "error"):
        scripted.tell(show.Alert(level=level, text=f"an {level}", about="tts"))
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        await pilot.press("a")
        await until(pilot, lambda: shown(app))
        yield app, pilot, scripted


def shown(app: ConsoleApp) -> list[str]:
    pane = app.desk.panes["alerts"]
    assert isinstance(pane, Alerts)
    rows = ["".join(text for text, _ in line) for line in pane.lines]
    return [text[:2] + text[11:].split()[0] for text in rows if len(text) > len("no alerts")]


async def test_enter_acknowledges_up_to_the_selected_one(attached: Attached) -> None:
    app, pilot, server = attached
    numbers = [view.n for view in app.link.state.alerts]
    assert shown(app) == [">*error", " *warning", " *info"]
    assert "3 alerts" in row(app, "status")
    assert "Alerts (3)" in row(app, "tabs")
    await pilot.press("down", "enter")
    params = await server.until_asked("show.acknowledge")
    assert (params.upto, params.by) == (numbers[1], "console:ana@test")
    for event in (show.Acknowledged(upto=numbers[1], by="console:bob@x"),):
        server.tell(event)
    await until(pilot, lambda: shown(app) == [" *error", "> warning", "  info"])
    await until(pilot, lambda: "1 alert " in row(app, "status"))
    assert "Alerts (1)" in row(app, "tabs")
    await pilot.press("enter")
    await until(pilot, lambda: "acknowledged before" in row(app, "footer"))
    assert len(server.asked) == 1


async def test_the_selection_stays_with_its_alert_and_the_top_with_the_newest(
    attached: Attached,
) -> None:
    app, pilot, server = attached
    server.tell(show.Alert(level="info", text="more"))
    await until(pilot, lambda: len(shown(app)) == 4)
    assert shown(app)[0] == ">*info"
    await pilot.press("down")
    await until(pilot, lambda: shown(app)[1] == ">*error")
    server.tell(show.Alert(level="warning", text="still more"))
    await until(pilot, lambda: len(shown(app)) == 5)
    assert shown(app)[:3] == [" *warning", " *info", ">*error"]
    await pilot.press("up", "up")
    await until(pilot, lambda: shown(app)[0] == ">*warning")
    server.tell(show.Alert(level="error", text="the last"))
    await until(pilot, lambda: len(shown(app)) == 6)
    assert shown(app)[:2] == [">*error", " *warning"]


async def test_a_refusal_is_told(attached: Attached) -> None:
    app, pilot, server = attached
    server.refuse["show.acknowledge"] = "not by you"
    await pilot.press("enter")
    await until(pilot, lambda: "not acknowledged: not by you" in row(app, "footer"))


def test_an_alert_that_names_its_engine_does_not_so_twice() -> None:
    died = AlertView(t=START, level="warning", text="tts died (killed)", about="tts", n=1)
    full = AlertView(t=START, level="warning", text="voices: none", about="tts", n=2)
    for alert, words in ((died, "warning tts died (killed)"), (full, "warning tts: voices: none")):
        (line,) = block(alert, False, 80)
        assert "".join(text for text, _ in line).endswith(words)


async def test_what_came_again_and_again_is_one_alert_and_acknowledged_as_one(
    attached: Attached,
) -> None:
    app, pilot, server = attached
    for _ in range(4):
        server.tell(show.Alert(level="warning", text="tts died (exit 9)", about="tts"))
    server.tell(show.Alert(level="error", text="tts has failed", about="tts"))
    await until(pilot, lambda: len(app.link.state.alerts) == 8)
    await until(pilot, lambda: len(shown(app)) == 5)
    pane = app.desk.panes["alerts"]
    assert isinstance(pane, Alerts)
    text = "".join(text for text, _ in pane.lines[1])
    assert "tts died (exit 9)  ×4 since " in text
    await pilot.press("down", "enter")
    params = await server.until_asked("show.acknowledge")
    assert params.upto == app.link.state.alerts[6].n


async def test_where_nothing_is_new_nothing_is_acknowledged(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("A")
    await server.until_asked("show.acknowledge")
    await until(pilot, lambda: not unseen(app.link.state.alerts))
    await pilot.press("A")
    await until(pilot, lambda: "no alert is new" in row(app, "footer"))
    assert [name for name, _ in server.asked].count("show.acknowledge") == 1


async def test_what_failed_is_said_for_longer_than_what_went_well(attached: Attached) -> None:
    app, _pilot, _ = attached
    ends = []
    for style in ("good", "bad"):
        app.link.notice(f"it is {style}", style)
        app.desk.flush()
        assert f"it is {style}" in row(app, "footer")
        assert app.desk._notices._notice is not None
        ends.append(app.desk._notices._notice[1])
    assert ends[1] - ends[0] > 10
