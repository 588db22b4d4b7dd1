"""The control socket: what operators, consoles and scripts ask of the show.

The same lines as an engine's pipe: the show says `hello` (engine `show`), the client sends
requests. Every request names its actor in `by`; the journal keeps it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from engines.wire import obs, show
from engines.wire.message import Body, Empty, EventKind, RequestKind


class Ask(Body, frozen=True, kw_only=True):
    """Asked by somebody."""

    by: Annotated[str, Meta(max_length=200)] = "unknown"


class Done(Body, frozen=True, kw_only=True):
    """It was done (or was so already); `detail` says what to tell the person."""

    detail: str = ""


class Watch(Ask, frozen=True, kw_only=True):
    """Attaches: answered by events until the client or the show goes.

    The first event is `show.snapshot`; each later `show.event` continues it. A watcher that does
    not keep up loses events and is sent a new snapshot.
    """

    logs: bool = True
    backlog: Annotated[int, Meta(ge=0, le=20_000)] = 500
    """Log lines from before."""
    operator: bool = True
    """Counts as an attached operator."""
    read_only: bool = False
    """This connection asks for the picture, a ping and panic; all else is refused to it."""


class Snapshot(Body, frozen=True, kw_only=True):
    """The whole state (`kitsu_tui.model.state.ShowState` as JSON)."""

    state: Any


class Say(Ask, frozen=True, kw_only=True):
    """Types to her, as the operator."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class Said(Body, frozen=True, kw_only=True):
    """The turn that will answer."""

    turn: int


class Talk(Ask, frozen=True, kw_only=True):
    """One exchange, waited for: a text, or a wav file that is played into the microphone path."""

    text: Annotated[str, Meta(max_length=2000)] = ""
    wav: str = ""
    viewer: Annotated[str, Meta(max_length=100)] = ""
    """The text is that of a viewer of this name, and is treated as such; empty: it is yours."""
    preset: str = ""
    play: bool = True
    """False: nothing is spoken aloud."""
    out: str = ""
    """wav file that gets her answer as it was handed to the device."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What the gate said of one text, or what was decided of a line after that: both are listed."""

    seq: int
    """-1 is what was said to her, 0 and up are her sentences."""
    action: show.Action
    category: str = ""
    rule: str = ""
    view: str = ""
    means: str = "gate"
    """What said so: see `engines.wire.show.Ruled`; `operator`: somebody, `desk`: nobody decided in
    time, or it did not go with what came next."""
    by: str = ""
    """Who decided."""


class Talked(Body, frozen=True, kw_only=True):
    """The exchange."""

    status: str
    transcript: str
    answer: str
    mood: str
    actions: list[str]
    verdicts: list[Verdict]
    marks_ms: dict[str, float]
    turn: int
    detail: str = ""
    out: str = ""


class Mute(Ask, frozen=True, kw_only=True):
    """Sets a mute; null toggles it."""

    what: Literal["mic", "voice"]
    on: bool | None = None


class OneEngine(Ask, frozen=True, kw_only=True):
    """Something about one engine (the seed's module names are aliases)."""

    engine: str


class Resume(Ask, frozen=True, kw_only=True):
    """Releases the panic latch."""

    epoch: int | None = None
    """The epoch of the panic that is meant; refused when another was pressed since."""


class Interrupt(Ask, frozen=True, kw_only=True):
    """Ends what she says."""

    everything: bool = False
    """Also forgets what waits for an answer."""


class Toggle(OneEngine, frozen=True, kw_only=True):
    """Switches an engine on or off; null toggles it."""

    on: bool | None = None


class Persona(Ask, frozen=True, kw_only=True):
    """Takes one of her persona's presets, for all answers from now on."""

    preset: Annotated[str, Meta(min_length=1, max_length=100)]


class Mood(Ask, frozen=True, kw_only=True):
    """Holds her in a mood; empty lets go."""

    mood: Annotated[str, Meta(max_length=100)] = ""


class Mark(Ask, frozen=True, kw_only=True):
    """Marks this moment in the journal."""

    text: Annotated[str, Meta(max_length=500)] = ""


class Acknowledge(Ask, frozen=True, kw_only=True):
    """Says that the alerts up to this number were seen; null: all of them."""

    upto: int | None = None


class Scene(Ask, frozen=True, kw_only=True):
    """Brings a scene of OBS to the audience."""

    scene: Annotated[str, Meta(min_length=1, max_length=256)]
    cut: bool = False


class Obs(Ask, frozen=True, kw_only=True):
    """Changes something else in OBS."""

    change: obs.Change


class Drill(Ask, frozen=True, kw_only=True):
    """Rehearses panic on the live surfaces, and resumes."""

    on_air: bool = False
    """Also while OBS streams, where the audience sees it."""


class Drilled(Body, frozen=True, kw_only=True):
    """How the drill went; see `engines.wire.show.Drilled`."""

    drill: show.Drilled


class UseProfile(Ask, frozen=True, kw_only=True):
    """Goes over to another profile, without an end of the show."""

    profile: Annotated[str, Meta(min_length=1, max_length=4096)]
    """Name, or absolute path."""
    dry_run: bool = False
    """Only tells what would change."""


