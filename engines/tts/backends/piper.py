"""Piper: local neural voices. The only module that imports `piper` (GPL-3.0-or-later).

Piper gives whole sentences. Here a sentence is planned whole and voiced in growing stretches (see
`onnx_split`): `CONTEXT` frames around a stretch make its samples the same as in one go. Text to
phonemes takes under 1 ms, planning 15 to 60 ms, each stretch 5 to 45 ms on two cores.

Levels: Piper scales every sentence to full range, which makes whispers shout and needs the whole
sentence first. Here one gain is set from the warm-up sentences, and peaks above it are clipped.
"""

from __future__ import annotations

import copy
import importlib.metadata
import itertools
import json
import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engines.harness.errors import ConfigError, Missing
from engines.tts import visemes as shapes
from engines.tts.backends import onnx_split
from engines.tts.backends.base import BadVoice, Chunk
from engines.tts.sound import Trimmer
from engines.tts.text import CLAUSE, cut, reading
from engines.wire.tts import Config, Viseme

log = logging.getLogger("tts.piper")

CONTEXT = 10
"""Frames on either side that the vocoder looks at: from 10 on nothing changes (measured)."""
STRETCHES = (14, 24, 48, 96)
"""Frames voiced at a time: 0.16 s first, then longer, as each buys time for the next."""
FIRST_PHONEMES, PHONEMES = 70, 120
"""Planning grows with length, so a long sentence is planned in parts."""
LEAD_MS = 5.0
TAIL_MS, PAUSE_MS = 120.0, 250.0
"""Silence kept at most: at the end of a text, and between its sentences."""
JOINT_MS = {True: 90.0, False: 15.0}
"""Silence kept where a sentence was cut: at a mark, and between two words."""
PEAK = 0.8
WARM_UP = ("Hi!", "Well, hello there, how are you?")


