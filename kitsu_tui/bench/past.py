"""How long `kitsu-tui --journal` takes to show a day's session, from exec to its last turn."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from engines.wire import show
from engines.wire.logline import stamp
from kitsu_tui.bench import hour
from kitsu_tui.bench.place import Place
from kitsu_tui.bench.terminal import Terminal, console_command, over_ssh
from kitsu_tui.journal import FILE

HOURS = 24
NAME = "20260101-000000-bench"
WITHIN_S = 60.0

_encoder = msgspec.json.Encoder()


def write(folder: Path, hours: float) -> int:
    """Write a journal of so many hours that end now, as a show would have; returns its lines."""
    folder.mkdir(parents=True)
    at = time.time() - hours * 3600
    stream = hour.seconds()
    count = 0
    with (folder / FILE).open("wb") as file:
        for second in range(int(hours * 3600)):
            events = [*(hour.beginning() if second == 0 else ()), *next(stream)]
            for event in events:
                if isinstance(event, show.FLEETING):
                    continue
                count += 1
                t = at + second
                head = {"ts": stamp(t), "t_ns": int(t * 1e9)}
                told = msgspec.to_builtins(show.Told(n=count, t=t, event=event))
                file.write(_encoder.encode(head | told) + b"\n")
    return count


def opened(place: Place, times: int) -> list[float]:
    """Milliseconds to the last turns of the newest session, `times` times after a first one.

    Raises:
        Late: it does not come up.
    """
    took = []
    for n in range(times + 1):
        with Terminal(over_ssh(place.environ), console_command("--journal")) as terminal:
            shown = terminal.shows(" streamer (", WITHIN_S)
        if n:
            took.append((shown - terminal.started) / 1e6)
    return took
