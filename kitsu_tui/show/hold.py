"""The pause of a barge-in: she waits in mid-word until it is clear whether she was spoken to."""

from __future__ import annotations

import asyncio
import logging

from engines.wire import audio
from engines.wire.peer import RequestFailed
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.turn import Turn

log = logging.getLogger("show.hold")

UNPAUSE_S = 3.0
"""A sound that has given no words by then does not hold her line any longer."""


class Hold:
    """Playback, paused on somebody's behalf. The one who spoke last holds it."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._holder: Turn | None = None
        self._timer: asyncio.TimerHandle | None = None

    def take(self, turn: Turn) -> None:
        """Pause for this turn's sake, for `UNPAUSE_S` seconds at most."""
        if self._holder is None:
            self._send(True)
        self._holder = turn
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(UNPAUSE_S, self.let_go)

    def let_go(self, turn: Turn | None = None) -> None:
        """Go on; with a turn, only if nobody has begun to speak since then."""
        if self._holder is None or turn not in (None, self._holder):
            return
        self._holder = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._send(False)

    def _send(self, paused: bool) -> None:
        try:
            self._supervisor.open("audio", audio.PAUSE, audio.Pause(paused=paused))
        except RequestFailed as err:
            log.info("pause: %s", err)
