"""A real OBS for the tests of the engine, one for all of them; each gets it as it was at first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import obs


@pytest.fixture(scope="session")
def obs_session() -> Iterator[obs.ObsLab]:
    """The OBS itself."""
    with obs.lab() as made:
        yield made


@pytest.fixture
def obs_lab(obs_session: obs.ObsLab) -> obs.ObsLab:
    """It, with the scenes of `kitsu_tui.bench.obs_scenes` as they are at first."""
    return obs.reset(obs_session)
