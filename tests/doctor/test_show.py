"""The control socket in every state: nobody, a killed show's, a stranger's, one that hangs."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kitsu_tui import __version__, platform
from kitsu_tui.doctor import show
from kitsu_tui.doctor.context import Context
from kitsu_tui.model.state import PanicView, ShowState
from kitsu_tui.show.durable import Born, LatchFile, LedgerFile
from tests.conftest import Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")


@pytest.fixture
def context(sandbox: Sandbox) -> Context:
    sandbox.state.mkdir()
    sandbox.runtime.chmod(0o700)
    return Context(environ=dict(os.environ))


@pytest.fixture
def path(sandbox: Sandbox) -> Path:
    return sandbox.runtime / "show.sock"


@pytest.fixture
def listener(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        yield listening


def test_nobody(context: Context) -> None:
    assert show.control_socket(context).found == "no show is running"


def test_what_a_killed_show_left(context: Context, listener: socket.socket) -> None:
    found = show.control_socket(context)  # bound, and nobody listens
    assert found.status == "warn"
    assert "was killed" in found.found


async def test_one_that_hangs(
    context: Context, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener.listen()
    monkeypatch.setattr(show, "ASK_S", 0.3)
    await show.running(context)
    assert context.running is None
    found = await asyncio.to_thread(show.control_socket, context)
    assert found.status == "bad"
    assert "hangs" in found.found


def test_a_file_in_the_way(context: Context, path: Path) -> None:
    path.write_text("")
    assert "is no socket" in show.control_socket(context).found


def test_a_folder_of_somebody_else(
    context: Context, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    found = show.control_socket(context)
    assert (found.status, f"belongs to user {me}" in found.found) == ("bad", True)
    assert "KITSU_RUNTIME_DIR" in found.do


def test_a_path_that_is_too_long(context: Context, tmp_path: Path) -> None:
    context.environ = {"KITSU_RUNTIME_DIR": str(tmp_path / ("x" * 120))}
    assert show.control_socket(context).status == "bad"


def test_a_show_of_another_version_and_one_in_panic(context: Context) -> None:
    context.running = ShowState(version="0.0.1", profile="live", live=True, started=time.time())
    found = show.control_socket(context)
    assert (found.status, "LIVE" in found.found, __version__ in found.found) == ("warn", True, True)
    context.running.version = __version__
    assert show.control_socket(context).status == "ok"
    context.running.panic = PanicView(latched=True, by="moderator")
    assert show.heard(context).do.startswith("kitsu resume")


def test_a_latch_that_outlived_its_show(context: Context, sandbox: Sandbox) -> None:
    assert show.latch(context).status == "ok"
    latch = sandbox.state / "latch.json"
    latch.write_bytes(msgspec.json.encode(LatchFile(epoch=3, panicked=True, by="console")))
    assert show.latch(context).status == "warn"
    latch.write_bytes(b"{")
    assert "damaged" in show.latch(context).found


def test_engines_that_outlived_their_show(context: Context, sandbox: Sandbox) -> None:
    mine = Born(os.getpid(), platform.start_time(os.getpid()))
    ledger = sandbox.state / "children.json"
    ledger.write_bytes(msgspec.json.encode(LedgerFile({"asr": mine, "tts": Born(mine.pid, 1.0)})))
    found = show.left_behind(context)
    assert found.status == "warn"
    assert f"asr (pid {mine.pid})" in found.found
    assert "tts" not in found.found  # another process has its number now
