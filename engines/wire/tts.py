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


AUDIO = EventKind("tts.audio", Audio)
VISEMES = EventKind("tts.visemes", Visemes)
SPEAK = RequestKind(
    "tts.speak", Speak, Spoken, events=(AUDIO, VISEMES), owes=Owes(signs=(AUDIO, VISEMES))
)

REQUESTS = (SPEAK,)
EVENTS = ()
