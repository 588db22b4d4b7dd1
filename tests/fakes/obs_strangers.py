"""Servers that are no obs-websocket, for whoever is pointed at one by mistake.

with stranger("http") as url: ...
"""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator

from tests.fakes.websocket import TEXT, Closed, ServerSocket

HUGE = 64 * 1024 * 1024


def _http(line: socket.socket) -> None:
    line.recv(65_536)
    body = b"<html>It works!</html>"
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    line.sendall(head.encode() + body)


def _echo(line: socket.socket) -> None:
    """What it is sent."""
    while data := line.recv(65_536):
        line.sendall(data)


def _silent(line: socket.socket) -> None:
    while line.recv(65_536):
        pass


def _hangs_up(line: socket.socket) -> None:
    """Before a word is said."""


def _garbage(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            line.sendall(os.urandom(4096))


def _drips(line: socket.socket) -> None:
    """A header that never ends, a byte at a time."""
    line.recv(65_536)
    with contextlib.suppress(OSError):
        while True:
            line.sendall(b"H")
            time.sleep(0.05)


def _websocket(line: socket.socket) -> None:
    """A WebSocket server that speaks of something else."""
    ours = ServerSocket(line)
    ours.send(b'{"type": "welcome", "channel": "/meta"}')
    while True:
        ours.receive()


def _echo_websocket(line: socket.socket) -> None:
    """A WebSocket server that says what it is told."""
    ours = ServerSocket(line)
    while True:
        opcode, payload = ours.receive()
        ours.send(payload, opcode)


def _binary(line: socket.socket) -> None:
    """Frames of noise."""
    ours = ServerSocket(line)
    while True:
        ours.send(os.urandom(512), TEXT)
        ours.receive()


def _huge(line: socket.socket) -> None:
    """A frame that claims to be larger than any."""
    ServerSocket(line)
    with contextlib.suppress(OSError):
        line.sendall(b"\x81\x7f" + (1 << 40).to_bytes(8, "big") + b"[" * 4096)
        line.recv(65_536)


def _greets(line: socket.socket) -> None:
    """The hello of obs-websocket, and then nothing."""
    ours = ServerSocket(line)
    ours.send(b'{"op": 0, "d": {"obsWebSocketVersion": "5.1.0", "rpcVersion": 1}}')
    while True:
        ours.receive()


KINDS: dict[str, Callable[[socket.socket], None]] = {
    "http": _http,
    "echo": _echo,
    "silent": _silent,
    "hangs up": _hangs_up,
    "garbage": _garbage,
    "drips": _drips,
    "websocket": _websocket,
    "echo websocket": _echo_websocket,
    "binary": _binary,
    "huge": _huge,
    "greets": _greets,
}


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextlib.contextmanager
def stranger(kind: str, port: int = 0) -> Iterator[str]:
    """One of them, listening; yields a ws:// url. Its connections end with it."""
    lines: list[socket.socket] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            lines.append(self.request)
            with contextlib.suppress(OSError, Closed):
                KINDS[kind](self.request)

    with _Server(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            for line in lines:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
            thread.join(10)
