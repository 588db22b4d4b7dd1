"""Whose turn it is, and how much of her one viewer may have. Pure: the time comes in.

Typed, chat and, later, paid events wait here until she is free; a voice takes the floor by
speaking (`kitsu_tui.show.hearing`). Of one viewer only a few texts wait, and only so many are
answered in a while; what several viewers ask at once is one question.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, deque
from dataclasses import dataclass, field

from engines.wire.show import Source
from kitsu_tui.config.schema import Safety
from kitsu_tui.show.safety.confusables import fold
from kitsu_tui.show.safety.normal import clean

RANK: dict[Source, int] = {"operator": 0, "api": 1, "voice": 2, "chat": 3}
WAITING = 16
"""How many may wait; the least urgent, oldest one makes room."""
EXPIRES_S: dict[Source, float] = {"chat": 60.0}
_LIKE = str.maketrans({"0": "o", "1": "i", "l": "i"})

FULL = "too many wait"
SHARE = "they had their share of answers for now (safety.viewer_turns, viewer_waiting)"
SAME = "others asked it as well"
LATE = "it waited too long"


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
    out: str = ""
    """Why it gets no answer, once that is so."""
    order: int = field(default_factory=itertools.count().__next__)

    @property
    def viewer(self) -> str:
        """Which viewer's it is, by a name that lookalikes share; empty: no viewer's."""
        return viewer(self.who) if self.source == "chat" else ""

    @property
    def question(self) -> str:
        """The text as it is compared with others."""
        return " ".join("".join(c if c.isalnum() else " " for c in fold(clean(self.text))).split())


def viewer(name: str) -> str:
    """A viewer's name without case and signs, and as whoever it passes for."""
    low = fold(clean(name))
    bare = "".join(filter(str.isalnum, low)).translate(_LIKE)
    return bare or low.strip() or "?"


class Floor:
    """The queue for her ear.

    Args:
        bounds: a viewer's share.
    """

    def __init__(self, bounds: Safety | None = None) -> None:
        self.bounds = bounds or Safety()
        self._wishes: list[Wish] = []
        self._answered: deque[tuple[float, str]] = deque()
        self._had: Counter[str] = Counter()

    def push(self, wish: Wish) -> Wish | None:
        """Add a wish; returns one that gives way, if any (it may be the new one), with the reason.

        Of a viewer for whom enough waits, the oldest gives way: they want to know the newest, and
        it goes to the end of the queue, so that nothing is gained by writing much.
        """
        who = wish.viewer
        if who:
            self._forget(wish.at)
            others = [w for w in self._wishes if w.source == "chat"]
            if self._had[who] >= self.bounds.viewer_turns:
                return _out(wish, SHARE)
            if wish.question and any(w.question == wish.question for w in others):
                return _out(wish, SAME)
            theirs = [w for w in others if w.viewer == who]
            self._wishes.append(wish)
            if len(theirs) >= self.bounds.viewer_waiting:
                self._wishes.remove(theirs[0])
                return _out(theirs[0], SHARE)
        else:
            self._wishes.append(wish)
        if len(self._wishes) <= WAITING:
            return None
        out = max(self._wishes, key=lambda w: (RANK[w.source], -w.order))
        self._wishes.remove(out)
        return _out(out, FULL)

    def next(self, now: float) -> Wish | None:
        """Take the most urgent wish, oldest first among equals; what is too old is dropped."""
        self.expire(now)
        if not self._wishes:
            return None
        first = min(self._wishes, key=lambda w: (RANK[w.source], w.order))
        self._wishes.remove(first)
        if first.viewer:
            self._answered.append((now, first.viewer))
            self._had[first.viewer] += 1
        return first

    def expire(self, now: float) -> list[Wish]:
        """Drop what is too old, or beyond its viewer's share by now, and return it."""
        self._forget(now)
        gone = [
            _out(w, LATE) for w in self._wishes if now - w.at >= EXPIRES_S.get(w.source, math.inf)
        ]
        gone += [
            _out(w, SHARE)
            for w in self._wishes
            if not w.out and w.viewer and self._had[w.viewer] >= self.bounds.viewer_turns
        ]
        self._wishes = [w for w in self._wishes if not w.out]
        return gone

    def clear(self) -> list[Wish]:
        """Drop everything that waits (panic) and return it."""
        dropped, self._wishes = self._wishes, []
        return dropped

    def __len__(self) -> int:
        return len(self._wishes)

    def _forget(self, now: float) -> None:
        """Answers from before the window count no more."""
        while self._answered and now - self._answered[0][0] >= self.bounds.viewer_window_s:
            _, who = self._answered.popleft()
            self._had[who] -= 1
            if not self._had[who]:
                del self._had[who]


def _out(wish: Wish, why: str) -> Wish:
    wish.out = why
    return wish
