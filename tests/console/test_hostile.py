"""Hostile texts in every field of a show neither command the terminal nor move what is on it."""

import asyncio
import base64
import re
import sys

import pytest

from tests.conftest import Sandbox
from tests.console.pty_console import PtyConsole
from tests.support import hostile
from tests.support.scripted_show import START, ScriptedShow

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there"),
]

F9, ESC, ENTER = "\x1b[20~", "\x1b", "\r"

ROUND = (
    "t", "e", "l", "y", "h", "a", "Z", "Z", "Z", "Z", "z", "z", "t",
    "kkk", ENTER, "Y", ESC, "f", "[", ENTER, ESC, "Y",
    "e", "jj", "K", ESC,
    "l", "k", "k", ENTER, "Y", ESC, "w", "Y", "w", ESC,
    "c", ESC, "d", "[", ESC, "o", ESC, "?", ESC, "\x10", "switch", ESC,
    "a", "kk", "t",
)  # fmt: skip
"""Through every screen; none of these asks the show for anything."""


def boxes(lines: list[list[str]]) -> int:
    """How many whole frames stand on a screen, each side in its column."""
    found = 0
    for y, row in enumerate(lines):
        for x, cell in enumerate(row):
            corners = {"╭": tuple("╮╰╯│"), "┏": tuple("┓┗┛┃"), "╔": tuple("╗╚╝║")}.get(cell)
            if corners is None:
                continue
            right, below, last, side = corners
            if right not in row[x:]:
                continue
            end = row.index(right, x)
            for foot in lines[y + 1 :]:
                if foot[x] == below:
                    found += foot[end] == last
                    break
                if foot[x] != side or foot[end] != side:
                    break
    return found


async def press(console: PtyConsole, keys: str) -> None:
    """Press, and wait until nothing more is drawn."""
    console.keys(keys)
    if keys == ESC:
        await asyncio.sleep(0.3)  # else it would be an Alt with what comes next
    before, still = len(console.output), 0
    while still < 2:
        await asyncio.sleep(0.05)
        still = still + 1 if len(console.output) == before else 0
        before = len(console.output)
    assert console.process.poll() is None, console.screen.text


@pytest.mark.parametrize(("size", "panes"), [((80, 24), 0), ((120, 40), 5)])
async def test_a_hostile_show(sandbox: Sandbox, size: tuple[int, int], panes: int) -> None:
    async with (
        ScriptedShow(
            sandbox.environ, hostile.script(), hostile.log_lines(), clock=lambda: START
        ) as scripted,
        PtyConsole(sandbox.environ, "--attach-only", size=size) as console,
    ):
        await scripted.until(lambda: scripted.watchers == 1 and scripted.connections == 2)
        await console.shows("08:00")
        for keys in ROUND:
            await press(console, keys)
        await console.until(lambda: boxes(console.screen.lines) == panes)
        assert scripted.asked == []
        console.keys(F9)
        await scripted.until_asked("show.panic")
        assert b"Traceback" not in console.output
        assert hostile.foreign(console.output) == []
        copied = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)", console.output)
        assert copied
        for text in copied:
            assert hostile.foreign(base64.b64decode(text)) == []
