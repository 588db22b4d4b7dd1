"""What a profile may say. Every key is documented in `profiles/base.yaml`; a test holds the two
against each other. A field's `env` is the environment variable that overrides it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from engines.wire import asr, audio, echo, guard, metrics, obs, policy, tts


class Persona(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who she is."""

    file: Annotated[str, Meta(description="persona: a name in personas/ or a path")] = "kitsu"
    preset: Annotated[str, Meta(description="preset of the persona, such as chaotic or calm")] = (
        "kawaii"
    )
    family_friendly: Annotated[
        bool,
        Meta(
            description="keep to family language; adds safety/family.yaml to the gate",
            extra={"env": "POLICY_FAMILY_FRIENDLY"},
        ),
    ] = True


class Conversation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How turns are taken."""

    history_turns: Annotated[
        int, Meta(ge=0, le=200, description="exchanges that she remembers")
    ] = 8
    history_block: Annotated[
        int,
        Meta(ge=1, le=100, description="exchanges forgotten at once, so that the KV cache holds"),
    ] = 4
    answer_timeout_s: Annotated[
        float, Meta(gt=0, le=600, description="an answer that takes longer is given up, in seconds")
    ] = 30.0
    speak_timeout_s: Annotated[
        float, Meta(gt=0, le=600, description="longest wait for the next sound, in seconds")
    ] = 15.0
    work_ahead: Annotated[
        bool, Meta(description="think during the pause that may be the end of a turn")
    ] = True
    operator_name: Annotated[str, Meta(description="how she calls the operator")] = "streamer"
    failure_line: Annotated[
        str, Meta(description="what she says when an answer fails; empty is silence")
    ] = ""
    refusal_line: Annotated[
        str,
        Meta(description="what she says to what the gate does not let in; empty is silence"),
    ] = "Nope, my little fox ears did not hear that!"


class Safety(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gate between what she thinks and what is heard."""

    folder: Annotated[
        str,
        Meta(
            description=(
                "folder of all rule files, also a copy of those that come with Kitsu: she says "
                "nothing while one is missing; empty: profiles/safety"
            )
        ),
    ] = ""
    files: Annotated[
        list[str],
        Meta(
            description="further rule files by name, without .yaml; those that come with Kitsu "
            "hold in any case (kitsu safety rules lists them), and the operator's own blocklist"
        ),
    ] = []
    languages: Annotated[
        list[str],
        Meta(description="languages whose rules hold, such as [en, de]; empty: all that there are"),
    ] = []
    late_ms: Annotated[
        int,
        Meta(ge=5, le=10_000, description="a verdict of the gate that takes longer counts as drop"),
    ] = 500
    sounds: Annotated[
        bool,
        Meta(description="judge also how a sentence is pronounced, where tts can tell"),
    ] = True
    repeats: Annotated[
        int,
        Meta(
            ge=0,
            le=200,
            description="among her last sentences, so many, none is said a third time; 0: she may "
            "repeat herself",
        ),
    ] = 12
    review: Annotated[
        bool,
        Meta(
            description="every line waits for an operator's approval, except the profile's own "
            "(refusals, the failure line)"
        ),
    ] = False
    review_s: Annotated[
        float,
        Meta(
            ge=1,
            le=600,
            description="how long a line waits for approval, in seconds, from "
            "when it is the first that waits",
        ),
    ] = 20.0
    review_then: Annotated[
        Literal["drop", "air"], Meta(description="what happens with it when nobody decides")
    ] = "drop"
    hold_s: Annotated[
        float,
        Meta(
            ge=1,
            le=600,
            description="how long a line waits that a rule or an operator holds, in seconds; when "
            "nobody decides it is dropped",
        ),
    ] = 20.0
    risk_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=5000,
            description="how long the most doubtful first sentence is kept back, so that it can be "
            "stopped; less for less doubtful ones, nothing for safe ones; 0: never",
        ),
    ] = 600
    risk_from: Annotated[
        float, Meta(ge=0, le=1, description="risk from which a sentence is doubtful")
    ] = 0.3
    opinion: Annotated[
        Literal["never", "doubtful", "output", "input", "both"],
        Meta(
            description="what a second opinion is asked about (needs the guard engine): doubtful "
            "texts of both sides, all that she says, all that is said to her, or both"
        ),
    ] = "never"
    opinion_ms: Annotated[
        int, Meta(ge=20, le=10_000, description="how long a text waits for its second opinion")
    ] = 800
    opinion_late: Annotated[
        Literal["gate", "drop"],
        Meta(description="when none comes in time: the gate's verdict holds, or it is dropped"),
    ] = "gate"
    viewer_turns: Annotated[
        int,
        Meta(ge=1, le=1000, description="answers that one viewer gets within `viewer_window_s`"),
    ] = 4
    viewer_window_s: Annotated[float, Meta(ge=1, le=3600, description="in seconds")] = 120.0
    viewer_waiting: Annotated[
        int, Meta(ge=1, le=16, description="texts of one viewer that may wait for an answer")
    ] = 2


