"""Another profile in mid-show, with the engines of the starter profile."""

from __future__ import annotations

import json
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import yaml

from kitsu_tui.config.models import ModelStore
from tests.support.rig import TINY
from tests.support.show import QUIET, ROOT, RealShow, kill, real_show
from tests.support.storyteller import STORY

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.timeout(240)]

TELLER = str(ROOT / "tests" / "support" / "storyteller.py")
ENGINES = ("audio", "policy", "tts")


class Switching:
    """A show, and what it may go over to."""

    def __init__(self, show: RealShow) -> None:
        self.show = show
        self.wav = show.folder / "heard.wav"

    def profile(self, name: str, **sections: dict[str, Any] | str) -> str:
        """Write a profile above the story's; keys that are given stand above its."""
        data: dict[str, Any] = {
            "extends": "starter",
            "title": "Story",
            "audio": {"backend": "null", "output_file": str(self.wav)},
            "tts": {"cache_mb": 0},
            "conversation": {"history_turns": 0},  # stories are long, and models slow
            "safety": {"repeats": 0},  # it is the same story again and again
            "engines": {
                "asr": {"enabled": False},
                "metrics": {"enabled": False},
                "policy": {"command": [sys.executable, TELLER]},
            },
        }
        for key, value in sections.items():
            if isinstance(value, dict):
                data[key] = data.get(key, {}) | value
            else:
                data[key] = value
        path = self.show.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(data))
        return str(path)

    def use(self, path: str, *, check: bool = True) -> tuple[int, str]:
        """Go over to it, by the command; exit code and what it said."""
        done = self.show.kitsu("profile", "use", "--yes", path, check=check, timeout=90)
        return done.returncode, done.stdout + done.stderr

    def back(self) -> dict[str, Any]:
        """The story's own profile is in use; the picture."""
        self.use(self.profile("story"))
        return self.show.wait_ready(*ENGINES)

    def tell(self, until: Callable[[], object]) -> list[dict[str, Any]]:
        """She tells the story, and is interrupted when `until` has returned and a sentence that
        was begun after it has been heard; the sentences before the one that was cut.
        """
        self.show.kitsu("say", "Tell me a story.")
        self.airing(1)
        until()
        told = self.show.status()["turns"][-1]
        assert not told["status"], f"she was still telling it: {told}"
        # Up to two sentences were under way at the old engine.
        on_air = max(s["seq"] for s in told["sentences"] if s["status"])
        self.airing(on_air + 4)
        self.show.kitsu("interrupt")
        state = self.show.wait(lambda s: s["turns"][-1]["status"], 30, "it has ended")
        sentences = [s for s in state["turns"][-1]["sentences"] if 0 <= s["seq"] < on_air + 4]
        assert [s["seq"] for s in sentences] == list(range(on_air + 4))
        assert {s["status"] for s in sentences} == {"played"}, "no sentence is lost"
        return sentences

    def answers(self) -> None:
        """She answers, and is heard."""
        self.show.kitsu("say", "Tell me a story.")
        self.airing(0)
        self.show.kitsu("interrupt")

    def airing(self, seq: int) -> None:
        """Wait until she says this sentence."""
        self.show.wait(
            lambda s: (
                s["turns"]
                and any(
                    x["seq"] == seq and x["status"] == "airing" for x in s["turns"][-1]["sentences"]
                )
            ),
            60,
            f"sentence {seq} is on air",
        )

    def pids(self) -> dict[str, int]:
        """Of the engines."""
        return {n: e["pid"] for n, e in self.show.status()["engines"].items() if e["pid"]}


@pytest.fixture(scope="module")
def stage(
    tmp_path_factory: pytest.TempPathFactory, starter_models: ModelStore
) -> Iterator[Switching]:
    with real_show(tmp_path_factory.mktemp("switching")) as show:
        found = Switching(show)
        show.start(found.profile("story"))
        show.wait_ready(*ENGINES)
        yield found


