"""What an engine that shows something to the audience does on panic and on resume.

An engine joins by naming the capability `panic` in its hello and serving both requests. The show
asks it at every panic, again whenever it becomes ready while panic is latched, and once at resume.
While it lives the engine keeps the panic by itself: if what it drives (OBS, say) comes back later,
it applies the panic then and tells so with `surface.reached`.

What stood before is told by `surface.before` *before* anything is changed, and kept by the show
on the disk: it outlives `kill -9` of the show, of the engine and of what the engine drives. It
comes back with `surface.resume`, opaque to the show.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from engines.wire.message import Body, EventKind, RequestKind

CAPABILITY = "panic"
"""In the hello of an engine that serves the requests below."""


class Step(Struct, frozen=True, kw_only=True):
    """One thing that panic or resume does, read back."""

    name: str
    """Such as `scene` or `mutes`; what it is about stands in `detail`."""
    ms: float | None = None
    """Milliseconds from the request's arrival until it was read back; null: it failed, or waits."""
    detail: str = ""
    """Why it failed or waits, in words for the operator; else what was done."""
    waits: bool = False
    """It was not reached, and will be done as soon as it can be (OBS is closed)."""
    left: bool = False
    """At resume: it was left as it is, for somebody has changed it since; `detail` says what."""


class Panic(Body, frozen=True, kw_only=True):
    """Brings the surface to its panic state and holds it there."""

    epoch: int
    before: Any = None
    """What stood before an earlier panic that was never resumed; null: look for yourself."""


class Before(Body, frozen=True, kw_only=True):
    """What is about to be changed, so that resume can put it back."""

    epoch: int
    before: Any
    adds: bool = False
    """It is what was told (or given) before and more: to be kept instead of that. Anything else
    that is told while something is kept is the panic's own picture, and of no account."""


class Reached(Body, frozen=True, kw_only=True):
    """How far it came. One failed step keeps none of the others from being done."""

    epoch: int
    steps: list[Step]


class Resume(Body, frozen=True, kw_only=True):
    """Puts back what panic changed, but for what somebody has changed since."""

    epoch: int
    before: Any = None
    """As the show kept it; null: what the engine itself knows, whose word of it is on its way still
    (or nothing was changed)."""


BEFORE = EventKind("surface.before", Before)
"""Under the id of a panic request, or by itself when the panic is applied later."""
REACHED = EventKind("surface.reached", Reached)
"""By itself: panic (or what is left of a resume) was applied later."""
PANIC = RequestKind("surface.panic", Panic, Reached, events=(BEFORE,))
RESUME = RequestKind("surface.resume", Resume, Reached)

REQUESTS = (PANIC, RESUME)
EVENTS = (BEFORE, REACHED)
