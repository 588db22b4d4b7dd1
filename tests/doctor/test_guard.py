"""The second opinion: wished for, there, reachable, with its model and its key."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from engines.wire import guard
from kitsu_tui.config import load_profile
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.guard import look, server
from tests.fakes.openai_api import FakeOpenAi

ON = "engines: {guard: {enabled: true}}\n"


async def found(tmp_path: Path, text: str) -> tuple[str, str]:
    path = tmp_path / "mine.yaml"
    path.write_text(f"extends: starter\n{text}")
    loaded = load_profile(str(path), {})
    finding = await look(Context(loaded=loaded, environ=loaded.environ))
    assert bool(finding.do) == (finding.status in ("bad", "warn"))
    return finding.status, finding.found


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("", "ok", "not asked for"),
        ("safety: {opinion: both}\n", "warn", "no guard engine is started"),
        (ON, "warn", "asked nothing"),
        (ON + "safety: {opinion: doubtful}\nguard: {backend: words}\n", "ok", "doubtful"),
    ],
)
async def test_what_the_profile_wishes_and_has(
    tmp_path: Path, text: str, status: str, said: str
) -> None:
    now, words = await found(tmp_path, text)
    assert (now, said in words) == (status, True)


async def test_the_server_is_asked(tmp_path: Path) -> None:
    with FakeOpenAi() as api:
        text = ON + f"safety: {{opinion: both}}\nguard: {{url: '{api.url}'}}\n"
        status, words = await found(tmp_path, text)
        assert (status, "answers, for llama-guard3:1b" in words) == ("ok", True)


def test_what_may_be_wrong_with_a_server() -> None:
    with FakeOpenAi(models=["llama3:8b"], key="right") as api:
        finding = server(guard.Config(url=api.url, api_key="hunter2"))
        assert (finding.status, "refuses the key" in finding.found) == ("bad", True)
        assert "hunter2" not in repr(finding)
        finding = server(guard.Config(url=api.url, api_key="right"))
        assert (finding.status, "it has: llama3:8b" in finding.found) == ("bad", True)
        finding = server(guard.Config(url=api.url, api_key="bad\r\nhunter2"))
        assert (finding.status, "hunter2" in repr(finding)) == ("warn", False)
        api.fault = "garbage"
        assert server(guard.Config(url=api.url)).status == "warn"
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        finding = server(guard.Config(url=f"http://127.0.0.1:{held.getsockname()[1]}"))
        assert (finding.status, "nobody answers" in finding.found) == ("warn", True)
    for url in ("nowhere", "http://x:999999"):
        assert server(guard.Config(url=url)).status == "bad"
