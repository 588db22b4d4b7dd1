"""Panic: silence at once, everywhere, until somebody resumes.

The order matters: first the epoch (everything under way is stale from then on, here and in every
engine that gets the message), then `audio`, then the rest. Each surface is read back and timed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from engines.wire import audio, show
from engines.wire.envelope import At, Cancel
from engines.wire.message import Empty
from engines.wire.peer import RequestFailed
from kitsu_tui.show.director import Director
from kitsu_tui.show.durable import Latch
from kitsu_tui.show.supervisor import Supervisor

log = logging.getLogger("show.panic")

SURFACE_S = 2.0

Surface = Callable[[], Awaitable[None]]
"""Brings one surface to its panic state; returns when that was read back, raises when it fails."""


class Panic:
    """The latch and the surfaces that it reaches.

    Later engines (OBS, avatar, chat) join by adding a surface.
    """

    def __init__(
        self,
        latch: Latch,
        supervisor: Supervisor,
        director: Director,
        tell: Callable[[show.ShowEvent], None],
    ) -> None:
        self._latch = latch
        self._supervisor = supervisor
        self._director = director
        self._tell = tell
        self._silent = audio.Silence(silent_ns=0)
        self.surfaces: dict[str, Surface] = {
            "audio": self._silence,
            "policy": lambda: self._idle("policy"),
            "tts": lambda: self._idle("tts"),
        }

    @property
    def latched(self) -> bool:
        """True from press to resume, through restarts of everything."""
        return self._latch.panicked

    @property
    def epoch(self) -> int:
        """The epoch now: it rises at every panic and resume."""
        return self._latch.epoch

    def restore(self) -> None:
        """At start: tell that panic is still latched, if it is."""
        if self._latch.panicked:
            self._tell(show.Panicked(by=self._latch.by, epoch=self._latch.epoch, done=True))

    def raise_epoch(self, reason: str) -> None:
        """Make everything that is under way stale."""
        self._latch.epoch += 1
        at = At(epoch=self._latch.epoch)
        self._supervisor.cancel(Cancel(scope="epoch", at=at, reason=reason))

    async def press(self, by: str) -> dict[str, float | None]:
        """Panic. Returns milliseconds to done for each surface, None for one that failed."""
        began_ns = time.perf_counter_ns()
        began = began_ns / 1e9
        self._silent = audio.Silence(silent_ns=0)
        self._latch.panicked, self._latch.by = True, by
        self.raise_epoch("panic")
        timings = [
            asyncio.create_task(self._timed(name, surface, began), name=f"panic-{name}")
            for name, surface in self.surfaces.items()
        ]
        # One turn of the loop sends the requests; only then is there time for telling.
        await asyncio.sleep(0)
        self._director.fall_silent("panic")
        self._tell(show.Panicked(by=by, epoch=self._latch.epoch))
        saving = asyncio.create_task(self._latch.save(), name="panic-save")
        surfaces = dict(zip(self.surfaces, await asyncio.gather(*timings), strict=True))
        saved = await saving
        if not saved:
            self._tell(
                show.Alert(
                    level="error",
                    text="the panic latch could not be saved: it would not outlive the show",
                    about="panic",
                )
            )
        if self._latch.panicked:  # else resumed meanwhile: it must not look latched again
            self._tell(
                show.Panicked(
                    by=by,
                    epoch=self._latch.epoch,
                    surfaces=surfaces,
                    done=True,
                    pressed_ns=began_ns,
                    silent_ns=self._silent.silent_ns,
                    cut_ns=self._silent.cut_ns,
                )
            )
        log.warning("panic by %s", by, extra={"surfaces_ms": surfaces})
        return surfaces

    async def resume(self, by: str) -> bool:
        """Release the latch; False when it was not latched."""
        if not self._latch.panicked:
            return False
        self.raise_epoch("resume")
        self._latch.panicked, self._latch.by = False, ""
        # Told before the disk is waited for: a panic meanwhile must be told after this, not before.
        self._tell(show.Resumed(by=by, epoch=self._latch.epoch))
        log.warning("resumed by %s", by)
        self._director.go_on()
        if not await self._latch.save():
            self._tell(
                show.Alert(
                    level="error",
                    text="the resume could not be saved: the next show may start panicked",
                    about="panic",
                )
            )
        return True

    async def _timed(self, name: str, surface: Surface, began: float) -> float | None:
        try:
            async with asyncio.timeout(SURFACE_S):
                await surface()
        except (RequestFailed, TimeoutError, OSError) as err:
            why = str(err) or "no answer"
            log.error("panic: %s: %s", name, why)
            self._tell(
                show.Alert(
                    level="error",
                    text=f"panic did not reach {name}: {why}",
                    about=name,
                )
            )
            return None
        return round((time.perf_counter() - began) * 1000, 2)

    async def _silence(self) -> None:
        unit = self._supervisor.units.get("audio")
        if unit is None or unit.link is None or not unit.pid:
            return  # nothing runs that could make a sound
        if not unit.ready.is_set():
            return  # it plays nothing before it is ready
        self._silent = await self._supervisor.request(
            "audio", audio.SILENCE, Empty(), timeout=SURFACE_S
        )

    async def _idle(self, name: str) -> None:
        unit = self._supervisor.units.get(name)
        while unit is not None and unit.link is not None and len(unit.link.peer):  # noqa: ASYNC110
            await asyncio.sleep(0.002)
