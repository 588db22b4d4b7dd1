"""The console attached to a real show: first paint, rest, and keys in a flood of logs."""

from __future__ import annotations

import asyncio
import random
import re
import string
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from engines.wire import show
from kitsu_tui.bench import flood
from kitsu_tui.bench.place import Place, watch
from kitsu_tui.bench.report import Figure, figure, mean
from kitsu_tui.bench.screen import Screen
from kitsu_tui.bench.terminal import Late, Terminal, over_ssh

SIZE = (120, 40)
STARTS = 10
KEYS, PANES = 1000, 100
REST_S = 60
FLOOD, READABLE = 20_000, 50
SETTLE_S = 4.0
KEY_WITHIN_S = 5.0
LINE = 40
"""Characters that are typed before her line is cleared."""
MODELS = ("asr", "policy", "tts")

Say = Callable[[str], None]


class Spent(Struct, kw_only=True):
    """What was used in each second of a while."""

    kb: list[float]
    """Kilobytes that the terminal got."""
    console: list[float]
    """Percent of a core."""
    show: list[float]


class Attached:
    """See the module. Every figure is of consoles on terminals as over SSH."""

    def __init__(self, place: Place, part: int, notes: list[str], say: Say) -> None:
        self._place = place
        self._part = part
        self._notes = notes
        self._say = say
        self._rate = place.folder / "rate"
        self._show = psutil.Process()  # until there is one

    def start(self) -> None:
        """Start the show, with the starter's models if they are there."""
        self._say("starting a show")
        self._set_rate(0)
        models = _models_are_there(self._place)
        if not models:
            self._notes.append("the starter models are not there: asr, policy and tts were off")
        self._place.profile.write_text(_profile(self._place.folder, models), "utf-8")
        self._place.start()
        self._show = psutil.Process(asyncio.run(self._place.ready()).pid)

    def paint(self) -> list[Figure]:
        """From exec to the first whole frame, and to the picture of the show."""
        first, attached = [], []
        count = max(3, STARTS // self._part)
        self._say(f"{count} starts of the console")
        for n in range(count + 1):
            with Terminal(over_ssh(self._place.environ), size=SIZE) as terminal:
                frame = terminal.until(_whole, 30.0, "the first frame")
                picture = terminal.shows("Bench", 30.0)
            if n:  # the first one fills the disk's cache
                first.append((frame - terminal.started) / 1e6)
                attached.append((picture - terminal.started) / 1e6)
        return [
            figure("first paint", first, "ms", "under 1,000"),
            figure("first picture of the show", attached, "ms"),
        ]

    def attached(self, terminal: Terminal) -> None:
        """Wait until the console shows the show."""
        terminal.shows("Bench", 30.0)
        time.sleep(SETTLE_S)

    def rest(self, terminal: Terminal) -> list[Figure]:
        """Idle, and with logs at a rate that can be read."""
        seconds = max(6, REST_S // self._part)
        self._say(f"{seconds} s at rest")
        still = self._spent(terminal, seconds)
        self._say(f"{seconds} s with {READABLE} log lines a second")
        self._set_rate(READABLE)
        time.sleep(SETTLE_S)
        reading = self._spent(terminal, seconds)
        self._set_rate(0)
        return [
            figure("at rest: bytes", still.kb, "kB/s", "mean under 20"),
            mean("at rest: bytes, mean", still.kb, "kB/s", "under 20"),
            mean("at rest: CPU of the console", still.console, "% of a core"),
            mean("at rest: CPU of the show", still.show, "% of a core"),
            figure(f"{READABLE} lines/s: bytes", reading.kb, "kB/s", "mean under 150"),
            mean(f"{READABLE} lines/s: bytes, mean", reading.kb, "kB/s", "under 150"),
            mean(f"{READABLE} lines/s: CPU of the console", reading.console, "% of a core"),
        ]

    def flood(self, terminal: Terminal) -> list[Figure]:
        """Keys and costs while an engine floods its log."""
        seconds = max(6, REST_S // self._part)
        self._set_rate(FLOOD)
        time.sleep(SETTLE_S)
        wrote, began = self._written(), time.perf_counter()
        with _lags(self._place) as lags:
            self._say(f"{KEYS // self._part} keys in a flood of {FLOOD:,} lines a second")
            cpu = terminal.cpu()
            typed = self._keys(terminal, KEYS // self._part)
            switched = self._panes(terminal, PANES // self._part)
            busy = 100 * (terminal.cpu() - cpu) / (time.perf_counter() - began)
            self._say(f"{seconds} s of the flood")
            spent = self._spent(terminal, seconds)
        rate = (self._written() - wrote) / (time.perf_counter() - began)
        self._set_rate(0)
        figures = [
            figure("flood: key to screen", typed, "ms", "p95 under 100"),
            figure("flood: pane switch to screen", switched, "ms"),
            mean("flood: CPU of the console, keys pressed", [busy], "% of a core", "under 25"),
            figure("flood: CPU of the console", spent.console, "% of a core", "mean under 25"),
            figure("flood: CPU of the show", spent.show, "% of a core"),
            figure("flood: bytes", spent.kb, "kB/s", "mean under 150"),
            mean("flood: bytes, mean", spent.kb, "kB/s", "under 150"),
            mean("flood: lines written", [rate], "lines/s", f"{FLOOD:,}"),
        ]
        if lags:
            figures.append(figure("flood: loop lag of the show, p99", lags, "ms", "under 20"))
        else:
            self._notes.append("this show tells no loop lag")
        return [*figures, *self._lost(terminal)]

    def _lost(self, terminal: Terminal) -> list[Figure]:
        """Lines that were written and are in no file, and lines that the console says it lacks."""
        time.sleep(SETTLE_S)
        found = re.search(r"([\d,.]+) (?:lines )?(?:dropped|lost)", terminal.text)
        shown = float(re.sub(r"\D", "", found[1])) if found else 0.0
        wrote = self._written()
        end = time.monotonic() + 15.0
        while (kept := lines_in(self._place.folder / "logs")) < wrote and time.monotonic() < end:
            time.sleep(0.5)
        return [
            mean("flood: lines missing in the log files", [wrote - kept], f"of {wrote:,}", "0"),
            mean("flood: lines dropped, as the console shows", [shown], "lines"),
        ]

    def _spent(self, terminal: Terminal, seconds: int) -> Spent:
        spent = Spent(kb=[], console=[], show=[])
        last = time.perf_counter()
        before = (terminal.received, terminal.cpu(), _cpu(self._show))
        for _ in range(seconds):
            time.sleep(1.0)
            now = time.perf_counter()
            after = (terminal.received, terminal.cpu(), _cpu(self._show))
            took = now - last
            spent.kb.append((after[0] - before[0]) / 1000 / took)
            spent.console.append(100 * (after[1] - before[1]) / took)
            spent.show.append(100 * (after[2] - before[2]) / took)
            last, before = now, after
        return spent

    def _keys(self, terminal: Terminal, count: int) -> list[float]:
        """Milliseconds from a character typed to its place on her line."""
        rnd = random.Random(1)  # noqa: S311 -- which letters and when, nothing that is secret
        terminal.press("/zq")
        terminal.shows("zq")
        rows = terminal.text.split("\n")
        row = max(y for y, line in enumerate(rows) if line.strip().endswith("zq"))
        took, text = [], "zq"
        for _ in range(count):
            if len(text) >= LINE:
                terminal.press("\x15z")  # clears the line
                terminal.until(lambda screen: screen.line(row).strip() == "z", KEY_WITHIN_S)
                text = "z"
            time.sleep(rnd.uniform(0.02, 0.12))
            letter = rnd.choice(string.ascii_lowercase)
            text += letter
            took.append(self._press(terminal, letter, _ends(row, text)))
        terminal.press("\x15\x1b")
        return took

    def _panes(self, terminal: Terminal, count: int) -> list[float]:
        """Milliseconds from the key of a pane to its heavy border."""
        rnd = random.Random(2)  # noqa: S311
        time.sleep(1.0)
        took = []
        for n in range(count):
            time.sleep(rnd.uniform(0.1, 0.3))
            key, name = ("e", "Engines") if n % 2 else ("h", "Host")
            took.append(self._press(terminal, key, _active(name)))
        return took

    def _press(self, terminal: Terminal, key: str, true: Callable[[Screen], object]) -> float:
        wait = terminal.expect(true)
        pressed = terminal.press(key)
        if not wait.within(KEY_WITHIN_S):
            raise Late(f"{key!r} had no effect in {KEY_WITHIN_S:g} s; the screen:\n{terminal.text}")
        return (wait.at - pressed) / 1e6

    def _set_rate(self, lines: int) -> None:
        self._rate.write_text(str(lines), "utf-8")

    def _written(self) -> int:
        """Lines that the flooding engine has written so far."""
        return int((self._place.folder / "written").read_text().strip() or 0)


@contextmanager
def _lags(place: Place) -> Iterator[list[float]]:
    """The figures of the show's loop lag that come meanwhile, in ms."""
    lags: list[float] = []
    over = threading.Event()

    def take(told: show.Told) -> None:
        lag = getattr(told.event, "lag_p99_ms", None)
        if lag is not None:
            lags.append(float(lag))

    async def work() -> None:
        async with place.connect() as client:
            watch(client, take)
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(work()), name="lags", daemon=True)
    thread.start()
    try:
        yield lags
    finally:
        over.set()
        thread.join(5.0)


def _whole(screen: Screen) -> bool:
    """True when a frame with the keys of its last row is there."""
    return "help" in screen.line(-1)


def _ends(row: int, text: str) -> Callable[[Screen], bool]:
    return lambda screen: screen.line(row).strip() == text


def _active(name: str) -> Callable[[Screen], bool]:
    return lambda screen: f"━ {name}" in screen.text


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def lines_in(logs: Path) -> int:
    """Different lines of the flood in the log files."""
    seen: set[bytes] = set()
    number = re.compile(rb'"' + flood.MARK.encode() + rb"(\d+) ")
    for path in logs.glob("echo*.log"):
        seen.update(number.findall(path.read_bytes()))
    return len(seen)


def _models_are_there(place: Place) -> bool:
    from kitsu_tui.config import ConfigError, load_profile

    try:
        loaded = load_profile("starter", place.environ)
        for name in MODELS:
            loaded.engine_config(name)
    except ConfigError:
        return False
    return True


def _profile(folder: Path, models: bool) -> str:
    command = [sys.executable, "-m", "kitsu_tui.bench.flood", str(folder)]
    off = "" if models else "".join(f"  {name}: {{enabled: false}}\n" for name in MODELS)
    return (
        "extends: starter\ntitle: Bench\naudio: {backend: 'null'}\nengines:\n"
        f"  echo: {{enabled: true, command: {msgspec.json.encode(command).decode()}}}\n{off}"
    )
