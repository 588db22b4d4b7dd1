"""Traffic that every engine may speak."""

from __future__ import annotations

from typing import Any, Literal

from engines.wire.message import Body, Empty, EventKind, RequestKind, Traffic


class Status(Body, frozen=True, kw_only=True):
    """How the engine is. Those who need it start when it is `ready` (or `degraded`)."""

    state: Literal["loading", "ready", "degraded"]
    detail: str = ""


class Credit(Body, frozen=True, kw_only=True):
    """`n` more events may be sent under the id of the event that carries this."""

    n: int


class Trouble(Body, frozen=True, kw_only=True):
    """Lines that could not be used. Sent for the first of a kind, then at most once a second."""

    kind: Literal["malformed", "oversized", "unknown", "bad-body"]
    count: int
    detail: str


class Figures(Body, frozen=True, kw_only=True):
    """What an engine may say of itself about once a second."""

    queue: int = 0
    dropped: int = 0
    stale: int = 0
    busy: bool = False


class Configure(Body, frozen=True, kw_only=True):
    """The engine's whole configuration anew, of which only keys that are marked `live` differ (the
    others make the show start it anew). Served by the harness.
    """

    config: Any


STATUS = EventKind("status", Status, Traffic.CONTROL)
CREDIT = EventKind("credit", Credit, Traffic.CONTROL)
TROUBLE = EventKind("trouble", Trouble, Traffic.CONTROL)
FIGURES = EventKind("figures", Figures, Traffic.LATEST)
CONFIGURE = RequestKind("engine.configure", Configure, Empty)
"""Fails with `bad-request`: a key is wrong, or one differs that is not live."""

EVENTS = (STATUS, CREDIT, TROUBLE, FIGURES)
