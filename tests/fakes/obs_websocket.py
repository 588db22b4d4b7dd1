"""A double of obs-websocket 5, for versions of it that cannot run here: older and newer ones.

    with FakeObs(version=(5, 0, 1), password="p") as fake:
        ...                                   # fake.url
        fake.hold("GetSceneList")             # from now on it is not answered
        assert ("SetInputMute", {...}) in fake.asked

Written from docs/generated/protocol.md and protocol.json of the releases 5.0.1, 5.1.0, 5.4.0 and
5.7.3, and from what OBS 29 does; tests/fakes/test_obs_websocket.py asks it and a real OBS the same,
and drives it with obsws-python. It closes connections for what the real one closes them for.

    version    what differs
    (5, 0, 1)  no UUIDs, no outputPath, no outputCongestion, `ouputPaused`, GetGroupItemList
    (5, 1, 0)  OBS 29, as it runs here
    (5, 7, 3)  UUIDs, canvases, inputKindCaps, InputSettingsChanged; `extras` adds what no version
               has yet: fields and events that nobody knows
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import socketserver
import threading
from collections import deque
from types import TracebackType
from typing import Any

from kitsu_tui.obsws import proof
from tests.fakes.obs_sources import Data, No
from tests.fakes.obs_world import OBS_OF, World
from tests.fakes.websocket import TEXT, Closed, ServerSocket

MOST_ASKED = 10_000


class Close(Exception):
    """The connection is closed for this: WebSocketCloseCode and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class FakeObs:
    """See the module.

    Args:
        version: of obs-websocket.
        password: empty: none is asked for.
        rpc: what its hello says.
        takes: RPC versions that it takes.
        extras: adds fields and events that nobody knows yet.
        port: where it listens; 0 finds one.

    Attributes:
        world: what it holds; change it with `lock` held.
        asked: requests so far, bounded.
        ready: False: it still loads, and answers 207 to every request.
    """

    def __init__(
        self,
        *,
        version: tuple[int, int, int] = (5, 1, 0),
        password: str = "",
        rpc: int = 1,
        takes: tuple[int, ...] = (1,),
        extras: bool = False,
        port: int = 0,
    ) -> None:
        self.version, self.password = version, password
        self.rpc, self.takes, self.extras = rpc, takes, extras
        self.lock = threading.RLock()
        self.ready = True
        self.asked: deque[tuple[str, Data]] = deque(maxlen=MOST_ASKED)
        self.closes: list[int] = []
        """Codes with which it closed connections."""
        self._told: list[tuple[int, str, Data]] = []
        self.world = World(version, lambda bit, name, data: self._told.append((bit, name, data)))
        self._held: set[str] = set()
        self._refused: dict[str, tuple[int, str]] = {}
        self._sessions: list[_Session] = []
        self._server = _Server(("127.0.0.1", port), self)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        return {"OBS_WS_URL": self.url, "OBS_WS_PASSWORD": self.password}

    def __enter__(self) -> FakeObs:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self.hang_up()
        self._server.server_close()
        self._thread.join(10)

    # -- what tests do to it -----------------------------------------------------------------------

    def hold(self, *kinds: str) -> None:
        """Do not answer these requests from now on; with none: answer all again."""
        with self.lock:
            self._held = set(kinds)

    def refuse(self, kind: str, code: int, comment: str = "") -> None:
        """Answer a request with this from now on."""
        with self.lock:
            self._refused[kind] = (code, comment)

    def hang_up(self) -> None:
        """Every connection ends without a word, as when OBS is killed."""
        with self.lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.line.drop()

    def kick(self, code: int = 4011, reason: str = "Your session has been invalidated.") -> None:
        """Close every connection so: 4011 as the user does in OBS, 1001 as OBS does at its end."""
        with self.lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close(code, reason)

    def tell(self, bit: int, name: str, data: Data | None = None) -> None:
        """Send an event to those who want such."""
        with self.lock:
            self._told.append((bit, name, data or {}))
            self._send_events()

    # -- inside ----------------------------------------------------------------------------------

    def answered(self, kind: str, data: Data) -> tuple[Data, Data | None] | None:
        """Status and `responseData` of a request; None: it is held. Call with `lock` held."""
        self.asked.append((kind, data))
        if kind in self._held:
            return None
        if not self.ready:
            return _status(207, "OBS is not ready to perform the request."), None
        if kind in self._refused:
            return _status(*self._refused[kind]), None
        try:
            result = self.world.answer(kind, data)
        except No as no:
            return _status(no.code, no.comment), None
        if result is not None and self.extras:
            result = result | {"fieldOfTomorrow": {"deep": [1, None, "x"]}}
        return _status(100), result

    def _send_events(self) -> None:
        told, self._told[:] = list(self._told), []
        if told and self.extras:
            told.append((4, "SceneDreamt", {"dreamName": "unknown to everybody", "sceneName": 7}))
        for bit, name, data in told:
            body = {"eventType": name, "eventIntent": bit, "eventData": data}
            if self.extras:
                body["eventData"] = data | {"fieldOfTomorrow": 1}
            for session in self._sessions:
                if session.identified and session.wants & bit:
                    session.send(5, body)

    def serve(self, line: ServerSocket) -> None:
        """One connection, to its end."""
        session = _Session(self, line)
        with self.lock:
            self._sessions.append(session)
        try:
            session.run()
        finally:
            with self.lock:
                self._sessions.remove(session)

    def act(self, session: _Session, op: int, body: Data) -> None:
        """A request or a batch of them: the answer first, then the events it made."""
        with self.lock:
            if op == 6:
                answer = session.one(body)
                if answer is not None:
                    session.send(7, answer)
            else:
                session.send(9, session.batch(body))
            self._send_events()


