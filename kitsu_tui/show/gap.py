"""Between two sentences: what may not happen in the middle of one waits here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kitsu_tui.show.turn import SpokenLine


class Gap:
    """Knows the sentences that are on their way out of the loudspeaker."""

    def __init__(self) -> None:
        self._lines: list[SpokenLine] = []
        self._open = asyncio.Event()
        self._open.set()
        self._over = asyncio.Event()

    def begins(self, line: SpokenLine) -> None:
        """`audio` was asked to play it."""
        self._lines.append(line)

    def ends(self, line: SpokenLine) -> None:
        """It was heard, cut, or has failed."""
        self._lines = [other for other in self._lines if other is not line]
        self._over.set()

    async def passed(self) -> None:
        """Before a sentence is given to `audio`: wait while none may be."""
        await self._open.wait()

    @property
    def is_closed(self) -> bool:
        """True while no sentence may be given to `audio`."""
        return not self._open.is_set()

    @property
    def in_sentence(self) -> bool:
        """True while a sentence can be heard."""
        return bool(self._airing())

    async def sentence_over(self, timeout: float) -> bool:
        """Wait for the sentence that is heard now, if there is one; the next may begin at once.
        False when it still goes on after `timeout` seconds.
        """
        return await self._until_over(self._airing(), timeout)

    @asynccontextmanager
    async def closed(self, timeout: float) -> AsyncIterator[bool]:
        """Meanwhile nothing is given to `audio`, and what it had has been heard. The value is
        False when something still plays after `timeout` seconds.
        """
        self._open.clear()
        try:
            yield await self._until_over(self._lines, timeout)
        finally:
            self._open.set()

    def _airing(self) -> list[SpokenLine]:
        return [line for line in self._lines if line.status == "airing"]

    async def _until_over(self, lines: list[SpokenLine], timeout: float) -> bool:
        try:
            async with asyncio.timeout(timeout):
                while any(line is other for line in lines for other in self._lines):
                    self._over.clear()
                    await self._over.wait()
        except TimeoutError:
            return False
        return True
