"""Utterances: nothing of them is lost, and what is said comes in order."""

from pathlib import Path

import numpy as np
import pytest

from engines.audio.capture import CaptureClock, Said, Segmenter
from engines.audio.vad import Samples, VoiceGate
from engines.audio.wavio import read_wav
from engines.wire import audio
from tests.engines.audio.test_vad import room, transitions

SPEECH = Path(__file__).parents[2] / "data" / "speech"
MS = 1_000_000
FRAME = 320


class Loud:
    """A detector that calls everything voice: the level gate then decides."""

    def is_speech(self, buf: bytes, sample_rate: int) -> bool:
        return True

    def set_mode(self, mode: int) -> None: ...


def segmenter(config: audio.Config) -> Segmenter:
    return Segmenter(config, VoiceGate(Loud(), 16000, 20))


def push(target: Segmenter, pattern: str, start_ms: int = 0) -> list[Said]:
    """Frames of 20 ms: `x` loud, anything else silent; every sample of a frame names the frame."""
    said: list[Said] = []
    for index, mark in enumerate(pattern):
        value = 10000 + start_ms // 20 + index if mark == "x" else 0
        end = (start_ms + (index + 1) * 20) * MS
        said += target.push(np.full(FRAME, value, np.int16), end)
    return said


def pcm(said: list[Said]) -> Samples:
    data = b"".join(s.pcm for s in said if isinstance(s, audio.SpeechPcm))
    return np.frombuffer(data, np.int16)


def kinds(said: list[Said]) -> list[str]:
    return [type(s).__name__.removeprefix("Speech") for s in said if type(s) is not audio.SpeechPcm]


def test_the_preroll_comes_first_and_then_every_sample_once() -> None:
    said = push(segmenter(audio.Config()), "." * 50 + "x" * 20 + "." * 30)
    assert kinds(said) == ["Start", "Pause", "End"]
    start, end = said[0], said[-1]
    assert isinstance(start, audio.SpeechStart)
    assert isinstance(end, audio.SpeechEnd)
    assert start.preroll_ms == 300
    assert start.onset_ns == 1000 * MS
    sound = pcm(said)
    before, loud, after = 15 * FRAME, 20 * FRAME, 15 * FRAME
    assert len(sound) == before + loud + after
    assert not sound[:before].any()
    assert sound[before : before + loud].tolist() == [
        10050 + i for i in range(20) for _ in range(FRAME)
    ]
    assert end.speech_end_ns == 1400 * MS
    assert end.endpoint_ns == 1700 * MS
    assert end.duration_ms == 400
    assert isinstance(said[-2], audio.SpeechPcm)  # all of it is sent before the end is


def test_a_preroll_shorter_than_asked_says_so() -> None:
    said = push(segmenter(audio.Config()), "..xxx")
    start = said[0]
    assert isinstance(start, audio.SpeechStart)
    assert start.preroll_ms == 40
    assert len(pcm(said)) == 5 * FRAME


def test_messages_are_short() -> None:
    said = push(segmenter(audio.Config(preroll_ms=1000)), "." * 100 + "x" * 100)
    sizes = [len(s.pcm) / 32 for s in said if isinstance(s, audio.SpeechPcm)]
    assert min(sizes) >= 20
    assert max(sizes) <= 100


def test_all_sound_so_far_is_sent_before_a_pause_and_a_resumption() -> None:
    config = audio.Config()
    target = segmenter(config)
    said = push(target, "x" * 10 + "." * 9 + "x" * 10)
    assert kinds(said) == ["Start", "Pause", "Resume"]
    upto = next(i for i, s in enumerate(said) if isinstance(s, audio.SpeechPause))
    assert len(pcm(said[:upto])) == 16 * FRAME  # ten loud, six of silence
    assert target.hearing


def test_the_next_preroll_keeps_off_the_words_before() -> None:
    config = audio.Config(silence_ms=100, pause_ms=60)
    said = push(segmenter(config), "x" * 10 + "." * 6 + "x" * 10 + "." * 6)
    starts = [i for i, s in enumerate(said) if isinstance(s, audio.SpeechStart)]
    assert len(starts) == 2
    second = pcm(said[starts[1] :])
    assert second[second > 0][0] == 10016  # not 10009, the last frame of the first
    assert len(second) == 21 * FRAME  # the silence between belongs to both


