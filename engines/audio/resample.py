"""16-bit sound at another rate, as it arrives: `engines.resample` for the samples of devices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines import resample as floats
from engines.audio.vad import Samples


class Resampler:
    """Turns s16 samples at one rate into s16 samples at another, chunk by chunk.

    Output sample `k` lies at input sample `k * rate_in / rate_out` exactly, and over a whole
    stream `ceil(n * rate_out / rate_in)` samples come out of `n`, so what was heard can be counted.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self._same = rate_in == rate_out
        self._floats = floats.Resampler(rate_in, rate_out)

    def push(self, samples: Samples, *, last: bool = False) -> Samples:
        """Take input, give what output it completes; with `last` all the rest."""
        if self._same:
            return samples
        made = self._floats.feed(samples.astype(np.float32))
        if last:
            made = np.concatenate((made, self._floats.flush()))
        return _rounded(made)


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """A whole sound at another rate."""
    if rate_in == rate_out:
        return samples
    return _rounded(floats.resample(samples.astype(np.float32), rate_in, rate_out))


def _rounded(samples: npt.NDArray[np.float32]) -> Samples:
    rounded: Samples = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return rounded
