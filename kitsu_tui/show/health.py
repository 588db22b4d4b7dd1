"""Whether an engine still answers. Pure: the time comes in."""

from __future__ import annotations

from typing import Literal

EVERY_S = 2.5
UNRESPONSIVE_S = 5.0
KILL_S = 20.0
KILL_LOADING_S = 60.0

Verdict = Literal["ok", "unresponsive", "kill"]


class Health:
    """Pings out, pongs in."""

    def __init__(self, now: float) -> None:
        self._n = 0
        self._oldest: float | None = None
        self._last_ping = now
        self._answered = 0
        self._sent: dict[int, float] = {}
        self.ping_ms = 0.0

    def due(self, now: float) -> int | None:
        """The number of the ping to send now, None when it is not time."""
        if self._n and now - self._last_ping < EVERY_S:
            return None
        self._n += 1
        self._last_ping = now
        self._sent[self._n] = now
        while len(self._sent) > 32:
            del self._sent[min(self._sent)]
        if self._oldest is None:
            self._oldest = now
        return self._n

    def pong(self, n: int, now: float) -> None:
        """An answer came; it speaks for every ping before it too."""
        sent = self._sent.get(n)
        if sent is None:
            return
        self.ping_ms = (now - sent) * 1000
        self._answered = n
        self._sent = {k: t for k, t in self._sent.items() if k > n}
        self._oldest = min(self._sent.values(), default=None)

    def excuse(self, now: float) -> None:
        """We stood still ourselves: what is not answered yet counts from now."""
        self._sent = dict.fromkeys(self._sent, now)
        self._oldest = None if self._oldest is None else now

    def verdict(self, now: float, *, loading: bool) -> Verdict:
        """How it stands now."""
        if self._oldest is None:
            return "ok"
        silent = now - self._oldest
        if silent >= (KILL_LOADING_S if loading else KILL_S):
            return "kill"
        return "unresponsive" if silent >= UNRESPONSIVE_S else "ok"