def test_an_utterance_is_cut_at_its_greatest_length_and_goes_on_without_a_gap() -> None:
    said = push(segmenter(audio.Config(max_utterance_s=1.0)), "x" * 120 + "." * 20)
    ends = [s for s in said if isinstance(s, audio.SpeechEnd)]
    assert [end.cut for end in ends] == [True, True, False]
    sound = pcm(said)
    assert np.array_equal(sound[: 120 * FRAME : FRAME], np.arange(10000, 10120))


def test_a_cut_ends_the_utterance_and_forgets_what_was_heard() -> None:
    target = segmenter(audio.Config())
    push(target, "x" * 10)
    said = target.cut(207 * MS)
    assert kinds(said) == ["End"]
    end = said[-1]
    assert isinstance(end, audio.SpeechEnd)
    assert end.cut
    assert end.endpoint_ns == 207 * MS
    assert target.cut(208 * MS) == []
    after = push(target, "x" * 5, start_ms=200)
    start = after[0]
    assert isinstance(start, audio.SpeechStart)
    assert start.preroll_ms == 0


@pytest.mark.parametrize("block", [7, 160, 331, 4096])
def test_blocks_may_have_any_size(block: int) -> None:
    samples, _ = read_wav(SPEECH / "snack.wav")
    whole = room(samples, 0.0)
    expected = transitions(whole)
    import webrtcvad

    target = Segmenter(audio.Config(), VoiceGate(webrtcvad.Vad(2), 16000, 20))
    said: list[object] = []
    for at in range(0, len(whole), block):
        part = whole[at : at + block]
        said += target.push(part, (at + len(part)) * MS // 16)
    assert [type(s) for s in said] == [type(s) for s in expected]
    ends = [s.speech_end_ns for s in (said[-1], expected[-1]) if isinstance(s, audio.SpeechEnd)]
    assert abs(ends[0] - ends[1]) < MS


def test_the_first_syllable_is_in_the_sound() -> None:
    samples, _ = read_wav(SPEECH / "snack.wav")
    said = [s for s in transitions(room(samples, 0.0)) if isinstance(s, audio.SpeechPcm)]
    sound = np.frombuffer(b"".join(s.pcm for s in said), np.int16)
    loud = np.flatnonzero(samples)
    words = samples[loud[0] : loud[-1] + 1]
    start = int(np.argmax(sound != 0))
    assert np.array_equal(sound[start : start + len(words)], words)


def test_the_capture_clock_follows_the_earliest_arrivals() -> None:
    clock = CaptureClock()
    rng = np.random.default_rng(5)
    start = 10**12
    errors = []
    for n in range(1, 500):
        true = start + n * 20 * MS
        got = clock.end(true + int(rng.exponential(4 * MS)), 20 * MS)
        errors.append((got - true) / MS)
    assert max(errors[50:]) < 2.0  # arrivals are late by 4 ms on average
    assert min(errors) >= 0


def test_the_capture_clock_starts_anew_after_a_gap() -> None:
    clock = CaptureClock()
    clock.end(10**12, 20 * MS)
    assert clock.end(10**12 + 5000 * MS, 20 * MS) == 10**12 + 5000 * MS


def test_other_times_hold_from_the_next_frame_on_also_in_an_utterance() -> None:
    target = segmenter(audio.Config(silence_ms=1000, pause_ms=900))
    assert kinds(push(target, "." * 50 + "x" * 20 + "." * 10)) == ["Start"]
    target.retune(audio.Config(silence_ms=300, pause_ms=100))
    assert kinds(push(target, "." * 5, 1600)) == ["Pause", "End"]
    assert kinds(push(target, "x" * 20 + "." * 20, 1700)) == ["Start", "Pause", "End"]


def test_a_longer_preroll_and_another_threshold() -> None:
    target = segmenter(audio.Config(preroll_ms=100))
    push(target, "." * 100)
    target.retune(audio.Config(preroll_ms=600, min_level_db=-50))
    [start, *_] = push(target, "." * 100 + "x" * 20, 2000)
    assert isinstance(start, audio.SpeechStart)
    assert start.preroll_ms == 600
    target = segmenter(audio.Config())
    target.retune(audio.Config(min_level_db=-5))
    assert not push(target, "." * 50 + "x" * 20)
