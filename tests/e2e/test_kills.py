"""`kill -9` in mid-speech, of each engine and of the show: no orphan, and the rest goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from kitsu_tui.bench.wer import wer
from tests.support.show import KITSU, ROOT, SPEECH, RealShow, kill

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.timeout(240)]

LONG = "Tell me a very long story about a fox who wants to be a star."


def speaking(show: RealShow) -> dict[str, Any]:
    """Have her speak, and return the picture while a sentence is on air."""
    show.kitsu("say", LONG)
    return show.wait(
        lambda s: any(x["status"] == "airing" for t in s["turns"] for x in t["sentences"]),
        120,
        "she speaks",
    )


def settled(show: RealShow) -> dict[str, Any]:
    """Wait until every turn has ended, and return the last."""
    state = show.wait(lambda s: s["turns"] and all(t["status"] for t in s["turns"]), 120, "an end")
    last: dict[str, Any] = state["turns"][-1]
    return last


def answers(show: RealShow) -> None:
    """She answers again."""
    done = show.kitsu("talk", "--text", "Are you there?", "--json", timeout=120)
    said = json.loads(done.stdout)
    assert said["status"] == "ok", said
    assert "audible" in said["marks_ms"]


@pytest.mark.parametrize("engine", ["audio", "policy", "tts", "asr"])
def test_an_engine_killed_while_she_speaks_comes_back_and_she_answers_again(
    talking: RealShow, engine: str
) -> None:
    state = speaking(talking)
    before = state["engines"][engine]
    kill(before["pid"])
    died = talking.wait(
        lambda s: (
            s["engines"][engine]["restarts"] > before["restarts"]
            and s["engines"][engine]["state"] in ("ready", "degraded")
        ),
        60,
        f"{engine} is back",
    )["engines"][engine]
    assert died["exit"].startswith("killed by SIGKILL, not by the show")
    assert died["pid"] != before["pid"]
    last = settled(talking)
    assert last["status"] in ("ok", "error"), last
    others = {n: e for n, e in talking.status()["engines"].items() if n != engine}
    assert all(e["restarts"] == state["engines"][n]["restarts"] for n, e in others.items()), (
        "the rest went on"
    )
    answers(talking)


def test_asr_killed_while_somebody_speaks_costs_no_word(talking: RealShow) -> None:
    talk = subprocess.Popen(
        [*KITSU, "talk", "--wav", str(SPEECH / "song.wav"), "--json"],
        env=talking.environ,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    talking.wait(lambda s: s["levels"]["hearing"], 30, "she hears")
    kill(talking.engine("asr")["pid"])
    out, _ = talk.communicate(timeout=120)
    index = json.loads((SPEECH / "index.json").read_text())
    text = next(c["text"] for c in index["clips"] if c["file"] == "song.wav")
    assert wer(text, json.loads(out)["transcript"]) <= 0.2, out


def test_the_show_killed_leaves_nobody_and_the_latch_holds(place: RealShow) -> None:
    pid = place.start("extends: starter\naudio: {backend: 'null'}\n")
    place.wait_ready("audio", "asr", "policy", "tts")
    place.kitsu("panic")
    assert place.status()["panic"]["latched"]
    epoch = place.status()["epoch"]
    children = [p for p in place.pids() if p != pid]
    kill(pid)
    assert place.gone(10), f"left: {place.processes()}"
    assert all(_dead(p) for p in children)
    place.start("extends: starter\naudio: {backend: 'null'}\n")
    state = place.status()
    assert state["panic"]["latched"], "panic outlives the show"
    assert state["epoch"] > epoch
    refused = place.kitsu("say", "hello", check=False)
    assert refused.returncode == 1
    assert "panic is latched" in refused.stderr
    place.wait_ready("audio", "policy", "tts")
    place.kitsu("resume")
    answers(place)


def test_a_child_that_outlives_a_killed_show_is_ended_by_the_next(place: RealShow) -> None:
    place.start("extends: starter\naudio: {backend: 'null'}\n" + _OFF)
    place.wait_ready("audio")
    state = place.status()
    audio = state["engines"]["audio"]["pid"]
    os.kill(audio, signal.SIGSTOP)  # it cannot see the end of its input
    kill(state["pid"])
    time.sleep(0.5)
    assert not _dead(audio)
    place.start("extends: starter\naudio: {backend: 'null'}\n" + _OFF)
    assert _dead(audio)
    place.wait_ready("audio")
    assert any("earlier show" in a["text"] for a in place.status()["alerts"])


def test_two_shows_at_once_are_refused_and_the_first_goes_on(place: RealShow) -> None:
    first = place.start("extends: starter\naudio: {backend: 'null'}\n" + _OFF)
    second = place.kitsu("run", "--detach", check=False)
    assert second.returncode == 3
    assert "a show is running already" in second.stderr
    assert "Traceback" not in second.stderr
    assert place.status()["pid"] == first


def test_a_show_elsewhere_with_the_same_state_leaves_the_engines_of_the_first(
    place: RealShow, tmp_path: Path
) -> None:
    """From cron, say: without XDG_RUNTIME_DIR it found no lock, and ended them as left behind."""
    place.start("extends: starter\naudio: {backend: 'null'}\n" + _OFF)
    place.wait_ready("audio")
    audio = place.status()["engines"]["audio"]["pid"]
    elsewhere = {"KITSU_RUNTIME_DIR": str(tmp_path / "r2"), "KITSU_LOG_ROOT": str(tmp_path / "l2")}
    second = subprocess.run(
        [*KITSU, "run", "--detach"],
        env=place.environ | elsewhere,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if not second.returncode:  # it runs: end it
        subprocess.run([*KITSU, "stop"], env=place.environ | elsewhere, timeout=60, check=False)
    assert second.returncode == 3
    assert "KITSU_STATE_DIR" in second.stderr
    engine = place.status()["engines"]["audio"]
    assert (engine["pid"], engine["state"], engine["restarts"]) == (audio, "ready", 0)


def _dead(pid: int) -> bool:
    """Gone, or a zombie that a container's init has not fetched yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


_OFF = """
engines:
  asr: {enabled: false}
  policy: {enabled: false}
  tts: {enabled: false}
  metrics: {enabled: false}
"""
