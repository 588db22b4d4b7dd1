"""What the show tells: the events of its journal, and of everyone who watches it.

Each is a struct with a `kind`; `Told` puts a number and a wall time on it. The console, `kitsu
status` and the replay of a journal all build their picture from these (`kitsu_tui.model`).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from engines.wire.lines import (
    Action,
    Aired,
    Airing,
    Blocked,
    Judged,
    LineDecided,
    LineWaits,
    Provenance,
    ReviewMode,
    Ruled,
    Waiting,
)
from engines.wire.logline import LogLine
from engines.wire.message import Body, EventKind, Traffic
from engines.wire.metrics import HostFigures
from engines.wire.stage import (
    ConsoleWishes,
    Drilled,
    Event,
    ObsFigures,
    ObsLink,
    ObsState,
    OperatorBack,
    OperatorGone,
    PanicReached,
    ProfileChanged,
    PutBack,
    SceneChanged,
    Switching,
)

EngineState = Literal[
    "off",  # switched off by profile, PIPELINE_DISABLE or the operator
    "waiting",  # for an engine that it needs
    "starting",  # spawned, no hello yet
    "loading",
    "ready",
    "degraded",
    "unresponsive",  # no pong
    "stopping",
    "stopped",
    "backoff",  # died; will be started again at `retry_at`
    "failed",  # will not be started again by itself
]
Source = Literal["voice", "operator", "chat", "api"]


class ShowStarted(Event, frozen=True, kw_only=True, tag="show"):
    """The show is up. First event of a journal."""

    profile: str
    live: bool
    pid: int
    version: str
    epoch: int
    engines: list[str]
    title: str = ""
    """How the profile calls itself."""
    log_root: str = ""
    journal: str = ""
    console: ConsoleWishes = ConsoleWishes()


class ShowStopping(Event, frozen=True, kw_only=True, tag="show.stopping"):
    """The show is going down."""

    by: str
    reason: str = ""


class EngineChanged(Event, frozen=True, kw_only=True, tag="engine"):
    """An engine's state, whole: what it is now, why, and what comes next."""

    engine: str
    state: EngineState
    detail: str = ""
    pid: int = 0
    restarts: int = 0
    """Starts after the first; never goes back."""
    exit: str = ""
    """How it last ended, in words; empty when it never has."""
    retry_at: float = 0
    """Wall time of the next start, 0 when none is planned."""
    by: str = ""
    """Who asked for this change; empty: nobody, it happened."""
    last_words: list[str] = []
    """Last lines of its stderr, at its last death."""


class EngineFigures(Event, frozen=True, kw_only=True, tag="engine.figures"):
    """What an engine uses, about every two seconds. Not in the journal."""

    engine: str
    queue: int = 0
    dropped: int = 0
    stale: int = 0
    cpu: float = 0
    """Percent of one core."""
    memory: int = 0
    """Bytes resident."""
    ping_ms: float = 0


class ShowFigures(Event, frozen=True, kw_only=True, tag="show.figures"):
    """What the show itself uses, and how late its loop is; about every two seconds. Not in the
    journal.
    """

    cpu: float = 0
    """Percent of one core."""
    memory: int = 0
    """Bytes resident."""
    lag_p50_ms: float = 0
    """How late the loop was in its last minute."""
    lag_p99_ms: float = 0
    lag_max_ms: float = 0
    samples: int = 0
    """From how many looks, 20 ms apart."""
    stalls: int = 0
    """How often it stood still for half a second or more, since the start."""


class TurnStarted(Event, frozen=True, kw_only=True, tag="turn"):
    """Somebody has her ear: a turn begins. `text` is what they said, when it was typed."""

    turn: int
    source: Source
    who: str
    text: str = ""


class Heard(Event, frozen=True, kw_only=True, tag="turn.heard"):
    """What was understood so far (partial), or in the end (final). `rev` rises if they go on."""

    turn: int
    rev: int
    text: str
    final: bool


class Delta(Event, frozen=True, kw_only=True, tag="turn.delta"):
    """More of her answer as the model gives it: not yet judged, for the operator's eyes only."""

    turn: int
    rev: int
    text: str


class TurnDone(Event, frozen=True, kw_only=True, tag="turn.done"):
    """A turn is over."""

    turn: int
    rev: int
    status: Literal["ok", "silent", "interrupted", "stopped", "blocked", "error", "panic"]
    """`silent`: nothing to say or to hear; `blocked`: the gate stopped all of it."""
    answer: str
    """What she said (all of it when not spoken aloud, else what was heard)."""
    mood: str = ""
    actions: list[str] = []
    detail: str = ""
    marks_ms: dict[str, float] = {}
    """Milliseconds after speech_end (0): endpoint asr_final first_token first_sentence first_pcm
    audible; for a typed turn the zero is the moment she turned to it. Never holds a mark that was
    not reached."""


class Levels(Event, frozen=True, kw_only=True, tag="levels"):
    """Microphone and output, about ten a second. Not in the journal."""

    mic_db: float
    out_db: float
    hearing: bool
    speaking: bool


class DeviceState(Event, frozen=True, kw_only=True, tag="devices"):
    """Which devices `audio` has."""

    state: Literal["open", "lost", "null", "file", "fake"]
    input: str
    output: str
    detail: str = ""


class Muted(Event, frozen=True, kw_only=True, tag="mute"):
    """Both mutes as they are now."""

    mic: bool
    voice: bool
    by: str


