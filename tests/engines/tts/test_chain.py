from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from engines.harness.errors import ConfigError, Missing
from engines.tts.backends import Chunk, Synthesizer, make
from engines.tts.chain import Chain, Saying
from engines.wire.tts import Config


class Voice:
    """A synthesizer of a few bytes, to fail where it is told to."""

    rate = 8000
    identity = ""
    reader = ""

    def __init__(self, name: str, load: Exception | None = None, chunks: int = 2) -> None:
        self.name = self.voice = name
        self._load = load
        self.chunks = chunks
        self.fails = False

    def load(self) -> None:
        if self._load is not None:
            raise self._load

    def retuned(self, config: Config) -> Voice:
        return self

    def speaker(self, voice: str) -> int:
        return 0

    def reading(self, text: str) -> str:
        return f"{self.name} {text}"

    def speak(self, text: str, speaker: int, stop: threading.Event) -> Iterator[Chunk]:
        for _ in range(self.chunks):
            yield Chunk(self.name.encode())
        if self.fails:
            raise RuntimeError("broken")


def chain(*voices: Voice) -> Chain:
    by_name: dict[str, Synthesizer] = {voice.name: voice for voice in voices}
    first, *others = [voice.name for voice in voices]
    made = Config(backend=first, fallback_backends=others)  # type: ignore[arg-type]
    return Chain(made, lambda name, config: by_name.get(name) or make(name, config))


def say(made: Chain) -> tuple[list[bytes], Saying]:
    saying = Saying()
    chunks = list(made.speak("hello there", 0, threading.Event(), saying))
    return [chunk.pcm for chunk in chunks], saying


def test_the_first_speaks() -> None:
    made = chain(Voice("a"), Voice("b"))
    made.load()
    heard, saying = say(made)
    assert heard == [b"a", b"a"]
    assert (saying.backend, saying.rate, saying.silent, saying.detail) == ("a", 8000, False, "")


def test_a_failure_at_load_hands_over_and_is_told() -> None:
    made = chain(Voice("a", OSError("disk on fire")), Voice("b"))
    made.load()
    assert made.first.name == "b"
    assert made.trouble == "speaking with b; failed: a: OSError: disk on fire"


def test_a_missing_voice_with_another_real_one_is_told_but_no_stop() -> None:
    made = chain(Voice("a", Missing("no file")), Voice("b"))
    made.load()
    assert made.first.name == "b"
    assert "no file" in made.trouble


def test_a_missing_voice_with_only_silence_left_is_a_stop() -> None:
    with pytest.raises(Missing, match="no file"):
        chain(Voice("a", Missing("no file")), Voice("b", Missing("none either"))).load()


def test_any_other_failure_with_only_silence_left_is_silence() -> None:
    made = chain(Voice("a", MemoryError("no room")))
    made.load()
    assert made.first.name == "silent"
    assert "no room" in made.trouble


def test_a_bad_configuration_is_never_papered_over() -> None:
    with pytest.raises(ConfigError):
        chain(Voice("a", ConfigError("speaker 9")), Voice("b")).load()


def test_a_failure_at_a_sentence_hands_over_for_that_sentence() -> None:
    first = Voice("a", chunks=0)
    made = chain(first, Voice("b"))
    made.load()
    first.fails = True
    heard, saying = say(made)
    assert heard == [b"b", b"b"]
    assert saying.backend == "b"
    assert not saying.silent
    first.fails, first.chunks = False, 1
    assert say(made)[0] == [b"a"]


def test_at_the_last_there_is_silence() -> None:
    first = Voice("a", chunks=0)
    made = chain(first)
    made.load()
    first.fails = True
    heard, saying = say(made)
    assert set(b"".join(heard)) == {0}
    assert saying.silent
    assert saying.detail == "a: RuntimeError: broken"


def test_a_voice_that_breaks_off_is_not_repeated_by_another() -> None:
    first = Voice("a")
    made = chain(first, Voice("b"))
    made.load()
    first.fails = True
    heard, saying = say(made)
    assert heard == [b"a", b"a"]
    assert saying.silent
    assert saying.detail.startswith("broke off")
