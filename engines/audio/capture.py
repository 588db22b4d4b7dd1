"""From a stream of captured samples to utterances. Pure: samples and times in, bodies out."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator

import numpy as np

from engines.audio.vad import Endpointer, Samples, Transition, VoiceGate
from engines.wire import audio

Said = (
    audio.SpeechStart | audio.SpeechPcm | audio.SpeechPause | audio.SpeechResume | audio.SpeechEnd
)

MESSAGE_MS = 40
"""Sound in one `audio.speech` message."""
MAX_MESSAGE_MS = 100


class Segmenter:
    """Cuts captured sound into utterances.

    Sound is pushed in blocks of any size, with the time at which each block ended; what there is to
    say comes back in order. Nothing of an utterance is lost: the pre-roll reaches back to before
    its onset, and at most to the end of the utterance before.
    """

    def __init__(self, config: audio.Config, gate: VoiceGate) -> None:
        self._rate = config.sample_rate
        self._frame = config.sample_rate * config.frame_ms // 1000
        self._frame_ns = config.frame_ms * 1_000_000
        self._gate = gate
        self._ends = Endpointer(
            config.frame_ms, config.onset_ms, config.pause_ms, config.silence_ms
        )
        self._ring: deque[tuple[int, bytes]] = deque()
        self._bounds(config)
        self._rest: Samples = np.zeros(0, np.int16)
        self._unsent: list[bytes] = []
        self._count = itertools.count(1)
        self._utterance = 0
        self._began_ns = 0
        self._sent_to_ns = 0

    def _bounds(self, config: audio.Config) -> None:
        self._preroll_ns = config.preroll_ms * 1_000_000
        self._max_ns = round(config.max_utterance_s * 1e9)
        keep_ns = self._preroll_ns + self._ends.window_ns
        self._ring = deque(self._ring, maxlen=keep_ns // self._frame_ns + 2)

    def retune(self, config: audio.Config) -> None:
        """Go by other thresholds and times from the next frame on; rate and frame stay."""
        self._gate.retune(config.vad_level, config.min_level_db)
        self._ends.retune(config.onset_ms, config.pause_ms, config.silence_ms)
        self._bounds(config)

    @property
    def hearing(self) -> bool:
        """Voice is being heard now."""
        return self._ends.speaking and not self._ends.paused

    @property
    def speaking(self) -> bool:
        """An utterance is under way."""
        return self._ends.speaking

    def push(self, samples: Samples, end_ns: int) -> list[Said]:
        """Take a block whose last sample was captured at `end_ns`."""
        self._rest = np.concatenate((self._rest, samples)) if self._rest.size else samples
        said: list[Said] = []
        whole = len(self._rest) // self._frame
        for index in range(whole):
            frame = self._rest[index * self._frame : (index + 1) * self._frame]
            behind = len(self._rest) - (index + 1) * self._frame
            said += self._push(frame, end_ns - behind * 1_000_000_000 // self._rate)
        self._rest = self._rest[whole * self._frame :].copy()
        return said

    def cut(self, now_ns: int) -> list[Said]:
        """End an utterance that is under way (mute, panic), and forget what was captured."""
        said = list(self._end(now_ns, cut=True)) if self._ends.speaking else []
        self._ends.reset()
        self._ring.clear()
        self._rest = np.zeros(0, np.int16)
        return said

    def _push(self, frame: Samples, end_ns: int) -> Iterator[Said]:
        voiced = self._gate(frame)
        was_speaking = self._ends.speaking
        changes = self._ends.push(voiced, end_ns)
        data = frame.tobytes()
        self._ring.append((end_ns, data))
        if not was_speaking:
            if Transition.ONSET in changes:
                yield from self._start()
            return
        self._unsent.append(data)
        if Transition.RESUME in changes:
            yield audio.SpeechResume(utterance=self._utterance)
        if changes or len(self._unsent) * self._frame_ns >= MESSAGE_MS * 1_000_000:
            yield from self._flush()
        if Transition.PAUSE in changes:
            yield audio.SpeechPause(
                utterance=self._utterance, last_voiced_ns=self._ends.last_voiced_ns
            )
        if Transition.END in changes:
            yield from self._end(end_ns, cut=False)
        elif end_ns - self._began_ns >= self._max_ns:
            yield from self._end(end_ns, cut=True)
            self._ends.reset()

    def _start(self) -> Iterator[Said]:
        onset = self._ends.onset_ns
        earliest = max(onset - self._preroll_ns, self._sent_to_ns)
        kept = [(end, data) for end, data in self._ring if end - self._frame_ns >= earliest]
        self._utterance = next(self._count)
        self._began_ns = kept[0][0] - self._frame_ns
        yield audio.SpeechStart(
            utterance=self._utterance,
            onset_ns=onset,
            rate=self._rate,
            preroll_ms=max(0.0, (onset - self._began_ns) / 1e6),
        )
        self._unsent = [data for _, data in kept]
        yield from self._flush()

    def _flush(self) -> Iterator[Said]:
        step = max(1, MAX_MESSAGE_MS * 1_000_000 // self._frame_ns)
        for start in range(0, len(self._unsent), step):
            pcm = b"".join(self._unsent[start : start + step])
            yield audio.SpeechPcm(utterance=self._utterance, pcm=pcm)
        self._unsent = []

    def _end(self, now_ns: int, *, cut: bool) -> Iterator[Said]:
        yield from self._flush()
        last = self._ends.last_voiced_ns
        # The next pre-roll may reach into this one's closing silence, never into its words.
        self._sent_to_ns = now_ns if cut else last
        yield audio.SpeechEnd(
            utterance=self._utterance,
            speech_end_ns=last,
            endpoint_ns=now_ns,
            duration_ms=(last - self._ends.onset_ns) / 1e6,
            cut=cut,
        )


class CaptureClock:
    """When the samples of a device were captured, from callbacks that come when they like.

    A callback can only be late, never early: so the true time follows the earliest arrivals, and is
    let rise slowly (1 % of the error a block) for clocks that drift apart.
    """

    def __init__(self) -> None:
        self._end_ns = 0.0

    def end(self, arrived_ns: int, block_ns: float) -> int:
        """End of a block of `block_ns` for which the device said `arrived_ns`."""
        expected = self._end_ns + block_ns
        late = arrived_ns - expected
        if not self._end_ns or late < 0 or late > 200e6:
            self._end_ns = float(arrived_ns)
        else:
            self._end_ns = expected + late * 0.01
        return round(self._end_ns)
