"""The engine as a program: a shell pipe, and voices that cannot be loaded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.pipe import supervised

pytestmark = [pytest.mark.real, pytest.mark.e2e]


def run(config: dict[str, Any], *requests: dict[str, Any]) -> subprocess.CompletedProcess[bytes]:
    lines = "".join(json.dumps({"type": "request", **request}) + "\n" for request in requests)
    return subprocess.run(
        [sys.executable, "-m", "kitsu_tui.cli", "engine", "tts", "--config", json.dumps(config)],
        input=lines.encode(),
        capture_output=True,
        timeout=90,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )


def test_a_shell_pipe(voice: Path, tmp_path: Path) -> None:
    config = {"model": str(voice), "cache_dir": str(tmp_path / "cache")}
    done = run(config, {"id": "1", "name": "tts.speak", "data": {"text": "hi chat"}})
    assert done.returncode == 0, done.stderr
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [frame.get("name", frame["type"]) for frame in frames]
    order = list(dict.fromkeys(kinds))
    told = ["tts.reading", "tts.visemes", "tts.audio"]
    assert order == ["hello", "status", *told, "response", "bye"]
    assert frames[-2]["ok"] is True
    assert frames[-2]["data"]["status"] == "ok"
    assert list((tmp_path / "cache").glob("*.json")), "the line was not stored before it left"


@pytest.mark.parametrize("harm", ["missing", "cut", "no settings"])
def test_a_voice_that_cannot_be_loaded_is_one_line_and_exit_4(
    voice: Path, tmp_path: Path, harm: str
) -> None:
    path = tmp_path / voice.name
    if harm != "missing":
        shutil.copy(voice, path)
        shutil.copy(f"{voice}.json", f"{path}.json")
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:40_000_000])
    elif harm == "no settings":
        Path(f"{path}.json").unlink()
    done = run({"model": str(path), "cache_dir": str(tmp_path / "cache")})
    assert done.returncode == 4
    [line] = done.stderr.decode().splitlines()
    assert str(path) in line
    assert "kitsu models pull piper-en_US-joe-medium" in line
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    assert [frame["type"] for frame in frames] == ["hello", "event", "bye"]


def test_a_wrong_configuration_is_exit_2(voice: Path, tmp_path: Path) -> None:
    for config, told in (
        ({"model": str(voice), "speaker": 3}, "tts.speaker is 3"),
        ({"model": str(voice), "speed": 9}, "speed"),
        ({"backend": "shout"}, "backend"),
    ):
        done = run({"cache_dir": str(tmp_path / "cache"), **config})
        assert done.returncode == 2
        assert told in done.stderr.decode()
        assert "Traceback" not in done.stderr.decode()


def test_the_pace_changes_between_two_sentences_without_a_restart(
    voice: Path, tmp_path: Path
) -> None:
    config = {"model": str(voice), "cache_dir": str(tmp_path / "cache")}
    text = "Well hello there, how are you?"
    with supervised("tts", config) as engine:
        engine.request("1", "tts.speak", text=text)
        slow = engine.answer("1")["data"]
        engine.request("2", "engine.configure", config=config | {"speed": 1.6})
        engine.request("3", "engine.configure", config=config | {"speaker": 3})
        engine.request("4", "engine.configure", config=config | {"speed": 1.6, "threads": 9})
        assert engine.answer("2")["ok"], engine.answer("2")
        assert "tts.speaker is 3, but" in engine.answer("3")["error"]["message"]
        assert "threads: cannot change" in engine.answer("4")["error"]["message"]
        engine.request("5", "tts.speak", text=text)
        quick = engine.answer("5")["data"]
        assert (slow["cached"], quick["cached"], quick["status"]) == (False, False, "ok")
        assert quick["duration_ms"] < slow["duration_ms"] * 0.8
        engine.request("6", "engine.configure", config=config)
        assert engine.answer("6")["ok"]
        engine.request("7", "tts.speak", text=text)
        again = engine.answer("7")["data"]
        assert (again["cached"], again["duration_ms"]) == (True, slow["duration_ms"])
