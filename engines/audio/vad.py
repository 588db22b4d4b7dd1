"""Which frames are voice, and when voice becomes speech, a pause, an end. No clock, no device.

Two parts. `VoiceGate` judges one frame: the WebRTC detector (a Gaussian mixture over six sub-bands,
with an overhang of up to 100 ms after speech) and a level gate that follows the noise floor, which
takes the overhang away again, so that the last voiced frame is the voice's and not the detector's.
`Endpointer` turns voiced and unvoiced frames into transitions, with hysteresis: a single blip
neither begins speech nor takes back a pause.
"""

from __future__ import annotations

import math
from collections import deque
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

FLOOR_WINDOW_S = 3.0
"""The noise floor is the quietest frame of this time, smoothed."""
FLOOR_MARGIN_DB = 6.0
FLOOR_GATE_MAX_DB = -35.0
"""The noise floor never lifts the gate above this: loud music must not make her deaf."""
SILENCE_DB = -100.0
DIGITAL_SILENCE_DB = -90.0
RISE_FRAMES = 10


def level_db(samples: Samples) -> float:
    """RMS of a frame in dBFS, -100 for silence."""
    if not samples.size:
        return SILENCE_DB
    wide = samples.astype(np.float32)
    power = float(np.dot(wide, wide)) / samples.size
    return 10.0 * math.log10(power / 32768.0**2) if power > 0.1 else SILENCE_DB


class Detector(Protocol):
    """What `webrtcvad.Vad` is to us."""

    def is_speech(self, buf: bytes, sample_rate: int) -> bool:
        """Judge 10, 20 or 30 ms of s16le mono."""

    def set_mode(self, mode: int) -> None:
        """How strict it is, 0 to 3."""


class VoiceGate:
    """Judges frames of `frame_ms` at `rate`.

    Args:
        detector: the WebRTC detector, or a stand-in.
        rate: Hz.
        frame_ms: length of a frame.
        min_level_db: frames below are never voice.
    """

    def __init__(
        self, detector: Detector, rate: int, frame_ms: int, min_level_db: float = -50.0
    ) -> None:
        self._detector = detector
        self._rate = rate
        self._min_level_db = min_level_db
        self._recent: deque[float] = deque(maxlen=max(1, round(FLOOR_WINDOW_S * 1000 / frame_ms)))
        self._since = 0
        self._floor: float | None = None

    def retune(self, level: int, min_level_db: float) -> None:
        """Be as strict as this from the next frame on."""
        self._detector.set_mode(level)
        self._min_level_db = min_level_db

    @property
    def gate_db(self) -> float:
        """Level below which a frame is not voice now."""
        floor = SILENCE_DB if self._floor is None else self._floor
        return max(self._min_level_db, min(floor + FLOOR_MARGIN_DB, FLOOR_GATE_MAX_DB))

    def __call__(self, frame: Samples) -> bool:
        """True when the frame is voice."""
        level = level_db(frame)
        self._follow(level)
        if level < DIGITAL_SILENCE_DB:
            return False
        speech = self._detector.is_speech(frame.tobytes(), self._rate)
        return bool(speech) and level >= self.gate_db

    def _follow(self, level: float) -> None:
        if self._floor is None:
            self._floor = level
        if level < DIGITAL_SILENCE_DB <= self._floor:
            return  # a mute, a margin between files: it says nothing of the room
        self._recent.append(level)
        self._since += 1
        if level < self._floor:
            self._floor = level  # a floor that falls is believed at once, one that rises slowly
        elif self._since >= RISE_FRAMES:
            self._since = 0
            self._floor = self._floor * 0.7 + min(self._recent) * 0.3


class Transition(Enum):
    """What a frame changed."""

    ONSET = "onset"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


class Endpointer:
    """Hysteresis over frames.

    Onset: `onset_ms` of voiced frames within twice that time. Pause: `pause_ms` without voice.
    Resume: after a pause, `onset_ms` (60 at most) of voice within twice that time. End:
    `silence_ms` without voice.

    Attributes:
        speaking: between onset and end.
        paused: between pause and resume or end.
        onset_ns: start of the first voiced frame of this utterance.
        last_voiced_ns: end of its last voiced frame.
    """

    def __init__(self, frame_ms: int, onset_ms: int, pause_ms: int, silence_ms: int) -> None:
        self._frame_ms = frame_ms
        self._frame_ns = frame_ms * 1_000_000
        self._window: deque[int] = deque()
        """Ends of the last voiced frames that have not yet made speech or a resumption."""
        self.retune(onset_ms, pause_ms, silence_ms)
        self.speaking = False
        self.paused = False
        self.onset_ns = 0
        self.last_voiced_ns = 0

    def retune(self, onset_ms: int, pause_ms: int, silence_ms: int) -> None:
        """Go by other times from the next frame on, in an utterance that is under way as well."""
        self._onset = max(1, math.ceil(onset_ms / self._frame_ms))
        self._resume = max(1, min(self._onset, math.ceil(60 / self._frame_ms)))
        self._pause_ns = min(pause_ms, silence_ms) * 1_000_000
        self._silence_ns = silence_ms * 1_000_000
        self._window = deque(self._window, maxlen=self._onset)

    @property
    def window_ns(self) -> int:
        """How far back an onset may lie when it is recognised."""
        return 2 * self._onset * self._frame_ns

    def reset(self) -> None:
        """Forget everything: nobody is speaking."""
        self.speaking = self.paused = False
        self._window.clear()

    def push(self, voiced: bool, end_ns: int) -> list[Transition]:
        """Take a frame that ended at `end_ns`; returns what it changed, in order."""
        if voiced:
            return self._voiced(end_ns)
        return self._unvoiced(end_ns)

    def _voiced(self, end_ns: int) -> list[Transition]:
        if self.speaking and not self.paused:
            self.last_voiced_ns = end_ns
            return []
        need = self._resume if self.speaking else self._onset
        self._window.append(end_ns)
        span = 2 * need * self._frame_ns
        while self._window[0] - self._frame_ns < end_ns - span:
            self._window.popleft()
        if len(self._window) < need:
            return self._unvoiced(end_ns)
        first = self._window[0] - self._frame_ns
        self._window.clear()
        self.last_voiced_ns = end_ns
        if self.speaking:
            self.paused = False
            return [Transition.RESUME]
        self.speaking = True
        self.onset_ns = first
        return [Transition.ONSET]

    def _unvoiced(self, end_ns: int) -> list[Transition]:
        if not self.speaking:
            return []
        changed = []
        quiet = end_ns - self.last_voiced_ns
        if not self.paused and quiet >= self._pause_ns:
            self.paused = True
            self._window.clear()
            changed.append(Transition.PAUSE)
        if quiet >= self._silence_ns:
            self.speaking = self.paused = False  # the window stays: an onset may be under way
            changed.append(Transition.END)
        return changed
