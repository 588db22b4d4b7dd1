"""`kitsu bench console`: its parts, and one quick round of the real thing."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from engines.wire import show
from engines.wire.logline import LogLine
from kitsu_tui.bench import hour, memory, past
from kitsu_tui.bench.attached import lines_in
from kitsu_tui.bench.flood import MARK, Flood
from kitsu_tui.bench.report import BenchReport
from kitsu_tui.console.scrollback import KEPT
from kitsu_tui.journal import read_journal
from kitsu_tui.journal.sessions import look_at
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ShowState
from kitsu_tui.model.turns import TURNS_KEPT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")


def test_the_flood_writes_as_many_lines_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "rate").write_text("2000")
    read, write = os.pipe()
    flood = Flood(tmp_path, write)
    threading.Thread(target=flood.run, daemon=True).start()
    written = tmp_path / "written"
    data = b""
    while data.count(b"\n") < 1000:
        data += os.read(read, 1 << 16)
    (tmp_path / "rate").write_text("0")
    os.set_blocking(read, False)
    last = 0
    for _ in range(200):
        try:
            data += os.read(read, 1 << 16)
        except BlockingIOError:
            told = int(written.read_text())
            if told == last == data.count(b"\n"):
                break
            last = told
            threading.Event().wait(0.15)
    lines = [msgspec.json.decode(line, type=LogLine) for line in data.splitlines()]
    assert [line.message.split()[1] for line in lines] == [str(n) for n in range(last)]
    (tmp_path / "echo.log").write_bytes(data + data[: len(data) // 2])
    (tmp_path / "show.log").write_bytes(b'{"message":"flood 1 of a chat"}\n')
    assert lines_in(tmp_path) == last
    assert lines[0].message.startswith(MARK)


def test_an_hour_s_events_are_a_show_s() -> None:
    state = ShowState()
    stream = hour.seconds()
    events = [*hour.beginning(), *(e for _ in range(3600) for e in next(stream))]
    assert len(events) == len(hour.beginning()) + memory.HOUR
    for n, event in enumerate(events):
        told = show.Told(n=n, t=float(n), event=event)
        reduce(state, msgspec.convert(msgspec.to_builtins(told), show.Told))
    assert state.turn_count > TURNS_KEPT
    assert memory.FULL_TURNS > KEPT
    assert {view.state for view in state.engines.values()} == {"ready"}
    assert state.turns[-2].status == "ok"
    assert state.alerts


def test_the_journal_is_one_that_can_be_read(tmp_path: Path) -> None:
    lines = past.write(tmp_path / past.NAME, 0.1)
    session = look_at(tmp_path / past.NAME / "events.jsonl")
    assert session.profile == "bench"
    assert session.turns > 20
    assert round(session.ended - session.began) in (358, 359)
    reading = read_journal(tmp_path / past.NAME)
    assert len(reading.events) == lines
    assert not reading.bad


def test_the_slope_is_that_of_the_points() -> None:
    flat = memory.Samples(start=0, points=[(n * 1000, 50_000_000) for n in range(20)])
    leak = memory.Samples(start=0, points=[(n * 1000, 50_000_000 + n * 3000) for n in range(20)])
    assert flat.slope == 0
    assert leak.slope == pytest.approx(3.0)


def test_an_unknown_part_is_named(kitsu_bin: Path) -> None:
    done = subprocess.run(
        [kitsu_bin, "bench", "console", "--part", "speed"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "no part 'speed'; there are: paint, journal, rest, flood, memory" in done.stderr


@pytest.mark.e2e
def test_a_quick_round(kitsu_bin: Path) -> None:
    done = subprocess.run(
        [kitsu_bin, "bench", "console", "--quick", "--part", "paint", "--json"],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = msgspec.convert(json.loads(done.stdout), BenchReport)
    assert [figure.name for figure in report.figures] == [
        "first paint",
        "first picture of the show",
    ]
    assert all(figure.samples == 3 and figure.p50 > 0 for figure in report.figures)
