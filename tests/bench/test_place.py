"""A bench's own show: it starts, tells, ends, and leaves nothing behind, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engines.wire import show
from kitsu_tui.bench.place import BenchFailed, Place, cpu_seconds, picture, watch
from kitsu_tui.bench.starts import Changes, changes, forget_files, one_start, restart, stopped
from tests.support.show import QUIET

ECHO = QUIET.replace("metrics: {enabled: false}", "metrics: {enabled: false}\n  echo: {}")


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where places are made, looked at afterwards; short, for a socket's path is bounded."""
    folder = Path(tempfile.mkdtemp(prefix="kt-"))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    folder.rmdir()


def left(folder: Path) -> list[int]:
    """Processes that belong to a place in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            runtime = process.environ().get("KITSU_RUNTIME_DIR", "")
            if runtime.startswith(str(folder)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


async def test_a_show_of_its_own(scratch: Path) -> None:
    echo = ECHO.replace("echo: {}", "echo: {enabled: true}")
    with Place(echo) as place:
        place.start()
        state = await place.ready()
        assert state.engines["echo"].state == "ready"
        assert state.pid in place.pids()
        assert cpu_seconds([state.pid])[state.pid] > 0
        told: list[show.Told] = []
        async with place.connect() as client:
            watch(client, told.append)
            async with changes(place) as found:
                assert await restart(client, found, "echo", settle=0) > 0
            assert (await picture(client)).engines["echo"].restarts == 1
        assert any(isinstance(t.event, show.EngineChanged) for t in told)
        assert await stopped(place, state.pid) > 0
        assert isinstance(place.events()[0].event, show.ShowStarted)
    assert not left(scratch)


async def test_a_start_is_told_engine_by_engine(scratch: Path) -> None:
    found = await one_start(ECHO.replace("echo: {}", "echo: {enabled: true}"))
    assert 0 < found.hello["echo"] <= found.ready_by["echo"] == found.ready
    assert found.stop > 0
    assert not left(scratch)


async def test_a_show_that_cannot_be_is_one_line(scratch: Path) -> None:
    with Place("extends: starter\naudio: {backend: horn}\n") as place:
        place.start()
        with pytest.raises(BenchFailed, match="horn"):
            await place.ready()
        with pytest.raises(BenchFailed, match="did not start.*horn"):
            place.detach()


async def test_an_engine_that_fails_is_named(scratch: Path) -> None:
    broken = "echo: {enabled: true, command: [/no/such/program]}"
    with Place(ECHO.replace("echo: {}", broken)) as place:
        place.start()
        with pytest.raises(BenchFailed, match="echo has failed.*no such command"):
            await place.ready()
    assert not left(scratch)


async def test_files_that_are_forgotten_can_still_be_read(scratch: Path) -> None:
    with Place(QUIET) as place:
        forget_files(place)
    assert (
        "def forget_files" in Path(str(sys.modules[forget_files.__module__].__file__)).read_text()
    )


async def test_what_does_not_come_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kitsu_tui.bench.starts.BACK_S", 0.05)
    with pytest.raises(BenchFailed, match="tts was not ready"):
        await Changes().ready_after("tts", time.time())


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_bench_that_is_ended_leaves_nothing(scratch: Path, number: signal.Signals) -> None:
    bench = subprocess.Popen(
        [sys.executable, "-m", "kitsu_tui.cli", "bench", "show", "--quick"],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        assert bench.stderr is not None
        assert "warming up" in bench.stderr.readline()
        end = time.monotonic() + 60
        while not left(scratch) and time.monotonic() < end:
            time.sleep(0.02)
        assert left(scratch), "its show never started"
        bench.send_signal(number)
        _, said = bench.communicate(timeout=60)
        assert bench.returncode == 130
        assert "Traceback" not in said
        end = time.monotonic() + 20
        while left(scratch) and time.monotonic() < end:
            time.sleep(0.05)
        assert not left(scratch)
        assert not list(scratch.iterdir())
    finally:
        bench.kill()
