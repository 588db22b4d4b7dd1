"""A second opinion, by a model that knows nothing of the show's rules. It judges, it never decides:
what becomes of a text is the show's affair.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Protocol

from engines.guard.answers import Told
from engines.harness import Call, Engine, Refused, handles
from engines.wire import guard

log = logging.getLogger("guard")

LOOK_S = (2.0, 4.0, 8.0, 16.0, 30.0)
"""While it cannot give an opinion it looks so often whether it can again."""


class Backend(Protocol):
    """Who is asked."""

    async def load(self) -> None:
        """Get ready.

        Raises:
            Missing: it never will be.
        """

    async def look(self, config: guard.Config) -> str:
        """Why no opinion can be had now; empty when one can."""

    async def ask(self, ask: guard.Ask, config: guard.Config) -> Told:
        """Judge.

        Raises:
            Refused: there is no opinion, with code `timeout`, `gone` or `failed`.
        """

    def close(self) -> None:
        """Let go of what is held."""


def backend_of(config: guard.Config) -> Backend:
    """The one that is configured; what it needs is imported by it alone.

    Raises:
        ConfigError: it cannot be configured so.
    """
    if config.backend == "words":
        from engines.guard.words import Words

        return Words()
    from engines.guard.openai import OpenAi

    return OpenAi(config)


class GuardEngine(Engine[guard.Config]):
    """Serves `guard.ask`. Degraded while nobody can be asked."""

    name = "guard"
    Config = guard.Config
    events = guard.EVENTS

    async def start(self) -> None:
        """Load, and see in the background whether there is somebody to ask."""
        self._backend = backend_of(self.config)
        self._trouble = ""
        self._passing = True
        """Looking tells when the trouble is over; other trouble ends with the next opinion."""
        self._wake = asyncio.Event()
        await self._backend.load()
        self._task = asyncio.create_task(self._watch(), name="guard")

    async def stop(self) -> None:
        """End."""
        self._task.cancel()
        self._backend.close()

    async def reconfigure(self, config: guard.Config) -> None:
        """Take another model or time-out: who is asked next is asked so."""
        self.config = config
        self._passing = True
        self._wake.set()

    @handles(guard.ASK)
    async def ask(self, ask: guard.Ask, call: Call) -> guard.Opinion:
        """Judge one text."""
        began = time.perf_counter()
        config = self.config
        try:
            told = await self._backend.ask(ask, config)
        except Refused as err:
            self._fails(str(err), passing=err.code != "timeout" and err.retry)
            self._wake.set()
            raise
        self._works()
        return guard.Opinion(
            unsafe=told.unsafe,
            category=told.category[:100],
            score=told.score,
            model=told.model or config.model,
            ms=round((time.perf_counter() - began) * 1000, 3),
        )

    def _works(self) -> None:
        if self._trouble:
            self._trouble = ""
            self.link.status("ready", "")

    def _fails(self, why: str, *, passing: bool) -> None:
        self._passing = passing
        if why != self._trouble:
            log.warning("no opinion: %s", why)
            self._trouble = why
            self.link.status("degraded", why[:300])

    async def _watch(self) -> None:
        """Look at once, and while something is wrong that passes again and again."""
        tries = 0
        while True:
            self._wake.clear()
            why = await self._backend.look(self.config)
            if why:
                self._fails(why, passing=True)
            elif self._passing:
                self._works()
            waits = bool(self._trouble) and self._passing
            tries = min(tries + 1, len(LOOK_S)) if waits else 0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S[tries - 1] if waits else None):
                    await self._wake.wait()
                    if waits:  # an opinion failed as well: no reason to look more often
                        await asyncio.sleep(LOOK_S[tries - 1])
