"""Whose turn it is. Pure: the time comes in.

Typed and, later, chat and paid events wait here until she is free; a voice takes the floor by
speaking (`kitsu_tui.show.hearing`).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

from engines.wire.show import Source

RANK: dict[Source, int] = {"operator": 0, "api": 1, "voice": 2, "chat": 3}
WAITING = 16
"""How many may wait; the least urgent, oldest one makes room."""
EXPIRES_S: dict[Source, float] = {"chat": 60.0}


@dataclass
class Wish:
    """Something said to her that waits for an answer."""

    turn: int
    source: Source
    who: str
    text: str
    at: float
    play: bool = True
    preset: str = ""
    order: int = field(default_factory=itertools.count().__next__)


class Floor:
    """The queue for her ear."""

    def __init__(self) -> None:
        self._wishes: list[Wish] = []

    def push(self, wish: Wish) -> Wish | None:
        """Add a wish; returns one that had to make room, if any (it may be the new one)."""
        self._wishes.append(wish)
        if len(self._wishes) <= WAITING:
            return None
        out = max(self._wishes, key=lambda w: (RANK[w.source], -w.order))
        self._wishes.remove(out)
        return out

    def next(self, now: float) -> Wish | None:
        """Take the most urgent wish, oldest first among equals; what is too old is dropped."""
        self.expire(now)
        if not self._wishes:
            return None
        first = min(self._wishes, key=lambda w: (RANK[w.source], w.order))
        self._wishes.remove(first)
        return first

    def expire(self, now: float) -> list[Wish]:
        """Drop what is too old to be answered and return it."""
        old = [w for w in self._wishes if now - w.at >= EXPIRES_S.get(w.source, math.inf)]
        self._wishes = [w for w in self._wishes if w not in old]
        return old

    def clear(self) -> list[Wish]:
        """Drop everything that waits (panic) and return it."""
        dropped, self._wishes = self._wishes, []
        return dropped

    def __len__(self) -> int:
        return len(self._wishes)
