"""What is done when nobody is at a console any more, and told when somebody is again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Literal, Protocol

from engines.wire import show
from kitsu_tui.config.schema import Operator
from kitsu_tui.show.attendance import Attendance, Back, Gone
from kitsu_tui.show.director import Refusal

log = logging.getLogger("show.operator")

LOOK_S = 1.0
AGAIN_S = 2.0
AGAIN_MOST_S = 60.0
"""How long after a vain try of the BRB scene the next one comes: doubling, up to this."""
GONE = "operator gone"
"""Who presses panic then, and who brings a scene."""


class Stage(Protocol):
    """What `kitsu_tui.show.scenes.Scenes` does about it."""

    @property
    def standing(self) -> bool:
        """The BRB scene was brought, and nobody has chosen another one since."""

    def why_not(self) -> str:
        """Why OBS cannot be asked now; empty when it can."""

    async def bring_brb(self, by: str) -> str:
        """Bring the BRB scene; raises `Refusal`."""


class LostOperator:
    """Looks, tells, and does what the profile wants.

    Args:
        operators: names of the consoles that are attached and do not only read.
        press: presses panic; returns what came of it, in words.
        latched: true while panic is latched.
    """

    def __init__(
        self,
        wishes: Operator,
        tell: Callable[[show.ShowEvent], None],
        stage: Stage,
        *,
        operators: Callable[[], list[str]],
        press: Callable[[str], Awaitable[str]],
        latched: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._wishes = wishes
        self._policy = Attendance(wishes, clock, wall)
        self._tell = tell
        self._stage = stage
        self._operators = operators
        self._press = press
        self._latched = latched
        self._clock = clock
        self._gone: Gone | None = None
        self._told: show.OperatorGone | None = None
        self._waits = False
        """The BRB scene is still to be brought."""
        self._again_at = 0.0
        self._again_s = AGAIN_S
        self._doing: asyncio.Task[None] | None = None
        self._over = False

    def use(self, wishes: Operator) -> None:
        """Go by another profile from now on; what was done stays as it is."""
        self._wishes = wishes
        self._policy.use(wishes)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Look once."""
        if self._over:
            return
        gone = self._policy.look()
        if gone is not None:
            self._gone = gone
            log.warning("nobody is there: %s", gone.why)
            self._do(self._act(gone))
        elif self._gone is not None and self._waits and self._may_try():
            self._do(self._brb(self._gone))

    def sign(self, by: str) -> None:
        """An operator did something."""
        if not self._over:
            self._back(self._policy.sign(by))

    def on_event(self, event: show.ShowEvent) -> None:
        """Follow what the show tells."""
        if self._over:
            return
        if isinstance(event, show.ShowStopping):
            self._over = True
            if self._doing is not None:
                self._doing.cancel()
        elif isinstance(event, show.Operators):
            self._back(self._policy.attached(self._operators()))
        elif isinstance(event, show.ObsLink) and self._gone is not None:
            # An OBS that was started anew shows any scene, whatever stood there before.
            self._waits = self._waits or (event.link != "open" and self._stage.standing)
            self._again_at, self._again_s = 0.0, AGAIN_S
        elif isinstance(event, show.ObsState) and self._waits:
            self.look()

    def _may_try(self) -> bool:
        wanted = self._clock() >= self._again_at and not self._latched()
        return wanted and not self._stage.why_not()

    def _back(self, back: Back | None) -> None:
        if back is None:
            return
        self._gone, self._waits = None, False
        log.warning("an operator is there again: %s", back.by)
        self._tell(show.OperatorBack(by=back.by, gone_s=round(back.gone_s, 1)))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        if self._doing is None or self._doing.done():
            self._doing = asyncio.create_task(work, name="operator-gone")
        else:
            work.close()

    async def _act(self, gone: Gone) -> None:
        wish = self._wishes.when_gone
        if wish == "go_on":
            self._say(gone, "nothing")
        elif self._latched():
            self._say(gone, "nothing", "panic is latched already")
        elif wish == "panic":
            self._say(gone, "panic")
            self._say(gone, "panic", await self._press(GONE))
        else:
            self._say(gone, "brb")
            self._waits = True
            await self._brb(gone)

    async def _brb(self, gone: Gone) -> None:
        self._again_at = self._clock() + self._again_s
        self._again_s = min(self._again_s * 2, AGAIN_MOST_S)
        try:
            detail = await self._stage.bring_brb(GONE)
        except Refusal as err:
            if self._gone is gone and (self._told is None or self._told.did != "nothing"):
                text = f"nobody is there, and the BRB scene could not be brought: {err}"
                self._tell(show.Alert(level="error", text=text, about="operator"))
            self._say(gone, "nothing", f"{err}; tried again")
            return
        self._waits = False
        self._say(gone, "brb", detail)

    def _say(self, gone: Gone, did: Literal["nothing", "brb", "panic"], detail: str = "") -> None:
        event = show.OperatorGone(since=gone.since, why=gone.why, did=did, detail=detail)
        if self._gone is gone and event != self._told:
            self._told = event
            self._tell(event)
