"""Log files read backwards: in order over days, parts and compression, whatever is in them."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.wire.logline import LogLine, stamp
from kitsu_tui.config import logread

NOW = 1_800_000_000.0


def raw(n: int, service: str = "tts", **more: object) -> bytes:
    line = {"ts": stamp(NOW + n), "service": service, "level": "info", "message": f"m{n}", **more}
    return msgspec.json.encode(line)


def write(path: Path, *lines: bytes) -> None:
    text = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def said(root: Path, *services: str) -> list[str]:
    return [line.message for line, _ in logread.newest_first(root, services)]


def test_days_parts_and_services_are_one_stream_newest_first(tmp_path: Path) -> None:
    write(tmp_path / "tts.log", raw(8), raw(9))
    write(tmp_path / "tts.2026-11-22.2.log", raw(6), raw(7))
    write(tmp_path / "tts.2026-11-22.log", raw(4), raw(5))
    write(tmp_path / "tts.2026-11-21.log.gz", raw(0), raw(3))
    write(tmp_path / "show.log", raw(1, "show"), raw(10, "show"))
    write(tmp_path / "show.stderr", b"no log")
    write(tmp_path / "notes.txt", b"no log")
    assert said(tmp_path) == [f"m{n}" for n in (10, 9, 8, 7, 6, 5, 4, 3, 1, 0)]
    assert said(tmp_path, "show") == ["m10", "m1"]
    assert [path.name for path in logread.files(tmp_path)["tts"]] == [
        "tts.log",
        "tts.2026-11-22.2.log",
        "tts.2026-11-22.log",
        "tts.2026-11-21.log.gz",
    ]


def test_a_tenth_part_comes_after_the_ninth(tmp_path: Path) -> None:
    for part in range(1, 12):
        suffix = f".{part}" if part > 1 else ""
        write(tmp_path / f"tts.2026-11-22{suffix}.log", raw(part))
    assert said(tmp_path) == [f"m{n}" for n in range(11, 0, -1)]


def test_what_is_no_line_is_passed_over(tmp_path: Path) -> None:
    write(
        tmp_path / "tts.log",
        raw(1),
        b"Traceback (most recent call last):",
        b"\xff\xfe{",
        b'{"ts": 3}',
        b"",
        raw(2),
    )
    with (tmp_path / "tts.log").open("ab") as file:
        file.write(raw(3)[:-4])  # being written
    assert said(tmp_path) == ["m2", "m1"]


def test_a_broken_archive_ends_early_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path / "tts.2026-11-21.log.gz", *[raw(n) for n in range(500)])
    whole = (tmp_path / "tts.2026-11-21.log.gz").read_bytes()
    (tmp_path / "tts.2026-11-21.log.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "tts.2026-11-20.log.gz").write_bytes(b"no gzip at all")
    write(tmp_path / "tts.log", raw(900))
    assert said(tmp_path) == ["m900"]


@given(
    lines=st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), max_size=60),
    ended=st.booleans(),
    block=st.integers(1, 50),
)
def test_backwards_is_forwards_reversed_whatever_the_blocks(
    lines: list[bytes], ended: bool, block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("b") / "x.log"
    text = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    path.write_bytes(text)
    before, logread.BLOCK = logread.BLOCK, block
    try:
        assert list(logread.backwards(path)) == text.split(b"\n")[:-1][::-1]
    finally:
        logread.BLOCK = before


def test_a_line_beyond_the_bound_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logread, "BLOCK", 1000)
    monkeypatch.setattr(logread, "LONGEST", 5000)
    write(tmp_path / "tts.log", raw(1), b"x" * 50_000, raw(2))
    lines = list(logread.backwards(tmp_path / "tts.log"))
    assert max(map(len, lines)) <= 6000
    assert said(tmp_path) == ["m2", "m1"]


def test_only_what_is_asked_for_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(1, 9):
        write(tmp_path / f"tts.2026-11-0{day}.log", *[raw(n + day * 100) for n in range(50)])
    opened: list[str] = []
    backwards = logread.backwards

    def note(path: Path) -> Iterator[bytes]:
        opened.append(path.name)
        return backwards(path)

    monkeypatch.setattr(logread, "backwards", note)
    stream = logread.newest_first(tmp_path)
    assert [next(iter(stream))[0].message for _ in range(60)][-1] == "m740"
    assert opened == ["tts.2026-11-08.log", "tts.2026-11-07.log"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none"):
        logread.newest_first(tmp_path / "none")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs permissions")
def test_a_file_that_may_not_be_read_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "tts.log", raw(1))
    write(tmp_path / "asr.log", raw(2, "asr"))
    (tmp_path / "asr.log").chmod(0)
    assert said(tmp_path) == ["m1"]


def test_files_that_may_not_be_read_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "tts.log", raw(1))
    write(tmp_path / "asr.log", raw(2, "asr"))
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name == "tts.log")
    gone = tmp_path / "gone.log"
    found = logread.unreadable([tmp_path / "tts.log", tmp_path / "asr.log", gone])
    assert found == [tmp_path / "asr.log"]


def test_a_line_is_found_with_all_its_fields(tmp_path: Path) -> None:
    write(tmp_path / "tts.log", raw(1, turn=7, voice="joe"), raw(2))
    line = LogLine(ts=stamp(NOW + 1), service="tts", level="info", message="m1")
    found = logread.find(tmp_path, line)
    assert found is not None
    assert (found["turn"], found["voice"]) == (7, "joe")
    assert logread.find(tmp_path, LogLine(ts="x", service="tts", level="info", message="")) is None
    other = LogLine(ts=stamp(NOW + 1), service="asr", level="info", message="m1")
    assert logread.find(tmp_path, other) is None
