"""The control socket: for its user alone, and where a show that was killed left one."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from kitsu_tui.config import endpoint, paths
from tests.conftest import Sandbox

posix = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")


async def echoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()


async def talk(environ: dict[str, str], said: bytes) -> bytes:
    reader, writer = await endpoint.open_connection(environ)
    writer.write(said)
    answer = await asyncio.wait_for(reader.readline(), 5.0)
    writer.close()
    await writer.wait_closed()
    return answer


@posix
async def test_socket_and_folder_are_the_users_alone(sandbox: Sandbox) -> None:
    sandbox.runtime.chmod(0o755)
    before = os.umask(0)
    try:
        server = await endpoint.serve(sandbox.environ, echoing)
        assert os.umask(0) == 0, "the process's own mask was not put back"
    finally:
        os.umask(before)
    path = paths.socket_path(sandbox.environ)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(sandbox.runtime.stat().st_mode) == 0o700
    assert await talk(sandbox.environ, b"hello\n") == b"hello\n"
    server.close()
    await server.wait_closed()
    endpoint.remove(sandbox.environ)
    assert not path.exists()
    endpoint.remove(sandbox.environ)  # twice is no error


@posix
async def test_a_socket_left_behind_is_replaced(sandbox: Sandbox) -> None:
    path = paths.socket_path(sandbox.environ)
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with pytest.raises(OSError):
        endpoint.connect_now(sandbox.environ, 1.0)
    server = await endpoint.serve(sandbox.environ, echoing)
    assert await talk(sandbox.environ, b"new\n") == b"new\n"
    server.close()


@posix
async def test_a_blocking_client_gets_in_too(sandbox: Sandbox) -> None:
    server = await endpoint.serve(sandbox.environ, echoing)

    def ask() -> bytes:
        with endpoint.connect_now(sandbox.environ, 5.0) as link:
            link.sendall(b"quick\n")
            return link.recv(100)

    assert await asyncio.to_thread(ask) == b"quick\n"
    server.close()


async def test_nobody_listens(sandbox: Sandbox) -> None:
    with pytest.raises(OSError):
        endpoint.connect_now(sandbox.environ, 1.0)
    with pytest.raises(OSError):
        await endpoint.open_connection(sandbox.environ)


@posix
async def test_a_path_too_long_for_a_socket_is_said_before_it_is_tried(tmp_path: Path) -> None:
    environ = {"KITSU_RUNTIME_DIR": str(tmp_path / ("x" * 120))}
    with pytest.raises(paths.PathError, match="KITSU_RUNTIME_DIR"):
        await endpoint.serve(environ, echoing)


async def test_by_tcp_only_the_token_gets_in(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of Windows, on any system."""
    monkeypatch.setattr(endpoint, "uses_tcp", lambda: True)
    server = await endpoint.serve(sandbox.environ, echoing)
    path = endpoint.token_path(sandbox.environ)
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert await talk(sandbox.environ, b"in\n") == b"in\n"
    port, token = path.read_bytes().split()
    path.write_bytes(port + b" " + b"0" * len(token))
    assert await talk(sandbox.environ, b"in\n") == b""
    path.write_bytes(b"rubbish")
    with pytest.raises(OSError, match="not as a show writes it"):
        endpoint.connect_now(sandbox.environ, 1.0)
    server.close()
    endpoint.remove(sandbox.environ)
    assert not path.exists()
