"""Changing the rate of a stream: a windowed-sinc low-pass in polyphase form.

The filter is linear in phase and its delay is taken away, so that output sample `k` lies at input
sample `k * rate_in / rate_out` exactly, and what was heard can be counted.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engines.audio.vad import Samples

HALF_TAPS = 16
"""Zero crossings on each side of the sinc, at the lower of both rates."""
MAX_PHASES = 2048
"""Odd ratios take the nearest of so many phases: an error below -60 dB."""
BETA = 8.0
"""Kaiser window: about 80 dB down in the stop band."""
ROLLOFF = 0.92

Floats = npt.NDArray[np.float32]


@lru_cache(maxsize=16)
def _bank(up: int, down: int) -> tuple[Floats, int]:
    """Filters by phase, oldest input first, and the half width in input samples."""
    cutoff = min(1.0, up / down)
    half = math.ceil(HALF_TAPS / cutoff)
    phases = min(up, MAX_PHASES)
    offsets = np.arange(-half + 1, half + 1)[None, :] - (np.arange(phases) / phases)[:, None]
    window = np.i0(BETA * np.sqrt(np.maximum(0.0, 1 - (offsets / half) ** 2))) / np.i0(BETA)
    band = cutoff * ROLLOFF
    bank = band * np.sinc(band * offsets) * window
    bank /= bank.sum(axis=1, keepdims=True)
    return bank.astype(np.float32), half


class Resampler:
    """Turns s16 samples at one rate into s16 samples at another, chunk by chunk.

    Over a whole stream `ceil(n * rate_out / rate_in)` samples come out of `n`.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        common = math.gcd(rate_in, rate_out)
        self._up = rate_out // common
        self._down = rate_in // common
        self._same = self._up == self._down
        if not self._same:
            self._bank, self._half = _bank(self._up, self._down)
            self._phases = len(self._bank)
            # Half a filter of silence stands before the first sample.
            self._held: Floats = np.zeros(self._half - 1, np.float32)
        self._start = 0
        """Input index of `_held[half - 1]`."""
        self._taken = 0
        self._made = 0

    def push(self, samples: Samples, *, last: bool = False) -> Samples:
        """Take input, give what output it completes; with `last` all the rest."""
        if self._same:
            return samples
        self._taken += len(samples)
        held = np.concatenate((self._held, samples.astype(np.float32)))
        if last:
            held = np.concatenate((held, np.zeros(self._half, np.float32)))
            until = -(-self._taken * self._up // self._down)
        else:
            # Output k needs input up to floor(k * down / up) + half.
            until = max(self._made, -(-(self._taken - self._half) * self._up // self._down))
        out = self._filter(held, until)
        first = self._made * self._down // self._up
        drop = min(first - self._start, len(held))
        if drop > 0:
            held = held[drop:]
            self._start += drop
        self._held = held
        return out

    def _filter(self, held: Floats, until: int) -> Samples:
        if until <= self._made:
            return np.zeros(0, np.int16)
        at = np.arange(self._made, until, dtype=np.int64) * self._down
        index = at // self._up - self._start
        phase = (at % self._up) * self._phases // self._up
        rows = np.lib.stride_tricks.sliding_window_view(held, 2 * self._half)[index]
        mixed = np.einsum("ij,ij->i", rows, self._bank[phase])
        self._made = until
        made: Samples = np.clip(np.rint(mixed), -32768, 32767).astype(np.int16)
        return made


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """A whole sound at another rate."""
    resampler = Resampler(rate_in, rate_out)
    step = rate_in  # a second at a time bounds the memory
    parts = [
        resampler.push(samples[start : start + step]) for start in range(0, len(samples), step)
    ]
    parts.append(resampler.push(np.zeros(0, np.int16), last=True))
    return np.concatenate(parts)
