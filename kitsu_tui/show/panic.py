"""Panic: silence at once, everywhere, until somebody resumes.

The order matters: first the epoch (everything under way is stale from then on, here and in every
engine that gets the message), then `audio`, then the rest. Each surface is read back and timed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from engines.wire import audio, show
from engines.wire.envelope import At, Cancel
from engines.wire.message import Empty
from engines.wire.peer import RequestFailed
from kitsu_tui.model.surfaces import is_drill
from kitsu_tui.show.director import Director
from kitsu_tui.show.durable import Latch
from kitsu_tui.show.outcome import Outcome
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.surfaces import SURFACE_S, Surfaces

log = logging.getLogger("show.panic")

REPEAT_NS = 300_000_000
"""A press so soon after another is the same one."""
DISK_S = 0.5
"""How long an answer is held back for the disk, once everything is done and told."""

Own = Callable[[], Awaitable[None]]
"""Silences one engine of hers; returns when that was read back, raises when it fails."""


class Press(NamedTuple):
    """A press of panic: its epoch, when it came, and what brings it about."""

    epoch: int
    at_ns: int
    task: asyncio.Task[Outcome]


class Panic:
    """The latch, and everything that it silences.

    Attributes:
        surfaces: the engines that show something to the audience.
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
        self._own: dict[str, Own] = {
            "audio": self._silence,
            "policy": lambda: self._idle("policy"),
            "tts": lambda: self._idle("tts"),
        }
        self.surfaces = Surfaces(latch, supervisor, tell)
        self._last: Press | None = None

    @property
    def latched(self) -> bool:
        """True from press to resume, through restarts of everything."""
        return self._latch.panicked

    @property
    def by(self) -> str:
        """Who pressed; empty when it is not latched."""
        return self._latch.by

    @property
    def epoch(self) -> int:
        """The epoch now: it rises at every panic and resume."""
        return self._latch.epoch

    def restore(self) -> None:
        """At start: tell that panic is still latched, if it is, and what waits for its engine."""
        found = self.surfaces.restore()
        if self._latch.panicked:
            self._tell(
                show.Panicked(
                    by=self._latch.by,
                    epoch=self._latch.epoch,
                    done=True,
                    why=found.why,
                    waits=found.waits,
                )
            )
        elif found.waits:
            self._tell(show.PutBack(epoch=self._latch.epoch, why=found.why))

    def raise_epoch(self, reason: str) -> None:
        """Make everything that is under way stale."""
        self._latch.epoch += 1
        at = At(epoch=self._latch.epoch)
        self._supervisor.cancel(Cancel(scope="epoch", at=at, reason=reason))

    # -- press -------------------------------------------------------------------------------

    async def press(self, by: str) -> Outcome:
        """Panic. It goes on to its end also when whoever waits for it is cancelled.

        A console asks twice at one key (`kitsu_tui.console.keywatch`), and fingers hammer: what
        comes just after a press gets that one's outcome. A drill's is no press to anybody else.
        """
        began_ns = time.perf_counter_ns()
        last = self._last
        if (
            last
            and last.epoch == self.epoch
            and began_ns - last.at_ns < REPEAT_NS
            and not is_drill(self.by)
        ):
            return await asyncio.shield(last.task)
        self._silent = audio.Silence(silent_ns=0)
        self._latch.panicked, self._latch.by = True, by
        self.raise_epoch("panic")
        self.surfaces.begin()
        spawn = self.surfaces.spawn
        began, found = began_ns / 1e9, Outcome(epoch=self.epoch)
        asked = [
            spawn(self._timed(name, own, began, found), f"panic-{name}")
            for name, own in self._own.items()
        ]
        asked += [
            spawn(self.surfaces.panic(name, began), f"panic-{name}")
            for name in self.surfaces.names()
        ]
        told = show.Panicked(by=by, epoch=self.epoch, pressed_ns=began_ns)
        # One turn of the loop sends the requests; only then comes the telling.
        task = spawn(self._pressed(told, found, asked), "panic")
        self._last = Press(told.epoch, began_ns, task)
        return await asyncio.shield(task)

    async def _pressed(
        self, told: show.Panicked, found: Outcome, asked: list[asyncio.Task[None]]
    ) -> Outcome:
        self._director.fall_silent("panic")
        self._tell(show.Panicked(by=told.by, epoch=told.epoch))
        saving = self.surfaces.save()
        await asyncio.wait(asked)
        found.surfaces = {name: found.surfaces[name] for name in self._own}
        found.update(self.surfaces.outcome)
        log.warning("panic by %s", told.by, extra={"surfaces_ms": found.surfaces})
        if self.latched and self.epoch == told.epoch:
            # Else it was resumed meanwhile and must not look latched again, or pressed again.
            self._tell(
                show.Panicked(
                    by=told.by,
                    epoch=told.epoch,
                    surfaces=dict(found.surfaces),
                    done=True,
                    pressed_ns=told.pressed_ns,
                    silent_ns=self._silent.silent_ns,
                    cut_ns=self._silent.cut_ns,
                    why=dict(found.why),
                    waits=list(found.waits),
                )
            )
            self.surfaces.complain(found)
        await asyncio.wait({saving}, timeout=DISK_S)
        return found

    # -- resume ------------------------------------------------------------------------------

    async def resume(self, by: str, epoch: int | None = None) -> Outcome | None:
        """Release the latch, and put back what panic has changed.

        Args:
            epoch: of the panic that is meant; any other stays.

        Returns:
            What was put back; None when it was not latched, and nothing waited to be put back.
        """
        if epoch is not None and epoch != self.epoch:
            return None
        released = self._latch.panicked
        if released:
            self.raise_epoch("resume")
            self._latch.panicked, self._latch.by = False, ""
            self.surfaces.begin()
        asked = self.surfaces.resume()
        if not released and not asked:
            return None
        saving = self.surfaces.save()
        if released:
            self._tell(show.Resumed(by=by, epoch=self.epoch))
            log.warning("resumed by %s", by)
            self._director.go_on()
        work = self._put_back(self.epoch, asked, saving)
        return await asyncio.shield(self.surfaces.spawn(work, "resume"))

    async def _put_back(
        self, epoch: int, asked: list[asyncio.Task[None]], saving: asyncio.Task[None]
    ) -> Outcome:
        if asked:
            await asyncio.wait(asked)
        found = self.surfaces.outcome
        if epoch == self.epoch and (found.surfaces or found.why):
            self._tell(
                show.PutBack(epoch=epoch, surfaces=dict(found.surfaces), why=dict(found.why))
            )
            self.surfaces.complain(found)
        await asyncio.wait({saving}, timeout=DISK_S)
        return found

    # -- her own engines ---------------------------------------------------------------------

    async def _timed(self, name: str, own: Own, began: float, found: Outcome) -> None:
        found.surfaces[name] = None
        try:
            async with asyncio.timeout(SURFACE_S):
                await own()
        except (RequestFailed, TimeoutError, OSError) as err:
            found.why[name] = str(err) or "no answer"
        else:
            found.surfaces[name] = round((time.perf_counter() - began) * 1000, 2)

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
