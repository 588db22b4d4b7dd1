"""Silence at the edges: found and cut, without numpy. PCM is s16 mono in the machine's order."""

from __future__ import annotations

from array import array

QUIET = 200
"""A stretch whose peak is below this (of 32,767: -44 dB) is silence."""
WINDOW_MS = 5


def audible(pcm: bytes | bytearray) -> bool:
    """True when a stretch is louder than silence."""
    samples = array("h", bytes(pcm))
    return bool(samples) and (max(samples) >= QUIET or min(samples) <= -QUIET)


class Trimmer:
    """Cuts the silence around a stretch of speech that arrives in pieces.

    Feed it pieces; it gives back what may be played already, holding back silence until it is
    known to lie between words (then it comes out whole) or at the end.

    Args:
        rate: samples a second.
        lead_ms: silence kept before the first audible window.
    """

    def __init__(self, rate: int, lead_ms: float) -> None:
        self._window = max(1, rate * WINDOW_MS // 1000) * 2
        self._rate = rate
        self._lead = round(rate * lead_ms / 1000) * 2
        self._held = bytearray()
        self._begun = False
        self.dropped = 0
        """Samples cut before the first sound."""
        self.given = 0
        """Samples given back so far."""

    @property
    def begun(self) -> bool:
        """True once something audible has come."""
        return self._begun

    def feed(self, pcm: bytes) -> bytes:
        """Take a piece and give back what may be played."""
        self._held += pcm
        loud_to = self._last_loud()
        if loud_to == 0:
            return b""
        if not self._begun:
            self._begun = True
            first = max(0, self._first_loud() - self._lead)
            self.dropped = first // 2
            del self._held[:first]
            loud_to -= first
        return self._give(loud_to)

    def end(self, tail_ms: float, at_least: int = 0) -> bytes:
        """The rest: at most `tail_ms` of the silence held, more only up to sample `at_least`.

        `at_least` counts samples as they were fed, silence that was cut included.
        """
        keep = max(round(self._rate * tail_ms / 1000), at_least - self.dropped - self.given)
        return self._give(min(len(self._held), 2 * max(0, keep)))

    def _give(self, size: int) -> bytes:
        out = bytes(self._held[:size])
        del self._held[:size]
        self.given += size // 2
        return out

    def _first_loud(self) -> int:
        for at in range(0, len(self._held), self._window):
            if audible(self._held[at : at + self._window]):
                return at
        return len(self._held)

    def _last_loud(self) -> int:
        """Where the silence at the end begins; 0 when there is only silence."""
        for at in range(len(self._held), 0, -self._window):
            if audible(self._held[max(0, at - self._window) : at]):
                return at
        return 0


class Slicer:
    """Cuts sound into events of 20 to 100 ms."""

    def __init__(self, rate: int) -> None:
        self._least = rate * 20 // 1000 * 2
        self._most = rate * 100 // 1000 * 2
        self._held = b""

    def feed(self, pcm: bytes) -> list[bytes]:
        """Take sound and give back events; less than 20 ms waits for more."""
        self._held += pcm
        if len(self._held) < self._least:
            return []
        data, self._held = self._held, b""
        count = -(-len(data) // self._most)
        step = -(-len(data) // (2 * count)) * 2
        return [data[at : at + step] for at in range(0, len(data), step)]

    def end(self) -> list[bytes]:
        """The rest, filled up with silence to 20 ms."""
        if not self._held:
            return []
        data, self._held = self._held.ljust(self._least, b"\0"), b""
        return [data]
