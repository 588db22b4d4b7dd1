"""An open link: asks OBS, with a deadline, and takes in the events that come meanwhile.

Everything here runs in the worker's thread, but for `deliver`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from engines.obs.client import (
    OP_BATCH,
    OP_BATCH_RESPONSE,
    OP_EVENT,
    OP_REQUEST,
    OP_RESPONSE,
    Client,
    Denied,
    Fault,
    Frame,
)
from engines.obs.tracking import Tracker

MAX_WAITING = 4096
"""Frames that may wait for the worker; then OBS is held back."""
CHUNK = 100
"""Requests in one batch at most: panic waits for no longer than one takes (some ms)."""
HOLD_S = 20.0
"""An exchange of scene collections is believed in for this long."""
NOT_READY = 207
"""Code of a request that OBS cannot take just now (RequestStatus::NotReady)."""

Asked = tuple[str, dict[str, Any] | None]


class Answer(NamedTuple):
    """Of one request in a batch."""

    ok: bool
    data: dict[str, Any]
    code: int
    comment: str


class Mail:
    """What the worker waits for: frames of OBS, and a knock when there is a job."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._frames: deque[Frame | None] = deque()
        self._knocked = False
        self._gone = False

    def deliver(self, frame: Frame | None) -> None:
        """From the reader's thread: blocks while too many wait."""
        with self.changed:
            while len(self._frames) >= MAX_WAITING and not self._gone and frame is not None:
                self.changed.wait(1.0)
            self._frames.append(frame)
            self.changed.notify_all()

    def knock(self) -> None:
        """From any thread: there is something to do."""
        with self.changed:
            self._knocked = True
            self.changed.notify_all()

    def take(self, timeout: float, *, knocks: bool = False) -> list[Frame | None]:
        """Frames that have come; waits for the first, or with `knocks` for a knock."""
        with self.changed:
            if not self._frames and timeout > 0 and not (knocks and self._knocked):
                end = time.monotonic() + timeout
                while not self._frames and not (knocks and self._knocked):
                    left = end - time.monotonic()
                    if left <= 0:
                        break
                    self.changed.wait(left)
            if knocks:
                self._knocked = False
            frames = list(self._frames)
            self._frames.clear()
            self.changed.notify_all()
            return frames

    def clear(self) -> None:
        """The connection is given up: nobody waits for room any more."""
        with self.changed:
            self._frames.clear()
            self._gone = True
            self.changed.notify_all()


class Session:
    """One connection with what is known of OBS.

    Args:
        mail: where the client delivers.
        request_s: longest wait for an answer.

    Attributes:
        tracker: kept by events.
        ping_ms: round trip of the last single request or batch.
    """

    def __init__(self, client: Client, mail: Mail, request_s: float) -> None:
        self.client = client
        self.tracker = Tracker()
        self.ping_ms = 0.0
        self.changed = False
        """An event or a read changed what is known."""
        self._mail = mail
        self._request_s = request_s
        self._number = 0
        self._answers: dict[str, Frame] = {}
        self._wanted = ""
        self._held_at = 0.0

    def ask(self, request: str, **data: Any) -> dict[str, Any]:
        """One request.

        Raises:
            Denied: OBS says no, or does not know the request.
            Fault: the connection is no good any more.
        """
        self._offered(request)
        body: Frame = {"requestType": request, "requestId": self._next()}
        if data:
            body["requestData"] = data
        answer = self._exchange(OP_REQUEST, body)
        status = answer.get("requestStatus")
        if not isinstance(status, dict):
            raise Fault("foreign", "OBS answers in a way that is not obs-websocket's")
        if not status.get("result"):
            raise Denied(request, int(status.get("code") or 0), str(status.get("comment") or ""))
        found = answer.get("responseData")
        return found if isinstance(found, dict) else {}

    def batch(self, asked: Iterable[Asked]) -> list[Answer]:
        """Requests in one round trip, one after the other, each whatever became of those before.

        Raises:
            Fault: the connection is no good any more.
        """
        found: list[Answer] = []
        left = list(asked)
        while left:
            some, left = left[:CHUNK], left[CHUNK:]
            body: Frame = {
                "requestId": self._next(),
                "haltOnFailure": False,
                "executionType": 0,  # serially, as fast as can be
                "requests": [
                    {"requestType": request, "requestData": data or {}} for request, data in some
                ],
            }
            results = self._exchange(OP_BATCH, body).get("results")
            if not isinstance(results, list) or len(results) != len(some):
                raise Fault("foreign", "OBS answers in a way that is not obs-websocket's")
            found += [_answer(result) for result in results]
        return found

    def knows(self, request: str) -> bool:
        """True when this OBS offers the request."""
        offers = self.tracker.offers
        return not offers or request in offers

    def pump(self, timeout: float, *, knocks: bool = False) -> bool:
        """Take in what came, waiting for the first; True when there was an event.

        Raises:
            Fault: the connection has ended.
        """
        seen = False
        for frame in self._mail.take(timeout, knocks=knocks):
            if frame is None:
                words = "OBS has ended" if self.tracker.leaving else "OBS closed the connection"
                raise Fault("closed", words)
            seen = self._frame(frame) or seen
        if self.tracker.leaving:
            raise Fault("closed", "OBS is ending")
        return seen

    def until(self, done: Callable[[], bool], timeout: float) -> bool:
        """Take in events until `done`; False when it was not in time."""
        end = time.monotonic() + timeout
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.pump(left)
        return True

    @property
    def held(self) -> bool:
        """True while OBS exchanges its scene collection."""
        return self.tracker.holding and time.monotonic() - self._held_at < HOLD_S

    # -- inside ----------------------------------------------------------------------------------

    def _offered(self, request: str) -> None:
        if not self.knows(request):
            version = self.tracker.obs_version or "?"
            raise Denied(request, 204, f"OBS {version} does not know the request {request}")

    def _next(self) -> str:
        self._number += 1
        return str(self._number)

    def _exchange(self, op: int, body: Frame) -> Frame:
        if self.held and not self.until(lambda: not self.held, self._request_s):
            raise Denied("", NOT_READY, "OBS is exchanging its scene collection")
        began = time.perf_counter()
        end = time.monotonic() + self._request_s
        self._wanted = str(body["requestId"])
        try:
            self.client.send(op, body)
            while self._wanted not in self._answers:
                left = end - time.monotonic()
                if left <= 0:
                    raise Fault("hung", f"OBS did not answer within {self._request_s:g} s")
                self.pump(left)
            self.ping_ms = (time.perf_counter() - began) * 1000
            return self._answers.pop(self._wanted)
        finally:
            self._wanted = ""

    def _frame(self, frame: Frame) -> bool:
        op, data = frame.get("op"), frame["d"]
        if op in (OP_RESPONSE, OP_BATCH_RESPONSE):
            if data.get("requestId") == self._wanted:
                self._answers[self._wanted] = data
            return False
        if op != OP_EVENT:
            return False
        found = data.get("eventData")
        kind = str(data.get("eventType"))
        if kind == "CurrentSceneCollectionChanging":
            self._held_at = time.monotonic()
        known = self.tracker.apply(kind, found if isinstance(found, dict) else {})
        self.changed = self.changed or known
        return known


def _answer(result: Any) -> Answer:
    if not isinstance(result, dict) or not isinstance(result.get("requestStatus"), dict):
        return Answer(False, {}, 0, "no answer")
    status = result["requestStatus"]
    data = result.get("responseData")
    return Answer(
        bool(status.get("result")),
        data if isinstance(data, dict) else {},
        int(status.get("code") or 0),
        str(status.get("comment") or ""),
    )
