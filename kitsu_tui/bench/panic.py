"""`kitsu bench panic`: from the panic key to the last sound that was handed to the device.

She speaks, a key is pressed on a real pseudo-terminal with the console in it, and `audio` says when
it last handed a sample that was not silent to the device. Both times are of one clock:
`time.perf_counter_ns()` is the same for all processes of a machine (CLOCK_MONOTONIC on Linux).
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from engines.wire import control
from engines.wire.peer import RequestFailed
from kitsu_tui.bench.listener import Listener, listener
from kitsu_tui.bench.place import BenchFailed, Place
from kitsu_tui.bench.report import BenchReport, Figure, figure, machine
from kitsu_tui.bench.rounds import DONE_S, TOPICS, Pressed, Rounds
from kitsu_tui.bench.terminal import Terminal
from kitsu_tui.client import Client

STALL_S = 6.0
"""Long enough for a terminal that is not read to bring the console's output to a stand."""
F9, CHORD = "\x1b[20~", "\x0f"
TARGET = "p99 under 50"
STALLED, WARMING = "output stalled", "warming"
COMMAND, SIGNAL = "kitsu panic", "SIGUSR1"
CONDITIONS = (
    ("plain", "", "", ""),
    ("input focused", "/hello there", "hello there", "\x1b"),
    ("modal open", "?", "Esc closes", "\x1b"),
    ("palette open", "\x10", "Search", "\x1b"),
    (STALLED, "", "", ""),
)
"""Name, keys that lead there, what the screen then shows, and the way back."""

_PROFILE = """\
extends: {profile}
live: false
conversation: {{history_turns: 0}}
policy: {{max_tokens: 256, sentences: 12}}
tts: {{cache_mb: 0}}
audio: {{{sound}}}
"""
_NO_DEVICE = "backend: 'null'"


