"""Any sample rate to another, as the sound arrives.

A windowed-sinc low-pass evaluated only where output samples fall (a polyphase filter), so chunks
of any size give the same samples as the whole at once.
"""

from __future__ import annotations

from math import ceil, gcd

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

ZEROS = 24
"""Zero crossings of the sinc on each side: about 80 dB down half a transition beyond the edge."""
ROLLOFF = 0.94
"""Edge of the pass band, relative to the lower of the two Nyquist frequencies."""
BETA = 8.6
"""Shape of the Kaiser window: side lobes near -90 dB."""
BLOCK = 8192
"""Output samples worked out at a time, which bounds the memory of a long clip."""


class Resampler:
    """Converts mono float samples from `source` to `target` Hz.

    The output starts where the input does: the filter's delay is taken out, and `flush` gives the
    tail, so `n` samples in make `ceil(n * target / source)` samples out.
    """

    def __init__(self, source: int, target: int) -> None:
        if source <= 0 or target <= 0:
            raise ValueError(f"sample rates must be positive, found {source} and {target}")
        common = gcd(source, target)
        self._up, self._down = target // common, source // common
        self._fed = 0
        self._made = 0
        if self._up == self._down:
            return
        cutoff = min(1.0, target / source) * ROLLOFF
        self._half = ceil(ZEROS / cutoff)
        self._table = _filters(self._up, self._half, cutoff)
        # `_held` begins `_half` samples before input sample 0: silence.
        self._held: Samples = np.zeros(self._half, np.float32)
        self._held_from = -self._half

    def feed(self, samples: Samples) -> Samples:
        """The output samples that can be worked out with `samples` added."""
        self._fed += len(samples)
        if self._up == self._down:
            return samples
        self._held = np.concatenate((self._held, samples))
        # Output m lies at input position m * down / up and needs `_half` samples beyond it.
        last = self._fed - 1 - self._half
        count = (last * self._up + self._up - 1) // self._down + 1 if last >= 0 else 0
        return self._make(count)

    def flush(self) -> Samples:
        """The rest, with silence taken for what would have followed."""
        if self._up == self._down or not self._fed:
            return np.zeros(0, np.float32)
        self._held = np.concatenate((self._held, np.zeros(self._half + 1, np.float32)))
        return self._make(ceil(self._fed * self._up / self._down))

    def _make(self, until: int) -> Samples:
        if until <= self._made:
            return np.zeros(0, np.float32)
        parts: list[Samples] = []
        width = np.arange(2 * self._half + 1)
        for begin in range(self._made, until, BLOCK):
            ticks = np.arange(begin, min(until, begin + BLOCK), dtype=np.int64) * self._down
            at, phase = ticks // self._up, ticks % self._up
            first = at - self._half - self._held_from
            window = self._held[first[:, None] + width]
            parts.append(np.einsum("ij,ij->i", window, self._table[phase]).astype(np.float32))
        self._made = until
        drop = (until * self._down) // self._up - self._half - self._held_from
        if drop > 0:
            self._held = self._held[drop:]
            self._held_from += drop
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def resample(samples: Samples, source: int, target: int) -> Samples:
    """The whole of `samples` at another rate."""
    resampler = Resampler(source, target)
    return np.concatenate((resampler.feed(samples), resampler.flush()))


def _filters(phases: int, half: int, cutoff: float) -> Samples:
    """One row of taps for each phase, shape (phases, 2 * half + 1), each summing to 1."""
    offset = np.arange(-half, half + 1)[None, :] - (np.arange(phases) / phases)[:, None]
    window = np.i0(BETA * np.sqrt(np.clip(1 - (offset / (half + 1)) ** 2, 0, None))) / np.i0(BETA)
    taps = cutoff * np.sinc(cutoff * offset) * window
    normed: Samples = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
    return normed
