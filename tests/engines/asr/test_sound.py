"""Rates, levels and wav files."""

import wave
from pathlib import Path

import numpy as np
import pytest

from engines.asr.sound import (
    FRAME,
    frame_levels,
    from_pcm,
    is_inaudible,
    is_voiced,
    quiet_place,
    read_wav,
)
from engines.harness import Refused
from engines.resample import Resampler, Samples, resample


def tone(hertz: float, rate: int, seconds: float = 1.0) -> Samples:
    wave_ = np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)
    return wave_.astype(np.float32)


def level(samples: Samples) -> float:
    """In dB, a full-scale sine being 0."""
    middle = samples[1000:-1000].astype(np.float64)
    return float(10 * np.log10(2 * np.mean(middle**2) + 1e-12))


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 24000, 44100, 48000])
def test_a_tone_keeps_its_level_and_its_place(rate: int) -> None:
    made = resample(tone(440, rate), rate, 16000)
    assert len(made) == 16000
    assert np.abs(made - tone(440, 16000))[200:-200].max() < 1e-3


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_what_the_target_cannot_hold_does_not_fold_back(rate: int) -> None:
    assert level(resample(tone(6500, rate), rate, 16000)) == pytest.approx(0, abs=0.5)
    assert level(resample(tone(9000, rate), rate, 16000)) < -80


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 47999])
def test_chunks_make_the_same_sound_as_the_whole(rate: int) -> None:
    sound = np.random.default_rng(1).standard_normal(rate // 2).astype(np.float32)
    resampler = Resampler(rate, 16000)
    parts = [resampler.feed(part) for part in np.array_split(sound, 37)]
    made = np.concatenate([*parts, resampler.flush()])
    np.testing.assert_allclose(made, resample(sound, rate, 16000), atol=1e-6)


def test_a_rate_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="positive"):
        Resampler(0, 16000)
    assert len(Resampler(8000, 16000).flush()) == 0


@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 2), (3, 1), (4, 2)])
def test_wav_files_of_every_width_hold_the_same_sound(
    tmp_path: Path, width: int, channels: int
) -> None:
    sound = 0.5 * tone(300, 22050, 0.1)
    whole = np.round(sound.astype(np.float64) * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        whole += 128
    raw = b"".join(
        int(sample).to_bytes(width, "little", signed=width > 1) * channels for sample in whole
    )
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, 22050, 0, "NONE", ""))
        file.writeframes(raw)
    rate, read = read_wav(str(path))
    assert rate == 22050
    np.testing.assert_allclose(read, sound, atol=0.02 if width == 1 else 1e-3)


def test_a_wav_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(3200))
    path.write_bytes(path.read_bytes()[:-1601])
    assert len(read_wav(str(path))[1]) == 799


def test_samples_are_halves_of_words() -> None:
    np.testing.assert_allclose(from_pcm(b"\x00\x40\x00\x80"), [0.5, -1.0])
    with pytest.raises(Refused, match="3 bytes"):
        from_pcm(b"abc")


def test_a_click_is_not_a_voice_but_40_ms_are() -> None:
    speech = frame_levels(0.3 * tone(200, 16000))
    quiet = np.zeros(10, np.float32)
    click = quiet.copy()
    click[4] = 0.5
    voice = click.copy()
    voice[5] = 0.4
    assert not is_voiced(quiet, speech)
    assert not is_voiced(click, speech)
    assert is_voiced(voice, speech)
    assert not is_voiced(voice, quiet[:0])


def test_what_is_too_quiet_to_be_anything() -> None:
    assert is_inaudible(np.zeros(0, np.float32))
    assert is_inaudible(np.full(16000, 0.0005, np.float32))
    assert not is_inaudible(np.full(16000, 0.002, np.float32))


def test_a_cut_falls_into_the_pause() -> None:
    sound = tone(200, 16000, 4.0)
    sound[40000:46000] = 0
    at = quiet_place(sound, 16000, 60000)
    assert 40000 + FRAME < at < 46000 - FRAME
    assert 100 <= quiet_place(sound, 100, 200) <= 200
