"""The real `kitsu-tui` on terminals that are small, plain, stalled, resized, suspended or gone."""

import asyncio
import random
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from engines.wire import show
from kitsu_tui.console.terminal import RESTORE
from tests.conftest import Sandbox
from tests.console.pty_console import PtyConsole
from tests.support.scripted_show import ScriptedShow, log_lines

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there"),
]

F9, CTRL_Z = "\x1b[20~", "\x1a"
CONSOLE = str(Path(sys.executable).parent / "kitsu-tui")


@pytest.fixture
async def attached(scripted: ScriptedShow) -> AsyncIterator[PtyConsole]:
    """A console that shows the show."""
    async with PtyConsole(scripted.environ, "--attach-only") as console:
        await console.shows("favourite snack")
        yield console


def hues(output: bytes) -> set[int]:
    """Numbers of the colours in what was drawn that are no grey, of the terminal's 16 or 256."""
    found = set()
    for sgr in re.findall(rb"\x1b\[([\d;]+)m", output):
        codes = [int(code) for code in sgr.split(b";") if code]
        while codes:
            code = codes.pop(0)
            if code in (38, 48) and codes[:1] == [5]:
                found.add(codes[1])
                del codes[:2]
            elif code in (*range(30, 38), *range(40, 48)):
                found.add(code % 10)
            elif code in (*range(90, 98), *range(100, 108)):
                found.add(8 + code % 10)
    return {n for n in found if n not in (0, 7, 8, 15, 16, 59, 102, 145, 188, 231) and n < 232}


async def quits(console: PtyConsole) -> None:
    """It can be left by keys, and leaves the terminal as it was."""
    console.keys("q")
    await console.shows("detach")
    console.keys("d")
    assert await console.ended() == 0
    await console.until(lambda: console.restored)
    assert b"Traceback" not in console.output


async def test_a_storm_of_sizes(scripted: ScriptedShow, attached: PtyConsole) -> None:
    console, rnd = attached, random.Random(5)
    for n in range(200):
        console.resize(rnd.randint(1, 220), rnd.randint(1, 70))
        if n % 20 == 0:
            scripted.log(log_lines(20))
        await asyncio.sleep(0.01)
    console.keys(F9)
    await scripted.until_asked("show.panic")
    console.resize(100, 30)
    await console.until(lambda: "F9 PANIC" in console.screen.line(-1))
    await console.shows("Do you dream?")
    await console.until(lambda: "rehearsal" in console.screen.line(0))
    assert max(len(row) for row in console.screen.text.split("\n")) <= 100
    await quits(console)


async def test_a_stalled_terminal_that_goes(scripted: ScriptedShow, attached: PtyConsole) -> None:
    attached.stall()
    for _ in range(20):
        scripted.log(log_lines(900))
    await attached.until(lambda: scripted.unsent == 0)
    attached.close_terminal()
    await attached.ended()
    await scripted.until(lambda: scripted.watchers == 0 and scripted.connections == 0)
    assert scripted.asked == []


async def test_forty_columns_and_ten_rows(scripted: ScriptedShow) -> None:
    async with PtyConsole(scripted.environ, "--attach-only", size=(40, 10)) as console:
        await console.until(lambda: scripted.watchers == 1)
        for key in "elhyat":
            console.keys(key)
            await console.shows(f"[{key}")
        console.keys("?")
        await console.until(lambda: "[t" not in console.screen.text)
        console.keys(F9)
        await scripted.until_asked("show.panic")
        console.keys("q")
        await console.shows("[t")
        await quits(console)


@pytest.mark.parametrize("size", [(1, 1), (2, 40), (200, 3)], ids=["1x1", "2x40", "200x3"])
async def test_where_nothing_fits_it_lives_and_panics(
    scripted: ScriptedShow, size: tuple[int, int]
) -> None:
    async with PtyConsole(scripted.environ, "--attach-only", size=size) as console:
        await scripted.until(lambda: scripted.watchers == 1 and scripted.connections == 2)
        console.keys(F9)
        await scripted.until_asked("show.panic")
        console.resize(100, 30)
        await console.shows("Do you dream?")
        await quits(console)


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({"TERM": "vt100"}, True),
        ({"TERM": ""}, True),
        ({"NO_COLOR": "1"}, False),
        ({"LANG": "C", "LC_ALL": "C"}, True),
        ({"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, True),
    ],
    ids=["vt100", "none", "no-color", "C", "posix"],
)
async def test_a_plain_terminal(
    scripted: ScriptedShow, environ: dict[str, str], coloured: bool
) -> None:
    async with PtyConsole(
        {**scripted.environ, **environ}, "--attach-only", size=(80, 24)
    ) as console:
        await console.shows("favourite snack")
        await console.until(lambda: scripted.connections == 2)
        console.keys("/Grüße, 日本")
        await console.shows("Grüße, 日本")
        console.keys(F9)
        await scripted.until_asked("show.panic")
        assert bool(hues(console.output)) == coloured
        console.keys("\t")
        await quits(console)


