"""Engines that go wrong, under a real show: a clear word, no orphan, and the rest goes on."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from kitsu_tui.config.models import ModelStore
from tests.support.show import ROOT, RealShow

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ENGINES = str(ROOT / "tests" / "support" / "engines.py")


def profile(on: dict[str, dict[str, Any]], more: str = "") -> str:
    """A profile with these engines only."""
    engines: dict[str, Any] = {
        name: {"enabled": False} for name in ("audio", "asr", "policy", "tts", "metrics", "echo")
    }
    for name, process in on.items():
        engines[name] = {"enabled": True} | process
    return f"extends: starter\nengines: {json.dumps(engines)}\naudio: {{backend: 'null'}}\n{more}\n"


def faulty(fault: str, *more: str, engine: str = "echo") -> dict[str, dict[str, Any]]:
    """One engine with one fault."""
    command = [sys.executable, ENGINES, fault, "--engine", engine, *more]
    return {engine: {"command": command}}


@pytest.mark.parametrize("fault", ["babbles", "prints", "floods_stderr", "none"])
def test_what_an_engine_says_wrongly_is_skipped_and_it_stays_ready(
    place: RealShow, fault: str
) -> None:
    place.start(profile(faulty(fault)))
    place.wait_engine("echo", "ready", 30)
    time.sleep(1.0)
    view = place.engine("echo")
    assert view["state"] == "ready", view
    assert view["restarts"] == 0
    if fault == "babbles":
        assert "a line that cannot be used" in place.log("show")
    if fault == "prints":
        assert "not for the wire" in place.log("echo")
    assert place.kitsu("stop").returncode == 0
    assert place.gone()


@pytest.mark.parametrize("fault", ["endless_stderr", "endless_stdout"])
def test_hundreds_of_megabytes_without_a_newline_are_left_out_and_told(
    place: RealShow, fault: str
) -> None:
    pid = place.start(profile(faulty(fault, "--mb", "400")))
    show, most = psutil.Process(pid), 0
    end = time.monotonic() + 60
    while "poured 400 MB" not in place.log("echo"):
        assert time.monotonic() < end, "it was not drained"
        most = max(most, show.memory_info().rss)
        time.sleep(0.01)
    view = place.wait_engine("echo", "ready", 30)
    assert (view["state"], view["restarts"]) == ("ready", 0)
    assert most < 300e6, "the line was kept"  # a show with its rules has up to 200 MB itself
    if fault == "endless_stderr":
        assert "lines over 64 KiB left out: 1" in place.log("echo")
    else:
        assert "a line over 1 MiB" in place.log("show")


@pytest.mark.parametrize(
    ("fault", "more", "exit_words"),
    [
        ("dies_at_start", ("--code", "1"), "exit 1"),
        ("dies_before_hello", ("--code", "75"), "exit 75"),
        ("fails_at_start", (), "exit 1"),
    ],
)
def test_an_engine_that_dies_at_start_is_tried_again_and_at_last_given_up(
    place: RealShow, fault: str, more: tuple[str, ...], exit_words: str
) -> None:
    place.start(profile(faulty(fault, *more)))
    view = place.wait_engine("echo", "failed", 90)
    assert view["restarts"] == 5
    assert exit_words in view["exit"]
    assert "5 restarts" in view["detail"]
    state = place.status()
    assert any("echo" in alert["text"] for alert in state["alerts"])


@pytest.mark.parametrize(("code", "words"), [(2, "bad configuration"), (4, "missing")])
def test_an_engine_that_cannot_work_is_not_tried_again(
    place: RealShow, code: int, words: str
) -> None:
    place.start(profile(faulty("dies_at_start", "--code", str(code))))
    view = place.wait_engine("echo", "failed", 30)
    assert view["restarts"] == 0
    assert words in view["exit"] + view["detail"]
    place.kitsu("restart", "echo")
    again = place.wait(
        lambda s: (
            s["engines"]["echo"]["restarts"] == 1 and s["engines"]["echo"]["state"] == "failed"
        ),
        30,
        "the operator may try",
    )
    assert again["engines"]["echo"]["by"] == "cli:tester"


def test_an_engine_that_never_says_hello_is_ended_and_tried_again(place: RealShow) -> None:
    place.start(profile(faulty("silent")))
    view = place.wait_engine("echo", "backoff", 40)
    assert "no hello within 10 s" in view["detail"]


def test_an_engine_whose_loop_stands_still_is_called_unresponsive_and_ended(
    place: RealShow,
) -> None:
    # It blocks while it loads, where a kill would come after a minute: what is looked at is the
    # word for it, and that the show can be stopped meanwhile.
    place.start(profile(faulty("blocks_at_start")))
    place.wait_engine("echo", "unresponsive", 40)
    began = time.monotonic()
    place.kitsu("stop")
    assert time.monotonic() - began < 15
    assert place.gone()


def test_an_engine_that_ignores_everything_is_killed_at_the_end(place: RealShow) -> None:
    place.start(profile(faulty("ignores_all")))
    place.wait_engine("echo", "ready", 30)
    pid = place.engine("echo")["pid"]
    place.kitsu("stop", timeout=40)
    assert place.gone()
    assert f"pid {pid} does not leave: KILL" in place.log("show")


def test_a_grandchild_on_the_pipes_holds_nobody_up(place: RealShow) -> None:
    place.start(profile(faulty("grandchild", "--hold", "60")))
    place.wait_engine("echo", "ready", 30)
    began = time.monotonic()
    place.kitsu("restart", "echo")
    place.wait(
        lambda s: (
            s["engines"]["echo"]["restarts"] == 1 and s["engines"]["echo"]["state"] == "ready"
        ),
        30,
        "started anew",
    )
    place.kitsu("stop", timeout=40)
    assert time.monotonic() - began < 30


@pytest.mark.real
@pytest.mark.parametrize("fault", ["killed_in_answer", "hangs_in_answer"])
def test_a_mind_that_dies_or_hangs_in_mid_answer_ends_the_turn_in_words(
    place: RealShow, starter_models: ModelStore, fault: str
) -> None:
    on = faulty(fault, engine="policy") | {"audio": {}, "tts": {}}
    place.start(profile(on, "conversation: {answer_timeout_s: 3}"))
    place.wait_ready("audio", "policy", "tts")
    done = place.kitsu("talk", "--text", "Tell me a story.", "--json", check=False, timeout=120)
    said = json.loads(done.stdout)
    assert said["status"] in ("error", "ok"), said
    if fault == "hangs_in_answer":
        assert said["status"] == "error"
        assert "policy" in said["detail"]
        assert said["answer"] == ""
    assert "Traceback" not in done.stderr
    for name in ("audio", "tts"):
        assert place.engine(name)["restarts"] == 0


def test_a_voice_that_hangs_and_answers_pings_is_ended_and_its_successor_says_the_sentence(
    place: RealShow, tmp_path: Path
) -> None:
    stuck = faulty("hangs_in_answer", "--once", str(tmp_path / "stuck"), engine="tts")
    stuck["tts"]["progress_s"] = 2
    words = "conversation: {failure_line: One moment please., speak_timeout_s: 60}"
    place.start(profile(stuck | {"audio": {}}, f"{words}\ntts: {{backend: silent}}"))
    place.wait_ready("audio", "tts")
    place.kitsu("talk", "--text", "Hello?", "--json", check=False, timeout=120)  # there is no mind
    end = time.monotonic() + 10
    while not (aired := [e for e in place.journal() if e["kind"] == "turn.aired"]):
        assert time.monotonic() < end, "nothing was aired"  # the journal is a moment behind
        time.sleep(0.1)
    assert [(e["status"], e["heard"]) for e in aired] == [("played", "One moment please.")]
    view = place.engine("tts")
    assert (view["state"], view["restarts"]) == ("ready", 1)
    died = [e for e in place.journal() if e["kind"] == "engine" and e.get("state") == "backoff"]
    assert [e["detail"] for e in died] == ["no progress on tts.speak for 2 s"]
    assert "most recent call first" in place.log("tts"), "where it was stuck"
    assert any("no progress on tts.speak" in a["text"] for a in place.status()["alerts"])


@pytest.mark.real
def test_a_mind_that_stands_still_is_killed_and_comes_back(
    place: RealShow, starter_models: ModelStore
) -> None:
    place.start(profile(faulty("blocks_in_answer", engine="policy") | {"audio": {}, "tts": {}}))
    place.wait_ready("audio", "policy", "tts")
    place.kitsu("say", "Tell me a story.")
    place.wait_engine("policy", "unresponsive", 30)
    place.wait(
        lambda s: (
            s["engines"]["policy"]["restarts"] == 1 and s["engines"]["policy"]["state"] == "ready"
        ),
        60,
        "killed and back",
    )
    assert "stopped answering" in place.log("show") or any(
        "stopped answering" in alert["text"] for alert in place.status()["alerts"]
    )
    for name in ("audio", "tts"):
        assert place.engine(name)["restarts"] == 0


@pytest.mark.real
@pytest.mark.parametrize("engine", ["asr", "policy", "tts"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "garbage"])
def test_a_damaged_model_fails_its_engine_in_words_and_no_other(
    place: RealShow, starter_models: ModelStore, engine: str, damage: str, tmp_path: Path
) -> None:
    name = {
        "asr": "whisper-tiny.en",
        "policy": "smollm2-135m-instruct-q4_1",
        "tts": "piper-en_US-joe-medium",
    }[engine]
    good = starter_models.path(name)
    folder = tmp_path / "model"
    shutil.copytree(good if good.is_dir() else good.parent, folder)
    model = folder if good.is_dir() else folder / good.name
    weights = folder / "model.bin" if good.is_dir() else model
    if damage == "missing":
        weights.unlink()
    elif damage == "truncated":
        with weights.open("r+b") as file:
            file.truncate(weights.stat().st_size // 2)
    else:
        weights.write_bytes(b"not a model\n" * 1000)
    on: dict[str, dict[str, Any]] = {"audio": {}, engine: {}}
    place.start(profile(on, f"{engine}: {{model: {json.dumps(str(model))}}}"))
    view = place.wait_engine(engine, "failed", 60)
    assert view["restarts"] == 0
    assert "4" in view["exit"], view
    assert str(folder) in view["detail"], view
    assert "Traceback" not in view["detail"]
    place.wait_engine("audio", "ready", 30)


def test_a_model_that_was_never_fetched_is_named_with_the_command(
    place: RealShow, tmp_path: Path
) -> None:
    place.environ["KITSU_MODELS_DIR"] = str(tmp_path / "empty")
    place.start(profile({"tts": {}}))
    view = place.wait_engine("tts", "failed", 30)
    assert "kitsu models pull piper-en_US-joe-medium" in view["detail"]
    done = place.kitsu("talk", "--text", "hi", "--json", check=False, timeout=60)
    assert json.loads(done.stdout)["status"] == "error"


def test_a_secret_that_an_error_names_is_told_to_nobody(place: RealShow) -> None:
    place.start(
        """
