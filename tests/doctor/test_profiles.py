"""The profile and what it names; secrets are told as set or not, and never shown."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from kitsu_tui.config import load_profile
from kitsu_tui.doctor import profiles
from kitsu_tui.doctor.context import Context


def context(path: Path, text: str, environ: Mapping[str, str] | None = None) -> Context:
    path = path / "p.yaml"
    path.write_text(text)
    loaded = load_profile(str(path), environ or {})
    return Context(loaded=loaded, environ=loaded.environ)


def test_what_it_starts(tmp_path: Path) -> None:
    made = context(tmp_path, "extends: starter\n", {"PIPELINE_DISABLE": "tts_worker"})
    found = profiles.profile(made)
    assert found.status == "ok"
    assert "audio, asr, policy, metrics; off by PIPELINE_DISABLE: tts" in found.found


def test_live_with_a_smoke_test_for_a_mind(tmp_path: Path) -> None:
    assert profiles.profile(context(tmp_path, "extends: live\n")).status == "warn"
    mine = context(tmp_path, "extends: live\npolicy: {model: /m/llama.gguf}\n")
    assert profiles.profile(mine).status == "ok"


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("persona: {file: nobody}", profiles.persona),
        ("persona: {preset: grumpy}", profiles.persona),
        ("safety: {files: [nowhere]}", profiles.safety),
        ("engines: {asr: {needs: [tts]}, tts: {needs: [asr]}}", profiles.needs),
    ],
)
def test_what_it_names_is_looked_at(tmp_path: Path, text: str, check: object) -> None:
    assert callable(check)
    found = check(context(tmp_path, f"extends: starter\n{text}\n"))
    assert found.status == "bad", found
    assert found.do


def test_a_secret_is_set_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    secret = "hunter2hunter2"
    (tmp_path / ".env").write_text(f"OBS_WS_PASSWORD={secret}\nVTS_AUTH_TOKEN=\n")
    (tmp_path / ".env").chmod(0o644)
    found = profiles.secrets(context(tmp_path, "extends: starter\n"))
    assert secret not in repr(found)
    said = found[0].found
    assert said.startswith("set: OBS_WS_PASSWORD; not set: ")
    assert "VTS_AUTH_TOKEN" in said.partition("not set")[2]
    if sys.platform != "win32":
        assert (found[1].status, found[1].do) == ("warn", f"chmod 600 {tmp_path / '.env'}")
        (tmp_path / ".env").chmod(0o600)
        assert profiles.secrets(context(tmp_path, "extends: starter\n"))[1].status == "ok"


def test_a_secret_in_a_profile_is_named_and_not_shown(tmp_path: Path) -> None:
    text = "extends: starter\nengines: {tts: {env: {MY_API_KEY: hunter2hunter2}}}\n"
    found = profiles.secrets(context(tmp_path, text))
    assert found[-1].status == "warn"
    assert "MY_API_KEY" in found[-1].found
    assert "hunter2" not in repr(found)


def test_what_licences_want_shown_or_forbid(tmp_path: Path) -> None:
    assert "no model asks" in profiles.credit(context(tmp_path, "extends: starter\n")).found
    llama = profiles.credit(context(tmp_path, "extends: live\npolicy: {model: llama3:8b}\n"))
    assert (llama.status, "Built with Meta Llama 3" in llama.found) == ("ok", True)
    xtts = profiles.credit(context(tmp_path, "extends: starter\ntts: {model: xtts_v2}\n"))
    assert (xtts.status, "non-commercial" in xtts.found) == ("warn", True)
    other = profiles.credit(context(tmp_path, "extends: live\npolicy: {model: /m/x.gguf}\n"))
    assert (other.status, "licence" in other.do) == ("warn", True)
