"""Rates: the right length, the right pitch, no aliases, the same in any chunks."""

import numpy as np
import pytest

from engines.audio.resample import Resampler, resample
from engines.audio.vad import Samples

PAIRS = [(22050, 48000), (22050, 44100), (48000, 16000), (44100, 16000), (22051, 48000)]


def tone(hz: float, rate: int, seconds: float = 0.5) -> Samples:
    made: Samples = (np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate) * 10000).astype(
        np.int16
    )
    return made


@pytest.mark.parametrize(("rate_in", "rate_out"), PAIRS)
def test_a_tone_stays_where_it_is(rate_in: int, rate_out: int) -> None:
    source = tone(1000, rate_in)
    made = resample(source, rate_in, rate_out)
    assert len(made) == -(-len(source) * rate_out // rate_in)
    ideal = np.sin(2 * np.pi * 1000 * np.arange(len(made)) / rate_out) * 10000
    middle = slice(500, -500)
    error = float(np.std(made[middle] - ideal[middle]))
    assert 20 * np.log10(7071 / error) > 70  # nearest neighbour has 25


@pytest.mark.parametrize(("rate_in", "rate_out"), PAIRS)
def test_chunks_make_no_difference(rate_in: int, rate_out: int) -> None:
    source = tone(440, rate_in)
    resampler, rng, parts, at = Resampler(rate_in, rate_out), np.random.default_rng(1), [], 0
    while at < len(source):
        n = int(rng.integers(1, 900))
        parts.append(resampler.push(source[at : at + n]))
        at += n
    parts.append(resampler.push(source[:0], last=True))
    assert np.array_equal(np.concatenate(parts), resample(source, rate_in, rate_out))


def test_what_cannot_be_had_at_the_lower_rate_is_gone() -> None:
    made = resample(tone(9500, 48000), 48000, 16000)
    assert np.abs(made[100:-100]).max() <= 3


def test_the_same_rate_is_untouched() -> None:
    source = tone(440, 16000)
    assert resample(source, 16000, 16000).tobytes() == source.tobytes()
