"""A real OBS for the engine's tests: one a module, so that no other test finds it among its own
children. Each test gets it as it was at first.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import obs


@pytest.fixture(scope="module")
def obs_module() -> Iterator[obs.ObsLab]:
    """The OBS itself."""
    with obs.lab() as made:
        yield made


@pytest.fixture
def obs_lab(obs_module: obs.ObsLab) -> obs.ObsLab:
    """It, with the scenes of `kitsu_tui.bench.obs_scenes` as they are at first."""
    return obs.reset(obs_module)
