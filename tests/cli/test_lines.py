"""`kitsu line` and `kitsu review`, where they need no show: what is wrong is said in one line."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from kitsu_tui.cli.app import app
from tests.conftest import Sandbox


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("line dropp", "found 'dropp' (did you mean drop?), expected air, drop, replace, hold"),
        ("line drop hello", "only replace takes a text, found 'hello'"),
        ("line replace", "replace takes the text that she says instead"),
        ("line replace " + "x" * 2001, "2001 characters are too many (limit 2000)"),
        ("line --line 3.0", "--line goes with one of air, drop, replace, hold"),
        ("line drop --line 3", "--line: found '3', expected TURN.SEQ such as 12.0"),
        ("line drop --line 0.1", "--line: found '0.1', expected TURN.SEQ such as 12.0"),
        ("line drop --line ²3.1", "--line: found '²3.1', expected TURN.SEQ such as 12.0"),
        ("review onn", "found 'onn' (did you mean on?), expected on, off or status"),
        ("review on --then say", "--then: found 'say', expected drop or air"),
        ("review --wait 3", "--wait and --then go with on or off"),
        ("review on --wait nan", "--wait: found nan, expected 1 to 600 seconds"),
        ("review on --wait 0.5", "--wait: found 0.5, expected 1 to 600 seconds"),
    ],
)
def test_bad_words_are_named(sandbox: Sandbox, args: str, words: str) -> None:
    done = CliRunner().invoke(app, args.split())
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("args", ["line", "line air", "review", "review on", "line --json"])
def test_without_a_show_that_is_said(sandbox: Sandbox, args: str) -> None:
    done = CliRunner().invoke(app, args.split())
    assert done.exit_code == 3
    assert "no show" in done.stderr
