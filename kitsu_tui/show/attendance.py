"""Whether an operator is there: a pure policy with injected clocks.

Signs of an operator are a console that attaches (not one that only reads), a key in one, and
whatever an operator asks of the show. Seconds are counted only while the show sees them go by: a
machine that slept, or a loop that stood still, takes nobody for gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from kitsu_tui.config.schema import Operator

LONGEST_LOOK_S = 3.0
"""What one look counts at most, however long ago the last one was."""


class Gone(NamedTuple):
    """Nobody is there."""

    since: float
    """Wall time of the last sign."""
    why: str


class Back(NamedTuple):
    """Somebody is there again."""

    by: str
    gone_s: float


class Attendance:
    """Decides whether an operator is there; does nothing.

    Args:
        clock: seconds, monotonic.
        wall: wall time in seconds.
    """

    def __init__(
        self,
        wishes: Operator,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._wishes = wishes
        self._clock = clock
        self._wall = wall
        self._looked = clock()
        self._now = 0.0
        """Seconds that went by in its sight."""
        self._sign_at = 0.0
        self._console_at = 0.0
        self._sign_wall = self._console_wall = wall()
        self._attached: list[str] = []
        self._ever = False
        self._gone: Gone | None = None

    @property
    def gone(self) -> bool:
        """True while nobody is there."""
        return self._gone is not None

    def use(self, wishes: Operator) -> None:
        """Go by another profile from now on; who is gone stays so until somebody is there."""
        self._wishes = wishes

    def attached(self, names: list[str]) -> Back | None:
        """These operators' consoles are attached now."""
        new = [name for name in names if names.count(name) > self._attached.count(name)]
        self._look()
        self._attached = list(names)
        return self.sign(new[0]) if new else None

    def sign(self, by: str) -> Back | None:
        """An operator did something."""
        self._look()
        self._ever = True
        self._sign_at, self._sign_wall = self._now, self._wall()
        gone, self._gone = self._gone, None
        return Back(by, max(0.0, self._sign_wall - gone.since)) if gone is not None else None

    def look(self) -> Gone | None:
        """Time went by: says so once when nobody is there any more."""
        self._look()
        if self._gone is not None or not self._counts():
            return None
        wishes = self._wishes
        # Who asks for things from a command line is there without a console.
        no_console = self._now - max(self._console_at, self._sign_at)
        no_key = (self._now - self._sign_at) / 60
        if wishes.no_console_s and not self._attached and no_console >= wishes.no_console_s:
            self._gone = Gone(max(self._console_wall, self._sign_wall), "no console")
        elif wishes.no_key_m and no_key >= wishes.no_key_m:
            self._gone = Gone(self._sign_wall, f"no key for {wishes.no_key_m:g} min")
        return self._gone

    def _counts(self) -> bool:
        """A show that nobody attended yet misses nobody, unless it was told to be careful."""
        return self._ever or self._wishes.when_gone != "go_on"

    def _look(self) -> None:
        now = self._clock()
        self._now += min(max(0.0, now - self._looked), LONGEST_LOOK_S)
        self._looked = now
        if self._attached:
            self._console_at, self._console_wall = self._now, self._wall()
