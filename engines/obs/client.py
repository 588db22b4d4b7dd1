"""The one module that touches obsws-python (GPL-3.0, in this engine's process only).

obsws-python connects and identifies. Requests go over its WebSocket with ids and deadlines of our
own, and events come over the same one, so that an answer cannot be taken for another's, order is
OBS's own, and a hung OBS is noticed by whichever waits. Its `ReqClient` checks no ids; the thread
of its `EventClient` ends without a word. Source: obs-websocket's docs/generated/protocol.md.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import websocket
from obsws_python.baseclient import ObsClient
from obsws_python.error import OBSSDKError
from obsws_python.subs import Subs

from engines.harness import ConfigError
from engines.wire import obs

PORT = 4455
RPC = 1
EVENTS = int(
    Subs.GENERAL
    | Subs.CONFIG
    | Subs.SCENES
    | Subs.INPUTS
    | Subs.TRANSITIONS
    | Subs.FILTERS
    | Subs.OUTPUTS
    | Subs.SCENEITEMS
    | Subs.UI
)
OP_EVENT, OP_REQUEST, OP_RESPONSE, OP_BATCH, OP_BATCH_RESPONSE = 5, 6, 7, 8, 9

QUICK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux only."""

Frame = dict[str, Any]


class Fault(Exception):
    """The link is no good: how, and why in words for the operator."""

    def __init__(self, link: obs.Link, detail: str) -> None:
        super().__init__(detail)
        self.link: obs.Link = link


class Denied(Exception):
    """OBS says no to a request; the link is fine."""

    def __init__(self, request: str, code: int, comment: str) -> None:
        super().__init__(comment or f"{request}: code {code}")
        self.request = request
        self.code = code


