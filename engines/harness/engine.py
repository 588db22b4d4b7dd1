"""The base class of every engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from engines.harness.call import Call, Link
from engines.harness.configure import configure
from engines.wire import common
from engines.wire.envelope import Cancel
from engines.wire.message import Empty, EventKind, RequestKind

C = TypeVar("C", bound=Struct)
E = TypeVar("E", bound="Engine[Any]")
P = TypeVar("P", bound=Struct)
R = TypeVar("R", bound=Struct)

Handler = Callable[[E, P, Call], R | Awaitable[R]]


def handles(kind: RequestKind[P, R]) -> Callable[[Handler[E, P, R]], Handler[E, P, R]]:
    """Marks a method as the one that serves `kind`.

    A plain method answers at once, on the loop; an `async def` one runs as a task that is
    cancelled when its request is. Either raises `Refused` to say no; any other exception is
    answered with code `failed` and logged.
    """

    def mark(method: Handler[E, P, R]) -> Handler[E, P, R]:
        method.__wire_request__ = kind  # type: ignore[attr-defined]
        return method

    return mark


class Engine(Generic[C]):
    """An engine: configured once, started once, then asked things until it stops."""

    name: ClassVar[str]
    version: ClassVar[str] = "1"
    Config: ClassVar[type[Struct]]
    capabilities: ClassVar[tuple[str, ...]] = ()
    events: ClassVar[tuple[EventKind[Any], ...]] = ()
    """Events that it sends of its own accord."""

    def __init__(self, config: C, link: Link) -> None:
        self.config = config
        self.link = link
        self.configuring = asyncio.Lock()

    async def start(self) -> None:
        """Load what is needed. The harness says `loading` before and `ready` after.

        Blocking work goes to a thread, so that pings are answered.

        Raises:
            ConfigError, Missing: see their exit codes. Anything else exits 1 and is retried.
        """

    async def reconfigure(self, config: C) -> None:
        """Take a configuration over of which only keys marked `live` differ. An engine that uses
        some elsewhere than in `self.config` overrides this; what is under way may go on as it was.

        Raises:
            ConfigError: it cannot; the old one holds.
        """
        self.config = config

    async def stop(self) -> None:
        """Release what is held; a second at most."""

    def cancelled(self, cancel: Cancel) -> None:
        """Called on the loop for every cancellation, after the calls that it hits were told."""

    @handles(common.CONFIGURE)
    async def configure(self, params: common.Configure, call: Call) -> Empty:
        """See `engines.harness.configure`."""
        await configure(self, params)
        return Empty()

    @classmethod
    def served(cls) -> dict[str, tuple[RequestKind[Any, Any], str]]:
        """Requests by name, each with the name of the method that serves it."""
        found: dict[str, tuple[RequestKind[Any, Any], str]] = {}
        for attribute in dir(cls):
            kind = getattr(getattr(cls, attribute, None), "__wire_request__", None)
            if isinstance(kind, RequestKind):
                found[kind.name] = (kind, attribute)
        return found
