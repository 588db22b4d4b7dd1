"""The profiles at hand, as the console offers them. Reads files: call it in a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kitsu_tui.config import paths
from kitsu_tui.config.errors import ConfigError
from kitsu_tui.config.profile import known_profiles, load_profile
from kitsu_tui.console.action import Action
from kitsu_tui.console.keymap import BadKeys, keymap


@dataclass(frozen=True)
class Known:
    """A profile. `error`: why it cannot be used, in words; `keys`: what is wrong with its keys."""

    name: str
    title: str = ""
    live: bool = False
    error: str = ""
    keys: str = ""

    @property
    def words(self) -> str:
        """What stands in the list."""
        if self.error:
            return f"{self.name}  BROKEN: {self.error}"
        title = f"  {self.title}" if self.title.casefold() not in ("", self.name) else ""
        return f"{self.name}{title}{'  LIVE' if self.live else ''}"


def profiles(actions: Sequence[Action], environ: Mapping[str, str] | None = None) -> list[Known]:
    """All of them, the broken ones too, by name."""
    return [look(name, actions, environ) for name in known_profiles()]


def path_of(typed: str) -> str:
    """What was typed as an absolute path; empty where it is a name."""
    if "/" in typed or "\\" in typed or typed.endswith((".yaml", ".yml")):
        return str(paths.expanded(typed).absolute())
    return ""


def look(name: str, actions: Sequence[Action], environ: Mapping[str, str] | None = None) -> Known:
    """One of them, by name or path."""
    try:
        profile = load_profile(name, environ).profile
    except (ConfigError, OSError) as error:
        return Known(name=name, error=str(error))
    wrong = ""
    try:
        keymap(actions, profile.console.keys)
    except BadKeys as error:
        wrong = str(error)
    return Known(name=name, title=profile.title, live=profile.live, keys=wrong)
