"""Ways to press panic: a key of the console, a request, `kitsu panic`, a signal; and a `policy`
that stands still meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from engines.wire import control
from engines.wire.peer import RequestFailed
from kitsu_tui.bench.place import BenchFailed, Place
from kitsu_tui.bench.rounds import DONE_S, Rounds
from kitsu_tui.bench.terminal import Terminal
from kitsu_tui.client import Client

STALL_S = 6.0
"""Long enough for a terminal that is not read to bring the console's output to a stand."""
LEFT_S, ESCAPE_S = 3.0, 0.7
F9, CHORD = "\x1b[20~", "\x0f"
STALLED, WARMING = "output stalled", "warming"
ASKED, COMMAND, SIGNAL = "by request", "kitsu panic", "SIGUSR1"
HUNG, NO_OBS = "policy stopped", "OBS killed"
CONDITIONS = (
    ("plain", "", "", ""),
    ("input focused", "/hello there", "hello there", "\x1b"),
    ("modal open", "?", "Esc closes", "\x1b"),
    ("palette open", "\x10", "Search", "\x1b"),
    (STALLED, "", "", ""),
)
"""Name, keys that lead there, what the screen then shows, and the way back."""


async def by_key(rounds: Rounds, terminal: Terminal, samples: int) -> None:
    await asyncio.to_thread(terminal.shows, "policy", 30.0)
    await asyncio.sleep(1.0)  # its line for panic connects after the first paint

    def press(number: int) -> int:
        return terminal.press(F9 if number % 2 else CHORD)

    for index, (name, keys, seen, leave) in enumerate(CONDITIONS):
        part = samples // len(CONDITIONS) + (index < samples % len(CONDITIONS))
        if keys:
            terminal.press(keys)
        if seen:
            await asyncio.to_thread(terminal.shows, seen, 15.0)
        if name == STALLED:
            terminal.stall()
            await _stand_still(rounds, terminal, press)
        await rounds.collect(name, part, press)
        if seen and seen not in terminal.text:
            raise BenchFailed(f"{name}: it did not stay so; the screen:\n{terminal.text}")
        if name == STALLED:
            terminal.resume()
        if leave:
            await _left(terminal, leave, seen)


async def _left(terminal: Terminal, leave: str, seen: str) -> None:
    """Press the way back until it has had its effect. (A line that is left keeps its text.)"""
    end = time.monotonic() + LEFT_S
    while time.monotonic() < end:
        terminal.press(leave)
        await asyncio.sleep(ESCAPE_S)  # a key that comes sooner would be taken for Alt and that key
        if seen not in terminal.text:
            return


async def _stand_still(rounds: Rounds, terminal: Terminal, press: Callable[[int], int]) -> None:
    """Until the console can write no more: its terminal is full, and its loop waits for it."""
    end = time.monotonic() + STALL_S
    while time.monotonic() < end:
        warm = len(rounds.presses.get(WARMING, ())) + 1
        await rounds.collect(WARMING, warm, press)
    before = terminal.unread
    await rounds.collect(WARMING, len(rounds.presses[WARMING]) + 2, press)
    if terminal.unread != before or not before:
        raise BenchFailed("the console goes on writing to a terminal that nobody reads")


def asker(client: Client) -> Callable[[int], int]:
    """Asks on the control socket, as a deck or a script would."""
    asked: set[asyncio.Task[object]] = set()

    def press(_: int) -> int:
        at = time.perf_counter_ns()
        task: asyncio.Task[object] = asyncio.create_task(_ask(client))
        asked.add(task)
        task.add_done_callback(asked.discard)
        return at

    return press


async def _ask(client: Client) -> None:
    with contextlib.suppress(RequestFailed):  # what came of it is told to everybody
        await client.ask(control.PANIC, control.Ask(by="bench"))


async def with_stopped(rounds: Rounds, pid: int, samples: int, press: Callable[[int], int]) -> None:
    """`policy` stands still from just before the press."""

    def hang_and_press(number: int) -> int:
        os.kill(pid, signal.SIGSTOP)
        return press(number)

    await rounds.collect(HUNG, samples, hang_and_press, after=lambda: os.kill(pid, signal.SIGCONT))


async def by_command(rounds: Rounds, place: Place, samples: int, exits: list[float]) -> None:
    """`kitsu panic`; into `exits` go milliseconds from its start to its exit."""
    waiting: list[threading.Thread] = []
    script = Path(sys.executable).parent / "kitsu"
    command = [str(script), "panic"] if script.is_file() else place.command("panic")

    def press(_: int) -> int:
        at = time.perf_counter_ns()
        process = subprocess.Popen(
            command, env=place.environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

        def wait() -> None:
            process.wait(DONE_S)
            exits.append((time.perf_counter_ns() - at) / 1e6)

        waiting.append(threading.Thread(target=wait))
        waiting[-1].start()
        return at

    await rounds.collect(COMMAND, samples, press)
    for thread in waiting:
        await asyncio.to_thread(thread.join, DONE_S)


def signaller(pid: int) -> Callable[[int], int]:
    def press(_: int) -> int:
        at = time.perf_counter_ns()
        os.kill(pid, signal.SIGUSR1)
        return at

    return press
