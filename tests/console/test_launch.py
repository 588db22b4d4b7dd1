"""Starting a show from the console: what `kitsu run --detach` says is passed on, in one line."""

import sys
from pathlib import Path

import pytest

from kitsu_tui.cli import console


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of `python -m kitsu_tui.cli`; its arguments go to a file."""
    if sys.platform == "win32":
        pytest.skip("a shell script stands in")
    path = tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(path))
    return path


def write(path: Path, body: str) -> None:
    path.write_text(f'#!/bin/sh\necho "$@" > "{path}.args"\n{body}\n')
    path.chmod(0o755)


async def test_a_show_that_starts(stand_in: Path) -> None:
    write(stand_in, "exit 0")
    assert await console.launch("live") == ""
    args = Path(f"{stand_in}.args").read_text().strip()
    assert args == "-m kitsu_tui.cli run --detach --profile live"


async def test_without_a_profile_the_default_is_the_show_s(stand_in: Path) -> None:
    write(stand_in, "exit 0")
    assert await console.launch("") == ""
    assert "--profile" not in Path(f"{stand_in}.args").read_text()


async def test_a_show_that_does_not_start_says_why(stand_in: Path) -> None:
    write(stand_in, "echo noise >&2; echo 'kitsu run: no profile liev' >&2; exit 2")
    assert await console.launch("liev") == "kitsu run: no profile liev"


async def test_one_that_says_nothing_and_one_that_never_comes_back(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(stand_in, "exit 3")
    assert await console.launch("") == "kitsu run ended with exit code 3 and no word"
    write(stand_in, "sleep 30 & exit 0")  # the show keeps our file open
    assert await console.launch("") == ""
    monkeypatch.setattr(console, "START_WITHIN", 0.2)
    write(stand_in, "exec sleep 5")
    assert "did not come up" in await console.launch("")


async def test_a_python_that_is_not_there(stand_in: Path) -> None:
    assert "No such file" in await console.launch("")
