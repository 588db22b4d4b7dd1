"""Bodies of `tts`: sentences in, PCM and visemes out. Stateless but for its cache."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from engines.wire.live import LIVE
from engines.wire.message import Body, EventKind, Owes, RequestKind


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Configuration of `tts`."""

    backend: Annotated[Literal["piper", "silent"], Meta(description="synthesizer")] = "piper"
    fallback_backends: Annotated[
        list[Literal["piper", "silent"]],
        Meta(description="tried in order when the backend fails; silent always stands last"),
    ] = []
    model: Annotated[
        str,
        Meta(
            description="voice: a name in the model store, or the path of a Piper .onnx file",
            extra={"env": "PIPER_MODEL"},
        ),
    ] = "piper-en_US-joe-medium"
    speaker: Annotated[
        int, Meta(ge=0, description="speaker of a voice that has several", extra=LIVE)
    ] = 0
    speed: Annotated[
        float, Meta(ge=0.5, le=2.0, description="1 is the voice's own pace", extra=LIVE)
    ] = 1.0
    threads: Annotated[int, Meta(ge=1, le=64, description="CPU threads for the model")] = 2
    cache_dir: Annotated[
        str,
        Meta(
            description="folder of synthesized lines; relative to the platform's cache folder",
            extra={"env": "TTS_CACHE_DIR"},
        ),
    ] = "tts"
    cache_mb: Annotated[
        int,
        Meta(ge=0, le=100_000, description="bound of the cache in MB; 0 turns it off", extra=LIVE),
    ] = 256


class Speak(Body, frozen=True, kw_only=True):
    """Says a sentence."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    voice: str = ""
    """Empty is the configured voice; else a speaker of it, by name or number. One that is not
    known is spoken in the configured voice, and `Spoken.detail` says so."""


class Reading(Body, frozen=True, kw_only=True):
    """How a sentence is about to be pronounced. Sent once, before any sound of it, by an engine
    with the capability `reading`; the asker decides then whether it wants the sound. Sent again,
    still before any sound, when another voice stands in for one that failed.
    """

    text: str
    """What is left to be spoken, once emoji and the like are out."""
    phonemes: str = ""
    """IPA as the synthesizer reads it, numbers and signs written out: words apart by a space,
    marks of stress and length left out. Empty where the synthesizer tells none."""
    voice: str = ""
    """Who is about to speak, as `Pronounced.voice` names it: when the configured voice fails it is
    another one. Empty where the synthesizer tells no phonemes."""


class Pronounce(Body, frozen=True, kw_only=True):
    """Asks how texts are pronounced, without a sound. Capability `reading`."""

    texts: Annotated[list[str], Meta(max_length=200)]
    voice: str = ""
    """Who is to read: one of `Pronounced.voices`; empty: who speaks when nothing fails."""


class Pronounced(Body, frozen=True, kw_only=True):
    """`Reading.phonemes` of each text, in the same order; empty for one that has no sound."""

    phonemes: list[str]
    voice: str = ""
    """Who reads so; the same text may be read otherwise by another voice."""
    voices: list[str] = []
    """All that may speak here and tell how they read."""


class Audio(Body, frozen=True, kw_only=True):
    """Sound as it is made: s16le mono, 20 to 100 ms."""

    pcm: bytes
    rate: int


class Viseme(Struct, frozen=True, array_like=True):
    """A mouth shape from `start_ms` of the sentence on.

    Names: rest aa ee ih oh ou bmp fv l sz th.
    """

    start_ms: float
    name: str
    weight: float = 1.0


class Visemes(Body, frozen=True, kw_only=True):
    """Mouth shapes of a stretch of sound, sent before it."""

    visemes: list[Viseme]


class Spoken(Body, frozen=True, kw_only=True):
    """The sentence has been made. (One that was cancelled is answered with error `cancelled`.)"""

    status: Literal["ok", "cancelled", "silent"]
    """`silent`: every real synthesizer failed and silence of its length was made."""
    rate: int
    samples: int
    duration_ms: float
    backend: str
    voice: str
    cached: bool
    first_pcm_ms: float
    latency_ms: float
    detail: str = ""


READING = EventKind("tts.reading", Reading)
AUDIO = EventKind("tts.audio", Audio)
VISEMES = EventKind("tts.visemes", Visemes)
SPEAK = RequestKind(
    "tts.speak", Speak, Spoken, events=(READING, AUDIO, VISEMES), owes=Owes(signs=(AUDIO, VISEMES))
)
PRONOUNCE = RequestKind("tts.pronounce", Pronounce, Pronounced)
"""Fails with `missing` when no such voice is here (any more)."""

REQUESTS = (SPEAK, PRONOUNCE)
EVENTS = ()
