"""The journal: complete, readable after any death, honest about what it lost."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engines.testing import Clock
from engines.wire.logline import Masker
from kitsu_tui.journal import FILE, Bad, iter_journal, read_journal
from kitsu_tui.show.journal import Journal, open_journal, prune, session_folder
from kitsu_tui.show.writer import LineFile


class Said(msgspec.Struct, tag="said", tag_field="event"):
    text: str
    pcm: bytes = b""
    ts: str = ""


class Stubborn(LineFile):
    """A file whose disk is full for as long as `full` says, after taking half a line."""

    full = False

    def append(self, data: bytes) -> None:
        if type(self).full:
            self._torn = True
            self._file.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(data)


def test_lines_carry_both_clocks_and_keep_their_order(tmp_path: Path) -> None:
    clock = Clock(1_795_000_000.2505)
    journal = Journal(tmp_path / "s", clock, ticks=clock.ns)
    for number in range(100):
        clock.advance(0.001)
        assert journal.write({"event": "tick", "n": number})
    journal.write(Said(text="hi\nthere", ts="mine"))
    assert journal.close(5)
    reading = read_journal(tmp_path / "s")
    assert reading.bad == []
    assert [e["n"] for e in reading.events[:-1]] == list(range(100))
    assert reading.events[0]["ts"] == "2026-11-18T11:06:40.252Z"
    assert reading.events[0]["t_ns"] < reading.events[1]["t_ns"]
    assert reading.events[-1]["text"] == "hi\nthere"
    assert reading.events[-1]["event"] == "said"
    assert reading.events[-1]["event_ts"] == "mine"
    assert not journal.write({"late": 1})


def test_sound_and_secrets_stay_out(tmp_path: Path) -> None:
    mask = Masker({"TWITCH_TOKEN": "verysecretvalue"})
    journal = Journal(tmp_path / "s", mask=mask)
    journal.write(Said(text="verysecretvalue", pcm=b"\x01\x02" * 480))
    journal.write({"data": {"pcm": "AAAA" * 100, "list": [b"123"]}, "pcm": b"12"})
    journal.close(5)
    raw = (tmp_path / "s" / FILE).read_text()
    assert "AAAA" not in raw
    assert "verysecret" not in raw
    first, second = read_journal(tmp_path / "s").events
    assert first["pcm"] == "<960 bytes>"
    assert first["text"] == "***"
    assert second["data"] == {"pcm": "<300 bytes>", "list": ["<3 bytes>"]}


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "s")
    circle: dict[str, Any] = {}
    circle["self"] = circle
    journal.write(circle)
    journal.write({"text": "x" * 400_000})
    journal.write({"odd": Path("/odd"), "nan": float("nan"), "set": {1}})
    journal.close(5)
    reading = read_journal(tmp_path / "s")
    assert reading.bad == []
    assert [e.get("event") for e in reading.events[:2]] == [
        "journal.unwritable",
        "journal.oversized",
    ]
    assert reading.events[2]["odd"] == str(Path("/odd"))


def test_reader_skips_and_reports_what_is_broken(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(
        b'{"n":1}\n\xff\xfe garbage\n[1]\n\n{"n":2}\n' + b"x" * 3_000_000 + b'\n{"n":3}\n{"n":4,"te'
    )
    reading = read_journal(path)
    assert [e["n"] for e in reading.events] == [1, 2, 3]
    assert [bad.line for bad in reading.bad] == [2, 3, 6, 8]
    assert "longer" in reading.bad[2].reason
    assert reading.bad[3].reason.startswith("torn")
    assert sum(isinstance(item, Bad) for item in iter_journal(path)) == 4


def test_a_torn_end_does_not_swallow_the_next_line(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / FILE).write_bytes(b'{"n":1}\n{"n":2,"te')
    journal = Journal(tmp_path / "s")
    journal.write({"n": 3})
    journal.close(5)
    reading = read_journal(tmp_path / "s")
    assert [e["n"] for e in reading.events] == [1, 3]
    assert [bad.line for bad in reading.bad] == [2]


def test_overflow_is_counted_and_said_in_the_journal(tmp_path: Path) -> None:
    gate = threading.Event()

    def slow(path: Path) -> LineFile:
        gate.wait(20)
        return LineFile(path)

    journal = Journal(tmp_path / "s", open_file=slow, limit=10)
    kept = sum(journal.write({"n": n}) for n in range(200))
    assert journal.dropped == 200 - kept > 0
    gate.set()
    assert journal.flush()
    journal.write({"n": "after"})
    assert journal.close(5)
    events = read_journal(tmp_path / "s").events
    assert sum(e["dropped"] for e in events if e.get("event") == "journal.lost") == journal.dropped
    assert sum("n" in e for e in events) == kept + 1


def test_full_disk_warns_once_and_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    Stubborn.full = False
    journal = Journal(tmp_path / "s", open_file=Stubborn)
    journal.write({"n": 1})
    assert journal.flush()
    Stubborn.full = True
    for n in (2, 3, 4):
        journal.write({"n": n, "pad": "x" * 50})
        assert journal.flush()
    assert journal.failed == 3
    Stubborn.full = False
    journal.write({"n": 5})
    assert journal.close(5)
    reading = read_journal(tmp_path / "s")
    assert [e["n"] for e in reading.events if "n" in e] == [1, 5]
    assert [e["unwritten"] for e in reading.events if e.get("event") == "journal.lost"] == [3]
    warned = [r.getMessage() for r in caplog.records if "journal" in r.getMessage()]
    assert len(warned) == 2
    assert "No space left" in warned[0]
    assert "writes again" in warned[1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_really_full_device(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / FILE).symlink_to("/dev/full")
    journal = Journal(tmp_path / "s")
    journal.write({"n": 1})
    assert journal.flush()
    assert journal.failed == 1
    journal.write({"n": 2})
    assert journal.close(5)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_killed_show_loses_at_most_the_last_moment(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from kitsu_tui.show.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for n in range(1000): journal.write({'n': n})\n"
        "journal.flush(10); print('flushed', flush=True)\n"
        "n = 1000\n"
        "while True:\n"
        "    journal.write({'n': n}); n += 1; time.sleep(0.0005)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "s")],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"flushed\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    child.stdout.close()
    reading = read_journal(tmp_path / "s")
    assert [e["n"] for e in reading.events[:1000]] == list(range(1000))
    assert len(reading.bad) <= 1


def test_sessions_are_named_and_pruned_by_size(tmp_path: Path) -> None:
    clock = Clock(1_795_000_000.0)
    root = tmp_path / "journal"
    old = []
    for _ in range(4):
        folder = session_folder(root, "starter", clock)
        folder.mkdir(parents=True)
        (folder / FILE).write_bytes(b'{"n":1}\n' * 1000)
        old.append(folder)
        clock.advance(3600)
    (root / "notes").mkdir()
    (root / "notes" / FILE).write_bytes(b"mine" * 10_000)
    journal = open_journal(tmp_path, "my profile/x", clock, keep_bytes=17_000)
    journal.write({"n": 1})
    assert journal.flush()
    assert [path.exists() for path in old] == [False, False, True, True]
    assert (root / "notes" / FILE).exists()
    assert journal.folder.name.endswith("-my_profile_x")
    assert session_folder(root, "my profile/x", clock).name == journal.folder.name + "-2"
    assert prune(root, 0, spare=journal.folder) == [old[3], old[2]]
    assert journal.folder.exists()
    journal.close(5)


def test_every_line_is_json_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "s")
    journal.write({"text": "a\u2028b\nc\r\x00"})
    journal.close(5)
    lines = (tmp_path / "s" / FILE).read_bytes().split(b"\n")
    assert len(lines) == 2
    assert json.loads(lines[0])["text"] == "a\u2028b\nc\r\x00"
