"""What a handler holds while it serves one request."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from engines.wire import common
from engines.wire.envelope import At, Event
from engines.wire.message import EventKind, RequestKind, Traffic

if TYPE_CHECKING:
    from engines.harness.host import Host

B = TypeVar("B", bound=Struct)

MAX_FEED = 4096
"""Fed events that may wait in a call; one more fails it as `busy`."""


class Cancelled(Exception):
    """Raised in a worker thread by `Call.emit` when the call's work is no longer wanted."""


class Link:
    """An engine's way to say things that no request asked for. Use from the loop's thread."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def send(self, kind: EventKind[B], body: B, at: At | None = None) -> bool:
        """Send an event, unless `at` is stale; True when results have filled up."""
        return self._host.send_event(kind, body, None, at)

    @property
    def has_room(self) -> bool:
        """False while nobody reads our results: then make no more of them."""
        return self._host.room.is_set()

    def status(self, state: str, detail: str = "") -> None:
        """Say that the engine is `ready` or `degraded`."""
        self._host.status(state, detail)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that serves requests."""
        return self._host.loop


class Call:
    """One request being served.

    Attributes:
        id: the request's id.
        at: where in the show it belongs, None when the asker did not say.
        stop: set as soon as the work is no longer wanted; for worker threads to look at.
    """

    __slots__ = (
        "_changed",
        "_credit",
        "_feed",
        "_feed_open",
        "_host",
        "at",
        "id",
        "kind",
        "reason",
        "started",
        "stop",
        "task",
    )

    def __init__(
        self, host: Host, kind: RequestKind[Any, Any], id_: str, at: At | None, credit: int | None
    ) -> None:
        self._host = host
        self.kind = kind
        self.id = id_
        self.at = at
        self.stop = threading.Event()
        self.reason = ""
        self.task: asyncio.Task[None] | None = None
        self.started = False
        self._credit = credit
        self._changed: asyncio.Event | None = None
        self._feed: deque[tuple[str, Struct]] = deque()
        self._feed_open = True

    @property
    def wanted(self) -> bool:
        """False once cancelled or stale."""
        return not self.stop.is_set()

    async def send(self, kind: EventKind[B], body: B) -> None:
        """Send an event under this id, waiting for credit and for room on the wire.

        Latest-wins events never wait. What is no longer wanted is dropped.
        """
        if kind.traffic is Traffic.RESULT:
            while self._credit is not None and self._credit <= 0 and self.wanted:
                await self._wait()
            if not self.wanted:
                return
            if self._credit is not None:
                self._credit -= 1
        if not self.wanted:
            return
        if self._host.send_event(kind, body, self.id, self.at):
            await self._host.drained()

    def emit(self, kind: EventKind[B], body: B, timeout: float = 60.0) -> None:
        """`send` for worker threads: blocks that thread.

        Raises:
            Cancelled: the work is no longer wanted.
            TimeoutError: nobody took the event for `timeout` seconds.
        """
        if not self.wanted:
            raise Cancelled(self.reason)
        asyncio.run_coroutine_threadsafe(self.send(kind, body), self._host.loop).result(timeout)
        if not self.wanted:
            raise Cancelled(self.reason)

    def grant(self, n: int) -> None:
        """Let the asker feed `n` more events (for requests that have feeds)."""
        self._host.send_event(common.CREDIT, common.Credit(n=n), self.id, None)

    async def feeds(self) -> AsyncIterator[tuple[str, Struct]]:
        """Events that the asker feeds: (name, body), in order, until the input ends."""
        while True:
            while self._feed:
                yield self._feed.popleft()
            if not self._feed_open or not self.wanted:
                return
            await self._wait()

    def take_fed(self) -> list[tuple[str, Struct]]:
        """What was fed and not yet read; for handlers that are woken by other means."""
        taken = list(self._feed)
        self._feed.clear()
        return taken

    # -- the harness's side ------------------------------------------------------------------

    def fed(self, event: Event) -> bool:
        """An event of the asker arrived. False when there is no room for it."""
        if event.name == common.CREDIT.name:
            if self._credit is not None:
                self._credit += common.CREDIT.decode(event.data).n
            self._wake()
            return True
        for kind in self.kind.feeds:
            if kind.name == event.name:
                body = kind.decode(event.data)
                break
        else:
            raise LookupError(f"{event.name}: not fed to {self.kind.name}")
        if len(self._feed) >= MAX_FEED:
            return False
        self._feed.append((event.name, body))
        self._wake()
        return True

    def close_feed(self) -> None:
        """No more will be fed: the input has ended."""
        self._feed_open = False
        self._wake()

    def abandon(self, reason: str) -> None:
        """The work is no longer wanted."""
        if self.stop.is_set():
            return
        self.reason = reason
        self.stop.set()
        self._wake()
        # A task that is cancelled before its first step never runs, and so would never answer.
        if self.task is not None and self.started:
            self.task.cancel()

    async def _wait(self) -> None:
        if self._changed is None:
            self._changed = asyncio.Event()
        self._changed.clear()
        await self._changed.wait()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()
