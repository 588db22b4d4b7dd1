"""What the checks look at: one object, made once, read by all of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kitsu_tui.config import Loaded
    from kitsu_tui.model.state import ShowState


@dataclass
class Context:
    """What was asked for, and what is known before the checks begin.

    Attributes:
        profile: the name or path that was asked for; empty is the default.
        quick: sizes instead of contents, no library and no engine is started.
        engines: start the engines even beside a running show, or with `quick`.
        environ: the environment; with `.env` below it once the profile is loaded.
        loaded: the profile, None when it cannot be used; `trouble` then says why.
        running: the picture of the show that runs, None when none does.
        terminal: what the terminal answered, None when it was not asked.
    """

    profile: str = ""
    quick: bool = False
    engines: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    loaded: Loaded | None = None
    trouble: str = ""
    running: ShowState | None = None
    terminal: Answer | None = None

    @property
    def shown_profile(self) -> str:
        """The profile as a command line names it."""
        return self.profile or (self.loaded.name if self.loaded is not None else "starter")

    def used(self, engine: str) -> bool:
        """True when the profile starts this engine here, by our own command."""
        if self.loaded is None or not self.loaded.enabled(engine):
            return False
        return not getattr(self.loaded.profile.engines, engine).command


@dataclass
class Answer:
    """What the terminal said of itself.

    Attributes:
        asked: False when it could not be asked; `why` then says why not.
        name: its own name and version (XTVERSION), empty when it does not tell.
        attributes: its device attributes (DA1); empty when it did not answer.
    """

    asked: bool
    why: str = ""
    name: str = ""
    attributes: tuple[int, ...] = ()


WINDOWS = sys.platform == "win32"
STARTER_EXTRAS = ("audio", "asr", "policy", "tts", "obs")


def checkout() -> Path | None:
    """The folder with pyproject.toml and scripts/, None when Kitsu was installed from a wheel."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "requirements" / "starter.txt").is_file() else None


def install_line(extra: str) -> str:
    """The command that installs one of the project's extras into this environment."""
    root = checkout()
    if root is None:
        return f'"{sys.executable}" -m pip install "kitsu-tui[{extra}]"'
    if extra in STARTER_EXTRAS:
        return start_line()
    return f'"{sys.executable}" -m pip install -e "{root}[{extra}]"'


def start_line() -> str:
    """The command that puts the environment in order."""
    if checkout() is None:
        return f'"{sys.executable}" -m pip install --upgrade "kitsu-tui[starter]"'
    if WINDOWS:
        return "powershell -ExecutionPolicy Bypass -File scripts\\start.ps1 -PrepareOnly"
    return "scripts/start --prepare-only"


def as_root(command: str) -> str:
    """The command, with sudo before it where that is needed."""
    if sys.platform == "win32":
        return command
    return command if os.geteuid() == 0 else f"sudo {command}"