class Address(NamedTuple):
    """Where OBS listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse(url: str) -> Address:
    """`ws://host:port`, `host:port` or `host`; an IPv6 address stands in brackets.

    Raises:
        ConfigError: it is none of these; names `obs.url`.
    """
    text = url.strip()
    right = f"right would be ws://127.0.0.1:{PORT}"
    try:
        parts = urlsplit(text if "://" in text else f"ws://{text}")
        host, port = parts.hostname, parts.port
    except ValueError as err:
        raise ConfigError(f"obs.url (OBS_WS_URL): {_no_secret(url)!r}: {err}; {right}") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "obs.url (OBS_WS_URL): has a user or a password in it; OBS knows no users, and the "
            f"password belongs in OBS_WS_PASSWORD; {right}"
        )
    if parts.scheme == "wss":
        raise ConfigError(
            f"obs.url (OBS_WS_URL): {url!r}: OBS's own server speaks no TLS, and neither does this "
            f"engine; for an OBS elsewhere use ws:// through a tunnel (ssh -L); {right}"
        )
    if parts.scheme != "ws" or not host or parts.path.strip("/") or parts.query or " " in text:
        raise ConfigError(f"obs.url (OBS_WS_URL): {url!r} is no ws://HOST:PORT; {right}")
    if port == 0:
        raise ConfigError(f"obs.url (OBS_WS_URL): {url!r}: port 0 is none; {right}")
    return Address(f"[{host}]" if ":" in host else host, port or PORT)


def _no_secret(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"...@{tail}" if at and head else url


def be_quiet() -> None:
    """obsws-python logs the password, and tracebacks of what is handled here."""
    logging.getLogger("obsws_python").setLevel(logging.CRITICAL + 1)
    logging.getLogger("websocket").setLevel(logging.CRITICAL + 1)
    # websocket-client would take a proxy from the environment; one between us and OBS is no use.
    os.environ.setdefault("no_proxy", "*")


class Client:
    """One connection to OBS; a new one is made after every fault.

    Args:
        deliver: gets every frame, then None as the connection ends; called from a thread. May
            block, which holds OBS back.
        timeout: seconds that connecting, identifying and sending may take, each step.
        known: OBS answered at that address before.

    Raises:
        Fault: it cannot be used, and why.
    """

    def __init__(
        self,
        address: Address,
        password: str,
        timeout: float,
        deliver: Callable[[Frame | None], None],
        *,
        known: bool = False,
    ) -> None:
        self._deliver = deliver
        self._closed = False
        # Made in two steps, so that what it has opened can be closed whatever it raises.
        self._base: Any = ObsClient.__new__(ObsClient)
        # Its time-outs begin anew with each byte; who sends one a second would hold us for ever.
        self._late = False
        guard = threading.Timer(timeout * 3, self._give_up)
        guard.daemon = True
        guard.start()
        try:
            self._identify(address, password, timeout)
        except Exception as err:
            self._drop()
            raise self._fault(err, address, password, known) from None
        finally:
            guard.cancel()
        self._thread = threading.Thread(target=self._read, name="obs-reader", daemon=True)
        self._thread.start()

    def send(self, op: int, data: Frame) -> None:
        """Send a frame.

        Raises:
            Fault: the connection has ended, or OBS takes nothing any more.
        """
        try:
            self._base.ws.send(json.dumps({"op": op, "d": data}))
        except websocket.WebSocketTimeoutException:
            raise Fault("hung", "OBS takes nothing any more") from None
        except (websocket.WebSocketException, OSError, AttributeError):
            raise Fault("closed", "OBS closed the connection") from None

    def close(self) -> None:
        """End the connection, at once: OBS's end is not waited for."""
        self._closed = True
        try:
            self._base.ws.send_close()
        except (websocket.WebSocketException, OSError, AttributeError):
            pass
        self._drop()
        if self._thread is not threading.current_thread():
            self._thread.join(1.0)

    # -- inside ----------------------------------------------------------------------------------

    def _identify(self, address: Address, password: str, timeout: float) -> None:
        self._base.__init__(
            host=address.host, port=address.port, password=password, subs=EVENTS, timeout=timeout
        )
        hello = self._base.server_hello
        if hello["op"] != 0 or not isinstance(hello["d"]["obsWebSocketVersion"], str):
            raise TypeError
        if hello["d"]["rpcVersion"] < RPC:
            raise Fault("foreign", f"OBS at {address} speaks an older protocol than {RPC}")
        if self._base.authenticate()["negotiatedRpcVersion"] != RPC:
            raise Fault("foreign", f"OBS at {address} speaks another protocol than {RPC}")

    def _fault(self, err: Exception, address: Address, password: str, known: bool) -> Fault:
        hello: Any = getattr(self._base, "server_hello", None)
        if isinstance(err, Fault):
            return err
        if self._late or isinstance(err, (TimeoutError, websocket.WebSocketTimeoutException)):
            if known or isinstance(hello, dict):
                return Fault("hung", f"OBS at {address} does not answer")
            if isinstance(err, TimeoutError):  # of connect(): nobody took the connection
                return Fault("closed", f"nothing answers at {address}")
            return Fault("foreign", f"what listens at {address} says nothing: is it OBS?")
        if isinstance(err, OBSSDKError) and isinstance(hello, dict):
            return self._rejected(hello, address, password)
        if isinstance(err, ConnectionRefusedError):
            return Fault("closed", f"OBS is not running at {address}")
        if isinstance(err, ConnectionError):
            return Fault("closed", f"OBS at {address} closed the connection")
        if isinstance(err, websocket.WebSocketAddressException):
            return Fault("closed", f"{address}: no such host")
        if isinstance(err, OSError):
            return Fault("closed", f"{address} cannot be reached: {err.strerror or err}")
        if isinstance(err, websocket.WebSocketConnectionClosedException):
            return Fault("foreign", f"what listens at {address} hangs up: is it OBS?")
        # A web server, an echo, something older: whatever it provoked in the library.
        return Fault("foreign", f"what listens at {address} is no obs-websocket 5")

    @staticmethod
    def _rejected(hello: Frame, address: Address, password: str) -> Fault:
        if "authentication" not in hello.get("d", {}):
            return Fault("foreign", f"OBS at {address} does not take protocol {RPC}")
        if not password:
            return Fault("refused", f"OBS at {address} wants a password: set OBS_WS_PASSWORD")
        return Fault("refused", f"OBS at {address} refuses the password: see OBS_WS_PASSWORD")

    def _socket(self) -> socket.socket | None:
        ws = getattr(self._base, "ws", None)
        found = getattr(ws, "sock", None)
        return found if isinstance(found, socket.socket) else None

    def _give_up(self) -> None:
        self._late = True
        self._drop()

    def _drop(self) -> None:
        found = self._socket()
        if found is None:
            return
        try:
            found.shutdown(socket.SHUT_RDWR)  # wakes the reader
        except OSError:
            pass
        try:
            self._base.ws.shutdown()
        except (websocket.WebSocketException, OSError, AttributeError):
            pass

    def _hurry(self) -> None:
        """OBS's server leaves Nagle's algorithm on: a second small frame waits until we acknowledge
        the first, which a calm client does 40 to 200 ms late. Acknowledge at once.
        """
        found = self._socket()
        if found is not None and QUICK is not None:
            found.setsockopt(socket.IPPROTO_TCP, QUICK, 1)  # holds for a while only
        else:
            self._base.ws.pong()  # nobody asked for it, which is allowed; it carries the ACK

    def _read(self) -> None:
        try:
            while not self._closed:
                try:
                    text = self._base.ws.recv()
                except websocket.WebSocketTimeoutException:
                    continue  # it was calm; what came in part is kept
                self._hurry()
                if not text:
                    break  # a closing frame
                frame = json.loads(text)
                if isinstance(frame, dict) and isinstance(frame.get("d"), dict):
                    self._deliver(frame)
        except Exception as err:
            # Its end, in whatever way, is told by the None below; only what is odd is worth a word.
            logging.getLogger("obs").debug("the connection ended: %r", err)
        finally:
            self._drop()
            self._deliver(None)
