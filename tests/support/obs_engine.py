"""The `obs` engine in this process, driven by requests; the OBS is a real one or a double."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from engines.obs.engine import ObsEngine
from engines.testing import Bench, lab
from engines.wire import common, obs, surface
from engines.wire.peer import RequestFailed

PATIENCE_S = 20.0


class Driven:
    """An engine, and shorthands to ask it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    @property
    def state(self) -> obs.State:
        """The last that it told."""
        return self.bench.events(obs.STATE)[-1]

    @property
    def status(self) -> common.Status:
        """The last that it told."""
        return self.bench.events(common.STATUS)[-1]

    async def until(self, seen: Callable[[obs.State], bool]) -> obs.State:
        """The first state from now on, the last one included, of which this is true."""
        count = max(1, len(self.bench.events(obs.STATE)))
        while not seen(state := await self.bench.wait_event(obs.STATE, count, PATIENCE_S)):
            count += 1
        return state

    async def change(self, change: obs.Change) -> str:
        """The detail of what was done."""
        return (await self.bench.peer.request(obs.CHANGE, obs.Ask(change=change))).detail

    async def refused(self, change: obs.Change) -> tuple[str, str]:
        """Code and message of the refusal."""
        try:
            detail = await self.change(change)
        except RequestFailed as err:
            return err.code, err.detail
        raise AssertionError(f"was done: {detail}")

    async def panic(self, epoch: int, before: Any = None) -> dict[str, surface.Step]:
        """Steps by name."""
        params = surface.Panic(epoch=epoch, before=before)
        return await self._patient(_steps(await self.bench.peer.request(surface.PANIC, params)))

    async def resume(self, epoch: int, before: Any = None) -> dict[str, surface.Step]:
        """Steps by name."""
        params = surface.Resume(epoch=epoch, before=before)
        return await self._patient(_steps(await self.bench.peer.request(surface.RESUME, params)))

    async def _patient(self, steps: dict[str, surface.Step]) -> dict[str, surface.Step]:
        """On a busy machine it may be told only later how far it came."""
        if self.state.link == "open" and any(step.waits for step in steps.values()):
            return await self.reached(len(self.bench.events(surface.REACHED)) + 1)
        return steps

    async def reached(self, count: int = 1) -> dict[str, surface.Step]:
        """What was told by itself, for the `count`th time."""
        return _steps(await self.bench.wait_event(surface.REACHED, count, PATIENCE_S))

    @property
    def befores(self) -> list[Any]:
        """All that it told to keep."""
        return [each.before for each in self.bench.events(surface.BEFORE)]


def _steps(found: surface.Reached) -> dict[str, surface.Step]:
    return {step.name: step for step in found.steps}


@asynccontextmanager
async def driven(
    url: str, password: str = "", *, link: str = "open", **config: Any
) -> AsyncIterator[Driven]:
    """An engine at that OBS; yields when its link is as it should be."""
    made = obs.Config(url=url, password=password, **config)
    async with lab(ObsEngine, made) as bench:
        engine = Driven(bench)
        if link:
            await engine.until(lambda state: state.link == link)
        yield engine
