"""Makes the spoken test data of this folder: `python tests/data/speech/make.py VOICE.onnx`.

The voice is Piper's en_US-joe-medium (its data set is CC0). The random seed is fixed, so a run
with the same versions of the voice and of onnxruntime gives the same files. `index.json` tells
of each file what is said, and from the energy of the synthesis when speech begins and ends.
"""

from __future__ import annotations

import argparse
import json
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.resample import resample

RATE = 16000
LEAD_S = 0.2
TAIL_S = 0.1
SEED = 11
HERE = Path(__file__).parent

QUESTIONS = {
    "snack": "What is your favourite snack?",
    "game": "Which game are we playing tonight?",
    "cat": "What is the name of your cat?",
    "dream": "Did you dream about anything last night?",
    "breakfast": "What did you have for breakfast?",
    "song": "Can you sing a song for us?",
}
PAUSED = ("I was wondering,", "what is your favourite game?")
PAUSE_S = 0.4
LEVEL = np.float32(0.5)
"""Piper speaks at full scale; a microphone does not."""
# The phonemizer spells a bare "mm-hmm" out; like this, what is heard is what is written.
BACKCHANNELS = {"mmhmm": "Hm, mm-hmm.", "yeah": "Yeah."}

Sound = NDArray[np.float32]


def voiced(sound: Sound) -> tuple[int, int]:
    """First voiced sample and the one after the last: 5 ms energy within 40 dB of the loudest."""
    width = RATE // 200
    energy = np.convolve(sound.astype(np.float64) ** 2, np.ones(width) / width, mode="same")
    loud = np.flatnonzero(energy > energy.max() * 1e-4)
    return int(loud[0]), int(loud[-1]) + 1


def trimmed(sound: Sound) -> Sound:
    """The voiced part alone, with edges of 2 ms so that nothing clicks."""
    first, end = voiced(sound)
    cut = sound[first:end].copy()
    ramp = np.linspace(0, 1, RATE // 500, dtype=np.float32)
    cut[: len(ramp)] *= ramp
    cut[-len(ramp) :] *= ramp[::-1]
    return cut


def silence(seconds: float) -> Sound:
    """Digital silence."""
    return np.zeros(round(seconds * RATE), np.float32)


def cough(rng: np.random.Generator) -> Sound:
    """Two bursts of band-limited noise with a sharp attack: a cough to a voice detector."""
    parts: list[Sound] = []
    for seconds, gain in ((0.28, 0.5), (0.12, 0.0), (0.22, 0.35)):
        time = np.arange(round(seconds * RATE)) / RATE
        noise = np.convolve(rng.standard_normal(len(time)), np.ones(9) / 3, mode="same")
        shape = np.minimum(time / 0.008, 1) * np.exp(-time / 0.09)
        parts.append((gain * 0.4 * noise * shape).astype(np.float32))
    return np.concatenate(parts)


def hum(rng: np.random.Generator) -> Sound:
    """1.5 s of fan noise with a mains hum, loud enough to open a careless gate."""
    time = np.arange(round(1.5 * RATE)) / RATE
    noise = np.convolve(rng.standard_normal(len(time)), np.ones(24) / 12, mode="same")
    tone = sum(np.sin(2 * np.pi * f * time) / f for f in (100, 200, 300))
    return (0.03 * noise + 1.5 * tone).astype(np.float32)


class Speaker:
    """The Piper voice, at 16 kHz."""

    def __init__(self, model: Path) -> None:
        import onnxruntime
        from piper import PiperVoice, SynthesisConfig

        onnxruntime.set_seed(SEED)
        self._voice: Any = PiperVoice.load(model)
        self._rate = int(self._voice.config.sample_rate)
        self._how = SynthesisConfig(length_scale=1.12)  # a calm speaker

    def say(self, text: str) -> Sound:
        """Speech for `text`, without the silence around it."""
        chunks = [chunk.audio_float_array for chunk in self._voice.synthesize(text, self._how)]
        whole = np.concatenate(chunks).astype(np.float32)
        return LEVEL * trimmed(resample(whole, self._rate, RATE))


def write(name: str, sound: Sound, text: str, kind: str) -> dict[str, Any]:
    """Write one clip and return its entry of the index."""
    whole = np.concatenate((silence(LEAD_S), sound, silence(TAIL_S)))
    pcm = (np.clip(whole, -1, 1) * 32767).round().astype("<i2")
    with wave.open(str(HERE / f"{name}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.tobytes())
    begin = round(LEAD_S * RATE)
    return {
        "file": f"{name}.wav",
        "kind": kind,
        "text": text,
        "duration_ms": round(len(whole) * 1000 / RATE, 2),
        "speech_start_ms": round(begin * 1000 / RATE, 2),
        "speech_end_ms": round((begin + len(sound)) * 1000 / RATE, 2),
    }


def main() -> int:
    """Make everything."""
    parser = argparse.ArgumentParser(description="Make the spoken test data.")
    parser.add_argument("voice", type=Path, help="the Piper voice, an .onnx file")
    voice = parser.parse_args().voice
    if not voice.is_file():
        print(f"no voice at {voice}", file=sys.stderr)
        return 2
    speaker = Speaker(voice)
    rng = np.random.default_rng(SEED)
    entries = [write(name, speaker.say(text), text, "question") for name, text in QUESTIONS.items()]
    first, second = (speaker.say(text) for text in PAUSED)
    paused = write(
        "paused", np.concatenate((first, silence(PAUSE_S), second)), " ".join(PAUSED), "paused"
    )
    start = paused["speech_start_ms"] + len(first) * 1000 / RATE
    paused["pause_ms"] = [round(start, 2), round(start + PAUSE_S * 1000, 2)]
    entries.append(paused)
    for name, text in BACKCHANNELS.items():
        entries.append(write(name, speaker.say(text), text, "backchannel"))
    entries.append(write("cough", cough(rng), "", "noise"))
    entries.append(write("fan", hum(rng), "", "noise"))
    text = json.dumps({"rate": RATE, "voice": "en_US-joe-medium", "clips": entries}, indent=2)
    (HERE / "index.json").write_text(text + "\n", encoding="utf-8")
    for entry in entries:
        print(entry["file"], entry["duration_ms"], entry["text"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
