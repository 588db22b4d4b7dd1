"""Builds what the model sees: stable parts first, the new text last, the answer begun.

Everything that people wrote is data (see defuse.py), what she said and her moods as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from engines.policy.defuse import Defuser
from engines.policy.templates import Line, Render
from engines.wire import policy

OPEN, CLOSE = "<speech>", "</speech>"


class Prompts:
    """Builds prompts for one model.

    Args:
        render: the model's chat format.
        specials: texts that are markup to the model.
    """

    def __init__(self, render: Render, specials: Sequence[str]) -> None:
        self._render = render
        self._defuser = Defuser(specials)

    def answer(self, asked: policy.Respond, skip: int = 0) -> str:
        """The prompt whose continuation is the spoken answer.

        Args:
            asked: the request.
            skip: leave out that many of the oldest messages.
        """
        lines = self._lines(asked, skip)
        told = self._defuser.told(asked.text, asked.who, viewer=asked.viewer)
        return self._render([*lines, Line("user", told)], OPEN)

    def mood(self, prompt: str, spoken: str) -> str:
        """The prompt whose continuation is the mood of what was said after `prompt`."""
        return f"{prompt}{spoken}{CLOSE}<mood>"

    def stable(self, known: policy.Prompt) -> str:
        """The beginning that every next prompt with this history shares."""
        lines = self._lines(known, 0)
        # Two different user texts: what their prompts share is the part that cannot change.
        one = self._render([*lines, Line("user", "a")], OPEN)
        other = self._render([*lines, Line("user", "b")], OPEN)
        same = next(i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1])
        return one[:same]

    def defuse(self, text: str) -> str:
        """People's text, with what could pass for markup made harmless."""
        return self._defuser.text(text)

    def _lines(self, known: policy.Prompt, skip: int) -> list[Line]:
        first_mood = known.moods[0] if known.moods else "neutral"
        lines = [Line("system", known.system.strip())] if known.system.strip() else []
        for message in known.history[skip:]:
            if message.role == "assistant":
                mood = self.defuse(message.mood or first_mood)
                text = f"{OPEN}{self.defuse(message.text)}{CLOSE}<mood>{mood}</mood>"
            else:
                # The same bytes as when it was new: the model's cache holds them.
                text = self._defuser.told(message.text, message.who, viewer=message.viewer)
            lines.append(Line(message.role, text))
        return lines


def fingerprint(prompt: str) -> str:
    """First 16 hex digits of the prompt's SHA-256."""
    return hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()[:16]
