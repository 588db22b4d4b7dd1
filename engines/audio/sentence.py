"""One sentence that is to be heard: what was fed, what waits, what was handed over."""

from __future__ import annotations

from collections import deque
from typing import Literal

from engines.audio.resample import Resampler
from engines.audio.vad import Samples
from engines.wire.envelope import At

Status = Literal["played", "cut", "stale", "muted"]


class Sentence:
    """One sentence. Its attributes are written by the player only.

    Attributes:
        rate: Hz of what is fed.
        status: how it ended, None before.
        audible_ns: when its first non-silent sample was handed over, 0 before.
        failed: why it was given up, if it was: a failure's code and message.
    """

    def __init__(self, rate: int, device_rate: int, at: At | None, *, held: bool) -> None:
        self.rate = rate
        self.at = at
        self.held = held
        self.status: Status | None = None
        self.failed: tuple[str, str] | None = None
        self.audible_ns = 0
        self.underruns = 0
        self.ended = False
        self.fed = 0
        """Samples fed, at `rate`."""
        self.unplayed = 0
        """Samples that wait, at the player's rate."""
        self.granted = 0
        """Events that the asker may still feed."""
        self.chunks: deque[Samples] = deque()
        self.offset = 0
        self.starved = 0
        self.muted = False
        self.heard_before = 0
        self.heard_device = 0
        self.resampler = Resampler(rate, device_rate)

    @property
    def over(self) -> bool:
        """True when it has ended, in whatever way."""
        return self.status is not None

    def heard(self, device_rate: int) -> int:
        """Samples handed to the device, at the rate of the sentence."""
        if self.status == "played":
            return self.fed
        return min(self.fed, self.heard_before + self.heard_device * self.rate // device_rate)
