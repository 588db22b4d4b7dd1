"""Who she is, made into the beginning of a prompt. The same persona gives the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from engines.wire.policy import Message
from kitsu_tui.config.errors import ConfigError, nearest
from kitsu_tui.config.yamlfile import read

MAX_REFUSAL = 200
MAX_NAME = 40


class Example(Struct, frozen=True, forbid_unknown_fields=True):
    """A line to her and how she answers it."""

    user: str
    speech: str
    mood: str = ""


class Preset(Struct, frozen=True, forbid_unknown_fields=True):
    """A style: words for it, and levels from 0 to 1."""

    style: str
    chaos: float = 0.5
    energy: float = 0.5


class Persona(Struct, frozen=True, forbid_unknown_fields=True):
    """A persona file (`profiles/personas/NAME.yaml`)."""

    name: str
    system: str
    moods: list[str]
    preset: str
    presets: dict[str, Preset]
    examples: list[Example] = []
    chaos: dict[float, str] = {}
    energy: dict[float, str] = {}
    family: str = ""
    refusals: dict[str, list[str]] = {}
    """What she says to what the gate does not let in, by category; `any` for the rest."""
    viewer: str = "a viewer"
    """What she calls a viewer whose name is not fit to be said."""

    def system_text(self, preset: str, *, family: bool) -> str:
        """The system prompt for a preset."""
        style = self.presets[preset]
        text = self.system.format(
            style=style.style,
            chaos=_level(self.chaos, style.chaos),
            energy=_level(self.energy, style.energy),
            family=self.family if family else "",
        )
        return " ".join(text.split())

    def opening(self) -> list[Message]:
        """The examples, as the beginning of every history."""
        lines: list[Message] = []
        for example in self.examples:
            lines.append(Message(role="user", text=example.user))
            lines.append(Message(role="assistant", text=example.speech, mood=example.mood))
        return lines

    def check_preset(self, preset: str) -> str:
        """The preset's name.

        Raises:
            ConfigError: there is none of that name.
        """
        if preset not in self.presets:
            raise ConfigError(
                f"no preset {preset!r}{nearest(preset, self.presets)}; "
                f"{self.name} has: {', '.join(self.presets)}"
            )
        return preset


def load_persona(path: Path) -> Persona:
    """Read and check a persona.

    Raises:
        ConfigError: names the file and what is wrong in it.
    """
    document = read(path)
    data: dict[Any, Any] = document.data
    try:
        persona = msgspec.convert(data, Persona, strict=False)
    except msgspec.ValidationError as err:
        raise ConfigError(f"{path}: {err}") from None
    if not persona.moods:
        raise ConfigError(f"{path}: moods: found none, expected at least one")
    try:
        for preset in persona.presets:
            persona.system_text(preset, family=True)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as err:
        raise ConfigError(
            f"{path}: system: {err!r} in braces; known: style, chaos, energy, family"
        ) from None
    _check_words(path, persona)
    try:
        persona.check_preset(persona.preset)
    except ConfigError as err:
        raise ConfigError(f"{path}: preset: {err}") from None
    return persona


def _check_words(path: Path, persona: Persona) -> None:
    for category, lines in persona.refusals.items():
        where = f"{path}: refusals: {category}"
        if not lines:
            raise ConfigError(f"{where}: found no line, expected at least one")
        for line in lines:
            if not line.strip() or len(line) > MAX_REFUSAL:
                raise ConfigError(
                    f"{where}: found a line of {len(line.strip())} characters, expected 1 to "
                    f"{MAX_REFUSAL}"
                )
    if not any(char.isalnum() for char in persona.viewer) or len(persona.viewer) > MAX_NAME:
        raise ConfigError(f"{path}: viewer: expected 1 to {MAX_NAME} characters, such as: a viewer")


def _level(words: dict[float, str], level: float) -> str:
    reached = [at for at in words if at <= level]
    return words[max(reached)] if reached else ""
