"""Verbs of a show as a whole: run, status, stop."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kitsu_tui.cli.ask import EXIT_FAILED, EXIT_NO_SHOW, actor, ask, fail
from kitsu_tui.cli.tell import tell, warn

if TYPE_CHECKING:
    from kitsu_tui.config import Loaded

START_S = 20.0
STOP_S = 20.0
LEAVE_S = 12.0
"""How long a show that was started in vain may take to leave: its engines leave before it."""
RUNNING = (
    "a show is running already; look at it with kitsu-tui or kitsu status, end it with kitsu stop"
)

ProfileOption = Annotated[
    str, typer.Option("--profile", "-p", help="profile by name or path", show_default="starter")
]


def run(
    profile: ProfileOption = "",
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="leave it running and come back")
    ] = False,
) -> None:
    """Run a show: it goes on until `kitsu stop`, ctrl+c or SIGTERM."""
    from kitsu_tui.config import ConfigError, load_profile

    try:
        loaded = load_profile(profile)
        check_keys(loaded)
    except ConfigError as err:
        fail("run", str(err), 2)
    if detach:
        _detach(profile)
        return
    from engines.wire import logline
    from kitsu_tui.show.main import ShowError, run_show

    logline.configure("show", environ=loaded.environ)
    try:
        run_show(loaded)
    except ShowError as err:
        fail("run", str(err), err.code)


def check_keys(loaded: Loaded) -> None:
    """What the profile says of the console's keys: only the console's registry knows them."""
    from kitsu_tui.config import ConfigError

    if not loaded.profile.console.keys:
        return
    from kitsu_tui.console.actions import ACTIONS
    from kitsu_tui.console.keymap import BadKeys, keymap

    try:
        keymap(ACTIONS, loaded.profile.console.keys)
    except BadKeys as err:
        raise ConfigError(f"profile {loaded.name}: {err}") from None


def _detach(profile: str) -> None:
    from kitsu_tui import platform
    from kitsu_tui.config import endpoint, paths

    try:
        # Else the file that the running show writes to would be begun anew.
        endpoint.connect_now(os.environ, 1.0).close()
    except OSError:
        pass
    else:
        fail("run", RUNNING, EXIT_NO_SHOW)
    command = [sys.executable, "-m", "kitsu_tui.cli", "run"]
    if profile:
        command += ["--profile", profile]
    try:
        root = paths.log_root(os.environ)
        root.mkdir(parents=True, exist_ok=True)
        said = root / "show.stderr"
        said.unlink(missing_ok=True)
        # Like the log files, for this user alone: it holds what the show logs.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(said, flags, 0o600), "wb") as file:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                **platform.detached_options(),
            )
    except OSError as err:
        fail("run", f"cannot be started: {err.strerror or err}: {err.filename or ''}", 1)
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        code = child.poll()
        if code is not None:
            _relay(said)
            if code <= 0:
                how = platform.describe_exit(code)
                fail("run", f"the show ended while it started ({how}); see {said}", EXIT_FAILED)
            raise SystemExit(code)
        if _answers(child.pid):
            tell(f"the show is up (pid {child.pid}); kitsu-tui to watch it, kitsu stop to end it")
            return
        time.sleep(0.05)
    _put_an_end(child)
    fail("run", f"the show did not answer within {START_S:g} s and was ended; see {said}", 1)


def _put_an_end(child: subprocess.Popen[bytes]) -> None:
    """Nobody would look after one that hangs, and it would stand in the next one's way."""
    child.terminate()
    try:
        child.wait(LEAVE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _relay(said: Path) -> None:
    for line in said.read_text("utf-8", "replace").splitlines()[-20:]:
        if not line.startswith("{"):
            warn(line)


def _answers(pid: int) -> bool:
    from kitsu_tui.config import endpoint

    try:
        with endpoint.connect_now(os.environ, 1.0) as link:
            return f'"pid":{pid}'.encode() in link.recv(4096)
    except OSError:
        return False


def status(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Say how the show is."""
    from engines.wire import control

    snapshot = ask("status", control.STATUS, control.Ask(by=actor()))
    import msgspec

    if as_json:
        tell(msgspec.json.encode(snapshot.state).decode(), as_json=True)
        return
    from kitsu_tui.cli.status import report
    from kitsu_tui.model.state import ShowState

    tell(report(msgspec.convert(snapshot.state, ShowState), time.time()))


def stop(
    engine: Annotated[str, typer.Argument(help="one engine only; without, the whole show")] = "",
) -> None:
    """End the show, and wait until it has ended; or stop one engine."""
    if engine:
        from engines.wire import control

        params = control.Toggle(engine=engine, on=False, by=actor())
        tell(f"{engine} {ask('stop', control.TOGGLE, params).detail}")
        return
    end_show("stop")
    tell("the show has ended")


def end_show(verb: str) -> None:
    """Ask the show to end, and wait until its process has: then another may start."""
    from engines.wire import control
    from kitsu_tui import platform
    from kitsu_tui.cli.ask import run as ask_it
    from kitsu_tui.client import RequestFailed, WrongShow, connect

    async def work() -> int:
        try:
            return await ask_to_end()
        except WrongShow as err:
            if not err.pid or not platform.ask_to_end(err.pid):
                raise
            return err.pid  # of another version: it knows the signal

    async def ask_to_end() -> int:
        async with connect() as show:
            try:
                await show.ask(control.STOP, control.Ask(by=actor()))
            except RequestFailed as err:
                if err.code != "gone":
                    raise
            except ConnectionError:
                pass  # it was on its way already
            return show.hello.pid if show.hello is not None else 0

    pid = ask_it(verb, work)
    born = platform.start_time(pid)
    end = time.monotonic() + STOP_S
    while born and platform.start_time(pid) == born:
        if time.monotonic() > end:
            fail(verb, f"the show (pid {pid}) has not ended within {STOP_S:g} s", EXIT_FAILED)
        time.sleep(0.05)


def register(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    for verb in (run, status, stop):
        app.command(verb.__name__, rich_help_panel="The show")(verb)


__all__ = ["EXIT_NO_SHOW", "check_keys", "register"]
