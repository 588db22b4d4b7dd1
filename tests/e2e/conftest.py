"""Real shows for the tests of whole exchanges and of faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kitsu_tui.config.models import ModelStore
from tests.support.show import RealShow, real_show


@pytest.fixture(scope="module")
def talking(
    tmp_path_factory: pytest.TempPathFactory, starter_models: ModelStore
) -> Iterator[RealShow]:
    """A show on the starter profile with every engine ready; shared by a module's tests."""
    with real_show(tmp_path_factory.mktemp("talking")) as show:
        # Tests ask the same again and again, and she answers the same.
        show.start("extends: starter\naudio: {backend: 'null'}\nsafety: {repeats: 0}\n")
        show.wait_ready("audio", "asr", "policy", "tts")
        yield show


@pytest.fixture
def place(tmp_path: Path) -> Iterator[RealShow]:
    """An empty place for a show of a test's own."""
    with real_show(tmp_path / "show") as show:
        yield show
