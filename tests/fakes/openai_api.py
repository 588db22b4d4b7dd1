"""A server that speaks as much of the OpenAI API as a guard needs, after the public reference.

    with FakeOpenAi(says=["safe"]) as api:
        ... api.url, api.asked

It rejects what the real ones reject: a wrong or missing key (401), a body that is no JSON or lacks
`model`, messages whose roles do not alternate or end on neither user nor assistant (a guard model's
template raises then), an unknown model (404), another path (404) or method (405).
"""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

MODEL = "llama-guard3:1b"
SCORES = {"hate": 0.01, "sexual/minors": 0.0001, "violence": 0.02}


class FakeOpenAi:
    """One such server, on a port of its own.

    Args:
        says: what the guard model answers, in turn; the last one for ever.
        key: the only one that is taken; empty: none is asked for.
        models: those that it has.
        port: where it listens; 0: wherever there is room.

    Attributes:
        asked: bodies of what was posted, with their paths.
        connections: how many were made.
        fault: what goes wrong: a status; `hang` (nothing is answered), `drip` (a byte now and
            then), `cut` (the connection is closed at once), `garbage` (no HTTP), `huge`, `html`.
        result: the one of `/moderations`.
    """

    def __init__(
        self,
        says: list[str] | None = None,
        *,
        key: str = "",
        models: list[str] | None = None,
        port: int = 0,
    ) -> None:
        self.says = says or ["safe"]
        self.key = key
        self.models = models or [MODEL]
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.connections = 0
        self.fault: int | str = 0
        self.result: Any = {
            "flagged": False,
            "categories": dict.fromkeys(SCORES, False),
            "category_scores": dict(SCORES),
        }
        self.over = threading.Event()
        fake = self

        class Handler(_Handler):
            api = fake

        self._server = _Server(("127.0.0.1", port), Handler)
        self._server.api = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def next(self) -> str:
        """What the model says now."""
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    api: FakeOpenAi

    def get_request(self) -> tuple[socket.socket, Any]:
        self.api.connections += 1
        return super().get_request()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is no matter."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: FakeOpenAi

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self._wrong():
            return
        if self.path != "/v1/models":
            self._error(404, f"Unknown request URL: GET {self.path}", "invalid_request_error")
            return
        data = [{"id": name, "object": "model", "owned_by": "library"} for name in self.api.models]
        self._json(200, {"object": "list", "data": data})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self._wrong():
            return
        try:
            body = json.loads(raw)
            assert isinstance(body, dict)
        except (ValueError, AssertionError):
            self._error(400, "We could not parse the JSON body of your request.")
            return
        self.api.asked.append((self.path, body))
        if self.headers.get("Content-Type") != "application/json":
            self._error(415, "Unsupported content type")
        elif self.path == "/v1/chat/completions":
            self._chat(body)
        elif self.path == "/v1/moderations":
            self._moderate(body)
        else:
            self._error(404, f"Unknown request URL: POST {self.path}")

    def _chat(self, body: dict[str, Any]) -> None:
        if body.get("model") not in self.api.models:
            name = body.get("model")
            self._error(404, f"model {name!r} not found, try pulling it first", "not_found_error")
            return
        roles = [message.get("role") for message in body.get("messages", [])]
        if roles != ["user", "assistant", "user", "assistant"][: len(roles)] or not roles:
            self._error(400, "Conversation roles must alternate user/assistant/user/assistant/...")
            return
        if not all(isinstance(m.get("content"), str) and m["content"] for m in body["messages"]):
            self._error(400, "messages.content: expected a string")
            return
        message = {"role": "assistant", "content": self.api.next()}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        self._json(
            200,
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": body["model"],
                "choices": [choice],
                "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
            },
        )

    def _moderate(self, body: dict[str, Any]) -> None:
        if not body.get("input"):
            self._error(400, "'input' is a required property")
            return
        answer = {"id": "modr-1", "model": body.get("model"), "results": [self.api.result]}
        self._json(200, answer)

    def _wrong(self) -> bool:
        fault = self.api.fault
        if isinstance(fault, str) and fault:
            self._misbehave(fault)
            return True
        given = self.headers.get("Authorization", "")
        if self.api.key and given != f"Bearer {self.api.key}":
            shown = given.removeprefix("Bearer ")
            self._error(401, f"Incorrect API key provided: {shown}.")
            return True
        if fault:
            self._error(int(fault), f"something about {given}", "rate_limit_error")
        return bool(fault)

    def _misbehave(self, fault: str) -> None:
        self.close_connection = True
        if fault == "hang":
            self.api.over.wait(60)
        elif fault == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not self.api.over.wait(0.02):
                self.wfile.write(b" ")
        elif fault == "garbage":
            self.wfile.write(b"\x00\xffSSH-2.0-whatever\r\n\r\n")
        elif fault == "huge":
            size = 3 << 20
            self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
            self.wfile.write(b" " * size)
        elif fault == "html":
            raw = b"<html>a page</html>"
            self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(raw)}\r\n\r\n".encode())
            self.wfile.write(raw)
        else:
            assert fault == "cut"

    def _error(self, status: int, message: str, kind: str = "invalid_request_error") -> None:
        self._json(status, {"error": {"message": message, "type": kind, "code": None}})

    def _json(self, status: int, body: object) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


__all__ = ["MODEL", "FakeOpenAi"]
