"""Whole exchanges with the real models: text or speech in, speech out."""

from __future__ import annotations

import json
import subprocess
import wave
from pathlib import Path

import jsonschema
import pytest

from kitsu_tui.bench.wer import wer
from tests.support.show import KITSU, ROOT, SPEECH, RealShow
from tests.support.speech import letters_wrong

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.timeout(240)]

STAGES = ["endpoint", "asr_final", "first_token", "first_sentence", "first_pcm", "audible"]


def transcribed(show: RealShow, path: Path) -> str:
    """What the real recogniser hears in a file, asked in a shell pipe's way."""
    request = {"type": "request", "id": "1", "name": "asr.transcribe", "data": {"wav": str(path)}}
    done = subprocess.run(
        [*KITSU, "engine", "asr", "--profile", "starter"],
        input=json.dumps(request) + "\n",
        env=show.environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    text: str = next(a["data"]["text"] for a in answers if a["type"] == "response")
    return text


def test_text_is_answered_aloud_and_what_was_played_says_the_answer(
    talking: RealShow, tmp_path: Path
) -> None:
    out = tmp_path / "answer.wav"
    done = talking.kitsu(
        "talk", "--text", "What is your favourite snack?", "--out", str(out), "--json", timeout=120
    )
    said = json.loads(done.stdout)
    schema = json.loads(talking.kitsu("schema", "talk").stdout)
    jsonschema.validate(said, schema)
    assert said["status"] == "ok"
    assert said["transcript"] == "What is your favourite snack?"
    assert said["answer"]
    assert said["mood"]
    assert next(iter(said["marks_ms"])) == "speech_end"
    assert said["marks_ms"]["audible"] >= said["marks_ms"]["first_pcm"]
    with wave.open(str(out)) as file:
        assert file.getframerate() >= 16000
        seconds = file.getnframes() / file.getframerate()
    assert 0.4 < seconds < 30
    heard = transcribed(talking, out)
    assert letters_wrong(said["answer"], heard) <= 0.4, (said["answer"], heard)


def test_speech_is_heard_and_answered_and_every_stage_is_marked(talking: RealShow) -> None:
    done = talking.kitsu("talk", "--wav", str(SPEECH / "snack.wav"), "--json", timeout=120)
    said = json.loads(done.stdout)
    assert said["status"] == "ok", said
    assert wer("What is your favourite snack?", said["transcript"]) <= 0.2
    assert set(STAGES) <= set(said["marks_ms"])
    marks = said["marks_ms"]
    assert marks["speech_end"] == 0
    assert 0 < marks["endpoint"] <= marks["asr_final"] <= marks["audible"]


def test_without_tts_the_answer_is_text_and_nothing_is_played(talking: RealShow) -> None:
    done = talking.kitsu("talk", "--text", "Do you like rain?", "--no-tts", "--json", timeout=120)
    said = json.loads(done.stdout)
    assert said["status"] == "ok"
    assert said["answer"]
    assert "audible" not in said["marks_ms"]


def test_an_unknown_preset_is_refused_with_the_nearest(talking: RealShow) -> None:
    done = talking.kitsu("talk", "--text", "hi", "--preset", "chaotik", check=False)
    assert done.returncode == 1
    assert "chaotic" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cough_is_no_turn_and_the_microphone_goes_on(talking: RealShow) -> None:
    before = talking.status()["turn_count"]
    done = talking.kitsu("talk", "--wav", str(SPEECH / "cough.wav"), check=False, timeout=120)
    assert done.returncode == 1
    assert "nothing in it was understood" in done.stderr
    assert talking.status()["turn_count"] == before
    again = talking.kitsu("talk", "--wav", str(SPEECH / "song.wav"), "--json", timeout=120)
    assert json.loads(again.stdout)["transcript"]


def test_a_pause_in_mid_sentence_is_one_thing_said(talking: RealShow) -> None:
    index = json.loads((SPEECH / "index.json").read_text())
    clip = next(c for c in index["clips"] if c["file"] == "paused.wav")
    talking.kitsu("talk", "--wav", str(SPEECH / "paused.wav"), "--json", timeout=120)
    state = talking.wait(lambda s: all(t["status"] for t in s["turns"]), 60, "an end")
    last = state["turns"][-1]
    assert wer(clip["text"], last["said"]) <= 0.25, (clip["text"], last)
    assert last["status"] == "ok"


def test_say_answers_and_the_picture_shows_it(talking: RealShow) -> None:
    said = talking.kitsu("say", "hello there")
    turn = int(said.stdout.split()[1])
    state = talking.wait(
        lambda s: any(t["turn"] == turn and t["status"] for t in s["turns"]), 90, "an answer"
    )
    view = next(t for t in state["turns"] if t["turn"] == turn)
    assert view["status"] == "ok"
    assert view["said"] == "hello there"
    assert view["answer"]
    assert all(s["status"] == "played" for s in view["sentences"] if s["spoken"])


def test_a_missing_wav_and_a_bad_one_are_named(talking: RealShow, tmp_path: Path) -> None:
    missing = talking.kitsu("talk", "--wav", "nope.wav", check=False)
    assert missing.returncode == 2
    assert "nope.wav: no such file" in missing.stderr
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"RIFFnonsense" * 10)
    broken = talking.kitsu("talk", "--wav", str(bad), check=False)
    assert broken.returncode == 1
    assert "bad.wav" in broken.stderr
    assert "Traceback" not in broken.stderr