class Piper:
    """One Piper voice: an .onnx file with its .onnx.json beside it."""

    name = "piper"

    def __init__(self, config: Config) -> None:
        self._path = Path(config.model)
        self._config = config
        self.voice = self._path.name.removesuffix(".onnx")
        self.rate = 22050
        self.identity = ""
        self.reader = ""
        self._speakers: dict[str, int] = {}
        self._count = 1
        self._file = ""
        self._gain = 1.0
        self._voice: Any = None  # piper.PiperVoice: phonemes and ids only
        self._planner: Any = None
        self._vocoder: Any = None
        self._passing: list[str] = []
        self._np: Any = None
        self._read: tuple[str, list[list[str]]] = ("", [])

    # -- loading -----------------------------------------------------------------------------

    def load(self) -> None:
        """Read, cut and warm up the voice; see `Synthesizer.load`."""
        settings = self._settings()
        try:
            model = self._path.read_bytes()
            stat = self._path.stat()
        except OSError as err:
            raise Missing(self._advice(f"cannot be read: {err.strerror or err}")) from None
        try:
            import numpy as np
            import onnxruntime
            from piper import PiperVoice
            from piper.config import PhonemeType, PiperConfig
        except ImportError as err:
            raise Missing(
                f"tts backend piper: {err}; install its packages: pip install 'kitsu-tui[tts]'"
            ) from None
        self._np = np
        onnxruntime.set_seed(1)  # the same text varies, but a restart sounds like the last one
        try:
            piper_config = PiperConfig.from_dict(settings)
            self.rate = int(piper_config.sample_rate)
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            raise Missing(
                self._advice(f"does not describe a Piper voice ({err!r})", ".json")
            ) from None
        self._speakers = dict(piper_config.speaker_id_map)
        self._count = max(1, int(piper_config.num_speakers))
        self._check_speaker()
        try:
            self._sessions(model, onnxruntime)
        except Exception as err:
            raise Missing(
                self._advice(f"is not a voice that can be loaded: {_first(err)}")
            ) from None
        self._voice = PiperVoice(session=self._planner, config=piper_config)
        if piper_config.phoneme_type == PhonemeType.ESPEAK:  # the others' are no IPA, or not all
            release = importlib.metadata.version("piper-tts")
            self.reader = f"espeak {piper_config.espeak_voice}, piper {release}"
        self._file = f"{self.voice}:{stat.st_size}:{stat.st_mtime_ns}"
        self.identity = f"{self._file}:{self._config.speed:g}"
        self._warm_up()

    def retuned(self, config: Config) -> Piper:
        """See `Synthesizer.retuned`; another speaker's loudness is measured first."""
        other = copy.copy(self)
        other._config = config
        other._check_speaker()
        other.identity = f"{self._file}:{config.speed:g}"
        if config.speaker != self._config.speaker:
            other._warm_up()
        return other

    def _check_speaker(self) -> None:
        if self._config.speaker >= self._count:
            raise ConfigError(
                f"tts.speaker is {self._config.speaker}, but {self.voice} has "
                f"{self._count} (0 to {self._count - 1})"
            )

    def _settings(self) -> dict[str, Any]:
        if not self._path.is_file():
            raise Missing(self._advice("is not there"))
        path = Path(f"{self._path}.json")
        try:
            loaded = json.loads(path.read_text("utf-8"))
        except OSError as err:
            raise Missing(self._advice(f"cannot be read: {err.strerror or err}", ".json")) from None
        except ValueError as err:
            raise Missing(self._advice(f"is not JSON ({err})", ".json")) from None
        if not isinstance(loaded, dict):
            raise Missing(self._advice("does not describe a Piper voice", ".json"))
        return loaded

    def _advice(self, what: str, suffix: str = "") -> str:
        return f"voice {self._path}{suffix} {what}; fetch it: kitsu models pull piper-{self.voice}"

    def _sessions(self, model: bytes, onnxruntime: Any) -> None:
        onnxruntime.set_default_logger_severity(3)
        try:
            halves = onnx_split.split(model)
        except onnx_split.NotSplittable as err:
            log.warning("%s is run whole, its first sound comes late: %s", self.voice, err)
            self._planner = self._session(model, onnxruntime)
            return
        self._planner = self._session(halves.planner, onnxruntime)
        self._vocoder = self._session(halves.vocoder, onnxruntime)
        self._passing = [halves.latent, halves.durations, *halves.shared]

    def _session(self, model: bytes, onnxruntime: Any) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._config.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Planning the reuse of buffers takes 1 s of a load of 1.3 s, and saves no memory here.
        options.enable_mem_reuse = False
        # Threads that spin while they wait take the cores from everyone else.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(
            model, sess_options=options, providers=["CPUExecutionProvider"]
        )

    def _warm_up(self) -> None:
        peak = 0.0
        for text in WARM_UP:
            for phonemes in self._voice.phonemize(text):
                for sound, _ in self._voiced(phonemes, self._config.speaker, threading.Event()):
                    peak = max(peak, float(self._np.abs(sound).max(initial=0.0)))
        self._gain = min(4.0, max(0.5, PEAK / peak)) if peak > 0 else 1.0

    # -- speaking ----------------------------------------------------------------------------

    def speaker(self, voice: str) -> int:
        """A speaker of this voice by name or number; see `Synthesizer.speaker`."""
        if voice in ("", self.voice, f"piper-{self.voice}"):
            return self._config.speaker
        if voice in self._speakers:
            return self._speakers[voice]
        if voice.isdecimal() and int(voice) < max(1, len(self._speakers)):
            return int(voice)
        known = ", ".join([self.voice, *list(self._speakers)[:5]])
        raise BadVoice(f"voice {voice[:64]!r} is not known here; known: {known}")

    def speak(self, text: str, speaker: int, stop: threading.Event) -> Iterator[Chunk]:
        """See `Synthesizer.speak`."""
        sentences = self._phonemes(text)
        done = 0  # samples of the text so far
        limit = FIRST_PHONEMES
        for number, sentence in enumerate(sentences, 1):
            pieces = cut(sentence, limit, PHONEMES)
            limit = PHONEMES
            for index, piece in enumerate(pieces, 1):
                if stop.is_set():
                    return
                if index < len(pieces):
                    tail = JOINT_MS[piece[-1] in CLAUSE]
                else:
                    tail = TAIL_MS if number == len(sentences) else PAUSE_MS
                trimmer = Trimmer(self.rate, LEAD_MS)
                yield from self._piece(piece, speaker, stop, trimmer, tail, done)
                done += trimmer.given

    def reading(self, text: str) -> str:
        """See `Synthesizer.reading`."""
        return reading(self._phonemes(text)) if self.reader else ""

    def _phonemes(self, text: str) -> list[list[str]]:
        """Each sentence's phonemes; of one text they are made once: what was told is spoken."""
        if self._read[0] != text:
            found = self._voice.phonemize(text)
            self._read = (text, [p for p in found if any(c in shapes.SHAPES for c in p)])
        return self._read[1]

    def _piece(
        self,
        phonemes: Sequence[str],
        speaker: int,
        stop: threading.Event,
        trimmer: Trimmer,
        tail_ms: float,
        done: int,
    ) -> Iterator[Chunk]:
        """One planned stretch of speech, its edges trimmed; `done` samples came before it."""
        mouth: list[Viseme] = []
        told = False
        for sound, planned in self._voiced(phonemes, speaker, stop):
            if planned:
                mouth = planned
            pcm = trimmer.feed(self._pcm(sound))
            if pcm:
                yield Chunk(pcm, () if told else self._shifted(mouth, trimmer.dropped, done))
                told = True
        if stop.is_set() or not trimmer.begun:
            return
        # The closing of the mouth must lie within the sound.
        closing = round(mouth[-1].start_ms * self.rate / 1000) + 1 if mouth else 0
        tail = trimmer.end(tail_ms, closing)
        if tail:
            yield Chunk(tail)

    def _voiced(
        self, phonemes: Sequence[str], speaker: int, stop: threading.Event
    ) -> Iterator[tuple[Any, list[Viseme]]]:
        """Sound (float array) in stretches; the first comes with all visemes, in ms from 0."""
        np = self._np
        ids = self._voice.phonemes_to_ids(list(phonemes))
        config = self._voice.config
        feed = {
            "input": np.array([ids], dtype=np.int64),
            "input_lengths": np.array([len(ids)], dtype=np.int64),
            "scales": np.array(
                [
                    config.noise_scale,
                    config.length_scale / self._config.speed,
                    config.noise_w_scale,
                ],
                dtype=np.float32,
            ),
        }
        if config.num_speakers > 1:
            feed["sid"] = np.array([speaker], dtype=np.int64)
        if self._vocoder is None:
            sound = self._planner.run(None, feed)[0].reshape(-1)
            yield sound, shapes.spread(["^", *phonemes, "$"], len(sound) * 1000 / self.rate)
            return
        latent, durations, *shared = self._planner.run(self._passing, feed)
        inputs = dict(zip(self._passing[2:], shared, strict=True))
        frames = durations.reshape(-1)
        total = int(latent.shape[2])
        hop = 0
        start, step = 0, 0
        planned: list[Viseme] = []
        while start < total and not stop.is_set():
            end = min(total, start + STRETCHES[min(step, len(STRETCHES) - 1)])
            if total - end < CONTEXT:
                end = total
            left, right = max(0, start - CONTEXT), min(total, end + CONTEXT)
            inputs[self._passing[0]] = np.ascontiguousarray(latent[:, :, left:right])
            sound = self._vocoder.run(None, inputs)[0].reshape(-1)
            hop = len(sound) // (right - left)
            if step == 0:
                planned = self._visemes(phonemes, ids, frames, hop)
            yield sound[(start - left) * hop : (end - left) * hop], planned if step == 0 else []
            start, step = end, step + 1

    def _visemes(self, phonemes: Sequence[str], ids: Sequence[int], frames: Any, hop: int) -> Any:
        """Visemes from the frames of each phoneme id."""
        frame_ms = hop * 1000 / self.rate
        id_map = self._voice.config.phoneme_id_map
        pad = len(id_map.get("_", [0]))
        timed: list[tuple[str, float]] = []
        at = 0
        for phoneme in ["^", *phonemes, "$"]:
            if phoneme not in id_map:
                continue  # it has no sound, as in piper.phoneme_ids
            count = len(id_map[phoneme]) + (pad if phoneme != "$" else 0)
            timed.append((phoneme, float(frames[at : at + count].sum()) * frame_ms))
            at += count
        if at != len(ids):  # another alphabet, numbered in another way
            return shapes.spread(["^", *phonemes, "$"], float(frames.sum()) * frame_ms)
        return shapes.from_phonemes(timed)

    def _shifted(self, mouth: list[Viseme], dropped: int, done: int) -> tuple[Viseme, ...]:
        """Visemes moved from the planned stretch to the sentence as it is heard."""
        shift = (done - dropped) * 1000 / self.rate
        floor = done * 1000 / self.rate
        moved = [Viseme(max(floor, v.start_ms + shift), v.name, v.weight) for v in mouth]
        # What falls wholly into the silence that was cut is not seen.
        kept = [v for v, after in itertools.pairwise(moved) if after.start_ms > floor]
        return tuple(Viseme(round(v.start_ms, 1), v.name, v.weight) for v in [*kept, *moved[-1:]])

    def _pcm(self, sound: Any) -> bytes:
        np = self._np
        clipped = np.clip(sound * (self._gain * 32767.0), -32767.0, 32767.0)
        data: bytes = clipped.astype("<i2").tobytes()
        return data


def _first(err: Exception) -> str:
    """The first line of a library's message, shortened."""
    return (str(err).strip().splitlines() or [type(err).__name__])[0][:200]
