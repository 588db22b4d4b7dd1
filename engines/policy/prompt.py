"""Builds what the model sees: stable parts first, the new text last, the answer begun.

Everything that people wrote is data: text that could pass for markup, the model's or ours, is
changed so that it reads much the same and means nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from engines.policy.templates import Line, Render
from engines.wire import policy

OPEN, CLOSE = "<speech>", "</speech>"
TAG = re.compile(r"<(?=[/|!?a-z_])|(?<=[|a-z])>|\[(?=/?(?:INST|SYS)\b)", re.IGNORECASE)
"""Signs that begin or end markup; `<3` and `->` are none."""
_PLAIN = {"<": "(", ">": ")", "[": "("}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


class Prompts:
    """Builds prompts for one model.

    Args:
        render: the model's chat format.
        specials: texts that are markup to the model.
    """

    def __init__(self, render: Render, specials: Sequence[str]) -> None:
        self._render = render
        self._specials = (
            re.compile("|".join(re.escape(text) for text in specials), re.IGNORECASE)
            if specials
            else None
        )

    def answer(self, asked: policy.Respond, skip: int = 0) -> str:
        """The prompt whose continuation is the spoken answer.

        Args:
            asked: the request.
            skip: leave out that many of the oldest messages.
        """
        lines = self._lines(asked, skip)
        return self._render([*lines, Line("user", self.defuse(asked.text))], OPEN)

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
        text = _CONTROL.sub("", text)
        text = TAG.sub(lambda found: _PLAIN[found[0]], text)
        if self._specials is not None:
            while self._specials.search(text):
                text = self._specials.sub(lambda found: _broken(found[0]), text)
        return text.strip()

    def _lines(self, known: policy.Prompt, skip: int) -> list[Line]:
        first_mood = known.moods[0] if known.moods else "neutral"
        lines = [Line("system", known.system.strip())] if known.system.strip() else []
        for message in known.history[skip:]:
            text = self.defuse(message.text)
            if message.role == "assistant":
                mood = message.mood or first_mood
                text = f"{OPEN}{text}{CLOSE}<mood>{self.defuse(mood)}</mood>"
            lines.append(Line(message.role, text))
        return lines


def fingerprint(prompt: str) -> str:
    """First 16 hex digits of the prompt's SHA-256."""
    return hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _broken(special: str) -> str:
    # Keep letters and digits: it can still be read, and no longer is the token.
    return re.sub(r"[^\w\s]", "", special).strip("_")[:64] if len(special) > 2 else " "
