"""Holds the decodes of a recogniser back, so that a test decides what happens first."""

import threading
from collections.abc import Callable

from engines.asr.backends import Heard, Recogniser
from engines.resample import Samples

LIMIT_S = 30.0


class Gate:
    """The real recogniser; while it is closed, decodes wait before they begin.

    Attributes:
        begun: seconds of sound and whether it was a final, of each decode that began.
        ended: how many ended.
    """

    def __init__(self, real: Recogniser) -> None:
        self._real = real
        self._open = threading.Event()
        self._open.set()
        self.begun: list[tuple[float, bool]] = []
        self.ended = 0

    @property
    def threshold(self) -> float:
        """The recogniser's own."""
        return self._real.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self._real.threshold = value

    def close(self) -> None:
        """Hold back what comes now."""
        self._open.clear()

    def open(self) -> None:
        """Let everything through."""
        self._open.set()

    def decode(self, sound: Samples, *, final: bool, wanted: Callable[[], bool]) -> Heard | None:
        """See `Recogniser`."""
        self.begun.append((len(sound) / 16000, final))
        assert self._open.wait(LIMIT_S), "the gate was never opened"
        heard = self._real.decode(sound, final=final, wanted=wanted)
        self.ended += 1
        return heard
