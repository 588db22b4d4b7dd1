"""What the console's tests share: Textual's settings, and a console with a scripted show."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from kitsu_tui.console import terminal

# Before anything imports textual.
os.environ.pop("SSH_CONNECTION", None)
os.environ.pop("SSH_TTY", None)
terminal.prepare(os.environ)

from textual.app import App  # noqa: E402
from textual.pilot import Pilot  # noqa: E402

from kitsu_tui.console.app import ConsoleApp  # noqa: E402
from kitsu_tui.console.link import Link  # noqa: E402
from tests.conftest import Sandbox  # noqa: E402
from tests.support.scripted_show import START, ScriptedShow, log_lines, script  # noqa: E402


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day that do not depend on the machine."""
    monkeypatch.setenv("TZ", "UTC")
    if sys.platform != "win32":
        time.tzset()
    yield
    monkeypatch.undo()
    if sys.platform != "win32":
        time.tzset()


@pytest.fixture
async def scripted(sandbox: Sandbox) -> AsyncIterator[ScriptedShow]:
    """A rehearsal some minutes old, on this test's own socket."""
    async with ScriptedShow(
        sandbox.environ, script(), log_lines(40), clock=lambda: START
    ) as server:
        yield server


def console(link: Link | None = None, *, connect: bool = True) -> ConsoleApp:
    """A console whose clock stands still."""
    link = link or Link(by="console:ana@test", clock=lambda: START)
    return ConsoleApp(link, connect=connect, clock=lambda: START + 60)


async def until(pilot: Pilot[Any], true: Callable[[], object]) -> None:
    """Let the console work until something is true; fails after 20 seconds of its own time."""
    try:
        async with asyncio.timeout(20):
            while not true():
                await pilot.pause(0.02)
    except TimeoutError:
        pytest.fail(f"it never came true; the screen:\n{text_of(pilot.app)}")
    await pilot.pause()


def text_of(app: App[Any]) -> str:
    """What stands on the screen, row by row."""
    width, height = app.size
    rows = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in row)[:width] for row in rows[:height])