async def test_a_dumb_terminal_is_told_so(sandbox: Sandbox) -> None:
    async with PtyConsole({**sandbox.environ, "TERM": "dumb"}, "--attach-only") as console:
        assert await console.ended() == 2
        await console.shows("TERM is dumb")
        await console.shows("kitsu status")
        assert console.restored


async def test_two_consoles(scripted: ScriptedShow, attached: PtyConsole) -> None:
    async with PtyConsole(scripted.environ, "--attach-only", size=(80, 24)) as other:
        await scripted.until(lambda: scripted.watchers == 2 and scripted.connections == 4)
        await other.shows("favourite snack")
        scripted.tell(show.TurnStarted(turn=90, source="operator", who="ana", text="to both"))
        await attached.shows("to both")
        await other.shows("to both")
        other.process.kill()
        await scripted.until(lambda: scripted.watchers == 1)
        scripted.tell(show.TurnStarted(turn=91, source="operator", who="ana", text="to one"))
        await attached.shows("to one")
        attached.keys(F9)
        await scripted.until_asked("show.panic")
    await quits(attached)


async def test_ctrl_z_is_no_way_out(scripted: ScriptedShow, attached: PtyConsole) -> None:
    """One who suspends the console by a slip of the finger has no panic key."""
    attached.keys(CTRL_Z)
    attached.keys("/" + CTRL_Z + "typed")
    await attached.shows("typed")
    assert psutil.Process(attached.process.pid).status() != psutil.STATUS_STOPPED


async def test_suspended_by_a_shell_and_back(scripted: ScriptedShow) -> None:
    """SIGTSTP, the shell's prompt, `fg`."""
    environ = {**scripted.environ, "PS1": "prompt> ", "ENV": ""}
    async with PtyConsole(environ, command=("/bin/sh", "-i")) as shell:
        await shell.shows("prompt>")
        shell.keys(f"{CONSOLE} --attach-only\n")
        await shell.shows("favourite snack", 30)
        (console,) = psutil.Process(shell.process.pid).children()
        console.send_signal(signal.SIGTSTP)
        await shell.until(lambda: console.status() == psutil.STATUS_STOPPED)
        await shell.until(lambda: shell.screen.modes == {7, 25})
        shell.keys("echo stopped $((40+2))\n")
        await shell.shows("stopped 42")
        scripted.tell(show.TurnStarted(turn=92, source="operator", who="ana", text="meanwhile"))
        shell.keys("fg\n")
        await shell.shows("meanwhile")
        assert 1049 in shell.screen.modes
        shell.keys(F9)
        await scripted.until_asked("show.panic")
        shell.keys("q")
        await shell.shows("detach")
        shell.keys("d")
        await shell.shows("detached; the show goes on")
        shell.keys("exit\n")
        await shell.ended()
        await scripted.until(lambda: scripted.watchers == 0)


async def test_a_killed_console_leaves_the_show_that_it_started(sandbox: Sandbox) -> None:
    """No orphan, no stopped show; and what the kill left of the terminal, RESTORE mends."""
    profile = sandbox.runtime / "quiet.yaml"
    engines = ("audio", "asr", "policy", "tts", "metrics")
    off = "".join(f"  {name}: {{enabled: false}}\n" for name in engines)
    profile.write_text(f"extends: starter\ntitle: Quiet\nengines:\n{off}")
    kitsu = [sys.executable, "-m", "kitsu_tui.cli"]
    try:
        async with PtyConsole(sandbox.environ, "--profile", str(profile)) as console:
            await console.shows("Quiet", 40)
            console.process.kill()
            await console.ended()
            mine = [
                process
                for process in psutil.process_iter()
                if _runtime(process) == str(sandbox.runtime)
            ]
            assert len(mine) == 1, mine  # the show
            console.screen.feed(RESTORE)
            assert console.screen.modes == {7, 25}
            async with PtyConsole(sandbox.environ, "--attach-only") as other:
                await other.shows("Quiet", 30)
            assert mine[0].is_running()
    finally:
        subprocess.run([*kitsu, "stop"], check=False, capture_output=True, timeout=40)


def _runtime(process: psutil.Process) -> str:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return process.environ().get("KITSU_RUNTIME_DIR", "")
    except psutil.Error:
        return ""
