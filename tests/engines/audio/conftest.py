"""What the tests of `audio` share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from engines.audio.engine import AudioEngine
from engines.audio.vad import Samples
from engines.testing import Bench, lab
from engines.wire import audio
from engines.wire.envelope import At
from engines.wire.peer import Exchange
from tests.support.engine_process import EngineProcess

RATE = 22050
CHUNK = 2205


@pytest.fixture
def speech() -> Path:
    """The folder of spoken clips."""
    return Path(__file__).parents[2] / "data" / "speech"


@asynccontextmanager
async def audio_lab(**config: object) -> AsyncIterator[Bench]:
    """The engine in this process, on the null backend unless told otherwise."""
    values = {"backend": "null", **config}
    async with lab(AudioEngine, audio.Config(**values)) as bench:  # type: ignore[arg-type]
        yield bench


def tone(seconds: float, rate: int = RATE, hz: float = 440.0) -> Samples:
    """A tone that begins and ends within its first and last samples."""
    t = np.arange(round(seconds * rate)) / rate
    made: Samples = (np.cos(2 * np.pi * hz * t) * 9000).astype(np.int16)
    return made


class Saying:
    """One sentence on its way: fed as credit comes, its events kept."""

    def __init__(
        self,
        bench: Bench | EngineProcess,
        samples: Samples,
        at: At | None = None,
        *,
        rate: int = RATE,
        hold: bool = False,
        finish: bool = True,
    ) -> None:
        self.exchange: Exchange[audio.Played] = bench.peer.open(
            audio.PLAY, audio.Play(rate=rate, hold=hold), at=at
        )
        self.audible = asyncio.Event()
        self.fed = 0
        self.exchange.on_event(self._event)
        self._task = asyncio.create_task(self._feed(samples, finish))

    def _event(self, body: object) -> None:
        if isinstance(body, audio.Audible):
            self.audible.set()

    async def _feed(self, samples: Samples, finish: bool) -> None:
        parts = [samples[at : at + CHUNK] for at in range(0, len(samples), CHUNK)] or [samples]
        for index, part in enumerate(parts):
            if not await self.exchange.wait_room(30):
                return
            last = finish and index == len(parts) - 1
            self.exchange.feed(audio.PCM, audio.Pcm(pcm=part.tobytes(), last=last))
            self.fed += len(part)

    async def result(self, timeout: float = 15.0) -> audio.Played:
        """How it ended."""
        try:
            return await self.exchange.result(timeout)
        finally:
            self._task.cancel()
