"""Where things lie on this machine: data, state, cache, runtime, models and logs.

Every function takes the environment as a mapping and reads nothing else from the process, so that
a test or a second show can be given another place. Linux follows the XDG Base Directory
specification 0.8, macOS `~/Library`, Windows the known folders (platformdirs).
"""

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

APP = "kitsu"
SOCKET_NAME = "show.sock"

# sun_path with its closing zero: 108 bytes on Linux (unix(7)), 104 on macOS and the BSDs.
SOCKET_PATH_BYTES = 107 if sys.platform.startswith("linux") else 103


class PathError(OSError):
    """A folder cannot be used as asked; the message is one line for the operator."""


def models_dir(environ: Mapping[str, str]) -> Path:
    """The model store: KITSU_MODELS_DIR, else `models` in the data folder."""
    return _override(environ, "KITSU_MODELS_DIR") or data_dir(environ) / "models"


def log_root(environ: Mapping[str, str], base: Path | None = None) -> Path:
    """KITSU_LOG_ROOT (default `logs`), made absolute from `base` or the present folder."""
    return (base or Path.cwd()) / expanded(environ.get("KITSU_LOG_ROOT") or "logs")


def data_dir(environ: Mapping[str, str]) -> Path:
    """Large things that are kept and can be fetched again."""
    return _standard(environ, "data")


def state_dir(environ: Mapping[str, str]) -> Path:
    """KITSU_STATE_DIR, else the platform's: journals, epoch, panic latch, ledger of children."""
    return _override(environ, "KITSU_STATE_DIR") or _standard(environ, "state")


def cache_dir(environ: Mapping[str, str]) -> Path:
    """What may be thrown away at any time."""
    return _standard(environ, "cache")


def runtime_dir(environ: Mapping[str, str]) -> Path:
    """KITSU_RUNTIME_DIR, else a short folder of this user: it holds the control socket."""
    override = _override(environ, "KITSU_RUNTIME_DIR")
    if override is not None:
        return override
    if sys.platform == "win32":
        return _standard(environ, "runtime")
    else:  # noqa: RET505 - so that a type checker for Windows skips it
        xdg = environ.get("XDG_RUNTIME_DIR", "")
        if xdg.startswith("/") and os.access(xdg, os.W_OK):
            return Path(xdg) / APP
        # The user's own below the temporary one; private_dir() refuses it if somebody else made it.
        return Path(environ.get("TMPDIR") or "/tmp") / f"{APP}-{os.getuid()}"  # noqa: S108


def socket_path(environ: Mapping[str, str], name: str = SOCKET_NAME) -> Path:
    """The control socket's path. PathError when it is longer than a Unix socket's may be."""
    path = runtime_dir(environ) / name
    length = len(os.fsencode(path))
    if sys.platform != "win32" and length > SOCKET_PATH_BYTES:
        raise PathError(
            f"the control socket's path has {length} bytes, {SOCKET_PATH_BYTES} are allowed: "
            f"{path}. Set KITSU_RUNTIME_DIR to a shorter folder"
        )
    return path


def expanded(said: str) -> Path:
    """A path that somebody wrote, with `~` written out; `~nobody` stays, and will not be found."""
    try:
        return Path(said).expanduser()
    except RuntimeError:
        return Path(said)


def is_there(path: Path, *, folder: bool = False) -> bool:
    """True for a file (or a folder, if that is as good). What cannot be looked at is not there."""
    try:
        return path.exists() if folder else path.is_file()
    except (OSError, ValueError):  # a name that is too long, a folder that is closed to us
        return False


def check_ours(folder: Path) -> None:
    """Before a client trusts what listens in `folder`: it must be this user's. No folder is fine.

    PathError when it is somebody else's: their show is not ours to run, and what listens in a
    folder that they made may be no show. Root may go everywhere, as it does anyway.
    """
    if sys.platform == "win32":
        return
    try:
        found = folder.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise PathError(
            f"the folder {folder} cannot be looked into ({error.strerror}): "
            "a show is asked by the user who runs it, see KITSU_RUNTIME_DIR"
        ) from None
    if os.getuid() not in (0, found.st_uid):
        raise PathError(
            f"the folder {folder} belongs to user {found.st_uid}, you are user {os.getuid()}: "
            "a show is asked by the user who runs it, see KITSU_RUNTIME_DIR"
        )


def private_dir(path: Path) -> Path:
    """Make `path` (and its parents) for this user alone, mode 700, and return it.

    PathError when it is a file, belongs to somebody else, is shared or cannot be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise PathError(f"cannot make the folder {path}: {error.strerror or error}") from error
    if stat.S_ISLNK(found.st_mode):
        found = path.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise PathError(f"{path} is not a folder")
    if sys.platform != "win32":
        if found.st_uid != os.getuid():
            raise PathError(
                f"the folder {path} belongs to user {found.st_uid}, not to you; "
                "remove it or name another one"
            )
        shared = stat.S_ISVTX | stat.S_IWOTH
        if found.st_mode & shared == shared:
            raise PathError(
                f"the folder {path} is everybody's (like /tmp) and cannot be made private: "
                f"name one below it, such as {path / APP}"
            )
        if found.st_mode & 0o077:
            path.chmod(0o700)
    return path


def _override(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name, "").strip()
    return expanded(value).absolute() if value else None


def _home(environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME", "")
    return Path(home) if home else Path("~").expanduser()


def _standard(environ: Mapping[str, str], kind: str) -> Path:
    if sys.platform == "win32":
        import platformdirs

        dirs = platformdirs.PlatformDirs(APP, appauthor=False)
        found: str = getattr(dirs, f"user_{kind}_dir")
        return Path(found)
    elif sys.platform == "darwin":  # noqa: RET505 - as above
        library = _home(environ) / "Library"
        base = library / ("Caches" if kind == "cache" else "Application Support") / APP
        return base / "state" if kind == "state" else base
    else:
        variable, default = {
            "data": ("XDG_DATA_HOME", ".local/share"),
            "state": ("XDG_STATE_HOME", ".local/state"),
            "cache": ("XDG_CACHE_HOME", ".cache"),
        }[kind]
        # The specification: a relative path in these variables is to be ignored.
        xdg = environ.get(variable, "")
        return (Path(xdg) if xdg.startswith("/") else _home(environ) / default) / APP
