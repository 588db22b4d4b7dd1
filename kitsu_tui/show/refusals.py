"""What she says, in character, to what the gate does not let in."""

from __future__ import annotations

import itertools

from kitsu_tui.config.persona import Persona


class Refusals:
    """Takes a category's lines in turn, so that none is said twice in a row where there are more.

    It goes on where it was when the persona changes.
    """

    def __init__(self) -> None:
        self._taken: dict[str, itertools.count[int]] = {}

    def line(self, persona: Persona, category: str, fallback: str) -> str:
        """The next line for a category of forbidden texts.

        Args:
            fallback: where the persona has none. Empty: the profile wants silence, and gets it.
        """
        key = category if persona.refusals.get(category) else "any"
        lines = persona.refusals.get(key)
        if not fallback or not lines:
            return fallback
        return lines[next(self._taken.setdefault(key, itertools.count())) % len(lines)]
