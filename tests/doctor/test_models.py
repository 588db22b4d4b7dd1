"""Models: whole, damaged, missing; a path of one's own; quick looks at sizes alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kitsu_tui.config import load_profile
from kitsu_tui.config.models import ModelStore
from kitsu_tui.doctor import models
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.examine import next_step
from kitsu_tui.doctor.report import Check

TURN = "smart-turn-v3.2"
MODEL = "smollm2-135m-instruct-q4_1"


def context(store: Path, profile: str = "starter", *, quick: bool = False) -> Context:
    environ = {"KITSU_MODELS_DIR": str(store)}
    loaded = load_profile(profile, environ)
    return Context(loaded=loaded, environ=loaded.environ, quick=quick)


@pytest.fixture
def damaged(tmp_path: Path, starter_models: ModelStore) -> Path:
    """A store whose language model has its size and not its content."""
    path = starter_models.path(MODEL)
    copy = tmp_path / MODEL / path.name
    copy.parent.mkdir()
    shutil.copyfile(path, copy)
    with copy.open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    return tmp_path


def test_only_the_thorough_look_finds_damage(damaged: Path) -> None:
    assert models.look("policy", context(damaged, quick=True)).status == "ok"
    found = models.look("policy", context(damaged))
    assert (found.status, found.do) == ("bad", f"kitsu models pull {MODEL}")
    assert "sha256" in found.found
    assert len(found.found) < 200


def test_a_missing_model_names_the_command(tmp_path: Path) -> None:
    found = models.look("asr", context(tmp_path, quick=True))
    assert (found.status, found.do) == ("bad", "kitsu models pull whisper-tiny.en")
    assert found.goes_first


def test_one_command_pulls_all_that_is_missing() -> None:
    missing = [
        (
            Check(group="Models", name=n, status="bad", found="", do=f"kitsu models pull {n}"),
            True,
        )
        for n in ("a", "b")
    ]
    assert next_step(missing) == "kitsu models pull a b"


@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        (b"GGUF" + b"\0" * 20, "ok", ""),
        (b"<!doctype html>", "bad", "is no GGUF file"),
        (None, "bad", "no such file"),
    ],
)
def test_a_model_of_ones_own(tmp_path: Path, content: bytes | None, status: str, says: str) -> None:
    path = tmp_path / "mine.gguf"
    if content is not None:
        path.write_bytes(content)
    profile = tmp_path / "mine.yaml"
    profile.write_text(f"extends: starter\npolicy: {{model: {path}}}\n")
    found = models.look("policy", context(tmp_path, str(profile)))
    assert found.status == status
    assert says in found.found


def test_what_runs_elsewhere_is_not_looked_for_here(tmp_path: Path) -> None:
    profile = tmp_path / "far.yaml"
    profile.write_text("extends: starter\nengines: {tts: {command: [ssh, box, kitsu]}}\n")
    assert models.look("tts", context(tmp_path, str(profile))).status == "skipped"
