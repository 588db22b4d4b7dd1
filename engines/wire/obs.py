"""Bodies of `obs`: OBS Studio by obs-websocket 5 (its protocol.md).

Names are OBS's own: a scene shows sources, an input is a source that makes picture or sound, a
filter belongs to a source. OBS tells names apart by case.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

from engines.wire import surface
from engines.wire.live import LIVE
from engines.wire.message import Body, Empty, EventKind, RequestKind, Traffic


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Configuration of `obs`."""

    url: Annotated[
        str,
        Meta(description="where OBS's WebSocket server listens", extra={"env": "OBS_WS_URL"}),
    ] = "ws://127.0.0.1:4455"
    password: Annotated[
        str,
        Meta(
            description="its password; better kept in .env than in a profile",
            extra={"env": "OBS_WS_PASSWORD", "secret": True},
        ),
    ] = ""
    scenes: Annotated[
        list[str],
        Meta(
            description="scenes that the switcher offers, in this order; empty: all that OBS has",
            extra={"env": "OBS_SCENES", **LIVE},
        ),
    ] = []
    brb_scene: Annotated[
        str, Meta(description="scene of panic and of an operator who is gone", extra=LIVE)
    ] = "BRB"
    panic_filter: Annotated[
        str,
        Meta(
            description="filter that panic turns on: its name, or SOURCE/FILTER where several have "
            "one of that name; empty: none",
            extra={"env": "OBS_PANIC_FILTER", **LIVE},
        ),
    ] = ""
    panic_mutes: Annotated[
        list[str],
        Meta(description="inputs that panic mutes; [all] is every input with sound", extra=LIVE),
    ] = field(default_factory=lambda: ["all"])
    caption: Annotated[
        str,
        Meta(description="text source that gets what she says; empty: none", extra=LIVE),
    ] = ""
    request_s: Annotated[
        float,
        Meta(ge=0.2, le=30, description="longest wait for an answer of OBS, in seconds"),
    ] = 2.0
    figures_s: Annotated[
        float, Meta(ge=0.5, le=60, description="time between figures, in seconds")
    ] = 2.0


Link = Literal[
    "connecting",  # never reached yet
    "closed",  # nobody listens there: OBS is not running, or its server is off; tried again
    "open",
    "hung",  # it took a request and did not answer in time; tried again
    "refused",  # the password is wrong or missing: not tried again before something changes
    "foreign",  # something answers there that is no obs-websocket 5; tried again, seldom
]


class Filter(Struct, frozen=True, kw_only=True):
    """A filter of a source."""

    source: str
    name: str
    on: bool
    kind: str = ""


class Item(Struct, frozen=True, kw_only=True):
    """A source in a scene."""

    scene: str
    source: str
    on: bool
    id: int = 0
    """OBS's number of it in that scene (a source may be in a scene twice)."""


class Input(Struct, frozen=True, kw_only=True):
    """An input."""

    name: str
    kind: str = ""
    muted: bool | None = None
    """None: it makes no sound."""
    volume_db: float | None = None
    text: str | None = None
    """Of text sources, its beginning."""


class State(Body, frozen=True, kw_only=True):
    """All that is known of OBS; bounded, see `MOST`. When the link is not open it is what was known
    last, empty before that.
    """

    link: Link
    detail: str = ""
    """Why the link is as it is, in words for the operator."""
    retry_s: float = 0
    """Seconds until the next try, 0 for none."""
    obs_version: str = ""
    websocket_version: str = ""
    scene: str = ""
    """In program: what the audience sees."""
    preview: str = ""
    """In studio mode, else empty."""
    studio: bool = False
    transition: str = ""
    scenes: list[str] = []
    """As OBS lists them from top to bottom."""
    items: list[Item] = []
    """Of the scene in program."""
    inputs: list[Input] = []
    filters: list[Filter] = []
    streaming: bool = False
    recording: bool = False
    record_paused: bool = False
    replay: bool = False
    virtual_camera: bool = False
    panicked: bool = False
    """It holds a panic."""
    missing: list[str] = []
    """What the profile names and OBS does not have, in words with the nearest name."""


