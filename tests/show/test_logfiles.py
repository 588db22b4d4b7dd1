"""The log files: complete, turned over at midnight, swept after their time."""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
import time
from pathlib import Path

import pytest

from engines.testing import Clock
from engines.wire.logline import LogLine, Masker
from kitsu_tui.show.logfiles import LogFiles
from kitsu_tui.show.writer import LineFile

NOON = time.mktime((2026, 11, 22, 12, 0, 0, 0, 0, -1))


def ours(text: str, **extras: object) -> bytes:
    line = {"ts": "2026-11-22T11:00:00.000Z", "service": "tts", "logger": "x", "level": "info"}
    return json.dumps(line | {"message": text} | extras).encode()


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_file_a_service_and_nothing_is_lost(tmp_path: Path) -> None:
    files = LogFiles(tmp_path, clock=Clock(NOON))
    for number in range(5_000):
        assert files.raw("tts", ours("hi", n=number, voice="joe"))
        assert files.raw("asr", b"a library's print %d\n" % number)
    assert files.close(20)
    assert files.dropped == files.failed == 0
    lines = read(tmp_path / "tts.log")
    assert [line["n"] for line in lines] == list(range(5_000))
    assert lines[0]["voice"] == "joe"
    wrapped = read(tmp_path / "asr.log")
    assert [line["message"] for line in wrapped] == [f"a library's print {n}" for n in range(5_000)]
    assert set(wrapped[0]) >= {"ts", "service", "logger", "level", "message"}
    assert wrapped[0]["service"] == "asr"


def test_odd_lines_become_one_json_line_each(tmp_path: Path) -> None:
    files = LogFiles(tmp_path, mask=Masker({"API_KEY": "s3cr3tvalue"}))
    odd = [
        b"\xff\x00 binary",
        b'{"not": "ours"}',
        b"{broken",
        b"",
        b"key s3cr3tvalue",
        b"x" * 90_000,
    ]
    for line in odd:
        files.raw("../../etc/passwd", line)
    files.line(LogLine(ts="t", service="show", level="info", message="m"))
    assert files.close(5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_etc_passwd.log", "show.log"]
    lines = read(tmp_path / "_etc_passwd.log")
    assert len(lines) == len(odd)
    assert lines[4]["message"] == "key ***"


def test_a_new_file_after_midnight_and_old_ones_go(tmp_path: Path) -> None:
    clock = Clock(NOON)
    (tmp_path / "tts.2026-11-07.log").write_text("old\n")
    (tmp_path / "tts.2026-11-08.log").write_text("just young enough\n")
    (tmp_path / "mine.log").write_text("not ours\n")
    os.utime(tmp_path / "mine.log", (0, 0))
    files = LogFiles(tmp_path, clock=clock, keep_days=14)
    files.raw("tts", ours("before"))
    assert files.flush()
    assert not (tmp_path / "tts.2026-11-07.log").exists()
    assert (tmp_path / "tts.2026-11-08.log").exists()
    clock.advance(12 * 3600 - 1)
    files.raw("tts", ours("still the 22nd"))
    clock.advance(1)
    files.raw("tts", ours("the 23rd"))
    assert files.flush()
    clock.advance(-7200)
    files.raw("tts", ours("the clock was put back"))
    clock.advance(26 * 3600)
    files.raw("tts", ours("the 24th"))
    assert files.close(5)

    def messages(name: str) -> list[object]:
        return [line["message"] for line in read(tmp_path / name)]

    assert messages("tts.2026-11-22.log") == ["before", "still the 22nd"]
    assert messages("tts.2026-11-23.log") == ["the 23rd", "the clock was put back"]
    assert messages("tts.log") == ["the 24th"]
    assert not (tmp_path / "tts.2026-11-08.log").exists()
    assert (tmp_path / "mine.log").exists()


def test_yesterdays_file_is_put_away_at_start(tmp_path: Path) -> None:
    for text in ("first", "second"):
        (tmp_path / "tts.log").write_text(text + "\n")
        os.utime(tmp_path / "tts.log", (NOON - 86_400, NOON - 86_400))
        files = LogFiles(tmp_path, clock=Clock(NOON))
        files.raw("tts", ours("today"))
        assert files.close(5)
    assert (tmp_path / "tts.2026-11-21.log").read_text() == "first\n"
    assert (tmp_path / "tts.2026-11-21.2.log").read_text() == "second\n"
    assert len(read(tmp_path / "tts.log")) == 1


def test_overflow_is_said_in_the_file(tmp_path: Path) -> None:
    gate = threading.Event()

    def slow(path: Path) -> LineFile:
        gate.wait(20)
        return LineFile(path)

    files = LogFiles(tmp_path, limit=10, open_file=slow)
    kept = sum(files.raw("tts", ours("x", n=n)) for n in range(100))
    gate.set()
    assert files.flush()
    files.raw("tts", ours("after"))
    assert files.close(5)
    assert files.dropped == 100 - kept > 0
    lines = read(tmp_path / "tts.log")
    assert sum(line["service"] == "tts" for line in lines) == kept + 1
    assert any(f"{files.dropped} for want of room" in str(line["message"]) for line in lines)


def test_a_full_disk_for_one_file_does_not_silence_the_others(tmp_path: Path) -> None:
    class Full(LineFile):
        def append(self, data: bytes) -> None:
            if self.path.name == "tts.log":
                raise OSError(errno.ENOSPC, "No space left on device")
            super().append(data)

    files = LogFiles(tmp_path, open_file=Full)
    files.raw("tts", ours("lost"))
    files.raw("asr", ours("kept"))
    assert files.flush()
    files.raw("asr", ours("later"))
    assert files.close(5)
    lines = [str(line["message"]) for line in read(tmp_path / "asr.log")]
    assert lines[0] == "kept"
    assert "1 that could not be written" in lines[1]
    assert lines[2] == "later"
    assert files.failed


def test_handler_writes_the_shows_own_records(tmp_path: Path) -> None:
    files = LogFiles(tmp_path)
    handler = files.handler("show", Masker({"X_TOKEN": "tokentoken"}))
    logger = logging.getLogger("kitsu.test.logfiles")
    logger.propagate = False
    logger.addHandler(handler)
    try:
        logger.warning("hello %s", "tokentoken", extra={"turn": 7})
        try:
            raise ValueError("no")
        except ValueError:
            logger.exception("failed")
    finally:
        logger.removeHandler(handler)
    assert files.close(5)
    first, second = read(tmp_path / "show.log")
    assert first["message"] == "hello ***"
    assert first["turn"] == 7
    assert first["level"] == "warning"
    assert "ValueError: no" in str(second["exception"])


def test_root_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        LogFiles(tmp_path / "file" / "logs")