class Line(Ask, frozen=True, kw_only=True):
    """Decides what becomes of a line of hers that has not been heard yet."""

    what: Literal["air", "drop", "replace", "hold"]
    """`air`: now, if it waits; `drop`: not at all; `replace`: `text` in its place; `hold`: it waits
    until somebody decides."""
    turn: int = 0
    """0: the next line that is not on air yet, whichever that is."""
    seq: int = 0
    rev: int | None = None
    """The revision that is meant; refused when the turn has another by now."""
    text: Annotated[str, Meta(max_length=2000)] = ""


class Review(Ask, frozen=True, kw_only=True):
    """Has each line wait for approval, or no more; null toggles it."""

    on: bool | None = None
    wait_s: float | None = None
    """How long a line waits; null leaves it."""
    then: Literal["air", "drop"] | None = None


class Blocklist(Ask, frozen=True, kw_only=True):
    """Changes or lists the operator's own blocklist. Nothing of what it names is said any more."""

    what: Literal["add", "remove", "list"]
    text: Annotated[str, Meta(max_length=200)] = ""
    force: bool = False
    """For `add`: also a text that stands in most of what anybody says."""


class Listed(Body, frozen=True, kw_only=True):
    """The blocklist as it is now."""

    texts: list[str]
    detail: str = ""


class KeyChange(Struct, frozen=True, kw_only=True):
    """A key of the profile that has another value. Secrets are told as `(set)` and `(not set)`."""

    key: str
    before: Any
    after: Any


class Plan(Struct, frozen=True, kw_only=True):
    """What another profile means for the show that runs."""

    profile: str
    before: str
    changes: list[KeyChange] = []
    at_once: list[str] = []
    """What changes without a restart, in words: `persona`, `scenes`, `keys`, `voice` ..."""
    reconfigured: list[str] = []
    """Engines that take their new configuration over while they run."""
    restarts: list[str] = []
    """Engines that begin anew."""
    starts: list[str] = []
    stops: list[str] = []
    later: list[str] = []
    """Keys that only the next show takes over."""
    problems: list[str] = []
    """What is wrong but does not forbid it, such as scenes that OBS does not have."""


class Switched(Body, frozen=True, kw_only=True):
    """The switch, or its plan."""

    plan: Plan
    done: bool
    """False for a dry run."""
    detail: str = ""
    ms: float = 0


SNAPSHOT = EventKind("show.snapshot", Snapshot)
WATCH = RequestKind("show.watch", Watch, Done, events=(SNAPSHOT, show.TOLD, show.LOGS))
STATUS = RequestKind("show.status", Ask, Snapshot)
SAY = RequestKind("show.say", Say, Said)
TALK = RequestKind("show.talk", Talk, Talked)
INTERRUPT = RequestKind("show.interrupt", Interrupt, Done)
MUTE = RequestKind("show.mute", Mute, Done)
PANIC = RequestKind("show.panic", Ask, Done)
RESUME = RequestKind("show.resume", Resume, Done)
TOGGLE = RequestKind("show.toggle", Toggle, Done)
RESTART = RequestKind("show.restart", OneEngine, Done)
START = RequestKind("show.start", OneEngine, Done)
KILL = RequestKind("show.kill", OneEngine, Done)
SKIP = RequestKind("show.skip", Ask, Done)
PERSONA = RequestKind("show.persona", Persona, Done)
MOOD = RequestKind("show.mood", Mood, Done)
MARK = RequestKind("show.mark", Mark, Done)
ACKNOWLEDGE = RequestKind("show.acknowledge", Acknowledge, Done)
SCENE = RequestKind("show.scene", Scene, Done)
OBS = RequestKind("show.obs", Obs, Done)
DRILL = RequestKind("show.drill", Drill, Drilled)
PROFILE = RequestKind("show.profile", UseProfile, Switched)
"""Fails with `bad-config` (the profile is wrong), `missing` (a model that it names is not there) or
`refused` (not now, or a new engine is of no use). The profile from before then holds."""
LINE = RequestKind("show.line", Line, Done)
REVIEW = RequestKind("show.review", Review, Done)
BLOCKLIST = RequestKind("show.blocklist", Blocklist, Listed)
TOUCH = RequestKind("show.touch", Ask, Empty)
"""The operator is there: pressed a key. Asked at most every few seconds."""
STOP = RequestKind("show.stop", Ask, Done)
PING = RequestKind("show.ping", Empty, Empty)

REQUESTS = (
    WATCH,
    STATUS,
    SAY,
    TALK,
    INTERRUPT,
    MUTE,
    PANIC,
    RESUME,
    TOGGLE,
    RESTART,
    START,
    KILL,
    SKIP,
    PERSONA,
    MOOD,
    MARK,
    ACKNOWLEDGE,
    SCENE,
    OBS,
    DRILL,
    PROFILE,
    LINE,
    REVIEW,
    BLOCKLIST,
    TOUCH,
    STOP,
    PING,
)
