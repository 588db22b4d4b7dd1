"""Where a show listens and how a client gets in.

Linux and macOS: a Unix socket of mode 600 in a folder of mode 700. Windows (not tried): loopback
TCP and a token in a file that only its user can read; the client's first line is the token.
Imports little, because `kitsu panic` waits for it.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kitsu_tui.config import paths

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

TOKEN_FILE = "show.port"  # noqa: S105 -- the file's name, not a secret
STREAM_LIMIT = 1 << 20


def uses_tcp() -> bool:
    """True where the socket is loopback TCP with a token."""
    return sys.platform == "win32"


def token_path(environ: Mapping[str, str]) -> Path:
    """The file with port and token, where TCP is used."""
    return paths.runtime_dir(environ) / TOKEN_FILE


def connect_now(environ: Mapping[str, str], timeout: float) -> socket.socket:
    """A connected blocking socket.

    Raises:
        paths.PathError: what listens there is not this user's.
        OSError: no show listens.
    """
    paths.check_ours(paths.runtime_dir(environ))
    if uses_tcp():
        port, token = _read_token(environ)
        link = socket.create_connection(("127.0.0.1", port), timeout)
        link.sendall(token + b"\n")
        return link
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(timeout)
    try:
        link.connect(os.fspath(paths.socket_path(environ)))
    except OSError:
        link.close()
        raise
    return link


async def open_connection(
    environ: Mapping[str, str] | None = None,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection for asyncio.

    Raises:
        paths.PathError: what listens there is not this user's.
        OSError: no show listens.
    """
    import asyncio

    environ = os.environ if environ is None else environ
    paths.check_ours(paths.runtime_dir(environ))
    if uses_tcp():
        port, token = _read_token(environ)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=STREAM_LIMIT)
        writer.write(token + b"\n")
        return reader, writer
    return await asyncio.open_unix_connection(paths.socket_path(environ), limit=STREAM_LIMIT)


async def serve(environ: Mapping[str, str], handler: Handler) -> asyncio.Server:
    """Listen. The caller holds the lock that says there is one show only.

    Raises:
        OSError, paths.PathError: it cannot listen there.
    """
    import asyncio

    paths.private_dir(paths.runtime_dir(environ))
    if uses_tcp():
        return await _serve_tcp(environ, handler)
    path = paths.socket_path(environ)
    path.unlink(missing_ok=True)  # left by a show that was killed
    # Nobody can connect before it listens, and by then it is ours alone. (An umask would do the
    # same to files that other threads make meanwhile.)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        return await asyncio.start_unix_server(handler, sock=listener, limit=STREAM_LIMIT)
    except BaseException:
        listener.close()
        raise


async def _serve_tcp(environ: Mapping[str, str], handler: Handler) -> asyncio.Server:
    import asyncio
    import hmac
    import secrets

    token = secrets.token_hex(32).encode()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(3.0):
                said = await reader.readline()
        except (TimeoutError, ValueError):
            said = b""
        if hmac.compare_digest(said.strip(), token):
            await handler(reader, writer)
        else:
            writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0, limit=STREAM_LIMIT)
    port = server.sockets[0].getsockname()[1]
    path = token_path(environ)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(b"%d %s\n" % (port, token))
    fresh.replace(path)
    return server


def remove(environ: Mapping[str, str]) -> None:
    """Take the endpoint away when the show ends."""
    path = token_path(environ) if uses_tcp() else paths.socket_path(environ)
    path.unlink(missing_ok=True)


def _read_token(environ: Mapping[str, str]) -> tuple[int, bytes]:
    try:
        port, token = token_path(environ).read_bytes().split()
        return int(port), token
    except ValueError:
        raise OSError(f"{token_path(environ)} is not as a show writes it") from None
