"""Whisper by faster-whisper and CTranslate2.

Whisper's encoder looks at 30 s, whatever was said, and most of its time goes into silence. Here
only the sound and a little after it are encoded; what the encoder would have said of the
silence that follows is worked out once, when the model loads, and put behind it. The decoder then
sees the window that it was trained on, and stops where it should: with the window merely cut short
it repeats the sentence until it is stopped. On the starter's questions that takes a fifth of the
time, with the same words.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engines.asr.backends.base import Heard
from engines.asr.backends.guards import (
    cleaned,
    is_hallucinated,
    is_looping,
    token_limit,
    unrolled,
)
from engines.asr.sound import RATE, is_inaudible
from engines.harness import ConfigError, Missing
from engines.resample import Samples
from engines.wire import asr

log = logging.getLogger("asr")

FILES = ("model.bin", "config.json", "tokenizer.json")
WINDOW_S = 30
FRAMES_PER_S = 100
"""Mel frames; the encoder makes one position of two."""
AFTER_S = 0.5
"""Silence that is encoded together with the sound, at least ..."""
LEAST_S = 4.0
"""... and as much as fills this: single words ("Stop.", "Shut up.") need it to be heard right."""
PEAK = 0.5
"""Level that sound is brought to: the silence behind it is at a fixed one."""
MAX_GAIN = 30.0
SILENT = Heard(text="", no_speech=1.0, confidence=0.0, decode_ms=0.0)


class Whisper:
    """A CTranslate2 Whisper model in a folder.

    Raises:
        ConfigError: a compute type or language that the model does not have.
        Missing: the folder or one of its files is not there, or is damaged.
    """

    def __init__(self, config: asr.Config) -> None:
        folder = Path(config.model)
        if not folder.is_dir():
            raise Missing(
                f"speech model: no folder {folder}; `kitsu models pull {folder.name}` fetches it"
            )
        for file in FILES:
            if not (folder / file).is_file():
                raise Missing(
                    f"speech model: no {file} in {folder}; `kitsu models pull {folder.name}` "
                    "fetches a CTranslate2 Whisper model"
                )
        # Whatever is missing is said, never fetched from a hub behind the operator's back.
        os.environ["HF_HUB_OFFLINE"] = "1"
        self.threshold = config.no_speech_threshold
        self._model = self._load(folder, config)
        self._inner: Any = self._model.model
        self._prompt, self._decode_text = self._tokenizer(folder, config)
        self._cut = self._inner.device == "cpu"  # a GPU encodes 30 s faster than we could cut it
        self._silence: Any = None
        try:
            if self._cut:
                empty = np.zeros((1, self._inner.n_mels, WINDOW_S * FRAMES_PER_S), np.float32)
                self._silence = np.array(self._encode(empty))
            # The first decode of a process is slow; let nobody wait for it.
            noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
            self.decode(np.float32(0.1) * noise, final=False, wanted=lambda: True)
        except (ValueError, RuntimeError) as err:
            raise _damaged(folder, err) from None

    @staticmethod
    def _load(folder: Path, config: asr.Config) -> Any:
        try:
            from faster_whisper import WhisperModel
        except ImportError as err:
            raise Missing(
                f"faster-whisper is not installed ({err}); `pip install kitsu-tui[asr]`"
            ) from None
        try:
            return WhisperModel(
                str(folder),
                device=config.device,
                compute_type=config.compute_type,
                cpu_threads=config.threads,
                num_workers=1,
                local_files_only=True,
            )
        except ValueError as err:  # a compute type that does not exist, or not on this device
            raise ConfigError(
                f"asr: compute_type {config.compute_type!r} on {config.device}: {err}"
            ) from None
        except Exception as err:
            if config.device != "cpu" and "cuda" in str(err).lower():
                raise Missing(f"asr: no GPU can be used ({err}); set device to cpu") from None
            raise _damaged(folder, err) from None

    def _tokenizer(
        self, folder: Path, config: asr.Config
    ) -> tuple[list[int], Callable[[list[int]], str]]:
        from faster_whisper.tokenizer import Tokenizer

        multilingual = bool(self._inner.is_multilingual)
        if not multilingual and config.language != "en":
            raise ConfigError(
                f"asr: language {config.language!r}: {folder.name} knows English only; "
                "set language to 'en' or choose a multilingual model"
            )
        try:
            tokenizer = Tokenizer(
                self._model.hf_tokenizer,
                multilingual,
                task="transcribe" if multilingual else None,
                language=config.language if multilingual else None,
            )
            prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        except ValueError as err:
            raise ConfigError(f"asr: language: {err}") from None
        if None in prompt:
            raise _damaged(folder, ValueError("tokenizer.json lacks Whisper's marks"))
        return prompt, tokenizer.decode

    def decode(self, sound: Samples, *, final: bool, wanted: Callable[[], bool]) -> Heard | None:
        """See `Recogniser.decode`. A final that loops is decoded again over the full window."""
        begun = time.perf_counter()
        if is_inaudible(sound):
            return SILENT
        loud = float(np.abs(sound).max())
        sound = sound * np.float32(min(MAX_GAIN, PEAK / loud))
        seconds = len(sound) / RATE
        tries = (True, False) if self._cut and final else (self._cut,)
        text, mean, no_speech = "", 0.0, 1.0
        for cut in tries:
            found = self._once(sound, cut, wanted)
            if found is None:
                return None
            tokens, mean, no_speech = found
            text = self._decode_text(tokens)
            if not is_looping(text, tokens, seconds):
                break
            log.debug("looping (cut=%s): %r", cut, text[:80])
            text = self._decode_text(unrolled(tokens, seconds))
        text = cleaned(text)
        if text and is_hallucinated(text, no_speech, mean, self.threshold):
            log.debug("not speech: %r, no_speech %.2f, logprob %.2f", text, no_speech, mean)
            text = ""
        return Heard(
            text=text,
            no_speech=no_speech,
            confidence=min(1.0, math.exp(mean)) if text else 0.0,
            decode_ms=(time.perf_counter() - begun) * 1e3,
        )

    def _once(
        self, sound: Samples, cut: bool, wanted: Callable[[], bool]
    ) -> tuple[list[int], float, float] | None:
        mel: Samples = self._model.feature_extractor(sound)
        frames = WINDOW_S * FRAMES_PER_S
        if cut:
            least = max(LEAST_S, mel.shape[1] / FRAMES_PER_S + AFTER_S)
            frames = min(frames, round(least * FRAMES_PER_S))
            frames += frames % 2
        mel = np.pad(mel[:, :frames], ((0, 0), (0, max(0, frames - mel.shape[1]))))
        if not wanted():
            return None
        encoded = self._encode(mel[None])
        if cut:
            said = np.array(encoded)
            whole = np.concatenate((said, self._silence[:, said.shape[1] :]), axis=1)
            encoded = self._view(whole)
        if not wanted():
            return None
        result = self._inner.generate(
            encoded,
            [self._prompt],
            beam_size=1,
            max_length=len(self._prompt) + token_limit(len(sound) / RATE),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[-1],
        )[0]
        tokens: list[int] = list(result.sequences_ids[0])
        # The score is a mean over the tokens; the end mark counts as one more.
        mean = float(result.scores[0]) * len(tokens) / (len(tokens) + 1)
        return tokens, mean, float(result.no_speech_prob)

    def _encode(self, mel: Samples) -> Any:
        return self._inner.encode(self._view(mel))

    @staticmethod
    def _view(array: Samples) -> Any:
        import ctranslate2

        return ctranslate2.StorageView.from_array(np.ascontiguousarray(array))


def _damaged(folder: Path, err: Exception) -> Missing:
    what = " ".join(str(err).split())
    what = what if len(what) <= 160 else what[:160] + "..."
    return Missing(
        f"speech model {folder} cannot be loaded: {what}; "
        f"`kitsu models verify` checks it, `kitsu models pull {folder.name}` fetches it again"
    )
