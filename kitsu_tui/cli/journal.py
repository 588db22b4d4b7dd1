"""`kitsu journal`: past sessions, what was said in them, an incident as one file to send."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kitsu_tui.cli.ask import fail
from kitsu_tui.cli.tell import tell, warn

if TYPE_CHECKING:
    from kitsu_tui.journal.pages import Item
    from kitsu_tui.journal.sessions import Session

app = typer.Typer(help="Past sessions: list, show, export.", no_args_is_help=True)

Name = Annotated[
    str, typer.Argument(help="a session's name, the beginning of it, folder or file; the newest")
]


@app.command("list")
def list_sessions(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
    last: Annotated[int, typer.Option(min=1, help="so many, the newest")] = 50,
) -> None:
    """Which sessions there are: when, profile, length, turns, panics and marks."""
    import msgspec

    from kitsu_tui.config.paths import state_dir
    from kitsu_tui.journal import FILE
    from kitsu_tui.journal.sessions import folders, look_at

    try:
        found = folders(state_dir(os.environ))
    except OSError as error:
        fail("journal list", f"{error.filename}: {error.strerror or error}", 1)
    with _pipe():
        if not found and not as_json:
            tell(f"no sessions in {state_dir(os.environ) / 'journal'}")
        for path in found[-last:]:
            session = look_at(path / FILE)
            line = msgspec.json.encode(session).decode() if as_json else _row(session)
            tell(line, as_json=as_json)


@app.command()
def show(
    session: Name = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="one JSON object a turn or event")
    ] = False,
    events: Annotated[bool, typer.Option(help="what happened between the turns, too")] = True,
) -> None:
    """What was said in a session, as text."""
    from kitsu_tui.journal.lines import Skipped
    from kitsu_tui.journal.pages import Journal
    from kitsu_tui.model.state import TurnView

    path = _find("show", session)
    skipped, place = Skipped(), 0
    try:
        with _pipe(), Journal(path) as journal:
            while True:
                page = journal.newer(place, 100)
                skipped.add(page.skipped)
                for item in page.items:
                    if events or isinstance(item.what, TurnView):
                        tell(_json(item) if as_json else f"{_text(item)}\n", as_json=as_json)
                place = page.last
                if page.end:
                    break
    except OSError as error:
        fail("journal show", f"{path}: {error.strerror or error}", 1)
    if skipped.words():
        warn(f"kitsu journal show: {skipped.words()}")


@app.command()
def export(
    session: Name = "",
    mark: Annotated[
        int | None, typer.Option(help="around the mark or panic of this number, from 1; the last")
    ] = None,
    around: Annotated[str, typer.Option(metavar="TIME", help="around 21:30:05 instead")] = "",
    minutes: Annotated[float, typer.Option(min=0.1, max=1440, help="before and after it")] = 5,
    to: Annotated[Path | None, typer.Option("--to", "-o", help="the zip file to write")] = None,
) -> None:
    """One incident as a zip file: journal, transcript and logs around a mark, and versions."""
    from kitsu_tui.console.lines import visible
    from kitsu_tui.journal import bundle
    from kitsu_tui.journal.sessions import look_at

    path = _find("export", session)
    target = to or Path(f"kitsu-incident-{path.parent.name}.zip")
    try:
        moment = bundle.pick(path, look_at(path), mark, around)
        about = bundle.export(path, target, moment, seconds=minutes * 60, text_of=_text)
    except bundle.NoMoment as error:
        fail("journal export", str(error), 2)
    except FileExistsError:
        fail("journal export", f"{target} is there already; name another file with --to", 1)
    except OSError as error:
        fail("journal export", f"{error.filename or target}: {error.strerror or error}", 1)
    logs = about["logs"]
    what = visible(moment.what)
    tell(f"{target}: around {what}, {about['events']} events, logs: {logs or 'none'}")
    tell("It holds what people said: look at it before you send it.")


def _find(verb: str, name: str) -> Path:
    from kitsu_tui.config.paths import state_dir
    from kitsu_tui.journal.sessions import NoJournal, find_session

    try:
        return find_session(state_dir(os.environ), name)
    except (NoJournal, OSError) as error:
        fail(f"journal {verb}", str(error), 1)


def _row(session: Session) -> str:
    from kitsu_tui.console.lines import visible
    from kitsu_tui.console.words import size, span

    name = visible(session.name)
    if session.trouble:
        return f"{name:<36} {visible(session.trouble)}"
    length = span(max(0.0, session.ended - session.began))
    how = "LIVE" if session.live else "rehearsal"
    end = "" if session.stopped else "  (runs, or was killed)"
    return (
        f"{name:<36} {length:>7}  {how:<9} {session.turns:>6} turns {session.panics:>3} panics "
        f"{session.marks:>3} marks {size(session.size):>8}{end}"
    )


def _text(item: Item) -> str:
    from kitsu_tui.console.lines import visible
    from kitsu_tui.console.turn_lines import plain
    from kitsu_tui.journal.origins import origins
    from kitsu_tui.model.state import TurnView

    text = plain(item.what)
    rows = origins(item.what) if isinstance(item.what, TurnView) else []
    return "\n".join([text, *(f"{'':9}line {visible(row)}" for row in rows)])


def _json(item: Item) -> str:
    import msgspec

    from kitsu_tui.model.state import TurnView

    kind = "turn" if isinstance(item.what, TurnView) else "event"
    built: dict[str, Any] = msgspec.to_builtins(item.what)
    return msgspec.json.encode({"type": kind} | built).decode()


@contextmanager
def _pipe() -> Iterator[None]:
    """Whoever reads may have seen enough."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
