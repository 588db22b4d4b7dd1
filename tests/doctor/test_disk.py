"""Folders: full, closed, somebody else's, a file in their place, not there yet."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from pathlib import Path

import pytest

from kitsu_tui.doctor import disk
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.report import Finding

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes of folders")


def state(folder: Path) -> Finding:
    return disk.state(Context(environ={"KITSU_STATE_DIR": str(folder)}))


def test_a_folder_that_is_ours_is_well_and_stays_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    found = state(folder)
    assert found.status == "ok"
    assert "free" in found.found
    assert list(folder.iterdir()) == []


def test_nothing_is_made(tmp_path: Path) -> None:
    found = state(tmp_path / "a" / "b")
    assert found.status == "ok"
    assert "not made yet" in found.found
    assert not (tmp_path / "a").exists()


def test_others_may_not_read_the_journal(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    found = state(tmp_path)
    assert (found.status, found.do.split(" (")[0]) == ("warn", f"chmod 700 {tmp_path}")


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    found = state(tmp_path / "state" / "below")
    assert found.status == "bad"
    assert "is a file" in found.found


def test_log_files_that_others_may_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "asr.log").write_text("what they said")
    (tmp_path / "asr.log").chmod(0o644)
    context = Context(environ={"KITSU_LOG_ROOT": str(tmp_path)})
    found = disk.logs(context)
    assert found.status == "warn"
    assert "asr.log" in found.found
    (tmp_path / "asr.log").chmod(0o600)
    assert disk.logs(context).status == "ok"


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EACCES, "chmod"),
        (errno.EROFS, "mount its disk for writing"),
        (errno.ENOSPC, "make room"),
    ],
)
def test_a_folder_that_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    def refuse(folder: Path) -> OSError:
        return OSError(number, os.strerror(number))

    monkeypatch.setattr(disk, "unwritable", refuse)
    found = state(tmp_path)
    assert (found.status, found.goes_first) == ("bad", True)
    assert os.strerror(number) in found.found
    assert found.do.startswith(advice)
    assert "KITSU_STATE_DIR" in found.do
    # Models are only read, and her cache only makes her quicker.
    assert disk.models(Context(environ={"KITSU_MODELS_DIR": str(tmp_path)})).status == "ok"
    assert disk.cache(Context(environ={"XDG_CACHE_HOME": str(tmp_path)})).status == "warn"


def test_the_device_full_is_said_by_the_system_itself() -> None:
    """/proc takes no files, whoever we are."""
    if not sys.platform.startswith("linux"):
        pytest.skip("no /proc")
    assert disk.unwritable(Path("/proc")) is not None


@pytest.mark.parametrize(("free", "status"), [(10**10, "ok"), (5 * 10**8, "warn"), (10**6, "bad")])
def test_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: str) -> None:
    tmp_path.chmod(0o700)
    usage = type(shutil.disk_usage(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**11, 0, free))
    assert state(tmp_path).status == status
