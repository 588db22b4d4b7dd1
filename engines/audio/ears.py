"""The microphone path on the loop: captured blocks in, what there is to say of them out.

A device's thread only queues a block here; resampling, a wav file in the microphone's place, the
mute and the search for speech run on the loop, some 50 microseconds a block.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from engines.audio.capture import CaptureClock, Said, Segmenter
from engines.audio.levels import SILENCE_DB, peak_db
from engines.audio.resample import Resampler
from engines.audio.vad import Samples, VoiceGate
from engines.wire import audio

log = logging.getLogger("audio")

MAX_BLOCKS = 100
"""Blocks that may wait for the loop: two seconds at 20 ms. The oldest are dropped and counted."""
TAIL_S = 0.2
"""Silence after a fed file, beyond what ends an utterance."""


class Feeding:
    """A wav file in the microphone's place.

    Attributes:
        done: set when it, and the silence after it, have gone by.
    """

    def __init__(self, samples: Samples, tail: int) -> None:
        self.samples = samples
        self.end = len(samples) + tail
        self.at = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self, n: int) -> Samples:
        """The next `n` samples."""
        out = np.zeros(n, np.int16)
        part = self.samples[self.at : self.at + n]
        out[: len(part)] = part
        self.at += n
        if self.at >= self.end and not self.done.done():
            self.done.set_result(None)
        return out


class Ears:
    """What is captured, made into utterances.

    Args:
        config: the engine's.
        say: told on the loop.
        has_room: False while nobody reads what is said: then she is deaf, and the utterance is cut.

    Attributes:
        muted: the microphone hears silence.
        dropped: blocks that came while the loop stood still for too long.
    """

    def __init__(
        self,
        config: audio.Config,
        gate: VoiceGate,
        say: Callable[[Said], None],
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        self.muted = False
        self.dropped = 0
        self._config = config
        self._rate = config.sample_rate
        self._say = say
        self._has_room = has_room
        self._loop = asyncio.get_running_loop()
        self._segmenter = Segmenter(config, gate)
        self._queue: deque[tuple[bytes, int, int, int]] = deque()
        self._scheduled = False
        self._clock = CaptureClock()
        self._resampler = Resampler(self._rate, self._rate)
        self._rate_in: int = self._rate
        self._feeding: Feeding | None = None
        self._peak = 0

    def retune(self, config: audio.Config) -> None:
        """Go by other thresholds and times from now on."""
        self._config = config
        self._segmenter.retune(config)

    def take(self, block: bytes, channels: int, rate: int, end_ns: int) -> None:
        """Take a block of s16 samples that ended at `end_ns`, from the device's thread."""
        if len(self._queue) >= MAX_BLOCKS:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append((block, channels, rate, end_ns))
        if not self._scheduled:
            self._scheduled = True
            try:
                self._loop.call_soon_threadsafe(self._drain)
            except RuntimeError:
                return  # the loop is closed: the engine is leaving

    def feed(self, samples: Samples) -> Feeding:
        """Put a sound at the capture rate into the microphone's place."""
        tail = self._config.silence_ms / 1000 + TAIL_S
        self._feeding = Feeding(samples, round(tail * self._rate))
        return self._feeding

    def unfeed(self, feeding: Feeding) -> None:
        """Give the microphone its place back."""
        if self._feeding is feeding:
            self._feeding = None

    @property
    def feeding(self) -> bool:
        """A file is being fed."""
        return self._feeding is not None

    @property
    def hearing(self) -> bool:
        """Voice is being heard now."""
        return self._segmenter.hearing

    @property
    def speaking(self) -> bool:
        """An utterance is under way, a pause in it included."""
        return self._segmenter.speaking

    def mute(self, muted: bool) -> None:
        """Set the mute; an utterance that is under way ends as cut."""
        if muted and not self.muted:
            self.cut()
        self.muted = muted

    def cut(self) -> None:
        """End an utterance that is under way."""
        for said in self._segmenter.cut(time.perf_counter_ns()):
            self._say(said)

    def take_level(self) -> float:
        """Peak since the last call, in dBFS."""
        peak, self._peak = self._peak, 0
        return peak_db(peak) if peak else SILENCE_DB

    def _drain(self) -> None:
        self._scheduled = False
        while self._queue:
            self._block(*self._queue.popleft())

    def _block(self, block: bytes, channels: int, rate: int, end_ns: int) -> None:
        samples = np.frombuffer(block, np.int16)
        if channels > 1:
            wide = samples.reshape(-1, channels).astype(np.int32)
            samples = (wide.sum(axis=1) // channels).astype(np.int16)
        end = self._clock.end(end_ns, len(samples) * 1e9 / rate)
        if rate != self._rate_in:
            self._rate_in, self._resampler = rate, Resampler(rate, self._rate)
        samples = self._resampler.push(samples)
        if self._feeding is not None:
            samples = self._feeding.take(len(samples))
        if self.muted:
            samples = np.zeros(len(samples), np.int16)
        if samples.size:
            self._peak = max(self._peak, int(samples.max()), -int(samples.min()))
        if self._has_room():
            for said in self._segmenter.push(samples, end):
                self._say(said)
        elif self._segmenter.speaking:
            log.warning("nobody reads what is heard; the utterance is cut")
            self.cut()
