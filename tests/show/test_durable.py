"""The two small files that outlive a show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kitsu_tui import platform
from kitsu_tui.show.durable import Born, Latch, LatchFile, Ledger, LedgerFile, read_file, write_file

LEAVES_A_CHILD = """
import subprocess, sys
quiet = subprocess.DEVNULL
code = [sys.executable, "-c", "import time; time.sleep(60)"]
print(subprocess.Popen(code, start_new_session=True, stdout=quiet, stderr=quiet).pid)
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A real process, in a group of its own as an engine is."""
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    )
    yield process
    process.kill()
    process.wait(10)


async def test_the_epoch_rises_with_every_start_and_panic_stays(tmp_path: Path) -> None:
    path = tmp_path / "latch.json"
    first = Latch(path)
    assert (first.epoch, first.panicked) == (1, False)
    first.epoch, first.panicked, first.by = 5, True, "cli:me"
    assert await first.save()
    second = Latch(path)
    assert (second.epoch, second.panicked, second.by) == (6, True, "cli:me")
    second.panicked = False
    await second.save()
    assert (Latch(path).epoch, Latch(path).panicked) == (7, False)


@pytest.mark.parametrize(
    "left",
    [
        b"",
        b"{",
        b"[]",
        b'{"epoch":"x"}',
        b'{"epoch":3,"panicked":fal',
        b'{"by":"\xff"}',
        b"\x00" * 9,
    ],
)
def test_a_damaged_latch_is_a_latched_one(
    tmp_path: Path, left: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "latch.json"
    path.write_bytes(left)
    latch = Latch(path)
    assert latch.panicked
    assert latch.by == "damaged latch file"
    assert "latch.json cannot be used" in caplog.text


async def test_a_latch_that_cannot_be_saved_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    latch = Latch(folder / "latch.json")
    folder.rmdir()
    assert not await latch.save()
    assert "cannot be saved" in caplog.text


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "latch.json"
    write_file(path, LatchFile(epoch=1), sync=True)

    def torn(self: Path, target: Path) -> Path:
        raise OSError("power cut")

    monkeypatch.setattr(Path, "replace", torn)
    with pytest.raises(OSError, match="power cut"):
        write_file(path, LatchFile(epoch=2), sync=True)
    monkeypatch.undo()
    assert read_file(path, LatchFile, LatchFile()).epoch == 1
    write_file(path, LatchFile(epoch=3), sync=False)
    assert json.loads(path.read_bytes())["epoch"] == 3


async def test_the_ledger_knows_who_is_alive(tmp_path: Path) -> None:
    path = tmp_path / "children.json"
    ledger = Ledger(path)
    await ledger.add("tts", os.getpid())
    await ledger.add("asr", os.getpid())
    await ledger.remove("asr")
    await ledger.remove("nobody")
    left = read_file(path, LedgerFile, LedgerFile()).children
    assert left == {"tts": Born(os.getpid(), platform.start_time(os.getpid()))}


async def test_the_next_show_ends_what_the_last_one_left(tmp_path: Path) -> None:
    path = tmp_path / "children.json"
    said = subprocess.run(
        [sys.executable, "-c", LEAVES_A_CHILD],
        capture_output=True,
        check=True,
        timeout=30,
    )
    orphan = int(said.stdout)  # its parent, the show that was killed, has gone
    await Ledger(path).add("tts", orphan)
    try:
        assert Ledger(path).sweep() == [f"tts (pid {orphan})"]
        assert not psutil.pid_exists(orphan) or (
            psutil.Process(orphan).status() == psutil.STATUS_ZOMBIE
        )
        assert Ledger(path).sweep() == []
    finally:
        platform.signal_group(orphan, "KILL")


def test_a_stranger_with_the_same_number_is_left_alone(
    tmp_path: Path, child: subprocess.Popen[bytes]
) -> None:
    path = tmp_path / "children.json"
    born = Born(child.pid, platform.start_time(child.pid) - 30)
    write_file(path, LedgerFile({"tts": born}), sync=False)
    assert Ledger(path).sweep() == []
    assert child.poll() is None
    assert read_file(path, LedgerFile, LedgerFile({"x": born})).children == {}


@pytest.mark.parametrize("left", [b"", b"{", b'{"children":{"a":3}}', b"\xff"])
def test_a_damaged_ledger_is_an_empty_one(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "children.json"
    path.write_bytes(left)
    assert Ledger(path).sweep() == []


def test_one_who_has_gone_is_no_trouble(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(10)
    path = tmp_path / "children.json"
    write_file(path, LedgerFile({"tts": Born(gone.pid, 1.0)}), sync=False)
    assert Ledger(path).sweep() == []


LEAVES_KIN = """
import os, subprocess, sys
quiet = subprocess.DEVNULL
code = [sys.executable, "-c", "import time; time.sleep(60)"]
child = subprocess.Popen(code, stdout=quiet, stderr=quiet)
os.environ["KITSU_SHOW_PID"] = "999"
stranger = subprocess.Popen(code, stdout=quiet, stderr=quiet)
print(os.getpid(), child.pid, stranger.pid)
"""


def test_what_a_dead_engine_had_started_is_ended_and_a_stranger_is_not(tmp_path: Path) -> None:
    """The engine has left at the end of its input; its own child never looked at that."""
    said = subprocess.run(
        [sys.executable, "-c", LEAVES_KIN],
        capture_output=True,
        check=True,
        timeout=30,
        start_new_session=True,
        env=os.environ | {"KITSU_SHOW_PID": "4711"},
    )
    engine, kin, stranger = map(int, said.stdout.split())
    path = tmp_path / "children.json"
    try:
        assert platform.start_time(kin)
        left = LedgerFile({"tts": Born(engine, 1.0)}, show=4711)
        write_file(path, left, sync=False)
        assert Ledger(path).sweep() == [f"what an engine had started (pid {kin})"]
        assert not platform.start_time(kin)
        assert platform.start_time(stranger), "its mark is another show's"
        write_file(path, left, sync=False)
        assert Ledger(path).sweep() == []
    finally:
        platform.end(kin)
        platform.end(stranger)
