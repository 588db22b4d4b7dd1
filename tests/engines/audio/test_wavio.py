"""Wav files: what is read, what is refused and how, and what a kill leaves."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from engines.audio.wavio import BadWav, Recorder, header, read_wav


def write(path: Path, *, rate: int = 16000, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(b"\x01\x02" * 1000 * channels)
    return path


def test_mono_and_stereo(tmp_path: Path) -> None:
    mono, rate = read_wav(write(tmp_path / "m.wav", rate=22050))
    assert (len(mono), rate) == (1000, 22050)
    stereo, _ = read_wav(write(tmp_path / "s.wav", channels=2))
    assert np.array_equal(mono, stereo)


def test_other_chunks_and_the_extensible_format(tmp_path: Path) -> None:
    data = struct.pack("<4h", 1, 2, 3, 4)
    form = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4, 1, b"\0" * 14)
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(data)) + data
    path = tmp_path / "x.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    samples, rate = read_wav(path)
    assert (samples.tolist(), rate) == ([1, 2, 3, 4], 8000)


@pytest.mark.parametrize("size", [0, 0xFFFFFFF0])
def test_a_file_whose_writer_was_killed(tmp_path: Path, size: int) -> None:
    path = tmp_path / "k.wav"
    path.write_bytes(header(16000, 0)[:40] + struct.pack("<I", size) + b"\x01\x00" * 50 + b"\x07")
    samples, _ = read_wav(path)
    assert samples.tolist() == [1] * 50


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"ID3\x04" + b"\0" * 100, "a file that begins b'ID3"),
        (b"RIFF\0\0\0\0WAVE", "no fmt chunk"),
        (header(16000, 0)[:36], "no data chunk"),
        (header(16000, 0), "no samples"),
        (
            header(16000, 4)[:20] + struct.pack("<H", 3) + header(16000, 4)[22:] + b"1234",
            "format 3",
        ),
        (header(16000, 4)[:34] + struct.pack("<H", 24) + header(16000, 4)[36:] + b"1234", "24 bit"),
    ],
)
def test_a_bad_file_says_what_was_found_and_what_is_needed(
    tmp_path: Path, content: bytes, found: str
) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(BadWav) as caught:
        read_wav(path)
    text = str(caught.value)
    assert str(path) in text
    assert found in text
    assert "s16 PCM, mono or stereo" in text


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadWav, match=r"gone\.wav: No such file"):
        read_wav(tmp_path / "gone.wav")
    with pytest.raises(BadWav, match="needed is RIFF wav"):
        read_wav(tmp_path)


def test_the_recording_is_valid_at_every_moment(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    recorder = Recorder(path, 48000)
    block = np.full(960, 5, np.int16)
    recorder.put(block, 48000)
    recorder._drain()  # as its thread does four times a second
    with wave.open(str(path)) as file:
        assert (file.getnframes(), file.getframerate()) == (960, 48000)
    recorder.put(block, 48000)
    recorder.close(5.0)
    with wave.open(str(path)) as file:
        assert file.getnframes() == 1920


def test_long_silence_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    recorder = Recorder(path, 48000)
    quiet, loud = np.zeros(960, np.int16), np.full(960, 5, np.int16)
    for block in [quiet] * 100 + [loud] + [quiet] * 100 + [loud]:
        recorder.put(block, 48000)
    recorder.close(5.0)
    samples, _ = read_wav(path)
    assert len(samples) == 960 * (1 + 50 + 1)


def test_a_slow_disk_costs_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.audio.wavio.MAX_QUEUED", 10)
    recorder = Recorder(tmp_path / "out.wav", 48000)
    recorder.close(5.0)  # nobody drains
    for _ in range(15):
        recorder.put(np.full(960, 5, np.int16), 48000)
    assert recorder.dropped == 5
