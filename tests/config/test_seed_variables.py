"""The variables that people know from before: honoured, or on a list that only shrinks."""

from __future__ import annotations

from pathlib import Path

import pytest

from kitsu_tui.config import load_profile, paths
from kitsu_tui.config.environ import variables

MISSING_AT_MOST = 35
"""Lower this with every variable that moves to the honoured ones; never raise it."""

ELSEWHERE = {"KITSU_CONFIG_FILE", "KITSU_LOG_ROOT", "PIPELINE_DISABLE"}
"""Honoured by other means than a key of the profile; each has a test below."""


def listed() -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    names: list[str] = []
    for line in (Path(__file__).parent / "seed_variables.txt").read_text().splitlines():
        if line.startswith("["):
            names = groups.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            names.append(line)
    return groups


def test_the_list_is_in_order_and_names_each_once() -> None:
    groups = listed()
    assert set(groups) == {"honoured", "missing"}
    everything = groups["honoured"] + groups["missing"]
    assert len(everything) == len(set(everything)) == 54
    for names in groups.values():
        assert names == sorted(names)


def test_the_honoured_ones_are_honoured() -> None:
    assert set(listed()["honoured"]) == (set(variables()) & set(listed()["honoured"])) | ELSEWHERE


def test_the_missing_ones_only_shrink() -> None:
    missing = listed()["missing"]
    assert len(missing) <= MISSING_AT_MOST
    found = set(variables()) & set(missing)
    assert not found, f"honoured by now: move {sorted(found)} and lower MISSING_AT_MOST"


VALUES = {
    "ASR_FAKE_AUDIO": ("1", True),
    "ASR_FRAME_MS": ("30", 30),
    "ASR_INPUT_DEVICE": ("3", "3"),
    "ASR_SAMPLE_RATE": ("48000", 48000),
    "ASR_SILENCE_MS": ("700", 700),
    "GPU_METRICS_INTERVAL_SECONDS": ("5", 5.0),
    "LLM_MODEL_NAME": ("some-model", "some-model"),
    "OBS_PANIC_FILTER": ("Camera/Blur", "Camera/Blur"),
    "OBS_SCENES": ("Main, Close-up", ["Main", "Close-up"]),
    "OBS_WS_PASSWORD": ("s3cret", "s3cret"),
    "OBS_WS_URL": ("ws://10.0.0.7:4455", "ws://10.0.0.7:4455"),
    "PIPER_MODEL": ("some-voice", "some-voice"),
    "POLICY_FAMILY_FRIENDLY": ("0", False),
    "POLICY_RETRY_ATTEMPTS": ("4", 4),
    "POLICY_RETRY_BACKOFF": ("0.5", 0.5),
    "TTS_CACHE_DIR": ("artifacts/tts_cache", "artifacts/tts_cache"),
}


@pytest.mark.parametrize("name", [n for n in listed()["honoured"] if n not in ELSEWHERE])
def test_each_reaches_its_key(name: str) -> None:
    said, expected = VALUES[name]
    value: object = load_profile("starter", {name: said}).profile
    for key in variables()[name][0]:
        value = getattr(value, key)
    assert value == expected


def test_kitsu_config_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("title: Mine\n")
    assert load_profile("", {"KITSU_CONFIG_FILE": str(path)}).profile.title == "Mine"
    assert load_profile("starter", {"KITSU_CONFIG_FILE": str(path)}).profile.title == "Starter"


def test_kitsu_log_root(tmp_path: Path) -> None:
    assert paths.log_root({"KITSU_LOG_ROOT": "here"}, tmp_path) == tmp_path / "here"


def test_pipeline_disable() -> None:
    assert not load_profile("starter", {"PIPELINE_DISABLE": "TTS_worker"}).enabled("tts")
