"""What can be told of sound without a model: levels, quiet places, and what a wav file holds."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from engines.harness import Refused
from engines.resample import Samples, resample
from engines.wire import asr

RATE = 16000
"""Samples per second that recognisers take."""
FRAME = RATE // 50
"""Samples in a frame of 20 ms, the unit of levels."""
INAUDIBLE = 0.001
"""RMS of a frame (-60 dBFS) below which nothing can have been said."""
VOICED_BELOW_SPEECH = 0.05
"""A frame is voiced when its RMS is above this part of the speech's own level (-26 dB)."""
MAX_S = 600
"""Longest utterance in seconds."""


def from_pcm(pcm: bytes) -> Samples:
    """s16le mono bytes as floats in -1 to 1.

    Raises:
        Refused: half a sample.
    """
    if len(pcm) % 2:
        raise Refused(
            "bad-request", f"pcm: {len(pcm)} bytes, not a whole number of 16-bit samples (s16le)"
        )
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


def read_wav(path: str) -> tuple[int, Samples]:
    """Rate and sound of a wav file, its channels mixed to one.

    Raises:
        Refused: it cannot be read; names the file and what was found.
    """

    def refuse(found: str) -> Refused:
        return Refused("bad-request", f"wav {path}: {found}")

    try:
        with wave.open(str(Path(path)), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            if not 8000 <= rate <= 48000:
                raise refuse(f"{rate} Hz; 8000 to 48000 Hz can be read")
            if width not in (1, 2, 3, 4):
                raise refuse(f"{width * 8} bits a sample; 8 to 32 can be read")
            if file.getnframes() > rate * MAX_S:
                raise refuse(f"{file.getnframes() / rate:.0f} s long; {MAX_S} s at most")
            data = file.readframes(file.getnframes())
    except FileNotFoundError:
        raise refuse("no such file") from None
    except EOFError:
        raise refuse("not a PCM wav file (it ends within its header)") from None
    except wave.Error as err:
        raise refuse(f"not a PCM wav file ({err})") from None
    except OSError as err:
        raise refuse(f"cannot be read ({err.strerror or err})") from None
    data = data[: len(data) - len(data) % (width * channels)]
    if not data:
        raise refuse("holds no sound")
    return rate, _floats(data, width).reshape(-1, channels).mean(axis=1, dtype=np.float32)


def whole(params: asr.Transcribe) -> Samples | None:
    """The sound that a request brings along, at 16 kHz; None when it is to be streamed.

    Raises:
        Refused: it cannot be used.
    """
    if params.wav is not None:
        rate, samples = read_wav(params.wav)
    elif params.pcm is not None:
        rate, samples = params.rate, from_pcm(params.pcm)
    else:
        return None
    return resample(samples, rate, RATE)


def _floats(data: bytes, width: int) -> Samples:
    if width == 1:  # the only unsigned one
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / np.float32(128)
    if width == 3:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        data, width = wide.tobytes(), 4
    scale = np.float32(2 ** (8 * width - 1))
    return np.frombuffer(data, f"<i{width}").astype(np.float32) / scale


def frame_levels(sound: Samples) -> Samples:
    """RMS of each whole frame of 20 ms."""
    whole = len(sound) // FRAME
    frames = sound[: whole * FRAME].reshape(whole, FRAME)
    levels: Samples = np.sqrt(np.einsum("ij,ij->i", frames, frames) / np.float32(FRAME))
    return levels


def is_voiced(levels: Samples, speech: Samples) -> bool:
    """Whether any two frames in a row of `levels` are as loud as a voice in `speech`.

    The speech's level is its 90th percentile: one click does not raise it.
    """
    if len(levels) < 2 or not len(speech):
        return False
    limit = max(INAUDIBLE * 2, VOICED_BELOW_SPEECH * float(np.percentile(speech, 90)))
    loud = levels > limit
    return bool(np.any(loud[1:] & loud[:-1]))


def is_inaudible(sound: Samples) -> bool:
    """True when no frame is loud enough to be anything."""
    levels = frame_levels(sound)
    return not len(levels) or float(levels.max()) < INAUDIBLE


def quiet_place(sound: Samples, first: int, last: int) -> int:
    """Where to cut: the middle of the quietest 200 ms between samples `first` and `last`."""
    width = 10
    levels = frame_levels(sound[first:last])
    if len(levels) <= width:
        return (first + last) // 2
    energy = np.convolve(levels**2, np.ones(width, np.float32), mode="valid")
    return first + (int(energy.argmin()) + width // 2) * FRAME
