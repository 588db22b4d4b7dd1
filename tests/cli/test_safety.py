"""`kitsu safety`: verdicts by the line, the rules, and the blocklist without a show."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from kitsu_tui.cli import safety
from kitsu_tui.cli.safety_trial import LONGEST, Trial, lines, plain
from kitsu_tui.config import load_profile
from kitsu_tui.config.profile import ALWAYS
from tests.conftest import Sandbox
from tests.support.show import KITSU

RULES = """
rules:
  - {id: r-drop, category: bad, severity: 5, action: drop, input: allow, terms: [glorp]}
  - {id: r-swap, category: mild, severity: 1, action: replace, input: allow, replace: dear,
     terms: [zork]}
  - {id: r-in, category: injection, severity: 4, action: allow, input: drop, terms: [override]}
  - {id: r-panic, category: worst, severity: 5, action: panic, terms: [quuxle]}
"""


@pytest.fixture
def profile(sandbox: Sandbox, tmp_path: Path) -> str:
    """A profile with rules of its own."""
    folder = tmp_path / "rules"
    folder.mkdir()
    for name in (*ALWAYS[1:], "family"):
        (folder / f"{name}.yaml").write_text(f"rules: [{{id: {name}, terms: [unheard{name}]}}]\n")
    (folder / "base.yaml").write_text(RULES)
    path = tmp_path / "mine.yaml"
    path.write_text(f"extends: starter\nsafety: {{folder: {json.dumps(str(folder))}}}\n")
    return str(path)


def kitsu(sandbox: Sandbox, *args: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environ = dict(os.environ) | sandbox.environ
    return subprocess.run(
        [*KITSU, "safety", *args], input=given, capture_output=True, timeout=60, env=environ
    )


def trial(profile: str, side: str = "both", context: str = "") -> Trial:
    return Trial(load_profile(profile), side, context)


def verdicts(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_line_per_text_in_order_whatever_the_texts_are(sandbox: Sandbox, profile: str) -> None:
    given = b"hello\n\na gl0rp\r\n\xff\xfe bytes\n" + b"x" * 10_000 + b"\noh zork\nquuxle"
    done = kitsu(sandbox, "test", "--json", "-", "--profile", profile, given=given)
    assert (done.returncode, done.stderr) == (0, b"")
    found = verdicts(done.stdout)
    assert [one["action"] for one in found] == [
        *("allow", "allow", "drop", "allow", "allow", "replace", "panic")
    ]
    assert (found[2]["category"], found[2]["rule"], found[2]["view"]) == ("bad", "r-drop", "leet")
    assert found[2]["text"] == ""
    assert found[5]["text"] == "oh dear"
    schema = msgspec.json.schema(safety.SCHEMAS["safety.test"])
    for one in found:
        jsonschema.validate(one, schema)


def test_the_graver_side_counts_unless_one_is_asked_for(profile: str) -> None:
    both, said, told = (trial(profile, side) for side in ("both", "output", "input"))
    assert [report.side for report in both.judge("override it")] == ["input", "output"]
    assert [report.side for report in both.judge("a glorp")] == ["output", "input"]
    assert [report.action for report in said.judge("override it")] == ["allow"]
    assert [report.action for report in told.judge("a glorp")] == ["allow"]
    assert "said to her: not let in (drop); category injection, rule r-in" in both.words(
        "override it", both.judge("override it")
    )
    assert "\n  oh dear" in both.words("oh zork", both.judge("oh zork"))


def test_what_was_said_before_belongs_to_it(profile: str) -> None:
    assert trial(profile, "output").judge("orp!")[0].action == "allow"
    assert trial(profile, "output", "what a gl").judge("orp!")[0].action == "drop"


def test_without_rules_all_is_dropped_with_the_reason(profile: str, tmp_path: Path) -> None:
    (tmp_path / "rules" / "base.yaml").write_text("rules: [")
    found = trial(profile).judge("hello")[0]
    assert (found.action, found.category) == ("drop", "gate-error")
    assert "base.yaml:1" in found.rule


def test_lines_are_read_as_they_come() -> None:
    raw = b"a\r\n\nb \xe4\n" + b"y" * (LONGEST * 2 + 5) + b"\nlast"
    found = list(lines(io.BytesIO(raw)))
    assert found[:3] == ["a", "", "b \ufffd"]
    assert len(found[3]) == LONGEST, "what is judged as too long is not kept"
    assert found[4:] == ["last"]
    exact = b"z" * (LONGEST - 1) + b"\nnext\n"
    assert [len(one) for one in lines(io.BytesIO(exact))] == [LONGEST - 1, 4]
    assert plain("\udcff") == "\ufffd"


def test_the_exit_code_only_where_it_is_asked_for(sandbox: Sandbox, profile: str) -> None:
    done = kitsu(sandbox, "test", "a glorp", "--exit-code", "-p", profile)
    assert done.returncode == 1
    assert b"said by her: not said (drop); category bad, rule r-drop" in done.stdout
    assert kitsu(sandbox, "test", "hi", "--side", "up", "-p", profile).returncode == 2


def tried(
    profile: str,
    given: bytes,
    monkeypatch: pytest.MonkeyPatch,
    *,
    as_json: bool = False,
    exit_code: bool = True,
) -> int:
    """`kitsu safety test -` here; its exit code."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    try:
        safety.try_("-", as_json, "output", "", profile, exit_code)
    except SystemExit as end:
        return int(str(end.code))
    return 0


