"""Bodies of `audio`: the one engine that owns microphone and loudspeaker.

All times named `*_ns` are `time.perf_counter_ns()` of the machine that has the devices.
All PCM is s16le mono, carried as base64, 20 to 100 ms a message.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from engines.wire.live import LIVE
from engines.wire.message import Body, Empty, EventKind, Owes, RequestKind, Traffic


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Configuration of `audio`."""

    backend: Annotated[
        Literal["auto", "device", "file", "null"],
        Meta(
            description="auto takes the device when there is one and null otherwise; file plays "
            "`input_file` into the microphone path and writes `output_file`; null is silence on a "
            "real-time clock"
        ),
    ] = "auto"
    input_device: Annotated[
        str,
        Meta(
            description="number or part of the name from `kitsu devices`; empty is the default",
            extra={"env": "ASR_INPUT_DEVICE"},
        ),
    ] = ""
    output_device: Annotated[
        str,
        Meta(description="number or part of the name from `kitsu devices`; empty is the default"),
    ] = ""
    fake: Annotated[
        bool,
        Meta(
            description="take silence for the microphone, whatever devices there are",
            extra={"env": "ASR_FAKE_AUDIO"},
        ),
    ] = False
    sample_rate: Annotated[
        Literal[8000, 16000, 32000, 48000],
        Meta(description="capture rate in Hz", extra={"env": "ASR_SAMPLE_RATE"}),
    ] = 16000
    frame_ms: Annotated[
        Literal[10, 20, 30], Meta(description="VAD frame in ms", extra={"env": "ASR_FRAME_MS"})
    ] = 20
    silence_ms: Annotated[
        int,
        Meta(
            ge=60,
            le=5000,
            description="silence that ends a turn, in ms",
            extra={"env": "ASR_SILENCE_MS", **LIVE},
        ),
    ] = 300
    pause_ms: Annotated[
        int,
        Meta(
            ge=40,
            le=2000,
            description="silence that may be a turn's end: work ahead starts, in ms",
            extra=LIVE,
        ),
    ] = 120
    onset_ms: Annotated[
        int, Meta(ge=20, le=500, description="voiced time that makes an onset, in ms", extra=LIVE)
    ] = 60
    preroll_ms: Annotated[
        int, Meta(ge=0, le=1000, description="sound kept from before the onset, in ms", extra=LIVE)
    ] = 300
    vad_level: Annotated[
        int,
        Meta(ge=0, le=3, description="WebRTC VAD aggressiveness, 3 is the strictest", extra=LIVE),
    ] = 2
    min_level_db: Annotated[
        float,
        Meta(
            ge=-100,
            le=0,
            description="frames below this level are never voice, in dBFS",
            extra=LIVE,
        ),
    ] = -50.0
    max_utterance_s: Annotated[
        float,
        Meta(
            ge=1, le=120, description="an utterance is ended at this length, in seconds", extra=LIVE
        ),
    ] = 28.0
    input_file: Annotated[str, Meta(description="wav file for the file backend")] = ""
    output_file: Annotated[
        str,
        Meta(
            description="wav file that gets what is heard, with any backend; silence of more than "
            "a second is left out"
        ),
    ] = ""
    block_ms: Annotated[Literal[10, 20, 40], Meta(description="device block in ms")] = 20
    retry_s: Annotated[
        float,
        Meta(gt=0, le=30, description="how often a vanished device is looked for, in seconds"),
    ] = 1.0


class SpeechStart(Body, frozen=True, kw_only=True):
    """Somebody began to speak. PCM follows in `audio.speech`, the pre-roll first."""

    utterance: int
    onset_ns: int
    rate: int
    preroll_ms: float


class SpeechPcm(Body, frozen=True, kw_only=True):
    """Captured sound of an utterance, in order."""

    utterance: int
    pcm: bytes


class SpeechPause(Body, frozen=True, kw_only=True):
    """The speaker may be done: `pause_ms` without voice. All PCM so far has been sent."""

    utterance: int
    last_voiced_ns: int


class SpeechResume(Body, frozen=True, kw_only=True):
    """The speaker went on after a pause: what was guessed from it is void."""

    utterance: int


class SpeechEnd(Body, frozen=True, kw_only=True):
    """The speaker is done (or was cut: mute, panic, length). All PCM has been sent."""

    utterance: int
    speech_end_ns: int
    """End of the last voiced frame: not the verdict's time, the voice's."""
    endpoint_ns: int
    duration_ms: float
    cut: bool = False


class Levels(Body, frozen=True, kw_only=True):
    """Peaks since the last message, in dBFS (-100 is silence), about ten a second."""

    mic_db: float
    out_db: float
    hearing: bool
    """Voice is being heard now."""
    speaking: bool
    """Something audible is being played now."""


class Devices(Body, frozen=True, kw_only=True):
    """What is open; sent at start and at every change."""

    state: Literal["open", "lost", "null", "file", "fake"]
    """`lost`: a device vanished and is looked for; time goes on, she is not heard."""
    input: str
    output: str
    detail: str = ""


