"""What the show tells of the stage around her: OBS, panic's surfaces, drills, the operator, the
profile. Part of `engines.wire.show`, whose names these are.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from engines.wire import obs

DRILL = "drill:"
"""How `by` begins where panic is only rehearsed."""


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """Base of all that the show tells."""


class ConsoleWishes(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the profile wants of consoles."""

    keys: dict[str, list[str]] = {}
    """Keys by action; see `kitsu_tui.console.actions`."""
    theme: str = ""
    layout: str = ""
    bell: bool = True


class ObsState(Event, frozen=True, kw_only=True, tag="obs"):
    """All that is known of OBS. Latest-wins, not in the journal."""

    state: obs.State
    offers: list[str] = []
    """Of its scenes those that the profile wants offered, in its order; empty: all."""


class ObsFigures(Event, frozen=True, kw_only=True, tag="obs.figures"):
    """How the stream is doing. Not in the journal."""

    figures: obs.Figures


class ObsLink(Event, frozen=True, kw_only=True, tag="obs.link"):
    """The link to OBS changed, or an output of OBS began or ended."""

    link: obs.Link
    detail: str = ""
    streaming: bool = False
    recording: bool = False


class SceneChanged(Event, frozen=True, kw_only=True, tag="scene"):
    """Another scene is in program."""

    scene: str
    before: str = ""
    by: str = ""
    """Who asked for it; empty: it was done in OBS."""
    why: str = ""
    """Such as `mood happy` or `panic`; empty for an operator's own wish."""


class PanicReached(Event, frozen=True, kw_only=True, tag="panic.reached"):
    """Surfaces that panic had not reached were reached later, or were tried again."""

    epoch: int
    surfaces: dict[str, float | None] = {}
    """Milliseconds after the surface was there again; null: it failed. One that still waits is not
    in it."""
    why: dict[str, str] = {}
    """By surface: why it failed or waits."""


class PutBack(Event, frozen=True, kw_only=True, tag="resume.done"):
    """What panic had changed was put back, as far as it could be; told again when more of it is."""

    epoch: int
    surfaces: dict[str, float | None] = {}
    """Milliseconds; null: it failed. One that waits is not in it."""
    why: dict[str, str] = {}
    """By surface: why it failed or waits, or what was left as somebody had changed it since."""


class Drilled(Event, frozen=True, kw_only=True, tag="drill"):
    """Panic was rehearsed on the live surfaces, and resumed."""

    by: str
    ok: bool
    surfaces: dict[str, float | None] = {}
    """Milliseconds from the press until it was read back; null: not reached."""
    why: dict[str, str] = {}
    put_back: dict[str, float | None] = {}
    at: float = 0
    """Wall time in seconds."""
    earlier: bool = False
    """Told at the start of a show: the last one before it."""


class OperatorGone(Event, frozen=True, kw_only=True, tag="operator.gone"):
    """Nobody is at a console any more, by the profile's measure."""

    since: float
    """Wall time of the last sign of an operator."""
    why: str
    """`no console`, or `no key for 20 min`."""
    did: Literal["nothing", "brb", "panic"] = "nothing"
    detail: str = ""
    """What came of it, in words."""


class OperatorBack(Event, frozen=True, kw_only=True, tag="operator.back"):
    """An operator is there again."""

    by: str
    gone_s: float


class Switching(Event, frozen=True, kw_only=True, tag="profile.switch"):
    """A switch to another profile is under way, or came to nothing."""

    profile: str
    by: str
    phase: Literal["preparing", "waiting", "switching", "failed"]
    detail: str = ""


class ProfileChanged(Event, frozen=True, kw_only=True, tag="profile"):
    """The show goes by another profile from now on."""

    profile: str
    before: str
    by: str
    title: str = ""
    live: bool = False
    console: ConsoleWishes = ConsoleWishes()
    engines: list[str] = []
    """All that the show has now."""
    changed: list[str] = []
    """Keys whose values are others than before."""
    restarted: list[str] = []
    """Engines that began anew for it."""
    ms: float = 0
    """From the request to here."""