def sound(path: Path) -> tuple[Any, int]:
    """Samples and their rate."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()


def silences(samples: Any, rate: int, ms: float) -> list[tuple[float, float]]:
    """Where it is wholly silent for so long: beginning and length in ms."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (samples == 0).astype(int), [0]])))
    begins, ends = edges[::2] * 1000 / rate, edges[1::2] * 1000 / rate
    return [
        (round(float(a), 1), round(float(b - a), 1))
        for a, b in zip(begins, ends, strict=True)
        if b - a >= ms
    ]


def holes(wav: Path, since: int, sentences: list[float]) -> list[tuple[float, float]]:
    """Silences of 10 ms and more that are in the middle of a sentence (ms heard before, ms).

    Args:
        since: samples in the file before the first of these sentences.
        sentences: their lengths in ms.
    """
    samples, rate = sound(wav)
    samples = samples[since:]
    first, last = np.flatnonzero(samples)[[0, -1]]
    between = np.cumsum(sentences)
    found, silent = [], 0.0
    for at, length in silences(samples[first : last + 1], rate, 10):
        heard = at - silent
        silent += length
        if min(abs(between - heard)) > 60:
            found.append((heard, length))
    return found


def test_with_no_engine_change_no_engine_notices(stage: Switching) -> None:
    stage.back()
    before = stage.pids()
    other = stage.profile(
        "other",
        title="Other",
        persona={"preset": "calm"},
        console={"layout": "watch"},
        conversation={"operator_name": "Mika"},
        operator={"no_console_s": 900},
    )
    stage.use(other)
    state = stage.show.status()
    assert stage.pids() == before
    assert (state["profile"], state["title"]) == ("other", "Other")
    assert state["persona"]["preset"] == "calm"
    assert state["console"]["layout"] == "watch"
    changed = [e for e in stage.show.journal() if e["kind"] == "profile"][-1]
    assert (changed["before"], changed.get("restarted", [])) == ("story", [])
    assert not [e for e in stage.show.journal() if e["kind"] == "profile.switch"]
    sys.stderr.write(f"no engine change: {changed['ms']} ms\n")


def test_a_changed_voice_comes_without_a_gap_in_a_sentence(stage: Switching) -> None:
    stage.back()
    before = stage.pids()
    restarts = stage.show.engine("tts")["restarts"]
    time.sleep(1.5)  # what the recorder still has is on the disk
    since = len(sound(stage.wav)[0])
    faster = stage.profile("other", tts={"cache_mb": 0, "threads": 1, "speed": 1.4})
    sentences = stage.tell(lambda: stage.use(faster))
    now = stage.pids()
    assert now.pop("tts") != before.pop("tts")
    assert now == before
    assert stage.show.engine("tts")["restarts"] == restarts + 1
    time.sleep(1.5)
    lengths = [s["heard_ms"] for s in sentences]
    # The last is said by the new one: 40 % faster, letter for letter.
    pace = [ms / len(s["text"]) for ms, s in zip(lengths, sentences, strict=True)]
    assert pace[-1] < 0.85 * pace[0]
    found = holes(stage.wav, since, lengths)
    if any(heard < lengths[0] for heard, _ in found):
        pytest.skip("before anything was switched this machine was too busy for a voice")
    assert found == []


def test_audio_begins_anew_between_two_sentences_and_she_speaks_on(stage: Switching) -> None:
    stage.back()
    before = stage.pids()
    said: list[str] = []
    other = stage.profile("other", audio={"block_ms": 40})
    stage.tell(lambda: said.append(stage.use(other)[1]))
    assert "audio begins anew in its place (it owns the devices)" in said[0]
    now = stage.pids()
    assert now.pop("audio") != before.pop("audio")
    assert now == before


def test_audio_that_does_not_come_up_leaves_her_the_old_one(stage: Switching) -> None:
    stage.back()
    code, said = stage.use(
        stage.profile("other", audio={"output_file": "/proc/nowhere/a.wav"}), check=False
    )
    assert code == 1
    assert "audio did not begin anew" in said
    assert "profile story goes on" in said
    state = stage.show.wait_ready(*ENGINES)
    assert state["profile"] == "story"
    stage.answers()


