"""What the engine asks of a synthesizer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from engines.wire.tts import Config, Viseme


class BadVoice(Exception):
    """The asked voice or speaker does not exist; the message names those that do."""


class Chunk(NamedTuple):
    """A stretch of sound.

    Attributes:
        pcm: s16le mono; may be empty when there are only visemes to tell.
        visemes: mouth shapes of this stretch and perhaps of what follows it, in ms from the
            beginning of the sentence, sorted; none lies behind the sentence's end.
    """

    pcm: bytes
    visemes: tuple[Viseme, ...] = ()


class Synthesizer(Protocol):
    """Turns text into sound. Called from one worker thread, never from two.

    Attributes:
        name: of the backend.
        voice: what the configured voice is called.
        rate: samples a second; known after `load`.
        identity: changes whenever the same text may sound different (file, speaker, pace).
        reader: who decides how a text is read; changes whenever a `reading` may. Empty when it
            tells none. Known after `load`.
    """

    name: str
    voice: str
    rate: int
    identity: str
    reader: str

    def load(self) -> None:
        """Read the model and warm it up.

        Raises:
            Missing: a file or a package is not there or cannot be read; says what to do.
            ConfigError: the configuration asks for what the voice has not.
        """

    def retuned(self, config: Config) -> Synthesizer:
        """This synthesizer with another speaker or pace: what was loaded is shared, this one is
        left as it is. Called after `load`, in the worker thread.

        Raises:
            ConfigError: the configuration asks for what the voice has not.
        """

    def speaker(self, voice: str) -> int:
        """The number of the speaker that a request's `voice` means (empty: the configured one).

        Raises:
            BadVoice: there is none of that name.
        """

    def reading(self, text: str) -> str:
        """How a text will be pronounced, as `engines.wire.tts.Reading` tells it; empty when the
        voice tells none or nothing in it has a sound.
        """

    def speak(self, text: str, speaker: int, stop: threading.Event) -> Iterator[Chunk]:
        """Say a text that holds something to say, first sound as early as possible.

        Ends early, without an error, soon after `stop` is set.
        """
