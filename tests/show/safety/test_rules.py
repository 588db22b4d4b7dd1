"""Rule files with mistakes: named by file and line, and the rest holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kitsu_tui.show.safety import Gate, Keeper, SafetyError, guarded

GOOD = """\
rules:
  - id: one
    category: test
    severity: 4
    terms: [badword]
"""


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_shipped_files_are_without_problems() -> None:
    shipped = Path(__file__).parents[3] / "profiles" / "safety"
    gate = Gate.load(shipped)
    assert gate.problems == ()
    assert sum(len(rule.terms) for rule in gate.rules) > 600


def test_a_bad_rule_is_named_and_the_rest_holds(tmp_path: Path) -> None:
    text = (
        GOOD
        + """\
  - id: two
    category: test
    action: explode
    terms: [worseword, "!!!", [nested]]
    patterns: ['a(b', 'x*', 'se[ck]ret']
    tersm: [x]
  - id: empty
    category: test
  - just a word
"""
    )
    gate = Gate.load(folder(tmp_path, mine=text))
    assert [rule.id for rule in gate.rules] == ["one", "two"]
    for line in ("a badword here", "a worseword here", "my secret"):
        assert gate.check(line).action == "drop"
    said = [str(problem) for problem in gate.problems]
    for number, rule, part in [
        (8, "two", "action: found 'explode'; one of allow, replace"),
        (9, "two", "term '!!!' has 0 letters"),
        (9, "two", "found a list; right would be a word"),
        (10, "two", "'a(b' is not valid RE2: missing )"),
        (10, "two", "matches an empty text"),
        (11, "two", "unknown key 'tersm'; did you mean 'terms'?"),
        (12, "empty", "no valid term or pattern"),
    ]:
        begin = f"{tmp_path / 'mine.yaml'}:{number} (rule {rule})"
        assert any(s.startswith(begin) and part in s for s in said), (begin, part, said)
    assert any(":14:" in s and "right would be a rule" in s for s in said)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("rules: [", "mine.yaml:1: not valid YAML"),
        ("rules:\n  - id: x\n   bad: [", "mine.yaml:3: not valid YAML"),
        ("", "mine.yaml:1: found nothing"),
        ("- a\n- b\n", "mine.yaml:1: found a list"),
        ("rules: 5\n", "mine.yaml:1: rules: found '5'"),
        ("rules:\n  - {id: x, category: y, terms: ['!']}\n", "mine.yaml:2 (rule x): term '!'"),
        ("rules:\n  - {id: x, category: y, patterns: ['(']}\n", "(rule x): pattern '('"),
        ("a: &a [*a]\n", "mine.yaml:1: no valid rule"),
    ],
)
def test_nothing_valid_is_an_error(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(SafetyError) as caught:
        Gate.load(folder(tmp_path, mine=text))
    assert part in str(caught.value)


def test_a_named_file_must_hold_even_beside_a_good_one(tmp_path: Path) -> None:
    where = folder(tmp_path, good=GOOD, broken="rules: [")
    assert Gate.load(where, ["good"]).check("badword").action == "drop"
    for files in (["good", "broken"], ["good", "missing"], None):
        with pytest.raises(SafetyError, match="broken|missing"):
            Gate.load(where, files)


def test_empty_or_missing_folder(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SafetyError, match="no rule file"):
            Gate.load(where)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00rules")
    with pytest.raises(SafetyError, match="not UTF-8"):
        Gate.load(tmp_path)
    with pytest.raises(SafetyError, match="no valid rule is left"):
        Gate.load(folder(tmp_path, only="allow: [word]"), ["only"])


def test_scalars_are_words(tmp_path: Path) -> None:
    gate = Gate.load(
        folder(tmp_path, mine="rules:\n  - {id: a, category: b, terms: [1488, 'no way', yes]}\n")
    )
    assert [gate.check(text).action for text in ("1488", "no way!", "yes", "2024")] == [
        "drop",
        "drop",
        "drop",
        "allow",
    ]


def test_a_stand_in_that_is_itself_forbidden_drops(tmp_path: Path) -> None:
    rule = "rules:\n  - {id: a, category: b, action: replace, replace: badword, terms: [worse]}\n"
    gate = Gate.load(folder(tmp_path, mine=rule, one=GOOD))
    assert gate.check("worse").action == "drop"
    gate = Gate.load(folder(tmp_path, mine=rule.replace(", replace: badword", "")), ["mine"])
    assert "needs `replace:`" in str(gate.problems[0])
    assert gate.check("worse").action == "drop"


def test_reload(tmp_path: Path) -> None:
    where = folder(tmp_path, mine="rules: [")
    keeper = Keeper(where)
    assert not keeper.refresh()
    assert "mine.yaml" in keeper.error
    assert guarded(keeper.gate, "hello").action == "drop"  # nothing yet: silence

    folder(tmp_path, mine=GOOD)
    assert keeper.refresh()
    first = keeper.gate
    assert guarded(first, "badword").action == "drop"
    assert guarded(first, "newword").action == "allow"
    assert not keeper.refresh()

    folder(tmp_path, mine=GOOD.replace("badword", "badword, newword"))
    assert keeper.refresh()
    assert guarded(keeper.gate, "newword").action == "drop"
    assert guarded(first, "newword").action == "allow"  # a gate in use never changes

    second = keeper.gate
    path = folder(tmp_path, mine="rules: [") / "mine.yaml"
    os.utime(path, ns=(1, 1))
    assert not keeper.refresh()
    assert keeper.gate is second  # the old one holds
    assert keeper.error


@pytest.mark.parametrize(
    ("match", "stopped", "passed"),
    [
        ("word", ["not ice", "no tice!"], ["knot ice", "not iced", "noticed", "no ti"]),
        ("stem", ["not ice", "not iced", "noticed"], ["knot ice", "knot iced"]),
        ("inside", ["not ice", "knot iced", "unnoticed"], ["no tic", "not dice"]),
    ],
)
def test_squeezed_keeps_to_the_edges_of_words(
    tmp_path: Path, match: str, stopped: list[str], passed: list[str]
) -> None:
    rule = f"{{id: a, category: b, match: {match}, squeeze: true, terms: [notice]}}"
    gate = Gate.load(folder(tmp_path, mine=f"rules:\n  - {rule}\n"))
    assert [text for text in stopped if gate.check(text).action == "allow"] == []
    assert [text for text in passed if gate.check(text).action != "allow"] == []
