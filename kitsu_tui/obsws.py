"""A small client of obs-websocket 5, for doctor and benches.

The show drives OBS through the `obs` engine. This one shares no code with it and needs no library,
so that what the engine says can be checked against OBS itself.

Source: obs-websocket's docs/generated/protocol.md (messages, op codes, authentication, close codes)
and RFC 6455 (frames).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

RPC_VERSION = 1
EVENTS_ALL = 0x7FF
"""Every event that is not of high volume (EventSubscription::All)."""
MOST_BYTES = 16 * 1024 * 1024
HELLO, IDENTIFY, IDENTIFIED, EVENT, REQUEST, RESPONSE = 0, 1, 2, 5, 6, 7
CLOSES = {
    4006: "it wants something else first",
    4007: "not identified",
    4009: "the password is wrong",
    4010: "it speaks another version of the protocol",
    4011: "somebody ended the session in OBS",
}
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Why = Literal["closed", "foreign", "refused", "late", "gone"]
Told = Callable[[str, dict[str, Any], int], None]
"""Name of an event, its data, and `time.perf_counter_ns()` of its arrival."""


class ObsTrouble(Exception):
    """No (more) talking to OBS; the message says why in words.

    Attributes:
        why: `closed` nobody listens, `foreign` no obs-websocket 5, `refused` the password,
            `late` no answer in time, `gone` the connection ended.
    """

    def __init__(self, why: Why, words: str) -> None:
        super().__init__(words)
        self.why = why


class ObsRefused(Exception):
    """OBS said no to a request; the connection is fine.

    Attributes:
        code: RequestStatus of the protocol, such as 600 for what does not exist.
    """

    def __init__(self, request: str, code: int, comment: str) -> None:
        super().__init__(f"{request}: {comment or 'refused'} ({code})")
        self.code = code


class ObsClient:
    """A connection, identified when it is made. Requests may come from several threads.

    Args:
        url: such as ws://127.0.0.1:4455; without a port 4455 is meant.
        password: empty for none.
        timeout: longest wait for each step and each answer, in seconds.
        on_event: called in the reading thread; must not raise nor wait.

    Attributes:
        version: of obs-websocket, as its hello says.

    Raises:
        ObsTrouble: it cannot be had.
    """

    def __init__(
        self, url: str, password: str = "", *, timeout: float = 5.0, on_event: Told | None = None
    ) -> None:
        self.version = ""
        self._timeout = timeout
        self._on_event = on_event
        self._lock = threading.Lock()
        self._waiting: dict[str, queue.SimpleQueue[dict[str, Any] | ObsTrouble]] = {}
        self._count = 0
        self._over: ObsTrouble | None = None
        self._buffer = bytearray()
        self._until: float | None = time.monotonic() + timeout
        self._socket, host = _dial(url, timeout)
        try:
            self._shake_hands(host)
            self._identify(password)
            self._until = None
            self._socket.settimeout(None)
        except TimeoutError:
            self._socket.close()
            raise ObsTrouble("late", f"no answer within {timeout:g} s") from None
        except OSError as err:
            self._socket.close()
            raise ObsTrouble("gone", f"the connection ended: {err.strerror or err}") from None
        except BaseException:
            self._socket.close()
            raise
        self._reader = threading.Thread(target=self._read, name="obsws", daemon=True)
        self._reader.start()

    def request(self, kind: str, **data: Any) -> dict[str, Any]:
        """Ask something; the `responseData`.

        Raises:
            ObsRefused: OBS says no.
            ObsTrouble: no answer in time, or the connection has ended.
        """
        answer: queue.SimpleQueue[dict[str, Any] | ObsTrouble] = queue.SimpleQueue()
        with self._lock:
            if self._over is not None:
                raise self._over
            self._count += 1
            number = str(self._count)
            self._waiting[number] = answer
            body = {"requestType": kind, "requestId": number, "requestData": data}
            try:
                self._send(0x1, msgspec.json.encode({"op": REQUEST, "d": body}))
            except OSError as err:
                raise ObsTrouble("gone", f"the connection ended: {err.strerror or err}") from None
        try:
            got = answer.get(timeout=self._timeout)
        except queue.Empty:
            raise ObsTrouble("late", f"{kind}: no answer within {self._timeout:g} s") from None
        finally:
            self._waiting.pop(number, None)
        if isinstance(got, ObsTrouble):
            raise got
        status = got.get("requestStatus", {})
        if not status.get("result"):
            raise ObsRefused(kind, int(status.get("code", 0)), str(status.get("comment", "")))
        return dict(got.get("responseData") or {})

    def close(self) -> None:
        """Leave; may be called again."""
        with contextlib.suppress(OSError), self._lock:
            self._send(0x8, struct.pack("!H", 1000))
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(self._timeout)
        self._socket.close()

    def __enter__(self) -> ObsClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- the beginning ---------------------------------------------------------------------------

    def _shake_hands(self, host: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: obswebsocket.json\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > 16_384 or not self._more():
                raise ObsTrouble("foreign", "what answers there is no WebSocket server")
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        self._buffer = bytearray(rest)
        lines = head.decode("latin-1").split("\r\n")
        fields = {n.strip().lower(): v.strip() for n, _, v in (h.partition(":") for h in lines[1:])}
        wanted = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest())  # noqa: S324 -- RFC 6455
        accepted = fields.get("sec-websocket-accept", "") == wanted.decode()
        if " 101" not in lines[0][:13] or not accepted:
            raise ObsTrouble("foreign", "what answers there is no WebSocket server")

    def _identify(self, password: str) -> None:
        hello = self._expect(HELLO)
        self.version = str(hello.get("obsWebSocketVersion", ""))
        body: dict[str, Any] = {
            "rpcVersion": RPC_VERSION,
            "eventSubscriptions": EVENTS_ALL if self._on_event else 0,
        }
        if asked := hello.get("authentication"):
            if not password:
                raise ObsTrouble("refused", "it wants a password, and none is set")
            body["authentication"] = proof(password, asked["salt"], asked["challenge"])
        self._send(0x1, msgspec.json.encode({"op": IDENTIFY, "d": body}))
        self._expect(IDENTIFIED)

    def _expect(self, op: int) -> dict[str, Any]:
        message = self._message()
        body = message.get("d")
        good = message.get("op") == op and (op != HELLO or "rpcVersion" in (body or ()))
        if good and isinstance(body, dict):
            return body
        raise ObsTrouble("foreign", "a WebSocket server, but not that of OBS 28 or newer")

    # -- reading ---------------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            while True:
                message = self._message()
                at = time.perf_counter_ns()
                body = message.get("d")
                if not isinstance(body, dict):
                    continue
                if message.get("op") == RESPONSE:
                    waiting = self._waiting.get(str(body.get("requestId")))
                    if waiting is not None:
                        waiting.put(body)
                elif message.get("op") == EVENT and self._on_event is not None:
                    self._on_event(str(body.get("eventType")), body.get("eventData") or {}, at)
        except ObsTrouble as err:
            self._ends(err)
        except OSError as err:
            self._ends(ObsTrouble("gone", f"the connection ended: {err.strerror or err}"))

    def _ends(self, over: ObsTrouble) -> None:
        with self._lock:
            self._over = over
            for waiting in list(self._waiting.values()):
                waiting.put(over)

    def _message(self) -> dict[str, Any]:
        """The next whole message; pings are answered.

        Raises:
            ObsTrouble: it was closed, or what comes is no obs-websocket.
        """
        whole = bytearray()
        while True:
            last, opcode, payload = self._frame()
            if opcode == 0x9:
                with self._lock:
                    self._send(0xA, payload)
            elif opcode == 0x8:
                code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                words = CLOSES.get(code) or payload[2:].decode("utf-8", "replace")
                why: Why = {4009: "refused", 4010: "foreign"}.get(code, "gone")  # type: ignore[assignment]
                raise ObsTrouble(why, words or f"it closed the connection ({code})")
            elif opcode in (0x0, 0x1, 0x2):
                whole += payload
                if len(whole) > MOST_BYTES:
                    raise ObsTrouble("foreign", "a message of more than 16 MB")
                if last:
                    return _decoded(bytes(whole))

    def _frame(self) -> tuple[bool, int, bytes]:
        first, second = self._take(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._take(8))
        if second & 0x80 or first & 0x70 or size > MOST_BYTES:
            raise ObsTrouble("foreign", "what comes are no frames of a WebSocket server")
        return bool(first & 0x80), first & 0x0F, self._take(size)

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            if not self._more():
                raise ObsTrouble("gone", "the connection ended")
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _more(self) -> bool:
        if self._until is not None:  # what drips must not take longer than what is silent
            self._socket.settimeout(max(0.01, self._until - time.monotonic()))
        data = self._socket.recv(65_536)
        self._buffer += data
        return bool(data)

    def _send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65_536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._socket.sendall(head + mask + masked)


def proof(password: str, salt: str, challenge: str) -> str:
    """The authentication string (protocol.md, "Creating an authentication string")."""
    secret = base64.b64encode(hashlib.sha256((password + salt).encode()).digest()).decode()
    return base64.b64encode(hashlib.sha256((secret + challenge).encode()).digest()).decode()


def _dial(url: str, timeout: float) -> tuple[socket.socket, str]:
    host, port = "", 0
    with contextlib.suppress(ValueError):
        parts = urlsplit(url if "//" in url else f"ws://{url}")
        if parts.scheme == "ws":
            host, port = parts.hostname or "", parts.port or 4455
    if not host:
        raise ObsTrouble("closed", "the url is no address such as ws://127.0.0.1:4455")
    try:
        made = socket.create_connection((host, port), timeout)
    except TimeoutError:
        raise ObsTrouble("late", f"no answer within {timeout:g} s") from None
    except OSError as err:
        raise ObsTrouble("closed", f"nobody listens at {host}:{port}: {err.strerror}") from None
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made, f"{host}:{port}"


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        message = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = None
    if not isinstance(message, dict):
        raise ObsTrouble("foreign", "a WebSocket server, but not that of OBS 28 or newer")
    return message