async def run(
    *,
    samples: int = 1000,
    profile: str = "starter",
    device: str = "",
    tell: Callable[[str], None] = lambda _: None,
) -> BenchReport:
    """All of it.

    Args:
        samples: presses of the key in all; a tenth as many by command and by signal each.
        device: name, or a part of it, of a sound device to play on; else a clock takes the sound.
        tell: told how far it is.

    Raises:
        BenchFailed, Late: it cannot be done here.
        NoTerminal: not on this platform.
    """
    sound = f"backend: device, output_device: {quoted(device)}, fake: true"
    text = _PROFILE.format(profile=quoted(profile), sound=sound if device else _NO_DEVICE)
    with Place(text) as place:
        tell("starting a show")
        place.start()
        state = await place.ready()
        async with place.connect() as client:
            wav = place.folder / "said.wav"
            await _say_once(client, wav)
            async with listener(place, wav) as ears:
                pids = {n: v.pid for n, v in state.engines.items() if n in ("policy", "tts")}
                rounds = Rounds(client, pids | {"asr": ears.pid}, tell)
                with Terminal(place.environ) as terminal:
                    await _by_key(rounds, terminal, samples)
                exits = await _by_command(rounds, place, max(1, samples // 10))
                if sys.platform != "win32":
                    await rounds.collect(SIGNAL, max(1, samples // 10), _signaller(state.pid))
                return _report(rounds, exits, ears, device)


async def _say_once(client: Client, wav: Path) -> None:
    """Something of hers for the recogniser to hear; warms all engines as well."""
    asked = control.Talk(text=TOPICS[0], by="bench", out=str(wav))
    why = ""
    for _ in range(5):
        try:
            talked = await client.ask(control.TALK, asked, 120.0)
        except RequestFailed as err:
            raise BenchFailed(f"she does not answer: {err.detail}") from None
        if talked.status == "ok" and talked.answer:
            return
        why = f"{talked.status} {talked.detail}".strip()
    raise BenchFailed(f"she does not answer: {why}")


# -- ways to press -------------------------------------------------------------------------------


async def _by_key(rounds: Rounds, terminal: Terminal, samples: int) -> None:
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
            terminal.press(leave)
            await asyncio.sleep(0.5)


async def _stand_still(rounds: Rounds, terminal: Terminal, press: Callable[[int], int]) -> None:
    """Until the console can write no more: its terminal is full, and its loop waits for it."""
    end = time.monotonic() + STALL_S
    while time.monotonic() < end:
        await rounds.collect(WARMING, len(rounds.presses.get(WARMING, ())) + 1, press)
    before = terminal.unread
    await rounds.collect(WARMING, len(rounds.presses[WARMING]) + 2, press)
    if terminal.unread != before or not before:
        raise BenchFailed("the console goes on writing to a terminal that nobody reads")


async def _by_command(rounds: Rounds, place: Place, samples: int) -> list[float]:
    """`kitsu panic`; returns milliseconds from its start to its exit."""
    exits: list[float] = []
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
    return exits


def _signaller(pid: int) -> Callable[[int], int]:
    def press(_: int) -> int:
        at = time.perf_counter_ns()
        os.kill(pid, signal.SIGUSR1)
        return at

    return press


# -- what is told --------------------------------------------------------------------------------


def _report(rounds: Rounds, exits: list[float], ears: Listener, device: str) -> BenchReport:
    conditions = [name for name, *_ in CONDITIONS if rounds.presses.get(name)]
    keyed = [pressed for name in conditions for pressed in rounds.presses[name]]
    figures: list[Figure] = [
        figure("key to last sound", [p.last_sound_ms for p in keyed], "ms", TARGET)
    ]
    figures += [
        figure(f"  {name}", [p.last_sound_ms for p in rounds.presses[name]], "ms", TARGET)
        for name in conditions
    ]
    figures.append(figure("key to cut in audio", [p.cut_ms for p in keyed], "ms"))
    figures += [
        figure(f"  {name}", [p.cut_ms for p in rounds.presses[name]], "ms") for name in conditions
    ]
    figures += [
        figure("key to show", [(p.taken - p.at) / 1e6 for p in keyed], "ms"),
        figure("show to cut in audio", [(p.cut - p.taken) / 1e6 for p in keyed], "ms"),
    ]
    for name in ("audio", "policy", "tts"):
        done = [ms for p in keyed if (ms := p.surfaces.get(name)) is not None]
        figures.append(figure(f"show to {name} done", done, "ms"))
    for name in (COMMAND, SIGNAL):
        if pressed := rounds.presses.get(name):
            figures.append(
                figure(f"{name} to last sound", [p.last_sound_ms for p in pressed], "ms")
            )
    figures.append(figure(f"{COMMAND}, start to exit", exits, "ms"))
    return BenchReport(
        name="panic",
        method=(
            f"{len(keyed)} presses of F9 and ctrl+o on a pseudo-terminal with the console in it, "
            "while she speaks, each at a random moment of a block; from the write to the terminal "
            "to the hand-over of the last block with a sample above -60 dBFS to "
            f"{device or 'a clock that takes blocks in real time'} (0: none was handed over after "
            "the press). 'cut in audio' is when nothing was left to hand over, whatever the block"
        ),
        machine=machine(),
        figures=figures,
        notes=_notes(rounds, keyed, ears),
    )


def _notes(rounds: Rounds, keyed: list[Pressed], ears: Listener) -> list[str]:
    shares = {
        name: round(100 * sum(name in p.working for p in keyed) / max(1, len(keyed)))
        for name in ("policy", "tts", "asr")
    }
    means = {name: sum(cpu) / len(cpu) for name, cpu in rounds.cpu.items() if cpu}
    asr = (
        f"the asr of this is a second one, spoken to all the time ({ears.heard} utterances): the "
        "show's own rests while she is heard, for speech would make her wait"
    )
    return [
        "engines that used the processor in the 100 ms before a press: "
        + ", ".join(f"{name} at {share} %" for name, share in shares.items())
        + " of the presses",
        "mean load in percent of a core: "
        + ", ".join(f"{name} {mean:.0f}" for name, mean in means.items()),
        asr,
        f"{rounds.missed} rounds were done again: she paused at the press, or was done before it",
    ]


def quoted(text: str) -> str:
    """Text as YAML takes it."""
    return msgspec.json.encode(text).decode()
