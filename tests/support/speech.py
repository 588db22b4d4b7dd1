"""The spoken test data: what the clips hold."""

import json
import wave
from pathlib import Path
from typing import Any

from kitsu_tui.bench.wer import wer

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


def letters_wrong(said: str, heard: str) -> float:
    """Share of letters that were heard wrongly; over 0.8 for two texts that have nothing in common.

    For answers that are the model's own: a small recogniser takes one short word for three others
    that sound the same ("My banana": "I've been Anna"), which counts in words as four errors.
    """
    return wer(" ".join(filter(str.isalpha, said)), " ".join(filter(str.isalpha, heard)))
