"""Drives OBS Studio."""

from __future__ import annotations

from engines.harness import Engine
from engines.wire import obs, surface


class ObsEngine(Engine[obs.Config]):
    """Serves `obs.change`, `obs.look`, and panic."""

    name = "obs"
    Config = obs.Config
    capabilities = (surface.CAPABILITY,)
    events = obs.EVENTS
