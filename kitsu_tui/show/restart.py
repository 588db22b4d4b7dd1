"""When a dead engine is started again. Pure: time comes in, decisions come out."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

FIRST_S = 0.5
MAX_S = 30.0
HEALTHY_S = 60.0
LIMIT = 5
WINDOW_S = 180.0
FINAL = {2: "bad configuration", 4: "a model, device or package is missing"}
"""Exit codes after which another start would end the same way."""


@dataclass(frozen=True)
class Decision:
    """What follows a death: a start after `delay` seconds, or none and why."""

    delay: float | None
    reason: str


class RestartPolicy:
    """Backoff 0.5 s doubling to 30 s, jittered, reset after a minute's health; five restarts in
    three minutes are enough.
    """

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.Random()  # noqa: S311 -- jitter, not a secret
        self._step = 0
        self._times: deque[float] = deque(maxlen=LIMIT)

    def died(self, code: int | None, ready_for: float, now: float) -> Decision:
        """Decide after a death.

        Args:
            code: exit code, negative for a signal, None when it is not known.
            ready_for: seconds that it had been ready, 0 when it never was.
            now: seconds, monotonic.
        """
        if code in FINAL:
            return Decision(None, FINAL[code])
        if ready_for >= HEALTHY_S:
            self._step = 0
        while self._times and now - self._times[0] > WINDOW_S:
            self._times.popleft()
        if len(self._times) >= LIMIT:
            return Decision(None, f"{LIMIT} restarts within {WINDOW_S:.0f} s")
        self._times.append(now)
        delay = min(FIRST_S * 2 ** min(self._step, 10), MAX_S)
        self._step += 1
        return Decision(delay * self._rng.uniform(0.8, 1.2), "")

    def forgive(self) -> None:
        """The operator asked for a start: begin anew."""
        self._step = 0
        self._times.clear()
