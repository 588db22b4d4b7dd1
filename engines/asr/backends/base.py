"""What a recogniser must be able to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from engines.resample import Samples


class Heard(Struct, frozen=True, kw_only=True):
    """What was understood of a piece of sound."""

    text: str
    """Empty when nothing was said."""
    no_speech: float
    """Likelihood that nothing was said, 0 to 1."""
    confidence: float
    """exp of the mean token log-probability, 0 to 1; 0 for an empty text."""
    decode_ms: float
    """Time that the work took, without waiting for its turn."""


class Recogniser(Protocol):
    """A loaded model. Called by one thread at a time.

    Attributes:
        threshold: likelihood of no speech above which unlikely words are noise; may be set from
            another thread at any time.
    """

    threshold: float

    def decode(self, sound: Samples, *, final: bool, wanted: Callable[[], bool]) -> Heard | None:
        """Understand `sound`, 16 kHz mono, at most 30 s.

        Args:
            sound: floats in -1 to 1.
            final: take the time to get it right; a partial is quick and may be rough.
            wanted: looked at between the steps of the work; None is returned when it says no.
        """
        ...
