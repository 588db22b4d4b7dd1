"""Synthesizers: one file each. `make` is the only place that knows their names."""

from __future__ import annotations

from engines.tts.backends.base import BadVoice, Chunk, Synthesizer
from engines.wire.tts import Config

__all__ = ["BadVoice", "Chunk", "Synthesizer", "make"]


def make(name: str, config: Config) -> Synthesizer:
    """The synthesizer of that name, not yet loaded."""
    if name == "piper":
        from engines.tts.backends.piper import Piper

        return Piper(config)
    if name == "silent":
        from engines.tts.backends.silent import Silent

        return Silent(config)
    raise ValueError(f"no tts backend {name!r}; there are: piper, silent")
