"""Frames: the outer object of every line.

A frame says what kind of traffic a line is (`type`), and leaves its body (`data`) undecoded, so
that a router can pass a body on, or drop it as stale, without knowing its shape.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

WIRE_VERSIONS = [1]
"""Versions of this protocol that this code speaks, newest last."""

MAX_LINE = 1 << 20
"""Longest line in bytes, its newline included."""

MAX_NAME = 256
"""Longest id and name of a request in characters: its answer repeats them."""

EMPTY = Raw(b"{}")


class At(Struct, frozen=True, omit_defaults=True):
    """Where in the show a message about speech belongs.

    `epoch` rises at every panic and resume, `turn` at every exchange, `rev` when the speaker goes
    on talking and the exchange is thought out again, `seq` counts the sentences of an answer; -1 is
    the answer as a whole.
    """

    epoch: int = 0
    turn: int = 0
    rev: int = 0
    seq: int = 0


class Failure(Struct, frozen=True, omit_defaults=True):
    """Why a request was not done.

    `code` is one of `bad-request`, `unknown`, `cancelled`, `stale`, `timeout`, `busy`,
    `refused`, `missing`, `failed`, `gone`.
    """

    code: str
    message: str
    retry: bool = False


class Hello(Struct, frozen=True, tag="hello", tag_field="type"):
    """First line of an engine, sent before any model loads."""

    wire: list[int]
    engine: str
    version: str
    pid: int
    capabilities: list[str] = []


class Init(Struct, frozen=True, tag="init", tag_field="type", omit_defaults=True):
    """The engine's configuration (checked against its own model) and the show's epoch."""

    config: Raw = EMPTY
    epoch: int = 0


class Request(Struct, frozen=True, tag="request", tag_field="type", omit_defaults=True):
    """Asks for something; answered by exactly one `Response` with the same id.

    `credit` bounds the events that may be sent under this id until the asker grants more with an
    event `credit`; without it there is no bound.
    """

    id: Annotated[str, Meta(max_length=MAX_NAME)]
    name: Annotated[str, Meta(max_length=MAX_NAME)]
    data: Raw = EMPTY
    at: At | None = None
    credit: int | None = None


class Response(Struct, frozen=True, tag="response", tag_field="type", omit_defaults=True):
    """The one answer to a request: `data` when it was done, `error` when it was not."""

    id: str
    ok: bool
    data: Raw = EMPTY
    error: Failure | None = None


class Event(Struct, frozen=True, tag="event", tag_field="type", omit_defaults=True):
    """Something that happened; carries the id of the request that it belongs to, if any."""

    name: str
    data: Raw = EMPTY
    id: str | None = None
    at: At | None = None


Scope = Literal["request", "sentence", "turn", "rev", "epoch"]


class Cancel(Struct, frozen=True, tag="cancel", tag_field="type", omit_defaults=True):
    """Makes work stale, at once and for good.

    `request`: the request `id`. `sentence`: the one at `at.turn`, `at.rev` and `at.seq`. `turn`:
    all of `at.turn`. `rev`: what is older than `at.rev` in `at.turn`. `epoch`: what is older than
    `at.epoch` (the other scopes carry the epoch too).
    """

    scope: Scope
    id: str | None = None
    at: At | None = None
    reason: str = ""


class Ping(Struct, frozen=True, tag="ping", tag_field="type"):
    """Answered by `Pong` with the same number, from the loop that does the work."""

    n: int


class Pong(Struct, frozen=True, tag="pong", tag_field="type"):
    """Answer to `Ping`."""

    n: int


class Shutdown(Struct, frozen=True, tag="shutdown", tag_field="type", omit_defaults=True):
    """Asks an engine to finish and leave."""

    reason: str = ""


class Bye(Struct, frozen=True, tag="bye", tag_field="type", omit_defaults=True):
    """Last line of an engine that leaves on purpose."""

    reason: str = ""


Frame: TypeAlias = Hello | Init | Request | Response | Event | Cancel | Ping | Pong | Shutdown | Bye

FRAME_TYPES: tuple[str, ...] = (
    "hello",
    "init",
    "request",
    "response",
    "event",
    "cancel",
    "ping",
    "pong",
    "shutdown",
    "bye",
)

frame_decoder: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Frame)
