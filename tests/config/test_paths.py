"""Folders: overrides, the platform's defaults, and who may read them."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kitsu_tui.config import paths

posix = pytest.mark.skipif(sys.platform == "win32", reason="folders of a POSIX system")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the XDG specification")


@pytest.mark.parametrize(
    ("variable", "function"),
    [
        ("KITSU_MODELS_DIR", paths.models_dir),
        ("KITSU_STATE_DIR", paths.state_dir),
        ("KITSU_RUNTIME_DIR", paths.runtime_dir),
    ],
)
def test_a_variable_wins_and_becomes_absolute(
    variable: str,
    function: Callable[[dict[str, str]], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert function({variable: str(tmp_path / "x")}) == tmp_path / "x"
    monkeypatch.chdir(tmp_path)
    assert function({variable: "here"}) == tmp_path / "here"


@linux
def test_the_defaults_follow_xdg() -> None:
    environ = {"HOME": "/home/kit"}
    assert paths.models_dir(environ) == Path("/home/kit/.local/share/kitsu/models")
    assert paths.state_dir(environ) == Path("/home/kit/.local/state/kitsu")
    assert paths.cache_dir(environ) == Path("/home/kit/.cache/kitsu")
    assert paths.data_dir(environ | {"XDG_DATA_HOME": "/big"}) == Path("/big/kitsu")
    # The specification: relative paths are invalid and ignored.
    assert paths.data_dir(environ | {"XDG_DATA_HOME": "big"}) == Path(
        "/home/kit/.local/share/kitsu"
    )


@posix
def test_the_runtime_folder_is_the_sessions_or_a_short_one(tmp_path: Path) -> None:
    assert paths.runtime_dir({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "kitsu"
    gone = {"XDG_RUNTIME_DIR": str(tmp_path / "gone"), "TMPDIR": str(tmp_path)}
    assert paths.runtime_dir(gone) == tmp_path / f"kitsu-{os.getuid()}"


def test_the_log_root_is_absolute(tmp_path: Path) -> None:
    assert paths.log_root({}, tmp_path) == tmp_path / "logs"
    assert paths.log_root({"KITSU_LOG_ROOT": "out/logs"}, tmp_path) == tmp_path / "out" / "logs"
    assert paths.log_root({"KITSU_LOG_ROOT": str(tmp_path)}, Path("/elsewhere")) == tmp_path


@posix
def test_a_socket_path_that_is_too_long_names_the_variable(tmp_path: Path) -> None:
    long = str(tmp_path / ("d" * 100))
    with pytest.raises(paths.PathError, match="Set KITSU_RUNTIME_DIR to a shorter folder"):
        paths.socket_path({"KITSU_RUNTIME_DIR": long})
    assert paths.socket_path({"KITSU_RUNTIME_DIR": "/run/k"}) == Path("/run/k/show.sock")


@posix
def test_private_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    made = paths.private_dir(tmp_path / "a" / "b")
    assert made.stat().st_mode & 0o777 == 0o700
    loose = tmp_path / "loose"
    loose.mkdir(mode=0o755)
    loose.chmod(0o755)
    assert paths.private_dir(loose).stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(paths.PathError, match="cannot make the folder"):
        paths.private_dir(tmp_path / "file")


@posix
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs root to give away")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    os.chown(foreign, 12345, 12345)
    with pytest.raises(paths.PathError, match="belongs to user 12345"):
        paths.private_dir(foreign)


@posix
def test_a_client_goes_only_to_a_show_of_its_own_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.check_ours(tmp_path)
    paths.check_ours(tmp_path / "not made yet")
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(paths.PathError, match=f"belongs to user {owner}, you are user {owner + 1}"):
        paths.check_ours(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    paths.check_ours(tmp_path)


@posix
def test_a_folder_that_everybody_uses_is_not_closed_to_them(tmp_path: Path) -> None:
    """KITSU_RUNTIME_DIR=/tmp, as root: nobody else could use /tmp any more."""
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(paths.PathError, match="everybody's.*such as .*tmp/kitsu"):
        paths.private_dir(shared)
    assert shared.stat().st_mode & 0o7777 == 0o1777
