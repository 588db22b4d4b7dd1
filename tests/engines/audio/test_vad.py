"""Frames in, transitions out; and the last voiced frame is the voice's."""

import json
from pathlib import Path

import numpy as np
import pytest
import webrtcvad

from engines.audio.capture import Segmenter
from engines.audio.vad import Endpointer, Samples, Transition, VoiceGate, level_db
from engines.audio.wavio import read_wav
from engines.wire import audio

SPEECH = Path(__file__).parents[2] / "data" / "speech"
CLIPS = json.loads((SPEECH / "index.json").read_text("utf-8"))["clips"]
QUESTIONS = [clip for clip in CLIPS if clip["kind"] == "question"]
MS = 1_000_000


def run(pattern: str, **config: int) -> list[tuple[Transition, int]]:
    """Transitions of frames of 20 ms, `x` voiced, with the ms at which each was known."""
    ends = Endpointer(20, **{"onset_ms": 60, "pause_ms": 120, "silence_ms": 300} | config)
    found: list[tuple[Transition, int]] = []
    for index, mark in enumerate(pattern):
        end = (index + 1) * 20
        found += [(change, end) for change in ends.push(mark == "x", end * MS)]
    return found


def test_three_voiced_frames_in_six_are_an_onset_at_the_first_of_them() -> None:
    ends = Endpointer(20, 60, 120, 300)
    changes: list[Transition] = []
    for index, mark in enumerate(".x.x.x"):
        changes = ends.push(mark == "x", (index + 1) * 20 * MS)
    assert changes == [Transition.ONSET]
    assert ends.onset_ns == 20 * MS
    assert ends.last_voiced_ns == 120 * MS


@pytest.mark.parametrize("pattern", ["x" + "." * 20, "xx" + "." * 20, "x....." * 8, "xx......" * 5])
def test_blips_are_no_onset(pattern: str) -> None:
    assert run(pattern) == []


def test_pause_and_end_count_from_the_last_voiced_frame() -> None:
    assert run("xxxxx" + "." * 20) == [
        (Transition.ONSET, 60),
        (Transition.PAUSE, 100 + 120),
        (Transition.END, 100 + 300),
    ]


def test_a_short_gap_is_no_pause() -> None:
    assert run("xxxxx" + "....." + "xxxxx") == [(Transition.ONSET, 60)]


def test_going_on_after_a_pause_is_a_resumption() -> None:
    changes = run("xxxxx" + "." * 8 + "xxx" + "." * 20)
    assert changes == [
        (Transition.ONSET, 60),
        (Transition.PAUSE, 220),
        (Transition.RESUME, 320),
        (Transition.PAUSE, 440),
        (Transition.END, 620),
    ]


def test_a_blip_in_a_pause_neither_resumes_nor_delays_the_end() -> None:
    assert run("xxxxx" + "." * 8 + "x" + "." * 20) == run("xxxxx" + "." * 29)


def test_a_second_utterance_has_its_own_onset() -> None:
    changes = run("xxx" + "." * 20 + "xxx" + "." * 20)
    assert [change for change, _ in changes].count(Transition.ONSET) == 2
    assert [change for change, _ in changes].count(Transition.END) == 2


def transitions(samples: Samples, config: audio.Config | None = None) -> list[object]:
    """What a segmenter with the real detector says of a sound, at the speed of the machine."""
    config = config or audio.Config()
    gate = VoiceGate(
        webrtcvad.Vad(config.vad_level), config.sample_rate, config.frame_ms, config.min_level_db
    )
    segmenter = Segmenter(config, gate)
    said: list[object] = []
    step = config.sample_rate // 50
    for start in range(0, len(samples), step):
        block = samples[start : start + step]
        end = (start + len(block)) * 1_000_000_000 // config.sample_rate
        said += segmenter.push(block, end)
    return said


def room(samples: Samples, noise: float, before: int = 8000, after: int = 16000) -> Samples:
    """A clip with silence around it, in a room with white noise of this RMS."""
    whole = np.concatenate((np.zeros(before, np.int16), samples, np.zeros(after, np.int16)))
    hiss = np.random.default_rng(7).normal(0, noise, len(whole)) if noise else 0
    noisy: Samples = np.clip(whole + hiss, -32768, 32767).astype(np.int16)
    return noisy


@pytest.mark.parametrize("noise", [0.0, 20.0])
@pytest.mark.parametrize("clip", QUESTIONS, ids=lambda clip: clip["file"])
def test_speech_is_one_utterance_with_true_ends(clip: dict[str, float], noise: float) -> None:
    samples, rate = read_wav(SPEECH / str(clip["file"]))
    assert rate == 16000
    said = transitions(room(samples, noise))
    starts = [s for s in said if isinstance(s, audio.SpeechStart)]
    ends = [s for s in said if isinstance(s, audio.SpeechEnd)]
    assert len(starts) == len(ends) == 1
    assert starts[0].onset_ns / MS - 500 == pytest.approx(clip["speech_start_ms"], abs=40)
    # The detector's overhang alone would be 100 ms late.
    assert ends[0].speech_end_ns / MS - 500 == pytest.approx(clip["speech_end_ms"], abs=40)
    assert (ends[0].endpoint_ns - ends[0].speech_end_ns) / MS == pytest.approx(300, abs=1)
    assert not ends[0].cut


def test_a_hissing_room_is_no_speech_from_the_first_moment() -> None:
    assert transitions(room(np.zeros(16000, np.int16), 300.0)) == []  # -41 dBFS


def test_hiss_after_a_mute_is_no_speech() -> None:
    hiss = room(np.zeros(48000, np.int16), 300.0)
    muted = np.concatenate((hiss, np.zeros(64000, np.int16), hiss))
    assert transitions(muted) == []


def test_what_is_below_the_least_level_is_no_voice() -> None:
    samples, _ = read_wav(SPEECH / "snack.wav")
    faint = (samples // 64).astype(np.int16)
    assert transitions(room(faint, 0.0)) == []
    assert transitions(room(faint, 0.0), audio.Config(min_level_db=-80.0)) != []


def test_levels() -> None:
    assert level_db(np.zeros(320, np.int16)) == -100.0
    assert level_db(np.full(320, 32767, np.int16)) == pytest.approx(0.0, abs=0.01)
    assert level_db(np.full(320, 328, np.int16)) == pytest.approx(-40.0, abs=0.01)
