"""One loaded Whisper for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.asr import backends
from engines.asr.backends import Recogniser
from engines.wire import asr
from kitsu_tui.config.models import ModelStore
from tests.engines.asr.gate import Gate


@pytest.fixture(scope="session")
def model(starter_models: ModelStore) -> Path:
    """The folder of the starter's model."""
    return starter_models.path("whisper-tiny.en")


@pytest.fixture(scope="session")
def whisper(model: Path) -> Recogniser:
    """The starter's model, loaded once."""
    return backends.load(asr.Config(model=str(model)))


@pytest.fixture
def gate(whisper: Recogniser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Engines of this test use the loaded model, behind a gate."""
    made = Gate(whisper)
    monkeypatch.setattr(backends, "load", lambda _config: made)
    yield made
    made.open()
