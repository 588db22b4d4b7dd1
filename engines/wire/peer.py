"""The asking side of a connection: requests out, their events and one response back.

Transport-free: it is given a function that sends a frame, and is handed the frames that arrive.
The show uses one for each engine, the console and `kitsu` verbs use one on the control socket, and
an engine that asks the show uses one too. Lives on one asyncio loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar

from msgspec import Struct

from engines.wire import common
from engines.wire.envelope import At, Cancel, Event, Failure, Frame, Request, Response
from engines.wire.message import BadBody, EventKind, RequestKind, Traffic

P = TypeVar("P", bound=Struct)
R = TypeVar("R", bound=Struct)
B = TypeVar("B", bound=Struct)

Send = Callable[[Frame, Traffic, str], None]
"""Sends a frame; the string names the slot of a latest-wins frame."""

MAX_WAITING = 4096
"""Events that may wait in an exchange without credit; past it the exchange fails as `busy`."""


class RequestFailed(Exception):
    """A request was answered with an error, or never will be.

    Attributes:
        code: see `engines.wire.envelope.Failure`.
    """

    def __init__(self, name: str, failure: Failure) -> None:
        super().__init__(f"{name}: {failure.code}: {failure.message}")
        self.code = failure.code
        self.detail = failure.message
        self.retry = failure.retry


class Exchange(Generic[R]):
    """One request that is under way. Iterate it for its events, then await `result()`."""

    __slots__ = (
        "_callback",
        "_credit",
        "_credit_due",
        "_events",
        "_future",
        "_peer",
        "_room",
        "_waiting",
        "at",
        "id",
        "kind",
    )

    def __init__(
        self, peer: Peer, kind: RequestKind[Any, R], id_: str, at: At | None, credit: int | None
    ) -> None:
        self._peer = peer
        self.kind = kind
        self.id = id_
        self.at = at
        self._credit = credit
        self._credit_due = 0
        self._room = 0
        """Credit that the other side gave us for what we feed."""
        self._waiting: tuple[asyncio.Event, ...] = ()
        self._events: deque[Struct] = deque()
        self._future: asyncio.Future[R] = peer.loop.create_future()
        self._callback: Callable[[Struct], None] | None = None

    @property
    def done(self) -> bool:
        """True once the response is here (events may still wait to be read)."""
        return self._future.done()

    @property
    def room(self) -> int:
        """How many events the other side has granted us and we have not fed."""
        return self._room

    def feed(self, kind: EventKind[B], body: B) -> None:
        """Send an event under this request's id. Uses credit without waiting for it."""
        self._room -= 1
        self._peer.send(
            Event(name=kind.name, data=kind.encode(body), id=self.id, at=self.at),
            kind.traffic,
            f"{self.id}:{kind.name}",
        )

    async def wait_room(self, timeout: float) -> bool:
        """Wait until the other side can take another event; False when it is done or time is up."""
        loop = self._peer.loop
        end = loop.time() + timeout
        while self._room <= 0 and not self._future.done():
            if not await self._wait(end - loop.time()):
                return False
        return not self._future.done()

    def on_event(self, callback: Callable[[Struct], None]) -> None:
        """Hand events to `callback` as they arrive instead of keeping them for iteration."""
        self._callback = callback
        while self._events:
            callback(self._events.popleft())
            self._grant()

    def on_done(self, callback: Callable[[asyncio.Future[R]], object]) -> None:
        """Call `callback` once the response is here, with a future that holds it."""
        self._future.add_done_callback(callback)

    def cancel(self, reason: str = "") -> None:
        """Ask for this to stop. The response still comes, in most cases with code `cancelled`."""
        if not self._future.done():
            self._peer.send(Cancel(scope="request", id=self.id, reason=reason), Traffic.CONTROL, "")

    async def result(self, timeout: float) -> R:
        """The decoded result.

        Raises:
            RequestFailed: it was refused, failed, was cancelled, or `timeout` seconds went by (the
                request is then cancelled and forgotten).
        """
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(self._future)
        except TimeoutError:
            if self._future.done():
                return self._future.result()
            self.cancel("timeout")
            failure = Failure(code="timeout", message=f"no answer within {timeout:g} s", retry=True)
            self._peer._forget(self, RequestFailed(self.kind.name, failure))
            raise RequestFailed(self.kind.name, failure) from None

    async def events(self, timeout: float) -> AsyncIterator[Struct]:
        """The events as they come, until the response.

        Raises:
            RequestFailed: nothing came for `timeout` seconds (code `timeout`).
        """
        while True:
            while self._events:
                event = self._events.popleft()
                self._grant()
                yield event
            if self._future.done():
                return
            if not await self._wait(timeout):
                self.cancel("timeout")
                failure = Failure(code="timeout", message=f"silent for {timeout:g} s", retry=True)
                self._peer._forget(self, RequestFailed(self.kind.name, failure))
                raise RequestFailed(self.kind.name, failure)

    async def wait_change(self, timeout: float) -> bool:
        """Wait until something came for this request; False when `timeout` seconds went by."""
        return self._future.done() or await self._wait(timeout)

    async def _wait(self, timeout: float) -> bool:
        if timeout <= 0:
            return False
        changed = asyncio.Event()
        self._waiting += (changed,)  # one may wait for events while another waits for room
        try:
            async with asyncio.timeout(timeout):
                await changed.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting = tuple(other for other in self._waiting if other is not changed)
        return True

    def _wake(self) -> None:
        for changed in self._waiting:
            changed.set()

    def _grant(self) -> None:
        if self._credit is None:
            return
        self._credit_due += 1
        if self._credit_due * 2 >= self._credit and not self._future.done():
            due, self._credit_due = self._credit_due, 0
            self._peer.send(
                Event(
                    name=common.CREDIT.name,
                    data=common.CREDIT.encode(common.Credit(n=due)),
                    id=self.id,
                ),
                Traffic.CONTROL,
                "",
            )

    def _arrived(self, event: Event) -> None:
        if event.name == common.CREDIT.name:
            self._room += common.CREDIT.decode(event.data).n
            self._wake()
            return
        for kind in self.kind.events:
            if kind.name == event.name:
                body = kind.decode(event.data)
                break
        else:
            raise BadBody(f"{event.name}: not an event of {self.kind.name}")
        if self._callback is not None:
            self._callback(body)
            self._grant()
            return
        if self._credit is None and len(self._events) >= MAX_WAITING:
            self._peer._forget(
                self,
                RequestFailed(
                    self.kind.name, Failure(code="busy", message="its events were not read")
                ),
            )
            return
        self._events.append(body)
        self._wake()

    def _finish(self, response: Response) -> None:
        if self._future.done():
            return
        if response.ok:
            try:
                self._future.set_result(self.kind.decode_result(response.data))
            except BadBody as err:
                self._fail(RequestFailed(self.kind.name, Failure(code="failed", message=str(err))))
        else:
            failure = response.error or Failure(code="failed", message="no reason given")
            self._fail(RequestFailed(self.kind.name, failure))
        self._wake()

    def _fail(self, error: RequestFailed) -> None:
        if not self._future.done():
            self._future.set_exception(error)
            self._future.exception()  # an exchange nobody awaits must not log at collection
        self._wake()


