"""The real voice, in this process."""

from __future__ import annotations

import difflib
import itertools
import json
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from engines.harness.errors import ConfigError, Missing
from engines.tts.backends import BadVoice, Chunk, onnx_split
from engines.tts.backends import piper as module
from engines.tts.backends.piper import Piper
from engines.tts.sound import audible
from engines.wire.tts import Config, Viseme
from kitsu_tui.config.models import ModelStore

pytestmark = pytest.mark.real

LONG = "Well hello there chat, I have been waiting for you all day and now we can begin."


def say(piper: Piper, text: str) -> list[Chunk]:
    return list(piper.speak(text, 0, threading.Event()))


def sound(chunks: list[Chunk]) -> bytes:
    return b"".join(chunk.pcm for chunk in chunks)


def mouth(chunks: list[Chunk]) -> list[Viseme]:
    return [viseme for chunk in chunks for viseme in chunk.visemes]


def length_ms(piper: Piper, pcm: bytes) -> float:
    return len(pcm) / 2 * 1000 / piper.rate


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("Hi!", 150, 900), ("Hi chat!", 350, 1200), (LONG, 2800, 6000)],
)
def test_speech_is_audible_and_of_plausible_length(
    loaded: Piper, text: str, least: int, most: int
) -> None:
    pcm = sound(say(loaded, text))
    assert least <= length_ms(loaded, pcm) <= most
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    assert 500 < np.sqrt((samples**2).mean()) < 12_000
    assert np.abs(samples).max() > 8000


def test_what_is_said_is_understood(loaded: Piper, starter_models: ModelStore) -> None:
    """A recognizer hears the words, whether planned whole or in parts."""
    from faster_whisper import WhisperModel

    ears = WhisperModel(
        str(starter_models.path("whisper-tiny.en")), device="cpu", compute_type="int8"
    )
    text = (
        "Three people asked me about the new game today, and when I was a small fox I used to "
        "sit on the roof every single night and count the lights of the city."
    )
    samples = np.frombuffer(sound(say(loaded, text)), "<i2") / 32768
    at = np.arange(0, len(samples), loaded.rate / 16_000)
    heard = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    segments, _ = ears.transcribe(heard, beam_size=1)
    words = re.findall(r"[a-z]+", " ".join(segment.text for segment in segments).lower())
    expected = re.findall(r"[a-z]+", text.lower())
    assert difflib.SequenceMatcher(None, expected, words).ratio() > 0.85


def test_silence_at_the_edges_is_trimmed_and_the_end_keeps_a_breath(loaded: Piper) -> None:
    for text in ("Hi chat!", "Pa.", "I love you."):
        pcm = sound(say(loaded, text))
        window = loaded.rate * 5 // 1000 * 2
        loud = [at for at in range(0, len(pcm), window) if audible(pcm[at : at + window])]
        assert length_ms(loaded, pcm[: loud[0]]) <= 12
        assert 60 <= length_ms(loaded, pcm[loud[-1] :]) <= 260


def test_a_pause_stays_between_sentences(loaded: Piper) -> None:
    pcm = sound(say(loaded, "First one. Second one."))
    window = loaded.rate * 5 // 1000 * 2
    loud = [at for at in range(0, len(pcm), window) if audible(pcm[at : at + window])]
    gaps = [
        length_ms(loaded, pcm[:b]) - length_ms(loaded, pcm[:a]) for a, b in itertools.pairwise(loud)
    ]
    assert 90 <= max(gaps) <= 400


@pytest.mark.parametrize(
    "text", ["baa", "pa", "Hi chat!", LONG, "First one. Second one! Third?", "well, " * 40]
)
def test_visemes_are_sorted_and_lie_within_the_sound(loaded: Piper, text: str) -> None:
    chunks = say(loaded, text)
    shapes = mouth(chunks)
    starts = [viseme.start_ms for viseme in shapes]
    assert starts == sorted(starts)
    assert starts[0] <= 30
    assert 0 <= starts[-1] <= length_ms(loaded, sound(chunks))
    assert shapes[-1].name == "rest"
    assert len(shapes) >= 3


def test_visemes_come_before_their_sound(loaded: Piper) -> None:
    heard_ms = 0.0
    for chunk in say(loaded, "First one. Second one! Third? " + LONG):
        for viseme in chunk.visemes:
            assert viseme.start_ms >= round(heard_ms, 1) - 0.1
        heard_ms += length_ms(loaded, chunk.pcm)


@pytest.mark.parametrize("text", ["baa", "pa", "ma"])
def test_lips_close_and_then_open(loaded: Piper, text: str) -> None:
    names = [viseme.name for viseme in mouth(say(loaded, text)) if viseme.name != "rest"]
    assert names == ["bmp", "aa"]


