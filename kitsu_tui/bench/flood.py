"""An engine that writes log lines at a rate that a file names: `python -m kitsu_tui.bench.flood
FOLDER`. Speaks the wire as `echo`.

`FOLDER/rate` holds lines a second, read ten times a second; `FOLDER/written` gets how many lines
were written, all told. Each line carries its number, so that those that were lost can be counted.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path

from engines.harness import Engine, claim_stdout, run
from engines.harness.run import leave
from engines.wire import echo, logline

BEAT_S = 0.01
LOOK_S = 0.1
BEHIND_S = 0.5
"""How far it may lag before it gives up catching up: what reads it is slower."""
WORDS = "a line of the flood, as long as a busy engine's lines are when it tells what it does"
MARK = "flood "
"""Every message begins with this and its number."""


class Flood:
    """Writes lines to a descriptor, in a thread of its own."""

    def __init__(self, folder: Path, fd: int) -> None:
        self._rate_file = folder / "rate"
        self._fd = fd
        self._written = os.open(folder / "written", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.count = 0

    def run(self) -> None:
        """For ever."""
        rate, looked, due = 0.0, 0.0, time.perf_counter()
        owed = 0.0
        while True:
            now = time.perf_counter()
            if now - looked >= LOOK_S:
                looked = now
                rate = self._rate()
                os.pwrite(self._written, b"%-20d" % self.count, 0)
            owed = min(owed + rate * (now - due), max(1.0, rate * BEHIND_S))
            due = now
            if owed >= 1:
                self._write(int(owed))
                owed -= int(owed)
            time.sleep(BEAT_S)

    def _write(self, lines: int) -> None:
        stamp = logline.stamp(time.time())
        head = f'{{"ts":"{stamp}","service":"echo","logger":"flood","level":"info","message":"'
        first = self.count
        self.count += lines
        data = "".join(f'{head}{MARK}{n} {WORDS}"}}\n' for n in range(first, self.count)).encode()
        while data:
            data = data[os.write(self._fd, data) :]

    def _rate(self) -> float:
        try:
            return max(0.0, float(self._rate_file.read_text()))
        except (OSError, ValueError):
            return 0.0


class FloodEngine(Engine[echo.Config]):
    """Serves nothing; floods from its start on."""

    name = "echo"
    Config = echo.Config

    async def start(self) -> None:
        """Begin."""
        await asyncio.sleep(0)
        flood = Flood(Path(sys.argv[1]), 2)
        threading.Thread(target=flood.run, name="flood", daemon=True).start()


def main() -> None:
    """Run it under a show."""
    wire = claim_stdout()
    logline.configure("echo")
    leave(run(FloodEngine, wire, None, supervised=True))


if __name__ == "__main__":
    main()
