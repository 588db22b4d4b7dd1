"""The real starter model, and ways to damage it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kitsu_tui.config.models import ModelStore

MODEL = "smollm2-135m-instruct-q4_1"


@pytest.fixture(scope="session")
def gguf_path(starter_models: ModelStore) -> Path:
    """The starter's .gguf file."""
    return starter_models.path(MODEL)
