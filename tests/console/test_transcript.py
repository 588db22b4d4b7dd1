"""The transcript: what stands in it, what does not move, and what comes out of the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from engines.wire import show
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.panes.transcript import Transcript
from kitsu_tui.console.past import PastLink
from kitsu_tui.console.screens.turn import TurnScreen
from kitsu_tui.journal import FILE
from kitsu_tui.model.notes import NoteView
from kitsu_tui.model.state import TurnView
from kitsu_tui.model.turns import TURNS_KEPT
from tests.conftest import Sandbox
from tests.console.conftest import console, text_of, until
from tests.support.long_journal import write
from tests.support.scripted_show import START, ScriptedShow

Attached = tuple[ConsoleApp, Pilot[Any], ScriptedShow]
TURNS = 330


def talk(turn: int, text: str = "", *, done: bool = True) -> list[show.ShowEvent]:
    """One exchange."""
    said, answer = text or f"question {turn}", f"Answer number {turn}."
    events: list[show.ShowEvent] = [
        show.TurnStarted(turn=turn, source="operator", who="cli:ana", text=said),
        show.Judged(turn=turn, rev=0, seq=0, action="allow", text=answer, spoken=answer),
        show.Airing(turn=turn, rev=0, seq=0, text=answer),
    ]
    if done:
        events += [
            show.Aired(turn=turn, rev=0, seq=0, status="played", heard=answer, heard_ms=900),
            show.TurnDone(
                turn=turn, rev=0, status="ok", answer=answer, marks_ms={"audible": 600.0 + turn}
            ),
        ]
    return events


def session(journal: Path) -> list[show.ShowEvent]:
    """A show with more turns than its picture holds, and something between them."""
    events: list[show.ShowEvent] = [
        show.ShowStarted(
            profile="starter",
            live=False,
            pid=4000,
            version="0.1.0",
            epoch=3,
            engines=["audio", "policy", "tts"],
            journal=str(journal),
        )
    ]
    for turn in range(1, TURNS + 1):
        events += talk(turn, "where is the needle?" if turn in (5, 60) else "")
        if turn % 50 == 0:
            events.append(show.Marked(by="console:bob@test", text=f"mark {turn}"))
    return events


def journal_of(folder: Path, events: Sequence[show.ShowEvent]) -> None:
    """Write what the scripted show tells, as the show would."""
    folder.mkdir(parents=True, exist_ok=True)
    told = (show.Told(n=n, t=START, event=event) for n, event in enumerate(events, 1))
    lines = (msgspec.json.encode({"ts": "x", "t_ns": 1} | msgspec.to_builtins(t)) for t in told)
    (folder / FILE).write_bytes(b"".join(line + b"\n" for line in lines))


@pytest.fixture
async def long(sandbox: Sandbox) -> AsyncIterator[Attached]:
    """A console that is attached to a long session."""
    folder = sandbox.state / "journal" / "s"
    events = session(folder)
    journal_of(folder, events)
    async with ScriptedShow(sandbox.environ, events, clock=lambda: START) as server:
        app = console()
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: app.link.attached)
            await pilot.press("z")
            await until(pilot, lambda: f"number {TURNS}." in text_of(app))
            yield app, pilot, server


def pane(app: ConsoleApp) -> Transcript:
    found = app.desk.panes["transcript"]
    assert isinstance(found, Transcript)
    return found


def turns(app: ConsoleApp) -> list[int]:
    return [item.what.turn for item in pane(app).book.items if isinstance(item.what, TurnView)]


def marks(app: ConsoleApp) -> list[str]:
    notes = (item.what for item in pane(app).book.items if isinstance(item.what, NoteView))
    return [note.text for note in notes if note.kind == "mark"]


def rows(app: ConsoleApp) -> list[str]:
    """The rows of the pane that are in sight."""
    view = pane(app)
    top = view.scroll_offset.y
    bottom = min(view.line_count(), top + view.scrollable_content_region.height)
    return ["".join(text for text, _ in view.line_at(y)) for y in range(top, bottom)]


async def up(pilot: Pilot[Any], app: ConsoleApp) -> list[str]:
    """To the top of what is held; returns the rows there, before anything more is read."""
    pane(app).scroll_to(y=0, animate=False, force=True)
    return rows(app)


async def down(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """To the end of what is held."""
    pane(app).scroll_to(y=pane(app).max_scroll_y, animate=False, force=True)
    await still(pilot, app)


async def still(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """Until nothing more is being read."""
    await pilot.pause()
    await until(pilot, lambda: not pane(app)._loading and not pane(app)._search)


async def test_scrolling_up_reads_on_to_the_beginning_and_nothing_moves(long: Attached) -> None:
    app, pilot, _ = long
    assert turns(app) == list(range(TURNS - TURNS_KEPT + 1, TURNS + 1))
    while not pane(app).book.at_start:
        held = turns(app)
        shown = await up(pilot, app)
        await still(pilot, app)
        assert turns(app)[-len(held) :] == held
        assert turns(app) != held
        assert rows(app)[1:] == shown[1:]  # what was read meanwhile stands above
    assert turns(app) == list(range(1, TURNS + 1))
    assert marks(app) == [f"mark {n}" for n in range(50, TURNS + 1, 50)]
    await up(pilot, app)
    assert "the show begins" in "\n".join(rows(app))
    assert "question 1" in "\n".join(rows(app))


async def test_new_turns_are_counted_while_the_reader_stays(long: Attached) -> None:
    app, pilot, server = long
    await pilot.press("pageup", "pageup")
    await still(pilot, app)
    shown = rows(app)
    assert pane(app).border_subtitle == "↑ End follows"
    for turn in (TURNS + 1, TURNS + 2, TURNS + 3):
        server.tell(*talk(turn))
    await until(pilot, lambda: pane(app).border_subtitle == "3 new, End follows")
    assert rows(app) == shown
    await pilot.press("end")
    await until(pilot, lambda: f"number {TURNS + 3}." in text_of(app))
    assert pane(app).border_subtitle == ""
    assert turns(app)[0] == TURNS - TURNS_KEPT + 1  # what was held is not let go


async def test_home_goes_to_the_beginning_and_back_down_joins_the_show(long: Attached) -> None:
    app, pilot, server = long
    await pilot.press("home")
    await until(pilot, lambda: "number 1." in text_of(app))
    assert not pane(app).book.at_end
    for _step in range(40):
        await down(pilot, app)
        if pane(app).following:
            break
    assert turns(app) == list(range(1, TURNS + 1))
    server.tell(*talk(TURNS + 1))
    await until(pilot, lambda: f"number {TURNS + 1}." in text_of(app))
    await pilot.press("g")
    await until(pilot, lambda: "number 1." in text_of(app))
    await pilot.press("G")
    await until(pilot, lambda: f"number {TURNS + 1}." in text_of(app))


async def test_a_search_goes_back_through_the_journal_and_on_again(long: Attached) -> None:
    app, pilot, _ = long

    async def find(key: str) -> None:
        await pilot.press(key)
        await still(pilot, app)

    def chosen() -> str:
        return "\n".join(row for row in rows(app) if "needle" in row)

    await pilot.press("f", *"NEEDLE", "enter")
    await until(pilot, lambda: pane(app).selected is not None)
    assert "needle" in chosen()
    assert 60 in turns(app)
    sixty = pane(app).selected
    await find("N")
    await until(pilot, lambda: pane(app).selected != sixty)
    assert 5 in turns(app)
    await find("N")
    await until(pilot, lambda: any("not further back" in n for n in app.desk.notices_shown))
    await find("n")
    await until(pilot, lambda: pane(app).selected == sixty)
    await find("n")
    await until(pilot, lambda: any("not further on" in n for n in app.desk.notices_shown))
    await pilot.press("escape")
    assert pane(app).selected is None


async def test_a_gone_journal_is_said_and_tried_again(long: Attached, sandbox: Sandbox) -> None:
    app, pilot, _ = long
    path = sandbox.state / "journal" / "s" / FILE
    path.rename(path.with_name("elsewhere"))
    await pilot.press("home")
    await until(pilot, lambda: pane(app)._trouble)
    await up(pilot, app)
    await until(pilot, lambda: "older turns cannot be read: No such file" in text_of(app))
    path.with_name("elsewhere").rename(path)
    await pilot.press("home")
    await until(pilot, lambda: "number 1." in text_of(app))


async def test_what_is_held_is_bounded_at_either_end(long: Attached) -> None:
    app, pilot, server = long
    pane(app).book._kept = 250
    while not pane(app).book.at_start:
        await up(pilot, app)
        await still(pilot, app)
    assert len(pane(app).book.items) <= 250
    assert turns(app)[0] == 1
    assert not pane(app).book.at_end
    server.tell(*talk(TURNS + 1))
    await until(pilot, lambda: pane(app).border_subtitle == "1 new, End follows")
    await pilot.press("end")
    await until(pilot, lambda: f"number {TURNS + 1}." in text_of(app))
    for turn in range(TURNS + 2, TURNS + 90):
        server.tell(*talk(turn))
    await until(pilot, lambda: f"number {TURNS + 89}." in text_of(app))
    assert len(pane(app).book.items) <= 250
    assert not pane(app).book.at_start


async def test_after_a_gap_the_turns_that_were_missed_are_read(
    long: Attached, sandbox: Sandbox
) -> None:
    app, pilot, server = long
    await server.vanish()
    await until(pilot, lambda: not app.link.attached)
    missed = [event for turn in range(TURNS + 1, 2 * TURNS) for event in talk(turn)]
    journal_of(
        sandbox.state / "journal" / "s", [*session(sandbox.state / "journal" / "s"), *missed]
    )
    n = server.state.n
    server.state.n = n - (n - len(session(Path())))  # operators coming and going have numbers, too
    for event in missed:
        server._reduce(event)
    await server.listen()
    await until(pilot, lambda: app.link.attached)
    await until(pilot, lambda: f"number {2 * TURNS - 1}." in text_of(app))
    while not pane(app).book.at_start:
        await up(pilot, app)
        await still(pilot, app)
    assert turns(app) == list(range(1, 2 * TURNS))


async def test_turns_are_chosen_looked_into_and_copied(long: Attached) -> None:
    app, pilot, server = long
    await pilot.press("up")
    last = pane(app).selected
    await pilot.press("k")
    assert pane(app).selected != last
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, TurnScreen))
    shown = text_of(app)
    assert f"Turn {TURNS - 1}" in shown
    assert "█" in shown
    assert f"{599 + TURNS}" in shown
    await pilot.press("Y")
    assert f"Answer number {TURNS - 1}." in app.clipboard
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is app.desk)
    await pilot.press("Y")
    assert app.clipboard.splitlines()[0].endswith(f"question {TURNS - 1}")
    await pilot.press("j", "j", "j")
    assert pane(app).selected is None
    assert pane(app).following
    await pilot.press("up")
    server.tell(*talk(TURNS + 1))
    await until(pilot, lambda: pane(app).border_subtitle == "1 new, End follows")
    assert f"number {TURNS + 1}." not in text_of(app)


async def test_a_turn_tells_how_far_it_is_and_what_nobody_has_judged(long: Attached) -> None:
    app, pilot, server = long
    one, two = TURNS + 1, TURNS + 2
    server.tell(
        show.TurnStarted(turn=one, source="voice", who="Mika"),
        show.Heard(turn=one, rev=0, text="do you", final=False),
    )
    await until(pilot, lambda: "do you… [listening]" in text_of(app))
    server.tell(
        show.Heard(turn=one, rev=0, text="Do you sing?", final=True),
        show.TurnStarted(turn=two, source="chat", who="\x1b[2Jtroll\u202e", text="me \U0001f98a"),
    )
    await until(pilot, lambda: "Do you sing? [thinking]" in text_of(app))
    assert "me \U0001f98a [waiting]" in text_of(app)  # one of them after the other
    assert "\u241b[2Jtroll<U+202E> (chat)" in text_of(app)
    server.tell(
        show.Delta(turn=one, rev=0, text="La la. And"),
        show.Judged(turn=one, rev=0, seq=0, action="allow", text="La la.", spoken="La la."),
        show.Airing(turn=one, rev=0, seq=0, text="La la."),
    )
    await until(pilot, lambda: "▶ La la. ‹draft: And…› [speaking]" in text_of(app))
    server.tell(
        show.Judged(
            turn=one,
            rev=0,
            seq=1,
            action="replace",
            text="And damn.",
            spoken="And oh my.",
            category="profanity",
            rule="mild",
        ),
        show.Aired(turn=one, rev=0, seq=0, status="cut", heard="La", heard_ms=90),
        show.TurnDone(turn=one, rev=0, status="error", answer="La", detail="the voice died"),
    )
    await until(pilot, lambda: "[error: the voice" in text_of(app))
    words = " ".join("".join(rows(app)).split())
    assert "she La [cut: la.] [gate: profanity mild, replaced: And damn.] And oh my." in words


async def test_what_happened_between_turns_can_be_hidden(long: Attached) -> None:
    app, pilot, server = long
    server.tell(
        show.Panicked(by="console:bob@pts/7", epoch=9),
        show.Panicked(by="console:bob@pts/7", epoch=9, surfaces={"audio": 4.0}, done=True),
        show.EngineChanged(engine="tts", state="backoff", exit="killed by signal 9"),
    )
    await until(pilot, lambda: "■ PANIC: audio 4 ms · bob@pts/7" in text_of(app))
    assert "tts died: killed by signal 9" in text_of(app)
    await pilot.press("E")
    await until(pilot, lambda: "■ PANIC" not in text_of(app))
    assert "events hidden" in app.desk.panes["transcript"].subtitle
    await pilot.press("E")
    await until(pilot, lambda: "■ PANIC" in text_of(app))
    assert app.desk.panes["transcript"].subtitle == ""


async def test_a_past_session_opens_at_its_end_and_can_be_read_to_its_beginning(
    sandbox: Sandbox,
) -> None:
    path = write(sandbox.state / "old", hours=4, rate=4)
    assert path.stat().st_size > 3_000_000
    app = console(PastLink(by="console:ana@test", path=path))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "PAST SESSION" in text_of(app))
        await pilot.press("z")
        await until(pilot, lambda: turns(app))
        last = turns(app)[-1]
        await still(pilot, app)
        assert app.link.state.engines["audio"].state == "ready"
        assert not app.link.attached
        await pilot.press("x")
        await until(pilot, lambda: any("a past session" in text for text in app.desk.notices_shown))
        assert app.desk.now() == app.link.state.t  # what it counts does not go on
        await pilot.press("slash")
        assert "nothing can be asked of it" in text_of(app)
        await pilot.press("l")
        await until(pilot, lambda: "kitsu logs has them" in text_of(app))
        await pilot.press("t")
        await pilot.press("home")
        await until(pilot, lambda: "the show begins: long" in text_of(app))
        assert turns(app)[0] == 1
        await pilot.press("end")
        await until(pilot, lambda: turns(app)[-1] == last)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no event of a show in it"),
        (b"GIF89a \xff\xfe\n" * 3, "no event of a show in it; 3 damaged lines skipped"),
        (None, "cannot be read: No such file"),
    ],
)
async def test_what_is_no_journal_is_said(
    sandbox: Sandbox, tmp_path: Path, data: bytes | None, words: str
) -> None:
    path = tmp_path / FILE
    if data is not None:
        path.write_bytes(data)
    app = console(PastLink(by="console:ana@test", path=path))
    async with app.run_test(size=(110, 30)) as pilot:
        await until(pilot, lambda: words in text_of(app))