def test_the_open_mouth_falls_on_the_loudest_sound(loaded: Piper) -> None:
    for text in ("pa", "baa", "ma"):
        chunks = say(loaded, text)
        power = np.frombuffer(sound(chunks), "<i2").astype(np.float64) ** 2
        loudest = float(np.convolve(power, np.ones(loaded.rate // 50), "same").argmax())
        at = {v.name: v.start_ms for v in mouth(chunks)}
        assert at["aa"] <= loudest * 1000 / loaded.rate <= at["rest"]


def test_the_first_sound_is_a_short_stretch_of_the_sentence(loaded: Piper) -> None:
    chunks = say(loaded, LONG)
    assert len(chunks) >= 4
    assert length_ms(loaded, chunks[0].pcm) < 250


def test_stretches_sound_like_the_whole(loaded: Piper, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same plan, voiced in stretches and in one go, gives the same samples."""
    plans: list[list[object]] = []

    class Once:
        def run(self, names: object, feed: object) -> list[object]:
            if not plans:
                plans.append(planner.run(names, feed))
            return plans[0]

    planner = loaded._planner
    monkeypatch.setattr(loaded, "_planner", Once())
    in_stretches = sound(say(loaded, LONG))
    monkeypatch.setattr(module, "STRETCHES", (100_000,))
    whole = sound(say(loaded, LONG))
    difference = np.frombuffer(in_stretches, "<i2").astype(int) - np.frombuffer(whole, "<i2")
    assert np.abs(difference).max() <= 2


def test_a_long_text_without_any_mark_is_spoken_whole(loaded: Piper) -> None:
    chunks = say(loaded, "again " * 100)
    assert length_ms(loaded, sound(chunks)) > 15_000
    assert sum(bool(chunk.visemes) for chunk in chunks) >= 4  # planned in parts


def test_stop_ends_it_after_the_stretch_at_hand(loaded: Piper) -> None:
    stop = threading.Event()
    chunks = []
    for chunk in loaded.speak(LONG * 3, 0, stop):
        chunks.append(chunk)
        stop.set()
    assert len(chunks) == 1


def test_odd_texts_are_no_error(loaded: Piper) -> None:
    for text in ("日本語", "a", "1,000,000.50", "<speak>", "x" * 300, "$", "\u0301\u0302"):
        say(loaded, text)


def test_speed(voice: Path) -> None:
    lengths = []
    for speed in (0.5, 2.0):
        piper = Piper(Config(model=str(voice), speed=speed))
        piper.load()
        lengths.append(len(sound(say(piper, LONG))))
    assert lengths[0] > 2.5 * lengths[1]


def test_voices_by_name(loaded: Piper) -> None:
    for name in ("", "en_US-joe-medium", "piper-en_US-joe-medium", "0"):
        assert loaded.speaker(name) == 0
    with pytest.raises(BadVoice, match="known: en_US-joe-medium"):
        loaded.speaker("jim")
    with pytest.raises(BadVoice):
        loaded.speaker("7")


# -- voices that cannot be loaded ------------------------------------------------------------


def copy(voice: Path, folder: Path) -> Path:
    path = folder / voice.name
    shutil.copy(voice, path)
    shutil.copy(f"{voice}.json", f"{path}.json")
    return path


def load_error(path: Path) -> str:
    with pytest.raises(Missing) as caught:
        Piper(Config(model=str(path))).load()
    message = str(caught.value)
    assert str(path) in message
    assert "kitsu models pull piper-en_US-joe-medium" in message
    assert "\n" not in message
    return message


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    assert "is not there" in load_error(tmp_path / "en_US-joe-medium.onnx")


def test_settings_that_are_not_there(voice: Path, tmp_path: Path) -> None:
    path = copy(voice, tmp_path)
    Path(f"{path}.json").unlink()
    assert f"{path}.json cannot be read" in load_error(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"audio": 3}'])
def test_settings_that_are_none(voice: Path, tmp_path: Path, text: str) -> None:
    path = copy(voice, tmp_path)
    Path(f"{path}.json").write_text(text)
    assert ".json" in load_error(path)


@pytest.mark.parametrize("keep", [0, 1, 1000, 1_000_000, -1])
def test_a_model_cut_short(voice: Path, tmp_path: Path, keep: int) -> None:
    path = copy(voice, tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:keep])
    assert "is not a voice that can be loaded" in load_error(path)


@pytest.mark.parametrize(
    "data",
    [b"\0" * 5000, b"<html>not found</html>" * 99, b"\xff" * 5000],
    ids=["zeros", "page", "ones"],
)
def test_a_model_that_is_something_else(voice: Path, tmp_path: Path, data: bytes) -> None:
    path = copy(voice, tmp_path)
    path.write_bytes(data)
    assert "is not a voice that can be loaded" in load_error(path)


def test_a_speaker_that_the_voice_has_not(voice: Path) -> None:
    with pytest.raises(ConfigError, match=r"tts\.speaker is 3, but en_US-joe-medium has 1"):
        Piper(Config(model=str(voice), speaker=3)).load()


# -- cutting the model -----------------------------------------------------------------------


def test_a_voice_without_a_known_vocoder_is_run_whole(
    voice: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = copy(voice, tmp_path)
    data = path.read_bytes()
    with pytest.raises(onnx_split.NotSplittable):
        onnx_split.split(data.replace(b"/dec/", b"/dek/"))
    path.write_bytes(data.replace(b"/dec/", b"/dek/"))
    piper = Piper(Config(model=str(path)))
    piper.load()
    assert "run whole" in caplog.text
    chunks = say(piper, "Hi chat!")
    assert 350 <= length_ms(piper, sound(chunks)) <= 1200
    shapes = mouth(chunks)
    assert len(shapes) >= 5
    assert shapes[-1].start_ms <= length_ms(piper, sound(chunks))


def test_the_halves_hold_what_the_whole_holds(voice: Path) -> None:
    data = voice.read_bytes()
    halves = onnx_split.split(data)
    assert len(data) * 0.9 < len(halves.planner) + len(halves.vocoder) < len(data) * 1.05
    assert halves.shared == ()


def test_the_settings_name_the_rate(loaded: Piper, voice: Path) -> None:
    assert loaded.rate == json.loads(Path(f"{voice}.json").read_text())["audio"]["sample_rate"]
