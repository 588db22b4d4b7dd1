"""Names and the types behind them: what makes a body more than JSON.

A domain module declares its traffic with three classes of constants::

    SPEAK = RequestKind("tts.speak", Speak, Spoken, events=(AUDIO, VISEMES))

so that both ends, the documentation (`kitsu engine NAME --describe`) and the type checker read the
same declaration.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct

from engines.wire.codec import encoder


class Traffic(Enum):
    """How a message may be treated when its way is busy."""

    CONTROL = "control"
    """Never queued behind data, never dropped."""
    RESULT = "result"
    """Bounded, never dropped: the sender waits."""
    LATEST = "latest"
    """Only the newest counts; what it replaces is counted as dropped."""


class Body(Struct, frozen=True, kw_only=True):
    """Base of every body. Unknown fields are ignored, so that a peer may be newer."""


class Empty(Body, frozen=True, kw_only=True):
    """A body with nothing to say."""


class BadBody(ValueError):
    """A body did not fit its type. The message names the field and what was expected."""


B = TypeVar("B", bound=Struct)
R = TypeVar("R", bound=Struct)


class _Typed(Generic[B]):
    """A name with the type of its body, and the decoder made once for it."""

    def __init__(self, name: str, body: type[B]) -> None:
        self.name = name
        self.body = body
        self._decoder: msgspec.json.Decoder[B] = msgspec.json.Decoder(body)

    def decode(self, data: Raw | bytes) -> B:
        """Check and convert a body.

        Raises:
            BadBody: the body does not fit; says where and why.
        """
        try:
            return self._decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
            raise BadBody(f"{self.name}: {err}") from None

    def encode(self, body: B) -> Raw:
        """Encode a body for a frame's `data`."""
        return Raw(encoder.encode(body))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class EventKind(_Typed[B]):
    """An event's name, body and class of traffic."""

    def __init__(self, name: str, body: type[B], traffic: Traffic = Traffic.RESULT) -> None:
        super().__init__(name, body)
        self.traffic = traffic


class Owes(NamedTuple):
    """What is owed by whoever serves a request: from time to time a sign that it gets on.

    A request without one may wait for things outside: for others in its queue, for real time.
    """

    signs: tuple[EventKind[Any], ...] = ()
    """Events that are such a sign."""
    answer: bool = True
    """An answer is one too; not where a stuck engine answers as well."""
    after: EventKind[Any] | None = None
    """Nothing is owed before this was fed."""


class RequestKind(_Typed[B], Generic[B, R]):
    """A request's name, its parameters, its result and the events in between."""

    def __init__(
        self,
        name: str,
        params: type[B],
        result: type[R],
        *,
        events: Iterable[EventKind[Any]] = (),
        feeds: Iterable[EventKind[Any]] = (),
        owes: Owes | None = None,
    ) -> None:
        super().__init__(name, params)
        self.result = result
        self.events = tuple(events)
        """Events that the answering side sends under the request's id."""
        self.feeds = tuple(feeds)
        """Events that the asking side sends under the request's id."""
        self.owes = owes
        """The signs of progress that a supervisor waits for, if any."""
        self._result_decoder: msgspec.json.Decoder[R] = msgspec.json.Decoder(result)

    def decode_result(self, data: Raw | bytes) -> R:
        """Check and convert the `data` of a response.

        Raises:
            BadBody: the result does not fit; says where and why.
        """
        try:
            return self._result_decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
            raise BadBody(f"{self.name} result: {err}") from None

    def encode_result(self, result: R) -> Raw:
        """Encode a result for a response's `data`."""
        return Raw(encoder.encode(result))
