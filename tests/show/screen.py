"""A scripted surface: something that the audience sees, with an engine that drives it.

The desk is the thing itself (OBS, say): it outlives the engine, may be closed, and may hang.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engines.harness import Call, Engine, Refused, handles
from engines.testing import Nothing
from engines.wire import surface

BRB = {"scene": "BRB", "muted": True}


@dataclass
class ScreenDesk:
    """What is shown, and how it behaves.

    Attributes:
        now: what stands.
        open: it can be reached.
        hangs: requests are not answered until this is set back and `go_on` called.
        fails: requests fail with these words.
        broken: steps that fail.
        asked: what the engine was asked, over all its lives: name, epoch and `before`.
    """

    now: dict[str, Any] = field(default_factory=lambda: {"scene": "Game", "muted": False})
    open: bool = True
    hangs: bool = False
    fails: str = ""
    broken: set[str] = field(default_factory=set)
    asked: list[tuple[str, int, Any]] = field(default_factory=list)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def names(self) -> list[str]:
        """What was asked, without the rest."""
        return [name for name, _, _ in self.asked]

    def go_on(self) -> None:
        """It hangs no longer."""
        self.hangs = False
        self.moved.set()


class Screen(Engine[Nothing]):
    """The engine of a scripted surface."""

    name = "obs"
    Config = Nothing
    capabilities = (surface.CAPABILITY,)
    events = surface.EVENTS
    desk: ClassVar[ScreenDesk]

    _held: surface.Panic | None = None
    _before: Any = None
    _owed: surface.Resume | None = None

    @handles(surface.PANIC)
    async def panic(self, params: surface.Panic, call: Call) -> surface.Reached:
        self.desk.asked.append(("panic", params.epoch, params.before))
        self._held, self._owed = params, None
        self._before = params.before or self._before
        await self._able()
        if not self.desk.open:
            return surface.Reached(epoch=params.epoch, steps=_waits())
        if self._before is None:
            self._before = dict(self.desk.now)
            await call.send(surface.BEFORE, surface.Before(epoch=params.epoch, before=self._before))
        return self._show(params.epoch, BRB)

    @handles(surface.RESUME)
    async def resume(self, params: surface.Resume, call: Call) -> surface.Reached:
        self.desk.asked.append(("resume", params.epoch, params.before))
        self._held, self._before, self._owed = None, None, params
        await self._able()
        if not self.desk.open:
            return surface.Reached(epoch=params.epoch, steps=_waits())
        return self._back(params)

    def reopened(self) -> None:
        """What it drives is there again."""
        self.desk.open = True
        if self._held is not None:
            if self._before is None:
                self._before = dict(self.desk.now)
                body = surface.Before(epoch=self._held.epoch, before=self._before)
                self.link.send(surface.BEFORE, body)
            self.link.send(surface.REACHED, self._show(self._held.epoch, BRB))
        elif self._owed is not None:
            self.link.send(surface.REACHED, self._back(self._owed))

    async def _able(self) -> None:
        if self.desk.hangs:
            await self.desk.moved.wait()
        if self.desk.fails:
            raise Refused("failed", self.desk.fails)

    def _back(self, params: surface.Resume) -> surface.Reached:
        self._owed = None
        before = params.before or {}
        changed = {k: v for k, v in before.items() if self.desk.now.get(k) == BRB[k]}
        return self._show(params.epoch, changed)

    def _show(self, epoch: int, wanted: dict[str, Any]) -> surface.Reached:
        steps = []
        for number, name in enumerate(("scene", "muted")):
            if name in self.desk.broken:
                steps.append(surface.Step(name=name, detail=f"no such {name}"))
                continue
            if name in wanted:
                self.desk.now[name] = wanted[name]
            steps.append(surface.Step(name=name, ms=1.0 + number))
        return surface.Reached(epoch=epoch, steps=steps)


def _waits() -> list[surface.Step]:
    return [surface.Step(name=name, waits=True, detail="OBS is closed") for name in BRB]
