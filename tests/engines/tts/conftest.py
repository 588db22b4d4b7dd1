"""A real voice, loaded once; and synthesizers that fail or wait when told to."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines.tts.backends import Chunk, Synthesizer, make
from engines.tts.backends.piper import Piper
from engines.tts.engine import TtsEngine
from engines.wire.tts import Config
from kitsu_tui.config.models import ModelStore

VOICE = "piper-en_US-joe-medium"


@pytest.fixture(scope="session")
def voice(starter_models: ModelStore) -> Path:
    """The starter's .onnx file."""
    return starter_models.path(VOICE)


@pytest.fixture(scope="session")
def loaded(voice: Path) -> Piper:
    """The starter's voice, ready to speak."""
    piper = Piper(Config(model=str(voice)))
    piper.load()
    return piper


class Watched:
    """A loaded voice that counts what it makes, and waits or fails where a test says so."""

    name = "piper"

    def __init__(self, voice: Piper) -> None:
        self._voice = voice
        self.voice, self.rate, self.identity = voice.voice, voice.rate, voice.identity
        self.reader = voice.reader
        self.said: list[str] = []
        self.finished = 0
        self.gate = threading.Event()
        """Closed, every chunk waits for a `step`, or for the gate to open."""
        self.gate.set()
        self._steps = threading.Semaphore(0)
        self.fail_load: Exception | None = None
        self.fail_after: int | None = None

    def step(self) -> None:
        """Let one chunk that waits at the closed gate pass."""
        self._steps.release()

    def load(self) -> None:
        if self.fail_load is not None:
            raise self.fail_load

    def retuned(self, config: Config) -> Watched:
        other = copy.copy(self)  # at the same gate
        other._voice = self._voice.retuned(config)
        other.identity = other._voice.identity
        return other

    def speaker(self, voice: str) -> int:
        return self._voice.speaker(voice)

    def reading(self, text: str) -> str:
        return self._voice.reading(text)

    def speak(self, text: str, speaker: int, stop: threading.Event) -> Iterator[Chunk]:
        self.said.append(text)
        if self.fail_after == 0:
            raise RuntimeError("out of memory")
        for number, chunk in enumerate(self._voice.speak(text, speaker, stop), 1):
            if not self.gate.is_set():
                self._steps.acquire(timeout=30)
            yield chunk
            if self.fail_after == number:
                raise RuntimeError("out of memory")
        if not stop.is_set():
            self.finished += 1


@pytest.fixture
def watched(loaded: Piper) -> Watched:
    return Watched(loaded)


@pytest.fixture
def engine(watched: Watched) -> type[TtsEngine]:
    """The engine with the loaded voice in it, so that a test does not load it again."""
    return engine_with(lambda name, config: watched if name == "piper" else make(name, config))


def engine_with(maker: Callable[[str, Config], Synthesizer]) -> type[TtsEngine]:
    class Bench(TtsEngine):
        @staticmethod
        def backend(name: str, config: Config) -> Synthesizer:
            return maker(name, config)

    return Bench
