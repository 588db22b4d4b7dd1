"""The picture of a show: what `kitsu status --json` prints, what a console gets when it attaches.

Built event by event by `kitsu_tui.model.reduce`. Every list in it is bounded.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from engines.wire import obs, show
from engines.wire.metrics import HostFigures
from kitsu_tui.model.notes import NoteView

OPEN_TURNS = 4
"""Lines that are still to be heard are looked for in so many of the last turns."""


class EngineChange(Struct, kw_only=True):
    """One change of an engine's state."""

    t: float
    state: show.EngineState
    why: str = ""
    by: str = ""


class EngineView(Struct, kw_only=True):
    """An engine as the operator sees it."""

    name: str
    state: show.EngineState = "waiting"
    detail: str = ""
    pid: int = 0
    restarts: int = 0
    exit: str = ""
    retry_at: float = 0
    by: str = ""
    since: float = 0
    """Wall time of the last change of state."""
    last_words: list[str] = []
    history: list[EngineChange] = []
    """Its last changes of state, the newest last; a start is one, up to where it has come."""
    queue: int = 0
    dropped: int = 0
    stale: int = 0
    cpu: float = 0
    memory: int = 0
    ping_ms: float = 0


class SentenceView(Struct, kw_only=True):
    """One sentence of an answer."""

    seq: int
    text: str
    action: show.Action = "allow"
    category: str = ""
    rule: str = ""
    view: str = ""
    """In which view of the text the gate found what it found."""
    means: str = "gate"
    """Which of the means found it; see `engines.wire.show.Ruled`."""
    ms: float = 0
    """What the verdict took."""
    spoken: str = ""
    status: str = ""
    """Empty before it is on air, `airing`, then how it ended (`played`, `cut`, ...)."""
    heard: str = ""
    heard_ms: float = 0
    risk: float = 0
    waits: show.Waiting | Literal[""] = ""
    """Why it is kept back now; empty: it is not."""
    since: float = 0
    """Wall time since when it is kept back for this reason."""
    until: float = 0
    """Wall time at which `then` happens with it by itself; 0: never."""
    then: Literal["air", "drop"] = "drop"
    held_by: str = ""
    decided: Literal["", "air", "drop", "replace"] = ""
    """What was decided of it after its verdict."""
    decided_by: str = ""
    decided_why: str = ""
    source: show.Provenance | None = None
    """Where it came from, once it is on air."""

    @property
    def open(self) -> bool:
        """It may still be dropped, replaced or held: it is not on air and not over."""
        said = self.action not in ("drop", "panic") and bool(self.spoken or self.waits)
        return said and not self.status and self.decided != "drop"


class TurnView(Struct, kw_only=True):
    """One exchange."""

    turn: int
    source: show.Source
    who: str
    started: float
    n: int = 0
    """Number of the event that began it."""
    ended: float = 0
    """Wall time, 0 while it goes on."""
    rev: int = 0
    said: str = ""
    """What was said to her."""
    said_final: bool = False
    draft: str = ""
    """Her answer as the model gives it, not yet judged."""
    sentences: list[SentenceView] = []
    status: str = ""
    """Empty while it goes on."""
    answer: str = ""
    mood: str = ""
    actions: list[str] = []
    detail: str = ""
    marks_ms: dict[str, float] = {}
    stopped: str = ""
    """Category of the gate's verdict on what was said to her, when it was not let through."""
    entry: SentenceView | None = None
    """That verdict whole."""


class PanicView(Struct, kw_only=True):
    """The panic latch."""

    latched: bool = False
    by: str = ""
    since: float = 0
    surfaces: dict[str, float | None] = {}
    """Milliseconds to done for each surface; null: it failed or has not answered."""
    why: dict[str, str] = {}
    """By surface: why it failed or waits."""
    waits: list[str] = []
    """Surfaces that get it when they are there again."""
    done: bool = False


class ObsView(Struct, kw_only=True):
    """OBS as it was last told."""

    state: obs.State | None = None
    offers: list[str] = []
    """Scenes that the profile wants offered, in its order; empty: all there are."""
    figures: obs.Figures | None = None
    figures_at: float = 0
    """Wall time of the figures."""
    since: float = 0
    """Wall time since when the link is as it is."""
    scene_since: float = 0
    scene_before: str = ""
    scene_by: str = ""
    scene_why: str = ""


class OperatorView(Struct, kw_only=True):
    """Whether an operator is there, and what was done when not."""

    gone: bool = False
    since: float = 0
    """Wall time of the last sign of an operator, when gone."""
    at: float = 0
    """Wall time at which nobody was taken to be there."""
    gone_s: float = 0
    """How long nobody was, once somebody is back."""
    why: str = ""
    did: str = ""
    detail: str = ""
    back_by: str = ""
    """Who came back; what was done while nobody was there stands until it is undone."""


