"""The virtual loudspeaker: what is played on it is recorded, with the time at which it ended."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import time
import wave
from pathlib import Path

import pytest

from kitsu_tui.bench.loudspeaker import NAME, RATE, Loudspeaker
from kitsu_tui.bench.place import BenchFailed
from tests.support import pulse


def _tone(path: Path, seconds: float, level: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        count = int(seconds * RATE)
        file.writeframes(
            b"".join(struct.pack("<h", round(level * math.sin(i / 10))) for i in range(count))
        )
    return path


def test_the_last_loud_sample_has_its_time(tmp_path: Path) -> None:
    pulse.require()
    with Loudspeaker() as made:
        environ = {**os.environ, **made.environ}

        def play(path: Path) -> int:
            at = time.perf_counter_ns()
            subprocess.run(["paplay", "-d", NAME, str(path)], env=environ, check=True, timeout=30)
            end = time.perf_counter_ns()
            while made.upto < end + 200_000_000:
                time.sleep(0.01)
            return at

        at = play(_tone(tmp_path / "quiet.wav", 0.3, 10))
        assert made.last_sound_ms(at) == 0
        at = play(_tone(tmp_path / "loud.wav", 0.5, 8000))
        # Not before it can have been played, but for the end of the last wave, which is not loud.
        assert made.last_sound_ms(at) >= 490
        assert made.last_sound_ms(made.upto) == 0
        folder = made.folder
    assert not folder.exists()


def test_without_the_programs_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchFailed, match="pulseaudio, pactl, parec not installed"), Loudspeaker():
        pass