extends: starter
policy: {model: hunter-twenty-two}
engines:
  policy: {env: {HUB_TOKEN: hunter-twenty-two}}
  audio: {enabled: false}
  asr: {enabled: false}
  tts: {enabled: false}
  metrics: {enabled: false}
"""
    )
    view = place.wait_engine("policy", "failed")
    assert "no model is called '***'" in view["detail"]
    place.kitsu("stop")
    told = [*place.state.rglob("*.jsonl"), *place.logs.iterdir()]
    assert len(told) > 1
    assert not [path for path in told if b"hunter-twenty" in path.read_bytes()]


def test_no_audio_device_is_calm_by_default_and_an_error_when_one_is_asked_for(
    place: RealShow,
) -> None:
    place.environ.pop("PULSE_SERVER", None)
    text = profile({"audio": {}})
    place.start(text.replace("backend: 'null'", "backend: auto"))
    state = place.wait_ready("audio")
    if state["devices"]["state"] == "open":
        pytest.skip("this machine has a sound card")
    assert state["devices"]["state"] == "null"
    assert state["devices"]["detail"]
    place.kitsu("stop")
    place.start(text.replace("backend: 'null'", "backend: device"))
    view = place.wait_engine("audio", "failed", 30)
    assert "device" in view["detail"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("audoi: {}\n", "unknown key audoi (did you mean audio?)"),
        ("audio: {silence_ms: soon}\n", "audio.silence_ms: found 'soon'"),
        ("persona: {file: nobody}\n", "nobody.yaml"),
        ("persona: {preset: kawai}\n", "did you mean kawaii?"),
        ("engines: {echo: {needs: [tss]}}\n", "did you mean tts?"),
        ("engines: {tts: {needs: [asr]}, asr: {needs: [tts]}}\n", "these need each other"),
    ],
)
def test_a_wrong_profile_is_refused_in_one_line(place: RealShow, text: str, words: str) -> None:
    path = place.folder / "wrong.yaml"
    path.write_text("extends: starter\n" + text)
    for args in (["run", "--profile", str(path)], ["run", "--detach", "--profile", str(path)]):
        done = place.kitsu(*args, check=False)
        assert done.returncode == 2, done
        lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
        assert len(lines) == 1, lines
        assert words in lines[0]
        assert "Traceback" not in done.stderr
    assert place.gone()


def test_a_show_without_rules_is_silent_and_says_why(place: RealShow, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    on: dict[str, dict[str, Any]] = {"policy": {}, "audio": {}}
    folder = json.dumps(str(tmp_path / "rules"))
    place.start(profile(on, f"safety: {{folder: {folder}}}"))
    place.wait_ready("policy", "audio")
    done = place.kitsu("talk", "--text", "hi", "--no-tts", "--json", check=False, timeout=60)
    said = json.loads(done.stdout)
    assert said["answer"] == ""
    assert said["status"] == "blocked"
    assert any("safety rules" in a["text"] for a in place.status()["alerts"])