class Process(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one engine is run."""

    enabled: Annotated[bool, Meta(description="started with the show")] = True
    command: Annotated[
        list[str],
        Meta(description="another command line, such as [ssh, gpu-box, kitsu, engine, tts, ...]"),
    ] = []
    needs: Annotated[list[str], Meta(description="engines that must be ready first")] = []
    nice: Annotated[
        int, Meta(ge=0, le=19, description="0 runs first; model engines stand behind audio")
    ] = 0
    load_s: Annotated[
        float,
        Meta(gt=0, le=3600, description="ended when it is not ready within this time, in seconds"),
    ] = 120.0
    progress_s: Annotated[
        float,
        Meta(
            ge=0,
            le=600,
            description="ended when what it was asked makes no progress for this long, in seconds; "
            "0: fitting to how long it is waited for",
        ),
    ] = 0
    env: Annotated[dict[str, str], Meta(description="further environment variables")] = {}


class Engines(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The engines' processes."""

    audio: Process = field(default_factory=Process)
    asr: Process = field(default_factory=lambda: Process(nice=4))
    policy: Process = field(default_factory=lambda: Process(nice=10))
    tts: Process = field(default_factory=lambda: Process(nice=2))
    metrics: Process = field(default_factory=lambda: Process(nice=15))
    obs: Process = field(default_factory=lambda: Process(enabled=False))
    guard: Process = field(default_factory=lambda: Process(enabled=False, nice=12))
    echo: Process = field(default_factory=lambda: Process(enabled=False))


class Show(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The show itself."""

    journal_mb: Annotated[
        int, Meta(ge=10, le=1_000_000, description="bound of all journals together, in MB")
    ] = 500
    log_days: Annotated[int, Meta(ge=1, le=3650, description="days that log files are kept")] = 14


class Console(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How consoles look and what their keys do."""

    theme: Annotated[
        Literal["auto", "kitsu", "light", "contrast", "ansi", "mono"],
        Meta(description="colours; auto is ansi over SSH and kitsu else"),
    ] = "auto"
    layout: Annotated[
        Literal["desk", "talk", "watch", "focus"],
        Meta(description="what is in sight at first; Z goes through them"),
    ] = "desk"
    bell: Annotated[bool, Meta(description="ring the terminal's bell for a new alert")] = True
    keys: Annotated[
        dict[str, list[str]],
        Meta(
            description="other keys for actions, such as {interrupt: [x, f8]}; see ? in the console"
        ),
    ] = {}


class Scenes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which scene OBS shows, by itself. Needs the `obs` engine."""

    moods: Annotated[
        dict[str, str],
        Meta(
            description="scene by her mood, such as {angry: Close-up}: taken while an answer in it "
            "is on air, or when an operator holds her in it"
        ),
    ] = {}
    events: Annotated[
        dict[Literal["started", "stopping", "speaking", "quiet", "resumed", "operator_back"], str],
        Meta(
            description="scene by what happens: started, stopping (the show), speaking, quiet "
            "(she), resumed (after panic, when nothing was put back), operator_back"
        ),
    ] = {}
    hold_s: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            description="a scene that somebody chose by hand stays at least this long, in seconds: "
            "until something new happens after that",
        ),
    ] = 30.0
    every_s: Annotated[
        float, Meta(ge=0, le=600, description="shortest time between two of its own changes")
    ] = 4.0
    quiet_s: Annotated[
        float, Meta(ge=0, le=600, description="silence after which she counts as quiet")
    ] = 5.0


class Operator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens when nobody is at a console."""

    when_gone: Annotated[
        Literal["go_on", "brb", "panic"],
        Meta(
            description="go on, bring the BRB scene (which stays until somebody chooses another), "
            "or panic; whoever attaches is told. Where it is not to go on, a show that nobody has "
            "attended yet counts from its start"
        ),
    ] = "go_on"
    no_console_s: Annotated[
        float,
        Meta(
            ge=0,
            le=86400,
            description="gone: no console that may do more than read, and no verb, for this long, "
            "in seconds; 0: never",
        ),
    ] = 60.0
    no_key_m: Annotated[
        float,
        Meta(
            ge=0,
            le=1440,
            description="gone: no key in a console, and nothing asked, for this many minutes; "
            "0: never",
        ),
    ] = 0.0


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole profile."""

    title: Annotated[str, Meta(description="what the console calls it")] = ""
    live: Annotated[
        bool, Meta(description="this goes on air: the console looks it, and asks more often")
    ] = False
    show: Show = field(default_factory=Show)
    persona: Persona = field(default_factory=Persona)
    conversation: Conversation = field(default_factory=Conversation)
    safety: Safety = field(default_factory=Safety)
    console: Console = field(default_factory=Console)
    scenes: Scenes = field(default_factory=Scenes)
    operator: Operator = field(default_factory=Operator)
    engines: Engines = field(default_factory=Engines)
    audio: audio.Config = field(default_factory=audio.Config)
    asr: asr.Config = field(default_factory=asr.Config)
    policy: policy.Config = field(default_factory=policy.Config)
    tts: tts.Config = field(default_factory=tts.Config)
    metrics: metrics.Config = field(default_factory=metrics.Config)
    obs: obs.Config = field(default_factory=obs.Config)
    guard: guard.Config = field(default_factory=guard.Config)
    echo: echo.Config = field(default_factory=echo.Config)


ENGINES = ("audio", "asr", "policy", "tts", "metrics", "obs", "guard", "echo")

ALIASES = {
    "asr_worker": "asr",
    "policy_worker": "policy",
    "tts_worker": "tts",
    "avatar_controller": "avatar",
    "obs_controller": "obs",
    "twitch_ingest": "twitch",
    "orchestrator": "gateway",
    "control_panel_backend": "gateway",
    "gpu_monitor": "metrics",
    "gpumonitor": "metrics",
}
"""Other names of engines that commands and PIPELINE_DISABLE accept."""


def engine_name(said: str) -> str:
    """The engine's own name for a name or an alias, in any case."""
    name = said.strip().lower()
    return ALIASES.get(name, name)
