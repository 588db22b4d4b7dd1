"""A real OBS for tests: `obs_lab` of tests/e2e/stage and tests/engines/obs is made by this."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import pytest

from kitsu_tui.bench import obs_lab
from kitsu_tui.bench.obs_lab import ObsLab

__all__ = ["ObsLab", "lab", "require", "reset"]


def require() -> None:
    """Skip where OBS cannot be; fail where it is only not installed."""
    if not sys.platform.startswith("linux"):
        pytest.skip("tests with OBS are for Linux")
    if why := obs_lab.missing():
        pytest.fail(why)


@contextlib.contextmanager
def lab(*, fps: int = 30) -> Iterator[ObsLab]:
    """A running OBS, gone afterwards."""
    require()
    with ObsLab(fps=fps) as made:
        yield made


def reset(made: ObsLab) -> ObsLab:
    """As it was at first, whatever was done to it: 0.7 s. Address and password stay."""
    made.restart(fresh=True)
    return made
