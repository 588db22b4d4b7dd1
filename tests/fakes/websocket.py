"""The server's side of RFC 6455, as much of it as doubles need: one thread for each connection."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import struct
import threading

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


class Closed(Exception):
    """The other side has left."""


class ServerSocket:
    """One connection whose hands were shaken.

    Raises:
        Closed: what came was no opening handshake.
    """

    def __init__(self, connection: socket.socket, protocol: str = "") -> None:
        self._socket = connection
        self._buffer = bytearray()
        self._sending = threading.Lock()
        self.closed_with = 0
        """The code with which we closed it; 0 while it is open."""
        fields = self._opening()
        key = fields.get("sec-websocket-key", "")
        if not key:
            with contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
            raise Closed
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()  # noqa: S324
        offered = [p.strip() for p in fields.get("sec-websocket-protocol", "").split(",")]
        chosen = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol in offered else ""
        connection.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n{chosen}\r\n".encode()
        )

    def receive(self) -> tuple[int, bytes]:
        """The next whole message (its opcode and payload); pings are answered.

        Raises:
            Closed: there is none.
        """
        kind, whole = 0, bytearray()
        while True:
            last, opcode, payload = self._frame()
            if opcode == CLOSE:
                self.close(1000)
                raise Closed
            if opcode == PING:
                self.send(payload, PONG)
                continue
            if opcode == PONG:
                continue
            kind = kind or opcode
            whole += payload
            if last:
                return kind, bytes(whole)

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        """Send one message; nothing when the other side has left."""
        with self._sending, contextlib.suppress(OSError):
            self._socket.sendall(frame(payload, opcode))

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye and hang up."""
        if self.closed_with:
            return
        self.closed_with = code
        self.send(struct.pack("!H", code) + reason.encode()[:120], CLOSE)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def drop(self) -> None:
        """Hang up without a word."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _opening(self) -> dict[str, str]:
        while b"\r\n\r\n" not in self._buffer:
            self._more()
            if len(self._buffer) > 65_536:
                raise Closed
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        self._buffer = bytearray(rest)
        fields = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
        return {name.strip().lower(): value.strip() for name, _, value in fields}

    def _frame(self) -> tuple[bool, int, bytes]:
        first, second = self._take(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._take(8))
        if not second & 0x80:
            self.close(1002, "a client masks")
            raise Closed
        mask = self._take(4)
        payload = self._take(size)
        plain = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        return bool(first & 0x80), first & 0x0F, plain

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _more(self) -> None:
        try:
            data = self._socket.recv(65_536)
        except OSError:
            raise Closed from None
        if not data:
            raise Closed
        self._buffer += data


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A whole message in one frame, as servers send it (not masked)."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, size)
    elif size < 65_536:
        head = struct.pack("!BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
    return head + payload
