"""Panic at engines that show something to the audience: OBS, and whoever joins by capability.

An engine is asked at every panic, again whenever it becomes ready while panic is latched, and to
put back at resume, again and again until it could. What stood before is kept beside the latch, so
that all this outlives the show and every engine. See `engines.wire.surface`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

from msgspec import Struct

from engines.wire import show, surface
from engines.wire.codec import encoder
from engines.wire.message import RequestKind
from engines.wire.peer import Exchange, RequestFailed
from kitsu_tui.model.surfaces import engine_of
from kitsu_tui.show.durable import Kept, Latch
from kitsu_tui.show.link import Link
from kitsu_tui.show.outcome import Outcome
from kitsu_tui.show.supervisor import Supervisor

log = logging.getLogger("show.surfaces")

SURFACE_S = 2.0
"""How long one surface is waited for. What it answers later is told then."""
BEFORE_BYTES = 1 << 19
"""What an engine wants kept; it must fit on a line with something beside it."""
EXPECTED = frozenset(("obs", "avatar", "twitch"))
"""Engines that are surfaces before they have said so."""


@dataclass
class _Asked:
    """The last thing that an engine was asked."""

    link: Link
    epoch: int
    exchange: Exchange[surface.Reached]
    began: float
    late: bool = False
    """Nobody waits for its answer any more; it is told when it comes."""
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    found: Outcome = field(default_factory=Outcome)


class Surfaces:
    """All engines that take part in panic.

    Args:
        tell: takes what is to be told of surfaces that were reached later.
    """

    def __init__(
        self, latch: Latch, supervisor: Supervisor, tell: Callable[[show.ShowEvent], None]
    ) -> None:
        self._latch = latch
        self._supervisor = supervisor
        self._tell = tell
        self._known: set[str] = set()
        self._asked: dict[str, _Asked] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.outcome = Outcome()
        """Of the last panic or resume, as far as it is known now."""
        for name in supervisor.units:
            self.listen(name)

    def listen(self, name: str) -> None:
        """Hear what this engine says of its own accord."""
        listen = self._supervisor.listen
        listen(name, surface.BEFORE, lambda body, _: self._before(name, body))
        listen(name, surface.REACHED, lambda body, _: self._reached(name, body))

    def begin(self) -> None:
        """A panic or a resume begins: what came of the last one is of no interest any more."""
        self.outcome = Outcome()

    # -- panic -------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Engines that are, or should be, surfaces now."""
        return [name for name in self._supervisor.units if self._is_one(name)]

    async def panic(self, name: str, began: float) -> None:
        """Ask one engine, before anything is waited for; waits `SURFACE_S` for its answer, which
        goes into `outcome`.

        Args:
            began: when panic was pressed, by `time.perf_counter`.
        """
        link = self._up(name)
        if link is None:
            self.outcome.update(Outcome.waiting(name, self._supervisor.why_not(name)))
        else:
            await self._answer(name, self._ask_panic(name, link, began))

    def follow(self, event: show.ShowEvent) -> None:
        """To be called for everything that is told: an engine may be ready now. That is told
        before it may be asked anything, so what is owed to it is the first that it is sent.
        """
        if isinstance(event, show.EngineChanged) and event.state in ("ready", "degraded"):
            unit = self._supervisor.units.get(event.engine)
            if unit is not None and unit.link is not None:
                self.greet(event.engine, unit.link)

    def greet(self, name: str, link: Link) -> None:
        """An engine becomes ready."""
        if not _joins(link):
            return
        self._known.add(name)
        asked = self._asked.get(name)
        if asked is not None and (asked.link, asked.epoch) == (link, self._latch.epoch):
            return  # in this life of its: it keeps the panic by itself
        began = time.perf_counter()
        if self._latch.panicked:
            asked = self._ask_panic(name, link, began)
        elif name in self._latch.kept:
            asked = self._ask_resume(name, link, began)
        else:
            return
        self.spawn(self._greeted(name, asked), f"greet-{name}")

    async def _greeted(self, name: str, asked: _Asked) -> None:
        await self._answer(name, asked)
        if self._is_last(name, asked):
            self._tell_later(asked.found)

    def _ask_panic(self, name: str, link: Link, began: float) -> _Asked:
        epoch = self._latch.epoch
        kept = self._latch.kept.setdefault(name, Kept(epoch))
        return self._ask(
            name, link, surface.PANIC, surface.Panic(epoch=epoch, before=kept.before), began
        )

    def restore(self) -> Outcome:
        """At start, before any engine is there: what waits for its engine."""
        kept = self._latch.kept
        names = [*kept, *(n for n in self.names() if n not in kept)]
        found = Outcome()
        for name in names if self._latch.panicked else kept:
            unit = self._supervisor.units.get(name)
            starts = unit is not None and unit.wanted
            why = f"{name} is starting" if starts else self._supervisor.why_not(name)
            found.update(Outcome.waiting(name, why))
        return found

    # -- resume ------------------------------------------------------------------------------

    def resume(self) -> list[asyncio.Task[None]]:
        """Ask all that panic was told to, but for those that are at it; their answers go into
        `outcome`.
        """
        waiting = []
        for name, kept in list(self._latch.kept.items()):
            link, asked = self._up(name), self._asked.get(name)
            if (
                asked is not None
                and (asked.link, asked.epoch) == (link, self._latch.epoch)
                and not asked.exchange.done
            ):
                continue
            if link is not None:
                asked = self._ask_resume(name, link, time.perf_counter())
                waiting.append(self.spawn(self._answer(name, asked), f"resume-{name}"))
            elif kept.before is None and not self._lives(name, asked):
                del self._latch.kept[name]  # nothing was changed, as far as anybody knows
            else:
                self.outcome.update(Outcome.waiting(name, self._supervisor.why_not(name)))
        return waiting

    def _ask_resume(self, name: str, link: Link, began: float) -> _Asked:
        epoch, kept = self._latch.epoch, self._latch.kept[name]
        return self._ask(
            name, link, surface.RESUME, surface.Resume(epoch=epoch, before=kept.before), began
        )

    # -- asking ------------------------------------------------------------------------------

    def _ask(
        self,
        name: str,
        link: Link,
        kind: RequestKind[Any, surface.Reached],
        params: Struct,
        began: float,
    ) -> _Asked:
        """Send it; the answer is taken whenever it comes."""
        exchange = link.peer.open(kind, params)
        asked = self._asked[name] = _Asked(link, self._latch.epoch, exchange, began)
        exchange.on_event(lambda body: self._before(name, cast(surface.Before, body)))
        exchange.on_done(lambda done: self._heard(name, asked, done))
        return asked

    async def _answer(self, name: str, asked: _Asked) -> None:
        """Wait for the answer, no longer than `SURFACE_S`."""
        try:
            async with asyncio.timeout(SURFACE_S):
                await asked.heard.wait()
        except TimeoutError:
            asked.late = True
            asked.found = Outcome.failing(name, f"no answer within {SURFACE_S:g} s")
            if self._is_last(name, asked):
                self.outcome.update(asked.found)

    def _heard(self, name: str, asked: _Asked, done: asyncio.Future[surface.Reached]) -> None:
        """The answer is here, or will never be."""
        asked.heard.set()
        if not self._is_last(name, asked):
            return  # a later panic or resume holds
        error = done.exception()
        if error is None:
            total_ms = (time.perf_counter() - asked.began) * 1000
            asked.found = self._take(name, done.result().steps, total_ms)
        elif isinstance(error, RequestFailed) and error.code == "gone":
            asked.found = Outcome.waiting(name, error.detail)
        else:
            asked.found = Outcome.failing(name, getattr(error, "detail", "") or str(error))
        self.outcome.update(asked.found)
        if asked.late:
            self._tell_later(asked.found)

    def _take(self, name: str, steps: list[surface.Step], total_ms: float | None) -> Outcome:
        """What an engine says of how far it came."""
        found = Outcome.of_steps(name, steps, total_ms)
        if not self._latch.panicked and not found.waits:
            # Also where a step failed: kept for longer it would be taken for what stood before the
            # next panic.
            self._latch.kept.pop(name, None)
            self.save()
        return found

    def _is_last(self, name: str, asked: _Asked) -> bool:
        return self._asked.get(name) is asked and asked.epoch == self._latch.epoch

    # -- what engines say by themselves ------------------------------------------------------

    def _before(self, name: str, body: surface.Before) -> None:
        kept = self._latch.kept.get(name)
        if kept is None and self._latch.panicked:
            kept = Kept(body.epoch)
        if kept is None or body.epoch < kept.epoch:
            return  # put back already
        if kept.before is not None and not body.adds:
            return  # what it shows now is the panic's
        if len(encoder.encode(body)) > BEFORE_BYTES:
            log.error("%s: what stood before is too long to be kept: it cannot be put back", name)
            return
        self._latch.kept[name] = Kept(kept.epoch, body.before)
        self.save()

    def _reached(self, name: str, body: surface.Reached) -> None:
        if body.epoch != self._latch.epoch or not (
            self._latch.panicked or name in self._latch.kept
        ):
            return
        found = self._take(name, body.steps, None)
        self.outcome.update(found)
        self._tell_later(found)

    # -- telling -----------------------------------------------------------------------------

    def _tell_later(self, found: Outcome) -> None:
        epoch, panicked = self._latch.epoch, self._latch.panicked
        kind = show.PanicReached if panicked else show.PutBack
        self._tell(kind(epoch=epoch, surfaces=dict(found.surfaces), why=dict(found.why)))
        self.complain(found)

    def complain(self, found: Outcome) -> None:
        """An alert for each surface that failed, and one for all that waits."""
        what = "panic did not reach" if self._latch.panicked else "not put back:"
        for name in found.failed:
            text = f"{what} {name}: {found.why.get(name, '')}"
            log.error("%s", text)
            self._tell(show.Alert(level="error", text=text, about=engine_of(name)))
        waits = [f"{name} ({found.why.get(name, '')})" for name in found.waits]
        if waits:
            what = "panic" if self._latch.panicked else "putting back"
            text = f"{what} waits for {', '.join(waits)}"
            log.warning("%s", text)
            about = engine_of(found.waits[0])
            self._tell(show.Alert(level="warning", text=text, about=about))

    # -- helpers -----------------------------------------------------------------------------

    def save(self) -> asyncio.Task[None]:
        """Bring the latch to the disk, in the background."""
        return self.spawn(self._save(), "latch")

    async def _save(self) -> None:
        if not await self._latch.save():
            text = "the panic latch could not be saved: "
            text += (
                "it would not outlive the show"
                if self._latch.panicked
                else "the next show may start panicked"
            )
            self._tell(show.Alert(level="error", text=text, about="panic"))

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run it to its end, whoever waits for it."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _is_one(self, name: str) -> bool:
        unit = self._supervisor.units[name]
        if not unit.wanted:
            return False
        if unit.link is not None and unit.link.hello is not None:
            if _joins(unit.link):
                self._known.add(name)
            else:
                self._known.discard(name)
                return False
        return name in self._known or name in EXPECTED

    def _lives(self, name: str, asked: _Asked | None) -> bool:
        unit = self._supervisor.units.get(name)
        return asked is not None and unit is not None and unit.link is asked.link

    def _up(self, name: str) -> Link | None:
        unit = self._supervisor.units.get(name)
        if unit is None or unit.link is None or not unit.ready.is_set():
            return None
        return unit.link if _joins(unit.link) else None


def _joins(link: Link) -> bool:
    return link.hello is not None and surface.CAPABILITY in link.hello.capabilities
