"""What she remembers of the conversation. Pure.

It only grows, and is forgotten in blocks: the prompt's beginning stays the same to the byte for
many turns, so that the model's cache of it holds.
"""

from __future__ import annotations

from engines.wire.policy import Message

MAX_CHARS = 600
"""Longest text that is remembered of one line."""


class History:
    """The last exchanges.

    Args:
        turns: exchanges that are remembered.
        block: exchanges that are forgotten at once.
    """

    def __init__(self, turns: int, block: int) -> None:
        self._turns = turns
        self._block = max(1, min(block, turns)) if turns else 1
        self._exchanges: list[tuple[str, str, str, str]] = []

    def resize(self, turns: int, block: int) -> None:
        """Other bounds from now on; the oldest of what is too much is forgotten."""
        self._turns = turns
        self._block = max(1, min(block, turns)) if turns else 1
        del self._exchanges[: max(len(self._exchanges) - turns, 0)]

    def add(self, said: str, heard: str, mood: str = "", viewer: str = "") -> None:
        """Remember an exchange: what was said to her, what was heard of her answer, her mood.

        Args:
            viewer: by what name the viewer goes who said it; empty: no viewer did.
        """
        if not self._turns or not heard.strip():
            return
        if any(_same(heard, before) for _, before, _, _ in self._exchanges):
            return  # a small model that reads itself twice says it for ever
        self._exchanges.append((said.strip()[:MAX_CHARS], heard.strip()[:MAX_CHARS], mood, viewer))
        if len(self._exchanges) > self._turns:
            del self._exchanges[: self._block]

    def messages(self) -> list[Message]:
        """The lines, oldest first."""
        lines: list[Message] = []
        for said, heard, mood, viewer in self._exchanges:
            lines.append(Message(role="user", text=said, who=viewer, viewer=bool(viewer)))
            lines.append(Message(role="assistant", text=heard, mood=mood))
        return lines

    def __len__(self) -> int:
        return len(self._exchanges)


def _same(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()


def clipped(text: str, heard: float, whole: float) -> str:
    """The part of a sentence that was heard, cut back to a whole word.

    Args:
        text: the sentence.
        heard: samples that were handed to the device.
        whole: samples of the whole sentence.
    """
    if whole <= 0 or heard <= 0:
        return ""
    if heard >= whole * 0.98:
        return text
    cut = int(len(text) * heard / whole)
    if not text[cut : cut + 1].isspace():
        while cut and not text[cut - 1].isspace():
            cut -= 1
    return text[:cut].rstrip()
