"""The model's loading and its guards: what is missing or damaged is said in one line."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engines.asr import backends
from engines.asr.backends import Recogniser
from engines.asr.sound import from_pcm
from engines.harness import ConfigError, Missing
from engines.resample import Samples
from engines.wire import asr
from kitsu_tui.bench.wer import wer
from tests.support.speech import CLIPS, pcm_of

MIB = 1 << 20


def cut(name: str, size: int) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        os.truncate(folder / name, size)

    return do


def gone(name: str) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        (folder / name).unlink()

    return do


def says(name: str, text: bytes) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        (folder / name).write_bytes(text)

    return do


DAMAGE = {
    "an empty model": (cut("model.bin", 0), "incomplete"),
    "a model cut in its header": (cut("model.bin", 100), "incomplete"),
    "a model cut in the middle": (cut("model.bin", 30 * MIB), "payload"),
    "a model without its last bytes": (cut("model.bin", 75537492), "incomplete"),
    "a pointer instead of a model": (says("model.bin", b"version https://git-lfs"), "version"),
    "no model": (gone("model.bin"), "no model.bin"),
    "no tokenizer": (gone("tokenizer.json"), "no tokenizer.json"),
    "a tokenizer cut short": (cut("tokenizer.json", 100_000), "EOF"),
    "another model's tokenizer": (
        says("tokenizer.json", b'{"version":"1.0","model":{"type":"BPE","vocab":{},"merges":[]}}'),
        "marks",
    ),
    "no configuration": (gone("config.json"), "no config.json"),
    "a broken configuration": (says("config.json", b'{"a":'), "parse error"),
    "no vocabulary": (gone("vocabulary.txt"), "vocabulary"),
    "a vocabulary cut short": (cut("vocabulary.txt", 1000), "token"),
}


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """The model's files under a folder of this test; written only where a test damages them."""
    folder = tmp_path / "whisper-copy"
    folder.mkdir()
    for file in model.iterdir():
        shutil.copyfile(file, folder / file.name)
    return folder


@pytest.mark.real
@pytest.mark.parametrize("damage", DAMAGE, ids=lambda name: name.replace(" ", "-"))
def test_a_damaged_model_is_missing_and_named(copy: Path, damage: str) -> None:
    do, found = DAMAGE[damage]
    do(copy)
    with pytest.raises(Missing) as caught:
        backends.load(asr.Config(model=str(copy)))
    message = str(caught.value)
    assert str(copy) in message
    assert found in message
    assert "kitsu models" in message
    assert "\n" not in message


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="no folder .*whisper-none.*kitsu models pull whisper-none"):
        backends.load(asr.Config(model=str(tmp_path / "whisper-none")))


@pytest.mark.real
@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"compute_type": "int3"}, "int3"),
        ({"language": "de"}, "English only"),
    ],
)
def test_a_configuration_that_cannot_work_says_why(
    model: Path, config: dict[str, str], found: str
) -> None:
    with pytest.raises(ConfigError, match=found):
        backends.load(asr.Config(model=str(model), **config))  # type: ignore[arg-type]


@pytest.mark.real
def test_the_remembered_silence_gives_the_words_of_the_full_window(whisper: Recogniser) -> None:
    sound = from_pcm(pcm_of("breakfast"))
    quick = whisper.decode(sound, final=True, wanted=lambda: True)
    whisper._cut = False  # type: ignore[attr-defined]
    try:
        full = whisper.decode(sound, final=True, wanted=lambda: True)
    finally:
        whisper._cut = True  # type: ignore[attr-defined]
    assert quick is not None
    assert full is not None
    assert quick.text == full.text
    assert wer(CLIPS["breakfast"]["text"], quick.text) == 0


@pytest.mark.real
def test_a_loop_is_decoded_again_over_the_full_window(
    whisper: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the silence behind it, the cut window is known to loop on this clip."""
    sound = from_pcm(pcm_of("breakfast"))
    monkeypatch.setattr(whisper, "_silence", whisper._silence[:, :0])  # type: ignore[attr-defined]
    monkeypatch.setattr("engines.asr.backends.whisper.LEAST_S", 0.0)
    cuts: list[bool] = []
    once = whisper._once  # type: ignore[attr-defined]

    def counted(sound: Samples, cut: bool, wanted: Callable[[], bool]) -> object:
        cuts.append(cut)
        return once(sound, cut, wanted)

    monkeypatch.setattr(whisper, "_once", counted)
    heard = whisper.decode(sound, final=True, wanted=lambda: True)
    assert cuts == [True, False]
    partial = whisper.decode(sound, final=False, wanted=lambda: True)
    assert cuts == [True, False, True]  # a partial has no time: the loop is said once
    assert heard is not None
    assert partial is not None
    assert heard.text == "What did you have for breakfast?"
    assert wer(CLIPS["breakfast"]["text"], partial.text) == 0


@pytest.mark.real
def test_a_whisper_is_heard_like_a_shout(whisper: Recogniser) -> None:
    loud = from_pcm(pcm_of("cat"))
    near = whisper.decode(loud, final=True, wanted=lambda: True)
    far = whisper.decode(loud * np.float32(0.01), final=True, wanted=lambda: True)
    assert near is not None
    assert far is not None
    assert wer(CLIPS["cat"]["text"], far.text) == 0
    assert far.no_speech == pytest.approx(near.no_speech, abs=0.05)


@pytest.mark.real
@pytest.mark.parametrize("seconds", [0.3, 1.0, 4.0, 8.0])
@pytest.mark.parametrize("kind", ["white", "tone", "clicks", "rumble"])
def test_noise_of_every_kind_is_no_speech(whisper: Recogniser, kind: str, seconds: float) -> None:
    rng = np.random.default_rng(7)
    time = np.arange(round(16000 * seconds)) / 16000
    noise = rng.standard_normal(len(time))
    sound: Samples = {
        "white": 0.05 * noise,
        "tone": 0.2 * np.sin(2 * np.pi * 440 * time),
        "clicks": np.where(np.arange(len(time)) % 4000 < 60, 0.6 * noise, 0),
        "rumble": 0.001 * np.cumsum(noise),
    }[kind].astype(np.float32)
    heard = whisper.decode(sound, final=True, wanted=lambda: True)
    assert heard is not None
    assert heard.text == ""


def test_unwanted_work_is_given_up_between_its_steps(whisper: Recogniser) -> None:
    sound = from_pcm(pcm_of("song"))
    answers = iter([True, False])
    assert whisper.decode(sound, final=False, wanted=lambda: next(answers)) is None