def test_what_cannot_be_used_is_refused_and_nothing_changes(
    stage: Switching, tmp_path: Path
) -> None:
    state = stage.back()
    before = stage.pids()
    events = len(stage.show.journal())
    broken = tmp_path / "broken.yaml"
    broken.write_text("extends: starter\ntts: {sped: 1}\n")
    for path, words in {
        str(broken): "unknown key tts.sped (did you mean speed?)",
        stage.profile("voice", tts={"model": "no-such-voice"}): "no-such-voice",
        stage.profile("file", tts={"model": "/nowhere/voice.onnx"}): "there is no /nowhere",
        stage.profile("who", persona={"file": "nobody"}): "found 'nobody'",
        "no-such-profile": "no profile 'no-such-profile'",
    }.items():
        code, said = stage.use(path, check=False)
        assert code != 0
        assert words in said
        assert "Traceback" not in said
    assert stage.pids() == before
    assert stage.show.status()["title"] == state["title"]
    kinds = {e["kind"] for e in stage.show.journal()[events:]}
    assert not kinds & {"profile", "profile.switch", "alert", "engine"}


def test_a_new_engine_that_dies_as_it_loads_leaves_the_old_one_at_work(stage: Switching) -> None:
    stage.back()
    before = stage.pids()
    bad = stage.profile("bad", engines={"tts": {"command": ["sh", "-c", "echo woe >&2; exit 1"]}})
    code, said = stage.use(bad, check=False)
    assert code == 1
    assert "the new tts is of no use" in said
    assert "woe" in said
    assert stage.pids() == before
    state = stage.show.status()
    assert state["profile"] == "story"
    assert state["switching"]["phase"] == "failed"
    assert "woe" in state["alerts"][-1]["text"]
    assert len(stage.show.processes()) == len(before) + 1, "nothing is left of it"
    stage.answers()


def test_two_switches_at_once_are_one(stage: Switching) -> None:
    stage.back()
    slow = stage.profile("slow", tts={"cache_mb": 0, "threads": 1})
    said: list[tuple[int, str]] = []
    threads = [
        threading.Thread(target=lambda: said.append(stage.use(slow, check=False))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(code for code, _ in said)
    assert codes[0] == 0
    if codes[1]:  # else one came after the other
        assert any("by cli:tester is under way" in words for _, words in said)
    assert stage.show.status()["profile"] == "slow"


def test_another_mind_takes_over_and_killed_it_comes_back_by_the_new_profile(
    stage: Switching,
) -> None:
    stage.back()
    stage.use(stage.profile("mind", engines={"policy": {}}, policy={"threads": 1}))
    new = stage.pids()["policy"]
    assert psutil.Process(new).environ()["OMP_NUM_THREADS"] == "1"
    kill(new)
    state = stage.show.wait(
        lambda s: (
            s["engines"]["policy"]["pid"] not in (0, new)
            and s["engines"]["policy"]["state"] == "ready"
        ),
        60,
        "policy is back",
    )
    again = psutil.Process(state["engines"]["policy"]["pid"])
    assert again.environ()["OMP_NUM_THREADS"] == "1"
    said = stage.show.kitsu("talk", "--text", "Hello!", "--json", check=False, timeout=120)
    done = json.loads(said.stdout)
    assert done["status"] == "ok", done
    assert done["answer"] not in STORY


def test_the_show_killed_in_mid_switch_leaves_nobody(place: RealShow) -> None:
    echo = {"enabled": True, "command": [sys.executable, "-S", TINY]}
    quiet = yaml.safe_load(QUIET)
    one, stuck = place.folder / "one.yaml", place.folder / "stuck.yaml"
    quiet["engines"]["echo"] = echo
    one.write_text(yaml.safe_dump(quiet))
    quiet["engines"]["echo"] = echo | {"command": [sys.executable, "-S", TINY, "deaf", "loading"]}
    stuck.write_text(yaml.safe_dump(quiet))
    pid = place.start(one)
    place.wait_ready("echo")
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(place.kitsu, "profile", "use", "--yes", str(stuck), check=False)
        place.wait(lambda s: s["switching"]["phase"] == "preparing", 30, "it is under way")
        ledger = json.loads((place.state / "children.json").read_text())
        assert set(ledger["children"]) == {"echo", "echo (next)"}
        kill(pid)
        assert asked.result().returncode != 0
    assert place.gone(10), f"left: {place.processes()}"
