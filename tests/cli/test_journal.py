"""`kitsu journal`, and `kitsu-tui --journal` where there is no terminal."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.wire import show
from tests.conftest import Sandbox
from tests.support.long_journal import write

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def kitsu(kitsu_bin: Path, sandbox: Sandbox, tmp_path: Path) -> Run:
    """Run the command in a folder of its own."""

    def run(*args: str, binary: str = "kitsu") -> subprocess.CompletedProcess[str]:
        command = [str(kitsu_bin.with_name(kitsu_bin.name.replace("kitsu", binary))), *args]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, timeout=60, encoding="utf-8"
        )

    return run


def test_sessions_are_listed_shown_and_exported(
    kitsu: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert kitsu("journal", "list").stdout.startswith("no sessions in ")
    folder = sandbox.state / "journal" / "2026-11-22T10-00-00-starter"
    path = write(folder, hours=0.3, rate=2)
    listed = kitsu("journal", "list", "--json")
    (session,) = [json.loads(line) for line in listed.stdout.splitlines()]
    assert session["name"] == folder.name
    assert f"{session['turns']} turns" in kitsu("journal", "list").stdout

    with path.open("ab") as file:
        file.write(b'{"torn')
    shown = kitsu("journal", "show", "--json")
    items = [json.loads(line) for line in shown.stdout.splitlines()]
    assert sum(item["type"] == "turn" for item in items) == session["turns"]
    assert shown.stderr.strip() == "kitsu journal show: 1 damaged line skipped"
    text = kitsu("journal", "show", "2026", "--no-events").stdout
    assert text.count("         she ") == session["turns"]
    assert "the show begins" not in text

    written = kitsu("journal", "export", "--to", "x.zip", "--minutes", "1")
    assert written.returncode == 0, written.stderr
    assert (tmp_path / "x.zip").stat().st_size > 500
    again = kitsu("journal", "export", "--to", "x.zip")
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "x.zip is there already" in again.stderr


def test_a_mark_has_no_power_over_the_terminal(kitsu: Run, sandbox: Sandbox) -> None:
    path = write(sandbox.state / "journal" / "2026-11-22T10-00-00-starter", hours=0.1, rate=2)
    told = show.Told(n=10**6, t=time.time(), event=show.Marked(by="me", text="\x1b]0;x\x07"))
    with path.open("ab") as file:
        file.write(bytes(show.TOLD.encode(told)) + b"\n")
    written = kitsu("journal", "export", "--to", "x.zip").stdout
    assert "mark by me: " in written
    assert "\x1b" not in written


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("kitsu", "journal", "show"), 1, "there is no session in"),
        (("kitsu", "journal", "show", "gone"), 1, "no session gone: neither a path nor a name"),
        (("kitsu-tui", "--journal", "gone"), 1, "no session gone: neither a path nor a name"),
        (("kitsu-tui", "gone"), 2, "gone: to read a session say --journal"),
    ],
)
def test_what_is_not_there_is_said_in_a_line(
    kitsu: Run, args: tuple[str, ...], code: int, words: str
) -> None:
    result = kitsu(*args[1:], binary=args[0])
    assert result.returncode == code
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1
