"""Rules that change, and a folder that goes away, while a show runs."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from kitsu_tui.show.safety import Gate, Keeper

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


OWN = "rules:\n  - {id: blocklist, category: blocked, severity: 5, terms: [ownword]}\n"


def test_a_blocklist_saved_with_a_slip_leaves_the_one_from_before_in_force(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(RULES, encoding="utf-8")
    own = tmp_path / "state" / "blocklist.yaml"
    own.parent.mkdir()
    own.write_text(OWN, encoding="utf-8")
    keeper = Keeper(tmp_path, None, own)
    assert keeper.refresh()
    own.write_text(OWN.replace("]}", "]"), encoding="utf-8")
    assert not keeper.refresh()
    assert "blocklist.yaml" in keeper.error
    assert keeper.gate is not None
    assert keeper.gate.check("An ownword.").action == "drop"
    own.unlink()
    assert keeper.refresh(), "whoever takes it away means it"
    assert keeper.gate.check("An ownword.").action == "allow"
    assert keeper.error == ""


def test_an_error_that_nobody_thought_of_is_told_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base.yaml").write_text(RULES, encoding="utf-8")
    keeper = Keeper(tmp_path)
    assert keeper.refresh()
    gate = keeper.gate

    def fails(*_: object, **__: object) -> Gate:
        raise MemoryError("badword")

    monkeypatch.setattr(Gate, "load", fails)
    assert not keeper.refresh(force=True)
    assert keeper.error == "the rule files cannot be read: MemoryError"
    assert keeper.gate is gate