class Play(Body, frozen=True, kw_only=True):
    """Plays one sentence, fed by `audio.pcm` under this id. Sentences play in order of request.

    The request is given credit for events by `credit` events from `audio`: at most half a second
    of unplayed sound is held. Feeding much beyond it ends the sentence with code `busy`; no sound
    for 10 s when it is this sentence's turn ends it with code `timeout`. A cancelled request is
    answered with `Played`, so that what was heard of it is known.
    """

    rate: Annotated[int, Meta(ge=8000, le=48000)]
    hold: bool = False
    """Buffer (200 ms), but do not play before `audio.release` for this turn and revision.

    Other turns are not kept waiting by it. A release is remembered: a sentence that is asked for
    later plays at once. Given up after 120 s.
    """


class Pcm(Body, frozen=True, kw_only=True):
    """Sound of a sentence, in order. The one with `last` (it may be empty) ends it."""

    pcm: bytes = b""
    last: bool = False


class Audible(Body, frozen=True, kw_only=True):
    """The first non-silent sample of this sentence was handed to the device."""

    audible_ns: int


class Played(Body, frozen=True, kw_only=True):
    """A sentence is over.

    `played`: all of it was handed to the device. `cut`: cancelled by request, sentence or turn, or
    silenced. `stale`: overtaken by a newer revision or epoch. `muted`: it went by, and at least a
    part of it while the voice was muted or the device was lost.
    """

    status: Literal["played", "cut", "stale", "muted"]
    heard_samples: int
    """Samples handed to the device, at the rate of the request; muted ones are not counted."""
    heard_ms: float
    audible_ns: int = 0
    """0: never audible."""


class Release(Body, frozen=True, kw_only=True):
    """Sentences held for this turn may be heard."""

    turn: int
    rev: int = 0


class Pause(Body, frozen=True, kw_only=True):
    """Pauses or goes on with playback (the first moment of a barge-in)."""

    paused: bool


class Mute(Body, frozen=True, kw_only=True):
    """Sets one or both mutes; null leaves one as it is. A muted microphone hears silence."""

    mic: bool | None = None
    voice: bool | None = None


class Muted(Body, frozen=True, kw_only=True):
    """Both mutes as they are now."""

    mic: bool
    voice: bool


class Feed(Body, frozen=True, kw_only=True):
    """Plays a wav file (any rate, mono or stereo, s16) into the microphone path in real time.

    It takes the microphone's place, and `silence_ms` and 0.2 s of silence follow, so that the
    utterance has ended when this is answered. One at a time; cancelling it stops it.
    """

    path: str


class Fed(Body, frozen=True, kw_only=True):
    """The file has gone by."""

    duration_ms: float


class DeviceInfo(Struct, frozen=True, kw_only=True):
    """One device."""

    id: int
    name: str
    api: str
    inputs: int
    outputs: int
    rate: float
    default: bool


class DeviceList(Body, frozen=True, kw_only=True):
    """The devices there are; `detail` says why there are none."""

    devices: list[DeviceInfo]
    detail: str = ""


class Silence(Body, frozen=True, kw_only=True):
    """Result of a request to fall silent."""

    silent_ns: int
    """When the last non-silent sample was handed to the device; 0 when none ever was."""
    cut_ns: int = 0
    """When everything that waited was dropped: by this, or by the newer epoch before it."""


SPEECH_START = EventKind("audio.speech_start", SpeechStart)
SPEECH = EventKind("audio.speech", SpeechPcm)
SPEECH_PAUSE = EventKind("audio.speech_pause", SpeechPause)
SPEECH_RESUME = EventKind("audio.speech_resume", SpeechResume)
SPEECH_END = EventKind("audio.speech_end", SpeechEnd)
LEVELS = EventKind("audio.levels", Levels, Traffic.LATEST)
DEVICES = EventKind("audio.devices", Devices, Traffic.CONTROL)
PCM = EventKind("audio.pcm", Pcm)
AUDIBLE = EventKind("audio.audible", Audible, Traffic.CONTROL)

PLAY = RequestKind("audio.play", Play, Played, events=(AUDIBLE,), feeds=(PCM,))
RELEASE = RequestKind("audio.release", Release, Empty, owes=Owes())
PAUSE = RequestKind("audio.pause", Pause, Empty, owes=Owes())
SILENCE = RequestKind("audio.silence", Empty, Silence, owes=Owes())
"""Drop everything that is queued and be silent within one block; answered when it is."""
MUTE = RequestKind("audio.mute", Mute, Muted, owes=Owes())
FEED = RequestKind("audio.feed", Feed, Fed)
LIST = RequestKind("audio.list", Empty, DeviceList)

REQUESTS = (PLAY, RELEASE, PAUSE, SILENCE, MUTE, FEED, LIST)
EVENTS = (SPEECH_START, SPEECH, SPEECH_PAUSE, SPEECH_RESUME, SPEECH_END, LEVELS, DEVICES)
