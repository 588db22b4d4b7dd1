"""HTTP to one server: a few connections that stay open, time-outs over the whole of an exchange.

With the standard library in threads of its own: an exchange that nobody waits for any more is ended
by closing its socket under it.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import SplitResult, urlsplit

from engines.harness import ConfigError, Refused

log = logging.getLogger("guard")

AT_ONCE = 4
"""Exchanges at the same time; more wait, within their own time-outs."""
CONNECT_S = 3.0
RETRIES_S = (0.05, 0.2, 0.8)
"""Waits before a connection that could not be made is tried again, as long as there is time."""
LONGEST_S = 60.0
"""For one read; the caller's own time-out ends it before."""
MOST_BYTES = 1 << 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Unreachable(Exception):
    """There was no connection, or it was gone before the request could be answered."""


class Absent(Unreachable):
    """Nobody takes connections there: trying again in a moment is of no use."""


class Server:
    """One server of the OpenAI kind.

    Raises:
        ConfigError: the address or the key cannot be one.
    """

    def __init__(self, url: str, key: str) -> None:
        self._parts = _parts(url)
        self.where = f"{self._parts.hostname} port {self._port}"
        self._headers = {"Accept": "application/json", "User-Agent": "kitsu"}
        if key:
            if not (key.isascii() and key.isprintable() and " " not in key):
                raise ConfigError("guard.api_key (GUARD_API_KEY): it has signs that no key has")
            self._headers["Authorization"] = f"Bearer {key}"
            if self._parts.scheme == "http" and self._parts.hostname not in LOOPBACK:
                log.warning("guard.url is http: the key and what is said go there unencrypted")
        self._key = key
        self._tls = ssl.create_default_context() if self._parts.scheme == "https" else None
        self._idle: list[http.client.HTTPConnection] = []
        self._threads = ThreadPoolExecutor(AT_ONCE, "guard-http")
        self._room = asyncio.Semaphore(AT_ONCE)

    @property
    def _port(self) -> int:
        return self._parts.port or (443 if self._parts.scheme == "https" else 80)

    async def exchange(self, path: str, body: bytes | None, timeout_s: float) -> tuple[int, bytes]:
        """Post `body`, or get; the status and what was answered.

        Raises:
            Refused: `timeout`, `gone` at once when nobody takes connections there, or `failed`
                when one could not be made or ended early.
        """
        try:
            async with asyncio.timeout(timeout_s), self._room:
                return await self._patiently(path, body)
        except TimeoutError:
            what = f"{self.where} gave no answer within {timeout_s:g} s"
            raise Refused("timeout", what, retry=True) from None
        except Unreachable as err:
            code = "gone" if isinstance(err, Absent) else "failed"
            raise Refused(code, f"{self.where}: {err}", retry=True) from None

    def without_key(self, text: str) -> str:
        """A text of the server's that may be told."""
        return text.replace(self._key, "***") if self._key else text

    def close(self) -> None:
        """Close what is open."""
        while self._idle:
            self._idle.pop().close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _patiently(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        for wait in (*RETRIES_S, None):
            while self._idle:  # one that was open may have been closed by the server meanwhile
                with contextlib.suppress(Unreachable):
                    return await self._once(self._idle.pop(), path, body)
            try:
                return await self._once(self._fresh(), path, body)
            except Unreachable as err:
                if wait is None or isinstance(err, Absent):
                    raise
                await asyncio.sleep(wait)
        raise AssertionError

    def _fresh(self) -> http.client.HTTPConnection:
        host = self._parts.hostname or ""
        if self._tls is not None:
            return http.client.HTTPSConnection(
                host, self._port, timeout=CONNECT_S, context=self._tls
            )
        return http.client.HTTPConnection(host, self._port, timeout=CONNECT_S)

    async def _once(
        self, connection: http.client.HTTPConnection, path: str, body: bytes | None
    ) -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        unwanted = threading.Event()
        try:
            found = await loop.run_in_executor(
                self._threads, self._blocking, connection, path, body, unwanted
            )
        except BaseException:
            unwanted.set()
            _end(connection)
            raise
        if connection.sock is not None and len(self._idle) < AT_ONCE:
            self._idle.append(connection)
        return found

    def _blocking(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        body: bytes | None,
        unwanted: threading.Event,
    ) -> tuple[int, bytes]:
        """Runs in a thread."""
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            if connection.sock is None:
                self._connect(connection)
                if unwanted.is_set():  # while there was no socket yet to close
                    raise Unreachable("not wanted any more")
            method = "GET" if body is None else "POST"
            connection.request(method, self._parts.path + path, body, headers)
            with connection.getresponse() as response:
                raw = response.read(MOST_BYTES + 1)
                if len(raw) > MOST_BYTES:
                    connection.close()
                    raise Refused("failed", f"{self.where}: an answer of over {MOST_BYTES} bytes")
                return response.status, raw
        except ssl.SSLError as err:
            why = getattr(err, "verify_message", "") or err.reason or "no TLS"
            raise Refused("failed", f"{self.where}: {why}") from None
        except (OSError, http.client.HTTPException) as err:
            said = getattr(err, "strerror", None) or _words(err)
            raise Unreachable(f"{said}") from None
        finally:
            if unwanted.is_set():
                connection.close()

    @staticmethod
    def _connect(connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except (ConnectionRefusedError, socket.gaierror) as err:
            raise Absent(err.strerror or "no connection") from None
        _patient(connection)


def _words(err: Exception) -> str:
    if isinstance(err, TimeoutError):
        return f"no connection within {CONNECT_S:g} s"
    if isinstance(err, http.client.RemoteDisconnected):
        return "it closed the connection without an answer"
    return f"no HTTP answer ({type(err).__name__})"


def _patient(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        connection.sock.settimeout(LONGEST_S)


def _end(connection: http.client.HTTPConnection) -> None:
    """Wake the thread that may be reading from it."""
    sock = connection.sock
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
    connection.close()


def _parts(url: str) -> SplitResult:
    """The address, with `/v1` where it has no path.

    Raises:
        ConfigError: it is none.
    """
    right = "right would be like http://127.0.0.1:11434/v1"
    try:
        parts = urlsplit(url.strip())
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        raise ConfigError(f"guard.url is no address; {right}") from None
    if parts.username or parts.password:
        raise ConfigError("guard.url holds a name or password; a key goes into GUARD_API_KEY")
    plain = url.isascii() and url.strip().isprintable() and " " not in url.strip()
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits or not plain:
        raise ConfigError(f"guard.url: found {url[:100]!r}; {right}")
    if parts.query or parts.fragment:
        raise ConfigError(f"guard.url has something after its path; {right}")
    return parts._replace(path=parts.path.rstrip("/") or "/v1")