class Peer:
    """Requests that are under way on one connection."""

    def __init__(self, send: Send, prefix: str = "") -> None:
        self.loop = asyncio.get_running_loop()
        self.send = send
        self._prefix = prefix
        self._count = 0
        self._open: dict[str, Exchange[Any]] = {}

    def open(
        self,
        kind: RequestKind[P, R],
        params: P,
        *,
        at: At | None = None,
        credit: int | None = None,
        traffic: Traffic = Traffic.CONTROL,
    ) -> Exchange[R]:
        """Send a request and return it, under way."""
        self._count += 1
        id_ = f"{self._prefix}{self._count}"
        exchange = Exchange(self, kind, id_, at, credit)
        self._open[id_] = exchange
        try:
            self.send(
                Request(id=id_, name=kind.name, data=kind.encode(params), at=at, credit=credit),
                traffic,
                "",
            )
        except BaseException:
            self._open.pop(id_, None)
            raise
        return exchange

    async def request(
        self, kind: RequestKind[P, R], params: P, *, at: At | None = None, timeout: float = 10.0
    ) -> R:
        """Send a request and wait for its result; its events are not looked at.

        Raises:
            RequestFailed: see `Exchange.result`.
        """
        exchange = self.open(kind, params, at=at)
        exchange.on_event(_ignore)
        return await exchange.result(timeout)

    def receive(self, frame: Response | Event) -> bool:
        """Take a frame that belongs to one of our requests; False when it belongs to none.

        Raises:
            BadBody: the event's body does not fit.
        """
        if isinstance(frame, Response):
            exchange = self._open.pop(frame.id, None)
            if exchange is None:
                return False
            exchange._finish(frame)
            return True
        if frame.id is None:
            return False
        exchange = self._open.get(frame.id)
        if exchange is None:
            return False
        exchange._arrived(frame)
        return True

    def close(self, reason: str) -> None:
        """Fail everything that is under way with code `gone`."""
        for exchange in list(self._open.values()):
            self._forget(
                exchange, RequestFailed(exchange.kind.name, Failure(code="gone", message=reason))
            )

    def __len__(self) -> int:
        return len(self._open)

    def _forget(self, exchange: Exchange[Any], error: RequestFailed) -> None:
        self._open.pop(exchange.id, None)
        exchange._fail(error)


def _ignore(_: Struct) -> None:
    return None
