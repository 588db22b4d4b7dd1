"""Bodies of `asr`: PCM in, transcripts out. No device, no memory between utterances."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from engines.wire.live import LIVE
from engines.wire.message import Body, Empty, EventKind, Owes, RequestKind, Traffic


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Configuration of `asr`."""

    backend: Annotated[Literal["whisper"], Meta(description="speech recogniser")] = "whisper"
    model: Annotated[
        str, Meta(description="name in the model store, or the folder of a CTranslate2 model")
    ] = "whisper-tiny.en"
    language: Annotated[str, Meta(description="ISO 639-1 code")] = "en"
    threads: Annotated[int, Meta(ge=1, le=64, description="CPU threads for the model")] = 2
    device: Annotated[Literal["cpu", "cuda", "auto"], Meta(description="where it runs")] = "cpu"
    compute_type: Annotated[str, Meta(description="CTranslate2 type, such as int8 or float16")] = (
        "int8"
    )
    partials: Annotated[bool, Meta(description="send what is understood so far", extra=LIVE)] = True
    partial_first_ms: Annotated[
        int, Meta(ge=100, le=5000, description="first partial after the onset, in ms", extra=LIVE)
    ] = 350
    partial_every_ms: Annotated[
        int, Meta(ge=100, le=5000, description="time between partials, in ms", extra=LIVE)
    ] = 500
    no_speech_threshold: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="above this likelihood of no speech, unlikely words are taken for noise",
            extra=LIVE,
        ),
    ] = 0.6


class Transcribe(Body, frozen=True, kw_only=True):
    """Transcribes one utterance.

    Either the sound comes at once, in `pcm` or in a `wav` file, or it is streamed as `asr.pcm`
    under this id and ended by `asr.end`. Refused as `bad-request`: a wav file that cannot be read,
    half a sample, more than 600 s; as `busy`: more than 16 utterances at once.
    """

    rate: Annotated[int, Meta(ge=8000, le=48000)] = 16000
    pcm: bytes | None = None
    wav: str | None = None
    preroll_ms: float = 0
    """How much of the beginning lies before the onset."""


class Pcm(Body, frozen=True, kw_only=True):
    """More sound of the utterance, s16le mono."""

    pcm: bytes


class Partial(Body, frozen=True, kw_only=True):
    """What is understood so far; may change."""

    text: str
    upto_ms: float
    """How much of the utterance was looked at."""


class Guess(Body, frozen=True, kw_only=True):
    """The transcript if the utterance ended at the last `asr.pause`."""

    text: str
    decode_ms: float
    """How long that took, without waiting for its turn."""


class Transcript(Body, frozen=True, kw_only=True):
    """The final transcript; an empty text means that nothing was said."""

    text: str
    language: str
    duration_ms: float
    decode_ms: float
    no_speech: float
    confidence: float
    """exp of the mean token log-probability, 0 to 1."""
    guessed: bool = False
    """It had been worked out during the pause; `decode_ms` is then of that work."""


PCM = EventKind("asr.pcm", Pcm)
PAUSE = EventKind("asr.pause", Empty)
"""The speaker may be done: work the final out now, say `asr.guess`, keep it for `asr.end`."""
RESUME = EventKind("asr.resume", Empty)
"""The speaker went on: the guess is void."""
END = EventKind("asr.end", Empty)
PARTIAL = EventKind("asr.partial", Partial, Traffic.LATEST)
GUESS = EventKind("asr.guess", Guess)

TRANSCRIBE = RequestKind(
    "asr.transcribe",
    Transcribe,
    Transcript,
    events=(PARTIAL, GUESS),
    feeds=(PCM, PAUSE, RESUME, END),
    owes=Owes(signs=(PARTIAL, GUESS), after=END),
)

REQUESTS = (TRANSCRIBE,)
EVENTS = ()
