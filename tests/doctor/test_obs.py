"""OBS in `kitsu doctor`: every way in which it may not be as the profile wants it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kitsu_tui.config import load_profile
from kitsu_tui.doctor import obs, services
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.report import Finding
from tests.fakes.obs_strangers import stranger
from tests.fakes.obs_websocket import FakeObs

PASSWORD = "hunter2 and more"


@pytest.fixture
def fake() -> Iterator[FakeObs]:
    with FakeObs(password=PASSWORD) as made:
        yield made


def look(folder: Path, text: str = "", **environ: str) -> list[Finding]:
    """What is found for a profile with these lines."""
    path = folder / "p.yaml"
    path.write_text(f"extends: starter\nengines: {{obs: {{enabled: true}}}}\n{text}\n", "utf-8")
    loaded = load_profile(str(path), environ)
    found = services.of(services.SERVICES[0]).look(Context(loaded=loaded, environ=loaded.environ))
    assert isinstance(found, list)
    assert PASSWORD not in repr(found)
    return found


def test_all_is_there(fake: FakeObs, tmp_path: Path) -> None:
    text = "obs: {caption: Caption, panic_filter: Panic, panic_mutes: [Mic, Music]}\n"
    text += "scenes: {moods: {happy: Close-up}, events: {quiet: Main}}"
    first, second = look(tmp_path, text, **fake.environ)
    assert (first.status, second.status) == ("ok", "ok")
    assert "OBS 29.0.2 with obs-websocket 5.1.0" in first.found
    assert "5 scenes" in second.found
    changed = [kind for kind, _ in fake.asked if not kind.startswith("Get")]
    assert not changed  # it only looks


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("obs: {brb_scene: brb}", "OBS panic", "no scene 'brb' (did you mean BRB?)"),
        ("obs: {panic_filter: panik}", "OBS panic", "no filter 'panik' (did you mean Panic?)"),
        (
            "obs: {panic_filter: Mein/Panic}",
            "OBS panic",
            "no filter 'Mein/Panic' (did you mean Main/Panic?)",
        ),
        ("obs: {panic_mutes: [Mik]}", "OBS panic", "no input 'Mik' (did you mean Mic?)"),
        ("obs: {panic_mutes: [Caption]}", "OBS panic", "'Caption' makes no sound"),
        ("obs: {caption: Capshun}", "OBS captions", "(did you mean Caption?)"),
        ("obs: {caption: Mic}", "OBS captions", "'Mic' is no text source"),
        ("obs: {scenes: [Main, Gone]}", "OBS scenes", "no scene 'Gone' (obs.scenes)"),
        (
            "scenes: {moods: {angry: Closeup}}",
            "OBS scenes",
            "no scene 'Closeup' (did you mean Close-up?) (scenes.moods.angry)",
        ),
        ("scenes: {events: {quiet: Nope}}", "OBS scenes", "(scenes.events.quiet)"),
    ],
)
def test_what_the_profile_names_and_obs_has_not(
    fake: FakeObs, tmp_path: Path, text: str, name: str, words: str
) -> None:
    first, *others = look(tmp_path, text, **fake.environ)
    assert first.status == "ok"
    (found,) = others
    assert (found.name, found.status) == (name, "warn")
    assert words in found.found
    assert found.do


def test_a_filter_of_which_there_are_several(fake: FakeObs, tmp_path: Path) -> None:
    fake.world.filters["BRB"] = [dict(fake.world.filters["Main"][0])]
    _, found = look(tmp_path, "obs: {panic_filter: Panic}", **fake.environ)
    assert "2 filters are called 'Panic'" in found.found
    assert "Main/Panic" in found.do
    _, found = look(tmp_path, "obs: {panic_filter: BRB/Panic}", **fake.environ)
    assert found.status == "ok"


@pytest.mark.parametrize(
    ("password", "words", "do"),
    [("wrong", "password is wrong", "correct"), ("", "wants a password", "put it into")],
)
def test_the_password(fake: FakeObs, tmp_path: Path, password: str, words: str, do: str) -> None:
    (found,) = look(tmp_path, OBS_WS_URL=fake.url, OBS_WS_PASSWORD=password)
    assert (found.status, words in found.found) == ("warn", True)
    assert found.do.startswith(do)
    assert "OBS_WS_PASSWORD" in found.do


def test_nobody_listens_something_else_does_or_it_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obs, "ANSWER_S", 0.3)
    with stranger("http") as url:
        (found,) = look(tmp_path, OBS_WS_URL=url)
    assert "no WebSocket server" in found.found
    assert "OBS 28 or newer" in found.do
    (found,) = look(tmp_path, OBS_WS_URL=url)
    assert "nobody listens" in found.found
    assert found.do.startswith("start OBS")
    with stranger("greets") as url:
        (found,) = look(tmp_path, OBS_WS_URL=url)
    assert "no answer within" in found.found
    with FakeObs(version=(5, 7, 3), rpc=2, takes=(2,)) as newer:
        (found,) = look(tmp_path, **newer.environ)
    assert "another version of the protocol" in found.found
    with FakeObs() as loading:
        loading.ready = False
        (found,) = look(tmp_path, **loading.environ)
    assert "not ready" in found.found
    assert found.do.startswith("wait until OBS has started")


def test_without_the_engine_it_is_only_knocked_at(fake: FakeObs) -> None:
    loaded = load_profile("starter", fake.environ)
    found = services.of(services.SERVICES[0]).look(Context(loaded=loaded, environ=loaded.environ))
    assert isinstance(found, Finding)
    assert (found.status, found.found.startswith("reachable")) == ("ok", True)
    assert not fake.asked
