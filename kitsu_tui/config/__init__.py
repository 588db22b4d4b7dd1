"""Configuration: profiles, environment, paths and the model store.

What is named here is loaded when it is asked for, because `kitsu panic` needs none of it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kitsu_tui.config.errors import ConfigError
    from kitsu_tui.config.profile import Loaded, known_profiles, load_profile
    from kitsu_tui.config.schema import ENGINES, Profile, engine_name

_WHERE = {
    "ConfigError": "errors",
    "Loaded": "profile",
    "known_profiles": "profile",
    "load_profile": "profile",
    "ENGINES": "schema",
    "Profile": "schema",
    "engine_name": "schema",
}

__all__ = [
    "ENGINES",
    "ConfigError",
    "Loaded",
    "Profile",
    "engine_name",
    "known_profiles",
    "load_profile",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"kitsu_tui.config.{_WHERE[name]}"), name)
