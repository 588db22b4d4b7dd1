"""When the next try to connect is due, by how the last one failed."""

from __future__ import annotations

from collections.abc import Callable

from engines.wire import obs

FIRST_S = 0.5
LONGEST_S: dict[str, float] = {"closed": 1.0, "hung": 2.0, "foreign": 30.0}
"""By link. A refused connect costs a third of a millisecond, and control is to be back within two
seconds of OBS's answering; what is no OBS is asked seldom.
"""
STEADY_S = 5.0
"""A connection that ends sooner counts as one more vain try: what ends each one is not asked again
and again at once.
"""
NUDGE_S = 10.0
"""After a wrong password somebody's wish may make one try, this often at most."""


class Backoff:
    """Seconds between tries, doubling from `FIRST_S` to `LONGEST_S`.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._link: obs.Link = "connecting"
        self._wait = 0.0
        self._tried = float("-inf")
        self._opened: float | None = None
        self._due = clock()

    def failed(self, link: obs.Link) -> float:
        """A try came to nothing, or a connection ended; seconds until the next, 0 for none."""
        self._tried = self._clock()
        longest = LONGEST_S.get(link)
        if self._opened is not None:
            if self._tried - self._opened >= STEADY_S:
                self._link = "open"
            if longest is not None:  # it is OBS, whatever happened: panic must reach it soon
                longest = min(longest, LONGEST_S["hung"])
            self._opened = None
        if longest is None:
            self._link, self._wait, self._due = link, 0.0, float("inf")
            return 0.0
        self._wait = min(self._wait * 2, longest) if link == self._link else FIRST_S
        self._link = link
        self._due = self._tried + self._wait
        return self._wait

    def opened(self) -> None:
        """A try succeeded."""
        self._opened = self._clock()

    def nudge(self) -> None:
        """Somebody wants something of OBS: try now, unless a try was made only just."""
        now = self._clock()
        pause = FIRST_S if self._link in ("closed", "hung", "connecting") else NUDGE_S
        if now - self._tried >= pause:
            self._due = min(self._due, now)

    @property
    def left(self) -> float:
        """Seconds until the next try is due; infinite for none."""
        return max(0.0, self._due - self._clock())
