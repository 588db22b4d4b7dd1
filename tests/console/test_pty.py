"""The real `kitsu-tui` on a real pseudo-terminal: panic under all conditions, and its end."""

import os
import signal
import sys
import termios
from collections.abc import AsyncIterator

import msgspec
import pytest

from engines.wire.logline import LogLine
from engines.wire.show import ConsoleWishes, Muted, ShowStarted
from tests.conftest import Sandbox
from tests.console.pty_console import PtyConsole
from tests.support.scripted_show import ScriptedShow, log_lines, script

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there"),
]

F9, CHORD, PALETTE = "\x1b[20~", "\x0f", "\x10"


@pytest.fixture
async def attached(scripted: ScriptedShow) -> AsyncIterator[PtyConsole]:
    """A console that is attached, with its panic line ready."""
    async with PtyConsole(scripted.environ, "--attach-only") as console:
        await scripted.until(lambda: scripted.watchers == 1 and scripted.connections == 2)
        await console.drawn("favourite snack")
        yield console


async def flood(show: ScriptedShow, console: PtyConsole) -> None:
    """Megabytes of log lines, all of which the console takes though nobody reads its terminal."""
    wide = [
        LogLine(ts=line.ts, service="show", level="info", message=line.message * 20)
        for line in log_lines(200)
    ]
    sent = 0

    def taken() -> bool:
        nonlocal sent
        if show.unsent == 0:
            show.log(wide)
            sent += 1
        return sent > 40

    await console.until(taken, 40)
    await console.until(lambda: show.unsent == 0, 40)


async def test_panic_with_a_full_terminal_and_a_clean_end_of_it(
    scripted: ScriptedShow, attached: PtyConsole
) -> None:
    console, show = attached, scripted
    console.stall()
    await flood(show, console)
    console.keys(CHORD)
    await show.until_asked("show.panic")
    console.process.terminate()
    assert await console.ended() == 128 + signal.SIGTERM
    await show.until(lambda: show.watchers == 0)
    assert termios.tcgetattr(console.slave)[3] == console.modes[3]
    console.read()
    await console.shows("the show goes on")
    assert console.restored


async def test_actions_with_a_full_terminal(scripted: ScriptedShow, attached: PtyConsole) -> None:
    """Nothing can be seen, and yet the keys do what they do; then the present is drawn, once."""
    console, show = attached, scripted
    console.stall()
    await flood(show, console)
    drawn = len(console.output)
    console.keys("m")
    mute = await show.until_asked("show.mute")
    assert mute.what == "mic"
    show.tell(Muted(mic=True, voice=True, by="ana"))
    console.keys("e")
    console.resize(110, 36)
    await flood(show, console)
    console.read()
    await console.shows("mic MUTED")
    await console.shows("━ Engines")
    await console.until(lambda: "F9 PANIC" in console.screen.line(35))
    assert len(console.output) - drawn < 100_000, "what was held back is not drawn afterwards"


async def test_a_dialog_opened_on_a_full_terminal_is_there_when_it_is_read(
    scripted: ScriptedShow, attached: PtyConsole
) -> None:
    attached.stall()
    await flood(scripted, attached)
    attached.keys("q")
    await flood(scripted, attached)
    attached.read()
    await attached.shows("detach: the show goes on")
    attached.keys("d")
    assert await attached.ended() == 0
    await attached.until(lambda: attached.restored)


async def test_panic_whatever_has_the_keys(scripted: ScriptedShow, attached: PtyConsole) -> None:
    console, show = attached, scripted
    for keys, words, panic, close in (
        ("/abc", "abc", F9, "\t"),
        ("q", "detach: the show goes on", CHORD, "c"),
        ("?", "Silences her at once", F9, "q"),
        (PALETTE, "earch for commands", CHORD, ""),
    ):
        console.output = b""
        console.keys(keys)
        await console.drawn(words)
        console.keys(panic)
        await show.until_asked("show.panic")
        await show.until(lambda: show.answered == len(show.asked))
        show.asked.clear()
        show.answered = 0
        console.output = b""
        console.keys(close)
        if close:
            await console.drawn("Engines")


async def test_panic_while_the_console_hangs(scripted: ScriptedShow, attached: PtyConsole) -> None:
    """The process that draws is stopped; the one that knows the key is not."""
    console, show = attached, scripted
    os.kill(console.process.pid, signal.SIGSTOP)
    try:
        console.keys(F9)
        await show.until_asked("show.panic")
    finally:
        os.kill(console.process.pid, signal.SIGCONT)
    console.keys("m")
    await show.until_asked("show.mute")
    asked = [name for name, _ in show.asked]
    assert asked.count("show.panic") == 1, "it does not panic again when it goes on"


