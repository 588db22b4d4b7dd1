"""The terminal's checks; tmux is a real one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kitsu_tui.doctor import terminal
from kitsu_tui.doctor.context import Answer, Context
from kitsu_tui.doctor.report import Finding

Tmux = Callable[..., str]


@pytest.fixture
def tty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "has_terminal", lambda: True)


@pytest.fixture
def tmux(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tmux]:
    """A tmux server of this test's own; TMUX names it."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    folder = tempfile.mkdtemp(prefix="kt-")  # a socket's path is short
    socket = f"{folder}/tmux"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("TMUX")}

    def tmux(*args: str) -> str:
        command = ["tmux", "-S", socket, "-f", "/dev/null", *args]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=10)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    tmux("new-session", "-d", "sleep 60")
    pid = tmux("display-message", "-p", "#{pid}")
    monkeypatch.setenv("TMUX", f"{socket},{pid},0")
    yield tmux
    tmux("kill-server")
    shutil.rmtree(folder, ignore_errors=True)


async def clipboard(environ: dict[str, str], answer: Answer | None = None) -> dict[str, Finding]:
    found = await terminal.clipboard(Context(environ=environ, terminal=answer))
    return {finding.name: finding for finding in found}


@pytest.mark.parametrize(("said", "status"), [("external", "warn"), ("off", "warn"), ("on", "ok")])
async def test_tmux_lets_an_application_copy_only_when_set_clipboard_is_on(
    tmux: Tmux, said: str, status: str
) -> None:
    tmux("set-option", "-g", "set-clipboard", said)
    found = (await clipboard(dict(os.environ)))["clipboard"]
    assert found.status == status
    assert f"set-clipboard {said}" in found.found
    assert ("set -g set-clipboard on" in found.do) == (said != "on")


async def test_a_slow_escape_key(tmux: Tmux) -> None:
    tmux("set-option", "-g", "set-clipboard", "on")
    tmux("set-option", "-sg", "escape-time", "500")
    assert (await clipboard(dict(os.environ)))["escape"].status == "warn"
    tmux("set-option", "-sg", "escape-time", "20")
    assert "escape" not in await clipboard(dict(os.environ))


async def test_a_tmux_that_has_gone(tmp_path: Path) -> None:
    environ = dict(os.environ) | {"TMUX": f"{tmp_path}/none,1,0"}
    assert (await clipboard(environ))["clipboard"].status == "warn"
    environ |= {"PATH": str(tmp_path)}
    assert "cannot be asked" in (await clipboard(environ))["clipboard"].found


@pytest.mark.usefixtures("tty")
async def test_who_takes_osc_52() -> None:
    assert (await clipboard({"STY": "1.pts"}))["clipboard"].status == "warn"
    assert (await clipboard({"TERM_PROGRAM": "Apple_Terminal"}))["clipboard"].status == "warn"
    assert (await clipboard({"TERM": "linux"}))["clipboard"].status == "warn"
    said = (await clipboard({}, Answer(True, attributes=(62, 52))))["clipboard"]
    assert (said.status, "says that it takes OSC 52" in said.found) == ("ok", True)


@pytest.mark.usefixtures("tty")
@pytest.mark.parametrize(
    ("environ", "status", "says"),
    [
        ({"COLORTERM": "truecolor"}, "ok", "16 million"),
        ({"TERM": "xterm-256color"}, "ok", "256"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "ok", "NO_COLOR"),
        ({"TERM": "vt100"}, "warn", "16 or fewer"),
        ({}, "warn", "not set"),
    ],
)
def test_colours(environ: dict[str, str], status: str, says: str) -> None:
    found = terminal.colours(Context(environ=environ))
    assert found.status == status
    assert says in found.found


@pytest.mark.usefixtures("tty")
@pytest.mark.parametrize(
    ("size", "status"),
    [((80, 24), "ok"), ((79, 24), "warn"), ((200, 10), "warn"), ((0, 0), "warn")],
)
def test_size(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], status: str) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size(size))
    with Path(os.devnull).open("w") as sink:  # something with a descriptor
        monkeypatch.setattr("sys.stdout", sink)
        assert terminal.dimensions(Context()).status == status


@pytest.mark.usefixtures("tty")
def test_a_terminal_that_cannot_draw() -> None:
    assert terminal.kind(Context(environ={"TERM": "dumb"})).status == "warn"
    named = terminal.kind(
        Context(environ={"TERM": "xterm"}, terminal=Answer(True, name="foot 1.2"))
    )
    assert "it calls itself foot 1.2" in named.found


def test_ssh_is_said() -> None:
    environ = {"SSH_CONNECTION": "a b c d"}
    assert "SSH" in terminal.way(Context(environ=environ)).found