MOST = 500
"""Scenes, inputs, items and filters that `State` tells of, each."""


class Figures(Body, frozen=True, kw_only=True):
    """How the stream is doing. None: not known, or not streaming."""

    live_s: float | None = None
    """Seconds on air, None when not streaming."""
    record_s: float | None = None
    bitrate_kbps: float | None = None
    """Of the stream, over the last interval."""
    dropped: int = 0
    """Frames that the stream dropped since it began (network)."""
    frames: int = 0
    """Frames that the stream should have sent."""
    skipped: int = 0
    """Frames that the encoder skipped."""
    lagged: int = 0
    """Frames that rendering missed."""
    congestion: float = 0
    """0 to 1."""
    reconnecting: bool = False
    fps: float = 0
    cpu: float = 0
    """Percent, as OBS tells it."""
    memory_mb: float = 0
    disk_free_mb: float = 0
    ping_ms: float = 0
    """Round trip of the last timed request."""


class SetScene(Struct, frozen=True, kw_only=True, tag="scene"):
    """Bring a scene to the audience (also in studio mode)."""

    scene: Annotated[str, Meta(min_length=1, max_length=256)]
    cut: bool = False
    """By a cut, whatever transition is set; the transition is put back."""


class SetSource(Struct, frozen=True, kw_only=True, tag="source"):
    """Show or hide a source."""

    source: Annotated[str, Meta(min_length=1, max_length=256)]
    on: bool | None = None
    """Null toggles it."""
    scene: str = ""
    """Empty: the scene in program."""


class SetFilter(Struct, frozen=True, kw_only=True, tag="filter"):
    """Turn a filter on or off."""

    filter: Annotated[str, Meta(min_length=1, max_length=256)]
    source: str = ""
    """Empty: the only source with a filter of that name."""
    on: bool | None = None


class SetMute(Struct, frozen=True, kw_only=True, tag="mute"):
    """Mute an input in OBS."""

    input: Annotated[str, Meta(min_length=1, max_length=256)]
    on: bool | None = None


class SetVolume(Struct, frozen=True, kw_only=True, tag="volume"):
    """Set an input's volume."""

    input: Annotated[str, Meta(min_length=1, max_length=256)]
    db: Annotated[float, Meta(ge=-100, le=26)]


class SetText(Struct, frozen=True, kw_only=True, tag="text"):
    """Set what a text source shows."""

    input: Annotated[str, Meta(min_length=1, max_length=256)]
    text: Annotated[str, Meta(max_length=5000)]


class SetRecord(Struct, frozen=True, kw_only=True, tag="record"):
    """Start, end, pause or go on with the recording."""

    do: Literal["start", "stop", "pause", "resume"]


class SetReplay(Struct, frozen=True, kw_only=True, tag="replay"):
    """Start or end the replay buffer, or save what is in it."""

    do: Literal["start", "stop", "save"]


Change: TypeAlias = (
    SetScene | SetSource | SetFilter | SetMute | SetVolume | SetText | SetRecord | SetReplay
)


class Ask(Body, frozen=True, kw_only=True):
    """Changes something in OBS."""

    change: Change


class Changed(Body, frozen=True, kw_only=True):
    """It was done, and read back."""

    detail: str
    """What stands now, in words: `scene BRB`, `Mic muted`."""
    ms: float
    """From the request's arrival until it was read back."""


STATE = EventKind("obs.state", State, Traffic.LATEST)
FIGURES = EventKind("obs.figures", Figures, Traffic.LATEST)
CHANGE = RequestKind("obs.change", Ask, Changed)
"""Fails with `gone` (not connected), `unknown-name` (nearest names in the message), `refused` (OBS
says no), `late` (no answer in time; whether it was done is not known), `panic` (it is held)."""
LOOK = RequestKind("obs.look", Empty, State)
"""The state, read anew from OBS."""

REQUESTS = (CHANGE, LOOK, *surface.REQUESTS)
EVENTS = (STATE, FIGURES, *surface.EVENTS)
