"""What was read of rule files is used again while it is of them, and else never."""

from __future__ import annotations

import logging
from hashlib import blake2b
from pathlib import Path

import pytest
import re2

from kitsu_tui.show.safety import Gate, kept, rules
from kitsu_tui.show.safety.kept import Kept
from kitsu_tui.show.safety.rule import spoken_as

RULES = """\
allow: [badwordsworth]
rules:
- id: one
  category: test
  severity: 4
  languages: [en]
  without: [reversed]
  match: stem
  terms: [badword, "(two|three) foxes"]
  phrases: [(i|we) will bite (you|them)]
  patterns: ['ninth\\W+(word)', '(broken']
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "rules"
    made.mkdir()
    (made / "base.yaml").write_text(RULES, "utf-8")
    return made


def forbid_reading(patch: pytest.MonkeyPatch) -> None:
    def parsed(path: Path, content: bytes) -> rules.RuleFile:
        raise AssertionError(f"{path} is read again")

    patch.setattr(rules, "parsed", parsed)


def plain(file: rules.RuleFile) -> object:
    some = [
        [getattr(rule, name) for name in rule.__struct_fields__ if name != "patterns"]
        for rule in file.rules
    ]
    patterns = [
        [(one.pattern, one.needed) for one in (*rule.patterns, *spoken_as(rule))]
        for rule in file.rules
    ]
    return some, patterns, file.allow, file.problems


def copies_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.rules"))


def test_a_copy_is_the_file_as_it_was_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = tmp_path / "copies"
    path = folder / "base.yaml"
    first = Kept(copies).read(path)
    assert [problem.line for problem in first.problems] == [11]
    assert len(copies_of(copies)) == 1
    forbid_reading(monkeypatch)
    again = Kept(copies).read(path)
    assert again is not first
    assert plain(again) == plain(first)
    # Nothing is compiled to find that a pattern is one.
    monkeypatch.setattr(re2, "compile", None)
    assert Kept(copies).read(path).rules[0].patterns[0].pattern == r"ninth\W+(word)"


def test_a_file_that_is_the_same_is_the_same_object_and_another_is_not(folder: Path) -> None:
    store, path = Kept(), folder / "base.yaml"
    first = store.read(path)
    assert store.read(path) is first
    path.write_text(RULES.replace("badword,", "badward,"), "utf-8")
    assert store.read(path).rules[0].terms[0] == "badward"


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "other", "garbage"])
def test_a_copy_that_is_broken_or_of_another_file_is_read_anew(
    folder: Path, tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    copies, path = tmp_path / "copies", folder / "base.yaml"
    whole = plain(Kept(copies).read(path))
    (copy,) = copies_of(copies)
    content = copy.read_bytes()
    if harm == "cut":
        copy.write_bytes(content[: len(content) // 2])
    elif harm == "flipped":
        copy.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])
    elif harm == "empty":
        copy.write_bytes(b"")
    elif harm == "garbage":
        raw = b"\x93\xc4\x01x\x90\x90"
        copy.write_bytes(blake2b(raw, digest_size=32).digest() + raw)
    else:  # a copy of another file, put in its place
        other = folder / "other.yaml"
        other.write_text("allow: [badword, foxes]\n", "utf-8")
        Kept(tmp_path / "more").read(other)
        copy.write_bytes(copies_of(tmp_path / "more")[0].read_bytes())
    with caplog.at_level(logging.WARNING):
        assert plain(Kept(copies).read(path)) == whole
    assert "read again" in caplog.text
    caplog.clear()
    assert plain(Kept(copies).read(path)) == whole
    assert not caplog.text, "it was written again"


def test_a_copy_of_another_version_is_not_used(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies, path = tmp_path / "copies", folder / "base.yaml"
    Kept(copies).read(path)
    monkeypatch.setattr(kept, "_code", lambda: b"another")
    with monkeypatch.context() as patch:
        forbid_reading(patch)
        with pytest.raises(AssertionError, match="read again"):
            Kept(copies).read(path)
    Kept(copies).read(path)
    assert len(copies_of(copies)) == 2


def test_where_nothing_can_be_kept_the_rules_hold_all_the_same(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "copies"
    blocked.write_text("a file", "utf-8")
    gate = Gate.load(folder, kept=Kept(blocked))
    assert gate.check("What a badword.").action == "drop"
    assert "not kept" in caplog.text


def test_the_folder_of_the_state_is_not_made_here(folder: Path, tmp_path: Path) -> None:
    Kept(tmp_path / "state" / "rules").read(folder / "base.yaml")
    assert not (tmp_path / "state").exists()


def test_copies_do_not_pile_up(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    path = folder / "base.yaml"
    for number in range(5):
        path.write_text(f"{RULES}# {number}\n", "utf-8")
        Kept(tmp_path / "copies").read(path)
    assert len(copies_of(tmp_path / "copies")) == 3
    assert not list((tmp_path / "copies").glob(".rules-*"))