class SwitchView(Struct, kw_only=True):
    """A switch of profiles that is under way, or the last one that failed."""

    profile: str = ""
    by: str = ""
    phase: str = ""
    """Empty: none."""
    detail: str = ""
    since: float = 0


class AlertView(Struct, kw_only=True):
    """Something the operator should know."""

    t: float
    level: str
    text: str
    about: str = ""
    n: int = 0
    """Its number, by which it is acknowledged."""
    acked_by: str = ""
    mended: bool = False
    """What it tells of is no more so; nobody needs to acknowledge it."""


class MarkView(Struct, kw_only=True):
    """A moment that somebody marked."""

    t: float
    text: str
    by: str


class ReviewView(Struct, kw_only=True):
    """Whether lines wait for approval."""

    on: bool = False
    wait_s: float = 0
    then: Literal["air", "drop"] = "drop"
    by: str = ""


class PersonaView(Struct, kw_only=True):
    """Who she is."""

    name: str = ""
    preset: str = ""
    presets: list[str] = []
    moods: list[str] = []
    mood: str = ""
    """The mood that an operator holds her in; empty: her own."""


class ShowState(Struct, kw_only=True):
    """The whole picture."""

    n: int = 0
    """Number of the last event in it."""
    t: float = 0
    """Wall time of the last event in it."""
    profile: str = ""
    title: str = ""
    live: bool = False
    pid: int = 0
    version: str = ""
    started: float = 0
    stopping: bool = False
    epoch: int = 0
    log_root: str = ""
    journal: str = ""
    engines: dict[str, EngineView] = {}
    turns: list[TurnView] = []
    turn_count: int = 0
    mood: str = ""
    panic: PanicView = field(default_factory=PanicView)
    rules: int = 0
    """Safety rules in force; without any nothing is said."""
    rule_problems: int = 0
    gate_error: str = ""
    """What is wrong with the gate as a whole; empty: nothing."""
    blocked: int = 0
    """Texts on the operator's blocklist."""
    review: ReviewView = field(default_factory=ReviewView)
    mic_muted: bool = False
    voice_muted: bool = False
    levels: show.Levels = show.Levels(mic_db=-100, out_db=-100, hearing=False, speaking=False)
    devices: show.DeviceState | None = None
    operators: list[str] = []
    host: HostFigures | None = None
    figures: show.ShowFigures = show.ShowFigures()
    """Of the show itself."""
    alerts: list[AlertView] = []
    incidents: list[MarkView] = []
    notes: list[NoteView] = []
    """What happened between the turns."""
    persona: PersonaView = field(default_factory=PersonaView)
    console: show.ConsoleWishes = show.ConsoleWishes()
    obs: ObsView = field(default_factory=ObsView)
    drill: show.Drilled | None = None
    """The last rehearsal of panic, also of an earlier show."""
    operator: OperatorView = field(default_factory=OperatorView)
    switching: SwitchView = field(default_factory=SwitchView)
    marks: list[dict[str, float]] = []
    """`marks_ms` of the last turns that became audible: what percentiles are taken over."""

    def find_turn(self, turn: int) -> TurnView | None:
        """The turn with this number, if it is still kept."""
        for view in reversed(self.turns):
            if view.turn == turn:
                return view
        return None

    def open_lines(self) -> list[tuple[TurnView, SentenceView]]:
        """Lines of hers that are not on air yet and may still be stopped, in order."""
        return [
            (turn, line)
            for turn in self.turns[-OPEN_TURNS:]
            if not turn.status
            for line in turn.sentences
            if line.open
        ]

    def waiting_lines(self) -> list[tuple[TurnView, SentenceView]]:
        """Those of the open lines that are kept back."""
        return [(turn, line) for turn, line in self.open_lines() if line.waits]

    def why_unheard(self) -> str:
        """Why she cannot be heard now, in a few words; empty when she can."""
        if self.stopping:
            return "the show is stopping"
        if self.panic.latched:
            return "panic"
        for name in ("audio", "policy", "tts"):
            view = self.engines.get(name)
            if view is None or view.state not in ("ready", "degraded"):
                return f"{name} {view.state}" if view is not None else f"no {name}"
        if not self.rules:
            return "no safety rules"
        if self.voice_muted:
            return "voice muted"
        if self.devices is not None and self.devices.state in ("null", "lost"):
            return "no sound device" if self.devices.state == "null" else "sound device lost"
        return ""

    def why_deaf(self) -> str:
        """Why she does not hear, in a few words; empty when she does or is not meant to."""
        for name in ("audio", "asr"):
            view = self.engines.get(name)
            if view is not None and view.state not in ("ready", "degraded", "off", "stopped"):
                return f"{name} {view.state}"
        return "microphone muted" if self.mic_muted else ""

    @property
    def on_air(self) -> bool:
        """True when nothing keeps her from being heard."""
        return not self.why_unheard()
