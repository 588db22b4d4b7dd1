"""`kitsu-tui`: the console. Attaches to the show, and starts one when none is running.

Textual is imported after the terminal's settings are made, and nowhere else in the commands.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from engines.wire.show import ConsoleWishes
from kitsu_tui.cli.tell import tell, warn

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

START_WITHIN = 60.0
"""Seconds in which `kitsu run --detach` has to come back."""
SWITCH_S = 0.001
"""The thread that sees the panic key waits no longer than that for the one that paints."""

WHERE = {
    "detached": "detached; the show goes on (kitsu-tui to come back, kitsu stop to end it)",
    "stopped": "the show was stopped",
    "no show": "no show is running (kitsu-tui starts one)",
    "past": "the past session is closed",
}


async def launch(profile: str) -> str:
    """Start a show in the background. Returns what went wrong, in one line, or nothing."""
    command = [sys.executable, "-m", "kitsu_tui.cli", "run", "--detach"]
    if profile:
        command += ["--profile", profile]
    # A file, not a pipe: the show may keep it open, and a pipe would then never end.
    with tempfile.TemporaryFile() as errors:
        try:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            return f"cannot run {command[0]}: {error.strerror or error}"
        try:
            async with asyncio.timeout(START_WITHIN):
                code = await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()
            return f"the show did not come up within {START_WITHIN:.0f} s"
        if code == 0:
            return ""
        errors.seek(0)
        said = errors.read(64 << 10).decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else f"kitsu run ended with exit code {code} and no word"


def _wishes(theme: str, layout: str) -> ConsoleWishes:
    """What the command line says of theme and layout; it stands above the profile."""
    from kitsu_tui.console.arrangement import LAYOUTS
    from kitsu_tui.console.themes import NAMES

    for option, found, known in (("theme", theme, tuple(NAMES)), ("layout", layout, LAYOUTS)):
        if found and found not in known:
            tell(
                f"kitsu-tui: --{option}: found {found!r}, expected one of {' '.join(known)}",
                file=sys.stderr,
            )
            raise typer.Exit(2)
    return ConsoleWishes(theme=theme, layout=layout)


def _picture(path: Path, size: str, wishes: ConsoleWishes) -> None:
    from kitsu_tui.console import terminal

    terminal.prepare({})
    from kitsu_tui.console import picture

    try:
        picture.take(path, picture.size_of(size), wishes)
    except picture.NoPicture as err:
        warn(f"kitsu-tui: no picture: {err}")
        raise typer.Exit(1) from None
    tell(f"{path}: written")


def _session(journal: bool, name: str) -> Path | None:
    """The journal that is asked for; ends with a word when there is none."""
    if not journal:
        if name:
            warn(f"kitsu-tui: {name}: to read a session say --journal")
            raise typer.Exit(2)
        return None
    from kitsu_tui.config.paths import state_dir
    from kitsu_tui.journal.sessions import NoJournal, find_session

    try:
        return find_session(state_dir(os.environ), name)
    except (NoJournal, OSError) as error:
        warn(f"kitsu-tui: {error}")
        raise typer.Exit(1) from None


@app.command()
def console(
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="profile of the show, if one is started")
    ] = "",
    attach_only: Annotated[
        bool, typer.Option("--attach-only", help="never start a show, wait for one")
    ] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="look, and panic, and nothing else: for a moderator")
    ] = False,
    theme: Annotated[str, typer.Option(help="colours: kitsu, light, contrast, ansi, mono")] = "",
    layout: Annotated[str, typer.Option(help="desk, talk, watch or focus")] = "",
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="write what would be seen now as SVG, and end"),
    ] = None,
    size: Annotated[str, typer.Option(help="of the picture, columns x rows")] = "120x40",
    journal: Annotated[
        bool, typer.Option("--journal", help="read a past session, the newest or the one named")
    ] = False,
    session: Annotated[
        str, typer.Argument(help="with --journal: a session's name, folder or file")
    ] = "",
) -> None:
    """The console: watch a show and run it. Starts one when none is running."""
    past = _session(journal, session)
    wishes = _wishes(theme, layout)
    if picture is not None:
        _picture(picture, size, wishes)
        return
    # Textual reads the keys from stdin and draws on stderr.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        warn("kitsu-tui needs a terminal; without one use: kitsu status")
        raise typer.Exit(2)
    if os.environ.get("TERM") == "dumb":
        tell(
            "kitsu-tui: TERM is dumb: this terminal cannot place a cursor; use kitsu status here, "
            "or set TERM=xterm-256color if it can",
            file=sys.stderr,
        )
        raise typer.Exit(2)
    from kitsu_tui import platform
    from kitsu_tui.console import terminal

    remote = terminal.prepare(os.environ)
    platform.set_quick()
    sys.setswitchinterval(SWITCH_S)
    logging.lastResort = None  # a line on stderr would land in the middle of the screen
    from kitsu_tui.console.app import ConsoleApp
    from kitsu_tui.console.link import Link
    from kitsu_tui.console.output import Output

    by = terminal.actor(os.environ)
    if past is not None:
        from kitsu_tui.console.past import PastLink

        link: Link = PastLink(by=by, path=past)
    else:
        link = Link(
            by=by,
            launch=None if attach_only or read_only else lambda: launch(profile),
            profile=profile,
            read_only=read_only,
        )

    def farewell() -> str:
        ending = "detached" if link.attached else "no show"
        return f"kitsu-tui: {WHERE[ending if past is None else 'past']}"

    def leave() -> None:
        screen.leave()

    try:
        output = Output() if sys.platform != "win32" else None
    except OSError:
        output = None
    link.own_wishes = wishes
    guard = terminal.Guard(leave, farewell, output)
    screen = ConsoleApp(link, remote=remote, lost=guard.lost, leaving=guard.leaving, output=output)
    guard.install()
    ending = screen.run()
    guard.left()
    if ending == "detached" and not link.was_attached:
        ending = "no show"
    tell(f"kitsu-tui: {WHERE[ending or 'detached'] if past is None else WHERE['past']}")
    raise typer.Exit(128 + guard.signal if guard.signal else screen.return_code or 0)


def run() -> None:
    """Entry point of `kitsu-tui`."""
    app()