async def test_a_key_that_the_profile_adds_to_panic_works_while_the_console_hangs(
    sandbox: Sandbox,
) -> None:
    first, *rest = script()
    assert isinstance(first, ShowStarted)
    wishes = ConsoleWishes(keys={"panic": ["f8"]})
    events = [msgspec.structs.replace(first, console=wishes), *rest]
    async with (
        ScriptedShow(sandbox.environ, events) as show,
        PtyConsole(show.environ, "--attach-only") as console,
    ):
        await show.until(lambda: show.watchers == 1 and show.connections == 2)
        await console.drawn("favourite snack")
        os.kill(console.process.pid, signal.SIGSTOP)
        try:
            console.keys("\x1b[19~")
            await show.until_asked("show.panic")
        finally:
            os.kill(console.process.pid, signal.SIGCONT)


async def test_a_line_typed_in_one_go(scripted: ScriptedShow, attached: PtyConsole) -> None:
    attached.keys("/draft\t/hello q there\x7f\x7fX\r\x1b[200~two\nlines\x1b[201~\r")
    await scripted.until(lambda: len(scripted.asked) == 2)
    assert [params.text for _, params in scripted.asked] == ["hello q theX", "two lines"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["TERM", "HUP"])
async def test_a_signal_detaches_and_restores_the_terminal(
    scripted: ScriptedShow, attached: PtyConsole, number: signal.Signals
) -> None:
    attached.process.send_signal(number)
    assert await attached.ended() == 128 + number
    await attached.shows("detached; the show goes on")
    assert b"Traceback" not in attached.output
    assert attached.restored
    await scripted.until(lambda: scripted.watchers == 0)
    assert scripted.asked == []


async def test_closing_the_terminal_detaches(scripted: ScriptedShow, attached: PtyConsole) -> None:
    attached.close_terminal()
    await attached.ended()
    await scripted.until(lambda: scripted.watchers == 0 and scripted.connections == 0)
    assert scripted.asked == []


async def test_killing_the_console_leaves_the_show_alone(
    scripted: ScriptedShow, attached: PtyConsole
) -> None:
    attached.process.kill()
    await attached.ended()
    await scripted.until(lambda: scripted.watchers == 0)
    assert scripted.asked == []


async def test_detaching_by_key_says_where_the_show_stands(
    scripted: ScriptedShow, attached: PtyConsole
) -> None:
    attached.keys("q")
    await attached.drawn("detach: the show goes on")
    attached.keys("d")
    assert await attached.ended() == 0
    await attached.drawn("detached; the show goes on (kitsu-tui to come back, kitsu stop to end")
    assert scripted.asked == []


async def test_stopping_by_key_says_so(scripted: ScriptedShow, attached: PtyConsole) -> None:
    attached.keys("Q")
    await attached.drawn("Stop the show?")
    attached.keys("n")
    attached.keys("q")
    await attached.drawn("stop the show, for everybody")
    attached.keys("s")
    assert await attached.ended() == 0
    await attached.drawn("the show was stopped")
    assert [name for name, _ in scripted.asked] == ["show.stop"]


async def test_without_a_show_it_paints_waits_and_attaches(sandbox: Sandbox) -> None:
    async with PtyConsole(sandbox.environ, "--attach-only", size=(80, 24)) as console:
        await console.drawn("NO SHOW")
        async with ScriptedShow(sandbox.environ, script()) as show:
            await show.until(lambda: show.watchers == 1)
            await console.drawn("favourite snack")
        console.keys("qd")
        assert await console.ended() == 0
        await console.drawn("no show is running")


async def test_over_ssh_it_keeps_to_the_terminal_s_own_colours(scripted: ScriptedShow) -> None:
    environ = {**scripted.environ, "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}
    async with PtyConsole(environ, "--attach-only", size=(80, 24)) as console:
        await console.drawn("favourite snack")
        assert b"[38;2;" not in console.output
        assert b"[48;2;" not in console.output
        console.keys("qd")
        assert await console.ended() == 0


def test_without_a_terminal_it_says_what_to_do(sandbox: Sandbox) -> None:
    import subprocess
    from pathlib import Path

    command = Path(sys.executable).parent / "kitsu-tui"
    done = subprocess.run(
        [command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.strip() == "kitsu-tui needs a terminal; without one use: kitsu status"
    assert os.environ["KITSU_RUNTIME_DIR"]