def test_of_many_lines_each_verdict_says_which_line_it_is_of(
    profile: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = b"hello\n\na glorp\x1b[2J " + b"y" * 80 + b"\n"
    assert tried(profile, given, monkeypatch) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == ["line 1: hello", "  said by her: allowed (allow)"]
    assert told[2] == "line 2: (empty)"
    assert told[4].startswith("line 3: a glorp\\x1b[2J yyy")
    assert told[4].endswith("y...")
    assert told[5].startswith("  said by her: not said (drop); category bad")
    tried(profile, given, monkeypatch, as_json=True)
    out = capsys.readouterr().out.encode()
    assert [one["line"] for one in verdicts(out)] == [1, 2, 3]


def test_what_could_not_be_judged_is_told_from_what_was_caught(
    profile: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = b"a glorp\n" + b"x " * 60_000 + b"\n"
    assert tried(profile, given, monkeypatch) == 5
    told = capsys.readouterr().out.splitlines()
    assert "could not be judged, so not said (drop): text of 120000 characters" in told[3]
    assert tried(profile, given, monkeypatch, as_json=True, exit_code=False) == 0
    caught, unjudged = verdicts(capsys.readouterr().out.encode())
    assert (caught["action"], caught["error"]) == ("drop", "")
    assert (unjudged["action"], unjudged["error"]) == ("drop", "text of 120000 characters")


def test_without_rules_it_says_so_and_what_to_do_and_fails_in_any_case(
    profile: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "rules" / "base.yaml").write_text("rules: [")
    assert tried(profile, b"hello\n", monkeypatch, as_json=True, exit_code=False) == 5
    out, err = capsys.readouterr()
    assert "base.yaml:1" in verdicts(out.encode())[0]["error"]
    assert "mend the rule file that is named" in err


@pytest.mark.skipif(sys.platform == "win32", reason="pipes")
def test_a_reader_that_leaves_ends_it_quietly(sandbox: Sandbox, profile: str) -> None:
    environ = dict(os.environ) | sandbox.environ
    environ.pop("PYTHONUNBUFFERED", None)
    command = [*KITSU, "safety", "test", "--json", "-", "-p", profile]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"hello\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["action"] == "allow"  # flushed by the line
        process.stdout.close()
        process.stdin.write(b"hello\n" * 100)
        process.stdin.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == b""


def test_rules_are_listed_with_what_is_wrong_in_them(
    sandbox: Sandbox, profile: str, tmp_path: Path
) -> None:
    path = tmp_path / "rules" / "base.yaml"
    path.write_text(RULES + "  - {id: r-bad, category: bad, action: drop, patterns: ['(']}\n")
    done = kitsu(sandbox, "rules", "--json", "-p", profile)
    assert done.returncode == 0
    found = json.loads(done.stdout)
    jsonschema.validate(found, msgspec.json.schema(safety.SCHEMAS["safety.rules"]))
    assert {(c["category"], c["action"], c["input"]) for c in found["counts"]} >= {
        ("bad", "drop", "allow"),
        ("injection", "allow", "drop"),
    }
    assert any("base.yaml:8" in problem for problem in found["problems"])
    path.write_text("rules: [")
    done = kitsu(sandbox, "rules", "-p", profile)
    assert done.returncode == 1
    assert b"she stays silent" in done.stdout
    assert b"what to do: mend the rule file that is named" in done.stdout


def test_the_blocklist_without_a_show(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    safety.add("Karen Doe")
    assert "no show runs" in capsys.readouterr().out
    safety.list_(as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["texts"], found["running"]) == (["Karen Doe"], False)
    verdict = trial("starter").judge("is that k4ren doe?")[0]
    assert (verdict.action, verdict.category, verdict.rule) == ("drop", "blocked", "blocklist")
    with pytest.raises(SystemExit) as caught:
        safety.add("the")
    assert caught.value.code == 1
    assert "--force" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        safety.remove("nobody")
    assert caught.value.code == 1
    safety.remove("karen doe", as_json=True)
    safety.list_()
    assert "nothing is blocked" in capsys.readouterr().err
    for text in ("", "y" * 201, "\udcff"):
        with pytest.raises(SystemExit) as caught:
            safety.add(text)
        assert caught.value.code == 2
