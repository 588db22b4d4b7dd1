"""The synthesizers in order: what fails hands over to the next, and silence stands last."""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Iterator, Sequence

from engines.harness.errors import ConfigError, Missing
from engines.tts.backends import Chunk, Synthesizer
from engines.tts.text import speakable
from engines.wire.tts import Config

log = logging.getLogger("tts")

SILENT = "silent"

Maker = Callable[[str, Config], Synthesizer]
"""Makes a synthesizer by its name."""


class Chain:
    """The configured backend, its fallbacks, and silence.

    A voice whose files are missing or broken is told loudly: with no other real voice to fall
    back on, `load` raises `Missing` rather than let a show go on air mute. Any other failure,
    at load or at a sentence, hands over to the next, at the last to silence.

    Attributes:
        trouble: what failed at load, empty when all is well.
    """

    def __init__(self, config: Config, maker: Maker) -> None:
        names = dict.fromkeys([config.backend, *config.fallback_backends, SILENT])
        self._backends = [maker(name, config) for name in names]
        self.trouble = ""

    @property
    def first(self) -> Synthesizer:
        """The one that speaks when nothing fails."""
        return self._backends[0]

    def load(self) -> None:
        """Load all of them; those that cannot be loaded leave the chain.

        Raises:
            Missing: no real voice is left, and one is missing its files or package.
            ConfigError: the configuration asks for what a voice has not.
        """
        loaded: list[Synthesizer] = []
        failures: list[str] = []
        missing: Missing | None = None
        for backend in self._backends:
            try:
                backend.load()
            except ConfigError:
                raise
            except Missing as err:
                missing = missing or err
                failures.append(f"{backend.name}: {err}")
            except Exception as err:
                log.error("tts backend %s cannot be loaded", backend.name, exc_info=err)
                failures.append(f"{backend.name}: {type(err).__name__}: {err}")
            else:
                loaded.append(backend)
        if missing is not None and all(backend.name == SILENT for backend in loaded):
            raise missing
        self._backends = loaded
        if failures:
            self.trouble = f"speaking with {self.first.name}; failed: " + "; ".join(failures)

    def retuned(self, config: Config) -> Chain:
        """The same synthesizers with another speaker or pace; see `Synthesizer.retuned`."""
        other = copy.copy(self)
        other._backends = [backend.retuned(config) for backend in self._backends]
        return other

    def readers(self) -> list[str]:
        """Who decides how texts are read, of all that tell it; see `Synthesizer.reader`."""
        return list(dict.fromkeys(one.reader for one in self._backends if one.reader))

    def readings(self, texts: Sequence[str], reader: str = "") -> list[str]:
        """How a backend pronounces texts; empty for one that has no sound.

        Args:
            reader: of whom; empty: of the first.

        Raises:
            Missing: there is none of that name.
        """
        mine = (one for one in self._backends if one.reader == reader)
        backend = next(mine, None) if reader else self.first
        if backend is None:
            raise Missing(f"no voice here reads as {reader!r}")
        return [backend.reading(said) if (said := speakable(text)) else "" for text in texts]

    def speak(
        self, text: str, speaker: int, stop: threading.Event, told: Saying
    ) -> Iterator[Chunk]:
        """Say a text with the first backend that can. `told` is filled in on the way, what is
        pronounced before the first chunk.

        A voice that breaks off in the middle is not replaced there: words would be said twice.
        """
        for backend in self._backends:
            told.backend, told.voice, told.rate = backend.name, backend.voice, backend.rate
            sounded = False
            try:
                told.phonemes, told.reader = backend.reading(text), backend.reader
                own = speaker if backend is self.first else backend.speaker("")
                for chunk in backend.speak(text, own, stop):
                    sounded = sounded or bool(chunk.pcm)
                    yield chunk
            except Exception as err:
                if backend.name == SILENT:
                    raise
                log.error("tts backend %s failed at a sentence", backend.name, exc_info=err)
                told.failures.append(f"{backend.name}: {type(err).__name__}: {err}")
                if sounded:
                    told.broke_off = True
                    return
                continue
            return


class Saying:
    """What became of one sentence."""

    __slots__ = ("backend", "broke_off", "failures", "phonemes", "rate", "reader", "voice")

    def __init__(self) -> None:
        self.backend = self.voice = self.phonemes = self.reader = ""
        self.rate = 0
        self.failures: list[str] = []
        self.broke_off = False

    @property
    def silent(self) -> bool:
        """A real voice was asked for, and silence was made (or the sentence broke off)."""
        return bool(self.failures) and (self.backend == SILENT or self.broke_off)

    @property
    def detail(self) -> str:
        """What failed, for the result and the status."""
        text = "; ".join(self.failures)
        return f"broke off: {text}" if self.broke_off else text
