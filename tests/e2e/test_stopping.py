"""Stop must stop: panic, interrupt, mutes, on a show that speaks with the real models."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.e2e.test_kills import LONG, answers, settled, speaking
from tests.support.show import SPEECH, RealShow, kill

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.timeout(240)]


def last_turn(show: RealShow) -> dict[str, Any]:
    """The newest turn."""
    turn: dict[str, Any] = show.status()["turns"][-1]
    return turn


@pytest.mark.parametrize("how", ["command", "signal"])
def test_panic_in_mid_sentence_silences_latches_and_resumes(talking: RealShow, how: str) -> None:
    state = speaking(talking)
    if how == "command":
        done = talking.kitsu("panic")
        assert "audio" in done.stdout
        assert "NOT reached" not in done.stdout
    else:
        kill(state["pid"], signal.SIGUSR1)
    after = talking.wait(lambda s: s["panic"]["done"] and s["panic"]["latched"], 10, "panic done")
    assert all(ms is not None for ms in after["panic"]["surfaces"].values())
    assert {"audio", "policy", "tts"} <= set(after["panic"]["surfaces"])
    assert after["epoch"] > state["epoch"]
    turn = settled(talking)
    assert turn["status"] == "panic"
    aired = [
        e for e in talking.journal() if e["kind"] == "turn.aired" and e["turn"] == turn["turn"]
    ]
    assert any(e["status"] in ("cut", "stale") for e in aired), aired
    quiet = talking.wait(lambda s: not s["levels"]["speaking"], 5, "silence")
    assert quiet["levels"]["out_db"] <= -60
    refused = talking.kitsu("say", "hello", check=False)
    assert refused.returncode == 1
    assert "resume first" in refused.stderr
    spoken = talking.kitsu("talk", "--wav", str(SPEECH / "snack.wav"), check=False)
    assert spoken.returncode == 1
    assert talking.kitsu("resume").stdout.strip() == "resumed"
    answers(talking)


def test_panic_holds_through_the_death_of_audio(talking: RealShow) -> None:
    speaking(talking)
    talking.kitsu("panic")
    pid = talking.engine("audio")["pid"]
    kill(pid)
    talking.wait(
        lambda s: (
            s["engines"]["audio"]["pid"] not in (0, pid)
            and s["engines"]["audio"]["state"] == "ready"
        ),
        60,
        "audio is back",
    )
    assert talking.status()["panic"]["latched"]
    assert not talking.status()["levels"]["speaking"]
    talking.kitsu("resume")
    answers(talking)


def test_interrupt_keeps_what_was_heard_and_no_more(talking: RealShow) -> None:
    speaking(talking)
    done = talking.kitsu("interrupt")
    assert "ended" in done.stdout
    turn = settled(talking)
    assert turn["status"] == "interrupted"
    whole = " ".join(s["spoken"] for s in turn["sentences"])
    assert len(turn["answer"]) < len(whole) or turn["answer"] == whole
    assert talking.kitsu("interrupt").stdout.strip() == "she was not answering"
    answers(talking)


def test_a_voice_that_interrupts_ends_her_line(talking: RealShow) -> None:
    speaking(talking)
    before = last_turn(talking)["turn"]
    done = talking.kitsu("talk", "--wav", str(SPEECH / "game.wav"), "--json", timeout=120)
    assert json.loads(done.stdout)["status"] == "ok"
    turns = {t["turn"]: t for t in talking.status()["turns"]}
    assert turns[before]["status"] in ("interrupted", "ok")
    if turns[before]["status"] == "interrupted":
        assert any(s["status"] == "cut" for s in turns[before]["sentences"])


def test_a_muted_voice_is_silent_and_stays_so_when_audio_is_started_anew(
    talking: RealShow,
) -> None:
    assert talking.kitsu("mute", "voice", "--on").stdout.strip() == "voice muted"
    try:
        pid = talking.engine("audio")["pid"]
        talking.kitsu("restart", "audio")
        talking.wait(
            lambda s: (
                s["engines"]["audio"]["pid"] not in (0, pid)
                and s["engines"]["audio"]["state"] == "ready"
            ),
            60,
            "audio is back",
        )
        assert talking.status()["voice_muted"]
        done = talking.kitsu("talk", "--text", LONG, "--json", timeout=120)
        said = json.loads(done.stdout)
        assert "audible" not in said["marks_ms"], said
        assert "NOT be heard: voice muted" in talking.kitsu("status").stdout
    finally:
        assert talking.kitsu("mute", "voice").stdout.strip() == "voice open"
    answers(talking)


def test_a_muted_microphone_hears_nothing(talking: RealShow) -> None:
    talking.kitsu("mute", "mic", "--on")
    try:
        done = talking.kitsu("talk", "--wav", str(SPEECH / "snack.wav"), check=False)
        assert done.returncode == 1
        assert "microphone is muted" in done.stderr
    finally:
        talking.kitsu("mute", "mic", "--off")


def test_an_engine_switched_off_says_so_and_comes_back(talking: RealShow) -> None:
    talking.kitsu("toggle", "tts_worker", "--off")
    talking.wait_engine("tts", "stopped")
    done = talking.kitsu("talk", "--text", "hello", "--json", check=False, timeout=120)
    said = json.loads(done.stdout)
    assert said["status"] == "error"
    assert "tts" in said["detail"]
    view = talking.engine("tts")
    assert view["by"] == "cli:tester"
    talking.kitsu("toggle", "tts", "--on")
    talking.wait_ready("tts")
    answers(talking)


def test_who_asked_is_in_the_journal(talking: RealShow) -> None:
    talking.kitsu("mute", "mic")
    talking.kitsu("mute", "mic")
    acted = [e for e in talking.journal() if e["kind"] == "action" and e["name"] == "mute"]
    assert acted[-1]["by"] == "cli:tester"
