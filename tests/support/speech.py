"""The spoken test data: what the clips hold."""

import json
import wave
from pathlib import Path
from typing import Any

SPEECH = Path(__file__).parents[1] / "data" / "speech"
CLIPS: dict[str, dict[str, Any]] = {
    clip["file"].removesuffix(".wav"): clip
    for clip in json.loads((SPEECH / "index.json").read_text("utf-8"))["clips"]
}
"""Entries of index.json by name: text, kind, duration_ms, speech_start_ms, speech_end_ms."""


def pcm_of(name: str) -> bytes:
    """The samples of a clip, 16 kHz s16le mono."""
    with wave.open(str(SPEECH / f"{name}.wav"), "rb") as file:
        return file.readframes(file.getnframes())


def silence(ms: float) -> bytes:
    """Digital silence, 16 kHz s16le mono."""
    return bytes(2 * round(16 * ms))