class GateState(Event, frozen=True, kw_only=True, tag="gate"):
    """The safety gate: how many rules are in force (none: nothing is said) and what is wrong."""

    rules: int
    error: str = ""
    problems: int = 0
    """How many things in the rule files could not be used."""
    blocked: int = 0
    """Texts on the operator's own blocklist."""


class Panicked(Event, frozen=True, kw_only=True, tag="panic"):
    """Panic was pressed; `surfaces` are milliseconds to done, null for one that failed. One that
    waits stands in `waits` only. A drill's `by` begins with `drill:`.
    """

    by: str
    epoch: int
    surfaces: dict[str, float | None] = {}
    done: bool = False
    """False at the press, True when every surface has answered."""
    pressed_ns: int = 0
    """When the show took the press, by its own `perf_counter_ns`; 0 when not known."""
    silent_ns: int = 0
    """When the last non-silent sample was handed to the device, by the `perf_counter_ns` of the
    machine that has the devices; 0 when not known."""
    cut_ns: int = 0
    """When `audio` dropped all that waited, by the same clock."""
    why: dict[str, str] = {}
    """By surface: why it failed, or waits until it can be reached."""
    waits: list[str] = []
    """Surfaces that are not there now and get it when they come back."""


class Resumed(Event, frozen=True, kw_only=True, tag="resume"):
    """The panic latch was released."""

    by: str
    epoch: int


class Acted(Event, frozen=True, kw_only=True, tag="action"):
    """Somebody asked for something."""

    name: str
    by: str
    args: str = ""
    ok: bool = True
    detail: str = ""


class Operators(Event, frozen=True, kw_only=True, tag="operators"):
    """Who is attached."""

    names: list[str]


class Host(Event, frozen=True, kw_only=True, tag="host"):
    """Figures of the host. Not in the journal."""

    figures: HostFigures


class Alert(Event, frozen=True, kw_only=True, tag="alert"):
    """Something the operator should know. Its number is that of the event."""

    level: Literal["info", "warning", "error"]
    text: str
    about: str = ""


class Acknowledged(Event, frozen=True, kw_only=True, tag="alert.ack"):
    """Somebody has seen the alerts up to this number."""

    upto: int
    by: str


class Mended(Event, frozen=True, kw_only=True, tag="alert.mended"):
    """What these alerts (their texts) told of is no more so."""

    texts: list[str]


class Marked(Event, frozen=True, kw_only=True, tag="mark"):
    """Somebody marked this moment, to find it again."""

    by: str
    text: str = ""


class PersonaState(Event, frozen=True, kw_only=True, tag="persona"):
    """Who she is now, and what she could be."""

    name: str
    preset: str
    presets: list[str] = []
    moods: list[str] = []
    mood: str = ""
    """The mood that an operator holds her in; empty: her own."""
    by: str = ""


ShowEvent: TypeAlias = (
    ShowStarted
    | ShowStopping
    | EngineChanged
    | EngineFigures
    | ShowFigures
    | TurnStarted
    | Heard
    | Delta
    | Judged
    | Airing
    | Aired
    | TurnDone
    | Levels
    | DeviceState
    | Muted
    | GateState
    | Panicked
    | Resumed
    | Acted
    | Operators
    | Host
    | Alert
    | Acknowledged
    | Mended
    | Marked
    | PersonaState
    | ObsState
    | ObsFigures
    | ObsLink
    | SceneChanged
    | PanicReached
    | PutBack
    | Drilled
    | OperatorGone
    | OperatorBack
    | Switching
    | ProfileChanged
    | LineWaits
    | LineDecided
    | ReviewMode
    | Provenance
    | Blocked
)

FLEETING = (EngineFigures, ShowFigures, Levels, Host, Delta, ObsState, ObsFigures)
"""Only worth something now: latest-wins to watchers (deltas apart), and not in the journal."""


class Told(Body, frozen=True, kw_only=True):
    """An event as it is told: `n` counts up, `t` is wall time in seconds."""

    n: int
    t: float
    event: ShowEvent


class Logs(Body, frozen=True, kw_only=True):
    """Log lines of show and engines, a few batches a second."""

    lines: list[LogLine]
    dropped: int = 0
    """Lines that this watcher missed because there were too many (the log files have them)."""


TOLD = EventKind("show.event", Told)
LOGS = EventKind("show.logs", Logs, Traffic.RESULT)

__all__ = [
    "FLEETING",
    "LOGS",
    "TOLD",
    "Acknowledged",
    "Acted",
    "Action",
    "Aired",
    "Airing",
    "Alert",
    "Blocked",
    "ConsoleWishes",
    "Delta",
    "DeviceState",
    "Drilled",
    "EngineChanged",
    "EngineFigures",
    "EngineState",
    "Event",
    "GateState",
    "Heard",
    "Host",
    "Judged",
    "Levels",
    "LineDecided",
    "LineWaits",
    "LogLine",
    "Logs",
    "Marked",
    "Mended",
    "Muted",
    "ObsFigures",
    "ObsLink",
    "ObsState",
    "OperatorBack",
    "OperatorGone",
    "Operators",
    "PanicReached",
    "Panicked",
    "PersonaState",
    "ProfileChanged",
    "Provenance",
    "PutBack",
    "Resumed",
    "ReviewMode",
    "Ruled",
    "SceneChanged",
    "ShowEvent",
    "ShowFigures",
    "ShowStarted",
    "ShowStopping",
    "Source",
    "Switching",
    "Told",
    "TurnDone",
    "TurnStarted",
    "Waiting",
]
