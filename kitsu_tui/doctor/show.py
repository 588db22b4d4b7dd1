"""The running show, or what an earlier one left behind."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
import time
from pathlib import Path

from kitsu_tui import __version__, platform
from kitsu_tui.config import endpoint, paths
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.probe import Family, Probe
from kitsu_tui.doctor.report import Finding, bad, ok, skipped, warn

ASK_S = 4.0


async def running(context: Context) -> None:
    """Ask the running show for its picture, into `context.running`. Never raises."""
    import msgspec

    from engines.wire import control
    from kitsu_tui.client import NoShow, RequestFailed, connect
    from kitsu_tui.model.state import ShowState

    try:
        async with asyncio.timeout(ASK_S), connect(ASK_S) as show:
            told = await show.ask(control.STATUS, control.Ask(by="doctor"), ASK_S)
            context.running = msgspec.convert(told.state, ShowState)
    except (NoShow, RequestFailed, OSError, TimeoutError, msgspec.ValidationError):
        return


def control_socket(context: Context) -> Finding:
    """Who listens where `kitsu` verbs and consoles knock."""
    environ = context.environ
    if context.running is not None:
        return _running(context)
    try:
        path = endpoint.token_path(environ) if endpoint.uses_tcp() else paths.socket_path(environ)
    except paths.PathError as err:
        return bad("control", str(err), "set KITSU_RUNTIME_DIR to a short folder of your own")
    if found := _not_ours(path):
        return found
    try:
        endpoint.connect_now(environ, 1.0).close()
    except FileNotFoundError:
        return ok("control", "no show is running")
    except ConnectionRefusedError:
        return warn(
            "control",
            f"no show is running, but one was killed and left {path}",
            "nothing: the next show replaces it",
        )
    except (TimeoutError, socket.timeout):  # noqa: UP041 - one and the same since 3.10
        return _hangs(path)
    except OSError as err:
        return bad("control", f"{path}: {err.strerror or err}", "name another KITSU_RUNTIME_DIR")
    return _hangs(path)


def _hangs(path: Path) -> Finding:
    return bad(
        "control",
        f"something listens at {path}, but no show answers within {ASK_S:g} s: it hangs, or it is "
        "of another version",
        "kitsu stop; if that does not help, end the process that `kitsu run` started",
    )


def _not_ours(path: Path) -> Finding | None:
    """The socket or its folder is not what a show of ours would make."""
    if sys.platform == "win32":
        return None
    for place in (path.parent, path):
        try:
            found = place.lstat()
        except FileNotFoundError:
            return None
        except PermissionError:
            return bad(
                "control",
                f"{place} is closed to you: a show of another user may run there",
                "set KITSU_RUNTIME_DIR to a folder of your own, or act as that user",
            )
        if found.st_uid != os.getuid():
            return bad(
                "control",
                f"{place} belongs to user {found.st_uid}, not to you",
                "set KITSU_RUNTIME_DIR to a folder of your own, or act as that user",
            )
    if not stat.S_ISSOCK(path.lstat().st_mode):
        return bad("control", f"{path} is no socket", f"move it away: {path}")
    return None


def _running(context: Context) -> Finding:
    show = context.running
    assert show is not None  # noqa: S101
    minutes = max(0, int((time.time() - show.started) / 60))
    found = (
        f"a show runs: profile {show.profile} ({'LIVE' if show.live else 'not live'}), "
        f"pid {show.pid}, version {show.version}, up {minutes} min"
    )
    name = context.loaded.name if context.loaded is not None else context.profile
    if name and show.profile != name:
        found += f"; this report is about the profile {name}"
    if show.version != __version__:
        return warn(
            "control",
            f"{found}; this is version {__version__}",
            "after the stream: kitsu stop, and start it anew",
        )
    return ok("control", found)


def heard(context: Context) -> Finding:
    """Whether the running show can be heard, in its own words."""
    show = context.running
    if show is None:
        return skipped("on air", "no show is running")
    if show.panic.latched:
        return warn("on air", f"panic, pressed by {show.panic.by}", "kitsu resume, when it is safe")
    why, deaf = show.why_unheard(), show.why_deaf()
    if why or deaf:
        words = [f"she cannot be heard: {why}"] if why else ["she can be heard"]
        words += [f"she does not hear: {deaf}"] if deaf else []
        return warn("on air", "; ".join(words), "kitsu status tells more")
    return ok("on air", "she can be heard, and hears")


def latch(context: Context) -> Finding:
    """A panic that outlived its show."""
    if context.running is not None:
        return skipped("panic latch", "the running show has it")
    from kitsu_tui.show.durable import LatchFile, read_file

    path = paths.state_dir(context.environ) / "latch.json"
    damaged = LatchFile(panicked=True, by="a damaged file")
    try:
        value = read_file(path, LatchFile, damaged if path.exists() else LatchFile())
    except OSError:
        return skipped("panic latch", "the state folder cannot be read: see Disk")
    if value.panicked:
        return warn(
            "panic latch",
            f"still latched, by {value.by or 'nobody'}: the next show starts silent",
            "start it, then: kitsu resume",
        )
    return ok("panic latch", "not latched")


def left_behind(context: Context) -> Finding:
    """Engines that outlived their show."""
    if context.running is not None:
        return skipped("left behind", "a show is running: its engines are its own")
    from kitsu_tui.show.durable import LedgerFile, read_file

    path = paths.state_dir(context.environ) / "children.json"
    children = read_file(path, LedgerFile, LedgerFile()).children
    alive = [
        f"{name} (pid {born.pid})"
        for name, born in children.items()
        if born.pid > 1 and born.started and abs(platform.start_time(born.pid) - born.started) < 1
    ]
    if alive:
        return warn(
            "left behind",
            f"engines of a show that was killed live on: {', '.join(alive)}",
            "nothing: the next show ends them",
        )
    return ok("left behind", "no engine outlived its show")


FAMILY = Family(
    "Show",
    (
        Probe("control", control_socket, ASK_S),
        Probe("on air", heard),
        Probe("panic latch", latch),
        Probe("left behind", left_behind),
    ),
)
