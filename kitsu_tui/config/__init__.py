"""Configuration: profiles, environment, paths and the model store."""

from kitsu_tui.config.errors import ConfigError
from kitsu_tui.config.profile import Loaded, known_profiles, load_profile
from kitsu_tui.config.schema import ENGINES, Profile, engine_name

__all__ = [
    "ENGINES",
    "ConfigError",
    "Loaded",
    "Profile",
    "engine_name",
    "known_profiles",
    "load_profile",
]