class _Session:
    def __init__(self, fake: FakeObs, line: ServerSocket) -> None:
        self.fake, self.line = fake, line
        self.identified, self.wants = False, 0x7FF
        self._salt, self._challenge = _random(), _random()

    def run(self) -> None:
        hello: Data = {
            "obsWebSocketVersion": ".".join(map(str, self.fake.version)),
            "rpcVersion": self.fake.rpc,
        }
        if self.fake.version >= (5, 5, 0):
            hello["obsStudioVersion"] = OBS_OF.get(self.fake.version, "31.0.0")
        if self.fake.password:
            hello["authentication"] = {"challenge": self._challenge, "salt": self._salt}
        if self.fake.extras:
            hello["fieldOfTomorrow"] = True
        self.send(0, hello)
        try:
            while True:
                self._take(*self.line.receive())
        except Close as close:
            self.close(close.code, close.reason)
        except Closed:
            pass

    def send(self, op: int, body: Data) -> None:
        self.line.send(json.dumps({"op": op, "d": body}).encode())

    def close(self, code: int, reason: str) -> None:
        self.fake.closes.append(code)
        self.line.close(code, reason)

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode != TEXT:
            words = "Your session encoding is set to Json, but a binary message was received."
            raise Close(4002, words)
        try:
            message = json.loads(payload)
        except ValueError as err:
            raise Close(4002, f"Unable to decode Json: {err}") from None
        if not isinstance(message, dict):
            raise Close(4002, "You sent a non-object payload.")
        if not self.identified and "request-type" in message:
            raise Close(4010, "You appear to be attempting to connect with the pre-5.0.0 protocol.")
        op, body = message.get("op"), message.get("d")
        if isinstance(op, bool) or not isinstance(op, int):
            raise Close(4006, "Your `op` is not a number.")
        if body is None:
            raise Close(4003, "Your payload is missing data (`d`).")
        if not isinstance(body, dict):
            raise Close(4004, "Your payload's data (`d`) is not an object.")
        if not self.identified and op != 1:
            words = "You attempted to send a non-Identify message while not identified."
            raise Close(4007, words)
        self._do(op, body)

    def _do(self, op: int, body: Data) -> None:
        match op:
            case 1:
                self._identify(body)
            case 3:
                self._subscribe(body)
                self.send(2, {"negotiatedRpcVersion": self.fake.rpc})
            case 6:
                for key in ("requestId", "requestType"):
                    if key not in body:
                        raise Close(4003, f"Your payload's data is missing an `{key}`.")
                if not isinstance(body["requestType"], str):
                    raise Close(4004, "Your `requestType` is not a string.")
                self.fake.act(self, op, body)
            case 8:
                for key in ("requestId", "requests"):
                    if key not in body:
                        raise Close(4003, f"Your payload data is missing a `{key}`.")
                if body.get("executionType") not in (None, 0, 1, 2):
                    raise Close(4005, "Your `executionType` has an invalid value.")
                if not isinstance(body["requests"], list):
                    raise Close(4004, "Your `requests` is not an array.")
                self.fake.act(self, op, body)
            case _:
                raise Close(4006, f"Unknown OpCode: {op}")

    def _identify(self, body: Data) -> None:
        if self.identified:
            raise Close(4008, "You are already Identified with the obs-websocket server.")
        if self.fake.password:
            wanted = proof(self.fake.password, self._salt, self._challenge)
            if body.get("authentication") != wanted:
                raise Close(4009, "Authentication failed.")
        asked = body.get("rpcVersion")
        if asked is None:
            raise Close(4003, "Your payload's data is missing an `rpcVersion`.")
        if isinstance(asked, bool) or not isinstance(asked, int) or asked < 0:
            raise Close(4004, "Your `rpcVersion` is not an unsigned number.")
        if asked not in self.fake.takes:
            raise Close(4010, "Your requested RPC version is not supported by this server.")
        self._subscribe(body)
        with self.fake.lock:
            self.identified = True
            self.send(2, {"negotiatedRpcVersion": asked})

    def _subscribe(self, body: Data) -> None:
        wanted = body.get("eventSubscriptions", self.wants)
        if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 0:
            raise Close(4004, "Your `eventSubscriptions` is not an unsigned number.")
        self.wants = wanted

    def one(self, body: Data) -> Data | None:
        """The answer to a request; None when it is held."""
        data = body.get("requestData")
        got = self.fake.answered(body["requestType"], data if isinstance(data, dict) else {})
        if got is None:
            return None
        status, result = got
        answer = {
            "requestType": body["requestType"],
            "requestId": body.get("requestId"),
            "requestStatus": status,
        }
        return answer if result is None else answer | {"responseData": result}

    def batch(self, body: Data) -> Data:
        results = []
        for single in body["requests"]:
            result = self.one({"requestType": "", **single})
            if result is None:
                break
            if "requestId" not in single:
                del result["requestId"]
            results.append(result)
            if body.get("haltOnFailure") and not result["requestStatus"]["result"]:
                break
        return {"requestId": body["requestId"], "results": results}


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], fake: FakeObs) -> None:
        self.fake = fake
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        raise  # noqa: PLE0704 -- a mistake of the double must not be silent


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert isinstance(self.server, _Server)
        with contextlib.suppress(Closed, ConnectionError):
            self.server.fake.serve(ServerSocket(connection, "obswebsocket.json"))


def _status(code: int, comment: str = "") -> Data:
    status: Data = {"result": code == 100, "code": code}
    return status | ({"comment": comment} if comment else {})


def _random() -> str:
    return base64.b64encode(os.urandom(32)).decode()
