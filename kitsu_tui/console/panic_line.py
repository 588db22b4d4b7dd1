"""Panic's own way to the show: a thread and a socket that nothing else uses.

`press` may be called from any thread, also while the app's loop stands still, and never waits: the
socket is kept connected in advance. A press that cannot be sent at once is sent again by the thread
as soon as a show answers, for `TRY_FOR` seconds; then the operator is told that it failed.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping

from engines.wire import control
from engines.wire.codec import BadLine, LineSplitter, decode, encode
from engines.wire.envelope import Request, Response
from kitsu_tui.config import endpoint

TRY_FOR = 10.0
ANSWER_WITHIN = 2.0
CONNECT_WITHIN = 1.0
RETRY_FIRST, RETRY_MOST = 0.25, 3.0
REPEAT_AFTER = 0.25
"""Seconds in which the repeats of a key that is held down are one press."""
OTHERS = "key"
"""Id of a request that the other makes on the connection."""
ASKED_FOR = 1.0
"""Seconds from `asked` to the press that is meant."""
KEPT = 60.0
"""Seconds that an answer waits for its press: no longer than a console hangs."""

Report = Callable[[str, bool], None]
"""Told, in the line's thread, what became of a press: words, and whether it was done."""


class PanicLine:
    """See the module. `report` must not wait."""

    def __init__(self, by: str, report: Report, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._report = report
        self.shared: Callable[[socket.socket | None, bytes], None] = lambda link, request: None
        """Told of the connection and of the request with which another may ask on it as well; of
        None when it is of no more use. See `asked`."""
        data = control.PANIC.encode(control.Ask(by=by))
        self._request = encode(Request(id="panic", name=control.PANIC.name, data=data))
        self._others = encode(Request(id=OTHERS, name=control.PANIC.name, data=data))
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._pressed = 0.0
        """When the press that waits for its answer was made (monotonic), 0 for none."""
        self._sent = 0.0
        """When it was last handed to a socket, 0 when it has to be."""
        self._asked = float("-inf")
        """When the other had asked for a press that comes now (monotonic)."""
        self._answers: list[tuple[float, Response]] = []
        """Answers to the other that came before the press did, with when they came."""
        self._closed = False
        self._wakers: tuple[socket.socket, socket.socket] | None = None
        """Where the thread waits, and where it is woken."""

    def start(self) -> None:
        """Connect, and stay so."""
        wait, wake = socket.socketpair()
        wake.setblocking(False)
        self._wakers = wait, wake
        threading.Thread(target=self._run, args=(wait,), name="panic-line", daemon=True).start()

    @property
    def ready(self) -> bool:
        """True while a press would go out at once."""
        return self._socket is not None

    @property
    def waiting(self) -> float:
        """Seconds since a press that nobody has answered yet, 0 when there is none."""
        pressed = self._pressed
        return time.monotonic() - pressed if pressed else 0.0

    def press(self) -> None:
        """Panic. Returns at once."""
        now = time.monotonic()
        with self._lock:
            if self._pressed and now - self._pressed < REPEAT_AFTER:
                return
            asked, self._asked = now - self._asked < ASKED_FOR, float("-inf")
            early = self._answers if asked else []
            self._pressed, self._answers = (0.0 if early else now), []
            self._sent = now if asked or self._send() else 0.0
        if early:
            self._told(early[-1][1], 0.0)
        self._wake()

    def asked(self) -> None:
        """The other has asked for the press that comes next."""
        self._asked = time.monotonic()

    def close(self) -> None:
        """End; a press that was sent stays sent."""
        self._closed = True
        self._wake()

    def _send(self) -> bool:
        if self._socket is None:
            return False
        try:
            return self._socket.send(self._request) == len(self._request)
        except OSError:
            return False

    def _wake(self) -> None:
        if self._wakers is None:
            return
        try:
            self._wakers[1].send(b"!")
        except OSError:
            pass  # full, so it wakes all the same; or closed at the end

    def _run(self, wakes: socket.socket) -> None:
        try:
            self._keep(wakes)
        finally:
            for waker in self._wakers or ():
                waker.close()

    def _keep(self, wakes: socket.socket) -> None:
        delay = RETRY_FIRST
        while not self._closed:
            try:
                link = endpoint.connect_now(self._environ, CONNECT_WITHIN)
            except OSError:
                self._give_up_when_late()
                if self._wait(wakes, delay) and self._pressed:
                    delay = RETRY_FIRST
                else:
                    delay = min(delay * 2, RETRY_MOST if not self._pressed else RETRY_FIRST)
                continue
            delay = RETRY_FIRST
            try:
                self._serve(link, wakes)
            finally:
                self.shared(None, b"")
                with self._lock:
                    self._socket, self._sent = None, 0.0
                link.close()
            if not self._closed:
                self._wait(wakes, RETRY_FIRST)

    def _serve(self, link: socket.socket, wakes: socket.socket) -> None:
        """Until the connection is of no more use."""
        link.setblocking(False)
        with self._lock:
            self._socket = link
        self.shared(link, self._others)
        splitter = LineSplitter()
        while not self._closed:
            with self._lock:
                if self._pressed and not self._sent:
                    if not self._send():
                        return
                    self._sent = time.monotonic()
                late = self._sent and time.monotonic() - self._sent > ANSWER_WITHIN
            if late:
                self._give_up_when_late()
                return
            readable, _, _ = select.select([link, wakes], [], [], 0.5)
            if wakes in readable:
                wakes.recv(4096)
            if link not in readable:
                continue
            try:
                data = link.recv(64 << 10)
            except BlockingIOError:
                continue
            except OSError:
                return
            if not data:
                return
            for line in splitter.feed(data):
                self._line(line)

    def _line(self, line: bytes) -> None:
        try:
            frame = decode(line)
        except BadLine:
            return
        if not isinstance(frame, Response) or frame.id not in ("panic", OTHERS):
            return
        now = time.monotonic()
        with self._lock:
            if not self._pressed and frame.id == OTHERS:
                self._answers = [(at, f) for at, f in self._answers if now - at < KEPT][-8:]
                self._answers.append((now, frame))
                return
            took = now - self._pressed if self._pressed else 0.0
            self._pressed = self._sent = 0.0
        self._told(frame, took)

    def _told(self, frame: Response, took: float) -> None:
        if frame.ok:
            after = f" after {took * 1000:.0f} ms" if took else ""
            self._report(f"panic: the show obeyed{after}", True)
        else:
            why = frame.error.message if frame.error else "no reason given"
            self._report(f"PANIC WAS REFUSED: {why}", False)

    def _give_up_when_late(self) -> None:
        with self._lock:
            if not self._pressed or time.monotonic() - self._pressed < TRY_FOR:
                return
            self._pressed = self._sent = 0.0
        self._report(f"PANIC DID NOT ARRIVE: no show answered for {TRY_FOR:.0f} s", False)

    @staticmethod
    def _wait(wakes: socket.socket, seconds: float) -> bool:
        readable, _, _ = select.select([wakes], [], [], seconds)
        if readable:
            wakes.recv(4096)
        return bool(readable)
