"""A whole exchange over real devices: spoken into a microphone, heard from a loudspeaker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kitsu_tui.bench.wer import wer
from kitsu_tui.config.models import ModelStore
from tests.e2e.test_kills import LONG, settled
from tests.e2e.test_talk import transcribed
from tests.support.pulse import Pulse, pulse
from tests.support.show import SPEECH, RealShow, real_show
from tests.support.speech import letters_wrong

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.timeout(240)]

PROFILE = """
extends: starter
audio: {backend: device, input_device: mic, output_device: speakers}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Pulse]:
    with pulse() as running:
        yield running


@pytest.fixture(scope="module")
def studio(
    server: Pulse, starter_models: ModelStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealShow]:
    """A show with a microphone and a loudspeaker."""
    with real_show(tmp_path_factory.mktemp("studio")) as show:
        show.environ |= server.env
        show.start(PROFILE)
        show.wait_ready("audio", "asr", "policy", "tts")
        yield show


def test_a_question_into_the_microphone_is_answered_from_the_loudspeaker(
    studio: RealShow, server: Pulse, tmp_path: Path
) -> None:
    heard = tmp_path / "heard.wav"
    with server.listen(heard, rate=16000):
        speaking = server.speak(SPEECH / "snack.wav")
        state = studio.wait(
            lambda s: s["turns"] and all(t["status"] for t in s["turns"]), 60, "an answer"
        )
        speaking.wait(10)
        time.sleep(0.5)  # the loudspeaker is behind by what its buffer holds
    turn = state["turns"][-1]
    assert turn["source"] == "voice"
    assert turn["status"] == "ok"
    assert wer("What is your favourite snack?", turn["said"]) <= 0.2
    assert {"endpoint", "asr_final", "first_pcm", "audible"} <= set(turn["marks_ms"])
    said = transcribed(studio, heard)
    assert letters_wrong(turn["answer"], said) <= 0.4, (turn["answer"], said)


def test_a_device_that_vanishes_in_mid_sentence_is_told_and_comes_back(
    studio: RealShow, server: Pulse
) -> None:
    studio.kitsu("say", LONG)
    studio.wait(lambda s: s["levels"]["speaking"], 60, "she speaks")
    server.kill()
    lost = studio.wait(lambda s: s["devices"]["state"] == "lost", 10, "told")
    assert lost["engines"]["audio"]["restarts"] == 0
    assert settled(studio)["status"] in ("ok", "error")
    server.start()
    studio.wait(lambda s: s["devices"]["state"] == "open", 10, "back")
    before = studio.status()["turn_count"]
    server.speak(SPEECH / "game.wav").wait(10)
    state = studio.wait(
        lambda s: s["turn_count"] > before and all(t["status"] for t in s["turns"]), 60, "heard"
    )
    assert wer("Which game are we playing tonight?", state["turns"][-1]["said"]) <= 0.2
