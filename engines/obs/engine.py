"""Drives OBS Studio."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

import msgspec

from engines.harness import Call, Engine, Refused, handles
from engines.obs.changes import allowed, work
from engines.obs.client import be_quiet, parse
from engines.obs.link import Told, Worker
from engines.obs.panic import Stood, stood_of, waiting
from engines.obs.reading import read_all
from engines.obs.session import Session
from engines.obs.wishes import CHANGE, LOOK, Wish
from engines.wire import obs, surface
from engines.wire.message import Empty

T = TypeVar("T")

PANIC_S = 1.5
"""Panic is answered within this, or `request_s`: the show waits two seconds for a surface."""
BEFORE_S = 0.25
"""Panic waits no longer for what stood before to be on its way."""


class ObsEngine(Engine[obs.Config]):
    """Serves `obs.change`, `obs.look`, and panic. Ready whether OBS runs or not: a closed OBS is an
    ordinary thing, and to begin this engine anew would not open it. Degraded while what is at its
    address is of no use: hung, refusing the password, or no OBS at all.
    """

    name = "obs"
    Config = obs.Config
    capabilities = (surface.CAPABILITY,)
    events = obs.EVENTS
    _started = False

    async def start(self) -> None:
        """Begin to connect.

        Raises:
            ConfigError: `obs.url` is none.
        """
        address = parse(self.config.url)
        be_quiet()
        self._calls: dict[int, Call] = {}
        self._status = ("", "")
        self._worker = Worker(self.config, address, _Teller(self))
        self._worker.start()
        self._started = True

    async def reconfigure(self, config: obs.Config) -> None:
        """Take live keys over."""
        self.config = config
        self._worker.reconfigure(config)

    async def stop(self) -> None:
        """End the link."""
        if self._started:
            await asyncio.to_thread(self._worker.stop)

    # -- requests ----------------------------------------------------------------------------

    @handles(obs.CHANGE)
    async def change(self, params: obs.Ask, call: Call) -> obs.Changed:
        """Change something, and read it back."""
        began = time.perf_counter()
        self._check_held(params.change)
        detail = await self._wait(
            self._worker.post(CHANGE, lambda session: self._work(session, params.change))
        )
        return obs.Changed(detail=detail, ms=round((time.perf_counter() - began) * 1000, 2))

    def _work(self, session: Session, change: obs.Change) -> Any:
        self._check_held(change)  # panic may have overtaken it
        return work(session, change)

    def _check_held(self, change: obs.Change) -> None:
        held = self._worker.held
        if held is not None and not held.resume and (why := allowed(change, self.config)):
            raise Refused("panic", why)

    @handles(obs.LOOK)
    async def look(self, params: Empty, call: Call) -> obs.State:
        """Read everything anew; without a link what was known last."""
        return await self._wait(self._worker.post(LOOK, self._look, self._worker.state))

    def _look(self, session: Session) -> obs.State:
        read_all(session)
        return self._worker.state()

    @handles(surface.PANIC)
    async def panic(self, params: surface.Panic, call: Call) -> surface.Reached:
        """Bring OBS to panic, and hold it there over every loss of the link."""
        kept, known = stood_of(params.before), stood_of(params.before)
        return await self._want(
            Wish(params.epoch, False, kept, time.perf_counter(), known=known), call
        )

    @handles(surface.RESUME)
    async def resume(self, params: surface.Resume, call: Call) -> surface.Reached:
        """Put back what panic changed."""
        kept = stood_of(params.before)
        return await self._want(Wish(params.epoch, True, kept, time.perf_counter()), call)

    async def _want(self, wish: Wish, call: Call) -> surface.Reached:
        held, future = self._worker.held, wish.future
        if held is not None and wish.epoch < held.epoch:
            raise Refused("stale", f"epoch {wish.epoch} is over, it is {held.epoch}")
        self._calls = {wish.epoch: call}
        self._worker.wish(wish)
        steps: list[surface.Step] = []
        try:
            if future is not None:
                async with asyncio.timeout(min(self.config.request_s, PANIC_S)):
                    steps = await asyncio.wrap_future(future)
        except TimeoutError:
            steps = waiting(self.config, f"OBS does not answer ({self._worker.why})")
        finally:
            self._calls.pop(wish.epoch, None)
        return surface.Reached(epoch=wish.epoch, steps=steps)

    async def _wait(self, future: Future[T]) -> T:
        """The worker answers everything; this is for when it cannot."""
        patience = self.config.request_s * 2 + 0.5
        try:
            async with asyncio.timeout(patience):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            words = f"no answer of OBS within {patience:g} s; whether it was done is not known"
            raise Refused("late", words) from None

    # -- on the loop, for the worker ---------------------------------------------------------

    def told_state(self, state: obs.State) -> None:
        """The state is another."""
        sick = state.link in ("hung", "refused", "foreign")
        status = ("degraded" if sick else "ready", "" if state.link == "open" else state.detail)
        if status != self._status:
            self._status = status
            self.link.status(*status)
        self.link.send(obs.STATE, state)

    async def told_before(self, epoch: int, stood: Stood, adds: bool) -> None:
        """To be on its way before anything is changed."""
        body = surface.Before(epoch=epoch, before=msgspec.to_builtins(stood), adds=adds)
        call = self._calls.get(epoch)
        if call is not None and call.wanted:
            await call.send(surface.BEFORE, body)
        else:
            self.link.send(surface.BEFORE, body)


class _Teller(Told):
    """Brings the worker's words to the loop."""

    def __init__(self, engine: ObsEngine) -> None:
        self._engine = engine
        self._loop = engine.link.loop

    def state(self, state: obs.State) -> None:
        self._soon(self._engine.told_state, state)

    def figures(self, figures: obs.Figures) -> None:
        self._soon(self._engine.link.send, obs.FIGURES, figures)

    def before(self, epoch: int, stood: Stood, adds: bool) -> None:
        told = self._engine.told_before(epoch, stood, adds)
        try:
            future = asyncio.run_coroutine_threadsafe(told, self._loop)
        except RuntimeError:
            told.close()  # the loop has ended
            return
        try:
            future.result(BEFORE_S)
        except (TimeoutError, CancelledError):
            pass  # panic does not wait for those who do not read

    def reached(self, epoch: int, steps: list[surface.Step]) -> None:
        body = surface.Reached(epoch=epoch, steps=steps)
        self._soon(self._engine.link.send, surface.REACHED, body)

    def _soon(self, function: Any, *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            pass  # the loop has ended
