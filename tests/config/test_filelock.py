"""The lock between processes."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from kitsu_tui.config.filelock import LockTimeout, file_lock


def test_one_at_a_time(tmp_path: Path) -> None:
    with (
        file_lock(tmp_path / "a", 0.0),
        file_lock(tmp_path / "b", 0.0),
        pytest.raises(LockTimeout),
        file_lock(tmp_path / "a", 0.0),
    ):
        pass
    with file_lock(tmp_path / "a", 0.0):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="other locks")
def test_a_file_system_without_locks_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with file_lock(tmp_path / "a", 0.0):
        pass
