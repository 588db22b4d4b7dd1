"""Bodies of `echo`, the smallest real engine: the template, and the wire's own test piece."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from engines.wire.live import LIVE
from engines.wire.message import Body, EventKind, Owes, RequestKind


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Configuration of `echo`."""

    prefix: Annotated[
        str, Meta(description="put before every text that comes back", extra=LIVE)
    ] = ""


class Echo(Body, frozen=True, kw_only=True):
    """A text to send back."""

    text: str


class Echoed(Body, frozen=True, kw_only=True):
    """The text, come back."""

    text: str


class Count(Body, frozen=True, kw_only=True):
    """Asks for `n` events `echo.number`, as credit allows."""

    n: Annotated[int, Meta(ge=0, le=1_000_000)]
    pause_ms: Annotated[float, Meta(ge=0)] = 0


class Number(Body, frozen=True, kw_only=True):
    """One of the numbers that were asked for."""

    value: int


class Counted(Body, frozen=True, kw_only=True):
    """How many numbers were sent."""

    sent: int


NUMBER = EventKind("echo.number", Number)
ECHO = RequestKind("echo.say", Echo, Echoed, owes=Owes())
COUNT = RequestKind("echo.count", Count, Counted, events=(NUMBER,), owes=Owes(signs=(NUMBER,)))

REQUESTS = (ECHO, COUNT)
EVENTS = (NUMBER,)
