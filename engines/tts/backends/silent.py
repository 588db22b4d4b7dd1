"""The last resort: silence of the length that the text would take. Never fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from engines.tts.backends.base import BadVoice, Chunk
from engines.wire.tts import Config, Viseme

CHARS_PER_S = 14.0
"""An ordinary English speaking pace, spaces included."""
CHUNK_MS = 100


class Silent:
    """Deterministic silence, so that timing, captions and turns go on when every voice fails."""

    name = "silent"
    voice = "silent"
    rate = 22050
    identity = "silent"
    reader = ""

    def __init__(self, config: Config) -> None:
        self._pace = CHARS_PER_S * config.speed

    def load(self) -> None:
        """Nothing to load."""

    def retuned(self, config: Config) -> Silent:
        """Silence at another pace."""
        return Silent(config)

    def speaker(self, voice: str) -> int:
        """It has one voice, and that is silent."""
        if voice not in ("", self.voice):
            raise BadVoice(f"voice {voice!r} is not known here; there is only silence")
        return 0

    def reading(self, text: str) -> str:
        """Nothing is pronounced."""
        return ""

    def speak(self, text: str, speaker: int, stop: threading.Event) -> Iterator[Chunk]:
        """Silence in chunks of 100 ms."""
        left = round(len(text) / self._pace * self.rate)
        visemes: tuple[Viseme, ...] = (Viseme(0.0, "rest", 1.0),)
        while left > 0 and not stop.is_set():
            samples = min(left, self.rate * CHUNK_MS // 1000)
            left -= samples
            yield Chunk(bytes(2 * samples), visemes)
            visemes = ()
