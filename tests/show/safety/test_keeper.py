"""Rules that change, and a folder that goes away, while a show runs."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from kitsu_tui.show.safety import Keeper

RULES = "rules:\n  - {id: one, category: test, severity: 4, terms: [badword]}\n"


def test_a_folder_that_goes_away_leaves_the_rules_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error once ended the task that looks, so that no rule was ever loaded again."""
    (tmp_path / "base.yaml").write_text(RULES, encoding="utf-8")
    keeper = Keeper(tmp_path)
    assert keeper.refresh()
    gate = keeper.gate

    def gone(self: Path, pattern: str) -> Iterator[Path]:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "glob", gone)
        assert not keeper.refresh()
        assert "cannot be looked at: Stale file handle" in keeper.error
        assert keeper.gate is gate
    assert keeper.refresh()
    assert keeper.error == ""
