"""Free space, write permission and modes of the folders that a show uses. Makes none of them."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from kitsu_tui.config import paths
from kitsu_tui.doctor.context import Context, as_root
from kitsu_tui.doctor.probe import Family, Probe
from kitsu_tui.doctor.report import Finding, bad, ok, warn

LOW = 1_000_000_000
"""Below this many free bytes an evening's logs and journal may not fit."""
EMPTY = 100_000_000
LOG_NAMES = (".log", ".stderr")


def models(context: Context) -> Finding:
    """The model store. It is only read while a show runs."""
    return look("models", paths.models_dir(context.environ), context, written=False)


def state(context: Context) -> Finding:
    """Journals, panic latch, ledger."""
    folder = paths.state_dir(context.environ)
    loaded = context.loaded
    journal = loaded.profile.show.journal_mb * 1_000_000 if loaded is not None else 0
    return look("state", folder, context, private=True, wants=max(LOW, journal))


def logs(context: Context) -> Finding:
    """Log files."""
    try:
        root = paths.log_root(context.environ)
    except OSError:
        return bad("logs", "the present folder does not exist any more", "cd to another one")
    return look("logs", root, context, private_files=True)


def runtime(context: Context) -> Finding:
    """The folder of the control socket."""
    return look("runtime", paths.runtime_dir(context.environ), context, private=True, wants=EMPTY)


def cache(context: Context) -> Finding:
    """Synthesized lines."""
    base = paths.cache_dir(context.environ)
    if context.loaded is not None:
        base = base / Path(context.loaded.profile.tts.cache_dir).expanduser()
    found = look("cache", base, context, wants=EMPTY)
    if found.status == "bad":  # she is slower without it, no more
        return warn("cache", found.found, found.do)
    return found


def look(
    name: str,
    folder: Path,
    context: Context,
    *,
    written: bool = True,
    private: bool = False,
    private_files: bool = False,
    wants: int = LOW,
) -> Finding:
    """One folder: is it one, may we write there, is there room, who else may read it."""
    try:
        there = existing(folder)
        if not there.is_dir():
            return bad(name, f"{there} is a file, not a folder", f"move it away: {there}")
        free = shutil.disk_usage(there).free
    except OSError as err:
        why = err.strerror or str(err)
        return bad(name, f"{folder} cannot be reached: {why}", allow(name, folder), goes_first=True)
    found = f"{folder}, {size(free)} free"
    if there != folder:
        found += " (not made yet)"
    if not os.access(there, os.R_OK | os.X_OK):
        return bad(name, f"{there} cannot be read", allow(name, there), goes_first=True)
    hurdle = unwritable(there) if written or there != folder else None
    if hurdle is not None:
        found = f"{there} cannot be written to: {hurdle.strerror or hurdle}"
        do = allow(name, there, hurdle.errno or 0)
        return bad(name, found, do, goes_first=True) if written else warn(name, found, do)
    if free < EMPTY and written:
        return bad(name, f"{found}: that is no room", f"make room on the disk of {there}")
    if free < wants and written:
        return warn(
            name, f"{found}: a long show may want more", f"make room on the disk of {there}"
        )
    return _modes(name, folder, found, private=private, private_files=private_files)


def existing(folder: Path) -> Path:
    """The folder, or the nearest above it that exists.

    Raises:
        OSError: it cannot be told.
    """
    for path in (folder, *folder.parents):
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        return path
    raise FileNotFoundError(2, "nothing of this path exists", str(folder))


def unwritable(folder: Path) -> OSError | None:
    """Why nothing can be written there; None when it can. Tried with a file that has no name."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"kitsu doctor")
            file.flush()
    except OSError as err:
        return err
    return None


def _modes(name: str, folder: Path, found: str, *, private: bool, private_files: bool) -> Finding:
    if sys.platform == "win32" or not folder.exists():
        return ok(name, found)
    mode, owner = folder.stat().st_mode, folder.stat().st_uid
    if private and owner != os.getuid():
        return bad(
            name,
            f"{folder} belongs to user {owner}, not to you",
            f"set {VARIABLES[name]} to a folder of your own, or: "
            f"{as_root(f'chown -R {os.getuid()} {folder}')}",
        )
    if private and mode & 0o077:
        return warn(
            name,
            f"{folder} is open to others (mode {stat.S_IMODE(mode):03o})",
            f"chmod 700 {folder} (the next show does it by itself)",
        )
    if private_files:
        files = [p for p in sorted(folder.iterdir())[-500:] if p.name.endswith(LOG_NAMES)]
        open_ones = [p.name for p in files if _open(p)]
        if open_ones and mode & 0o055:
            return warn(
                name,
                f"{found}; others may read {len(open_ones)} files, such as {open_ones[-1]}: "
                "they hold what people said",
                f"chmod -R go= {folder}",
            )
    return ok(name, found)


def _open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:
        return False


VARIABLES = {
    "models": "KITSU_MODELS_DIR",
    "state": "KITSU_STATE_DIR",
    "logs": "KITSU_LOG_ROOT",
    "runtime": "KITSU_RUNTIME_DIR",
    "cache": "TTS_CACHE_DIR",
}
"""The variable that names each folder."""


def allow(name: str, folder: Path, why: int = errno.EACCES) -> str:
    """How to get at a folder that the error `why` keeps us from."""
    other = f"name another folder: {VARIABLES[name]}"
    if why in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"make room there, or {other}"
    if why == errno.EROFS:
        return f"mount its disk for writing, or {other}"
    if sys.platform == "win32":
        return f"give yourself the right to change {folder}, or {other}"
    return f"chmod u+rwx {folder} if it is yours, or {other}"


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit in ("B", "kB") else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


FAMILY = Family(
    "Disk",
    (
        Probe("models", models),
        Probe("state", state),
        Probe("logs", logs),
        Probe("runtime", runtime),
        Probe("cache", cache),
    ),
)
