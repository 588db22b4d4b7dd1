"""A recogniser beside the show that is spoken to without a pause: what a busy `asr` costs others.

The show's own is not busy while she is heard, for speech would make her wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engines.wire import asr, common
from engines.wire.message import Empty
from engines.wire.peer import RequestFailed
from engines.wire.stale import StaleFilter
from kitsu_tui.bench.place import BenchFailed, Place
from kitsu_tui.config import load_profile
from kitsu_tui.show.child import Child
from kitsu_tui.show.link import Link
from kitsu_tui.show.unit import child_environ

CHUNK_S = 0.1
UTTERANCE_S = 5.0
WAIT_S = 60.0


class Listener:
    """See the module.

    Attributes:
        pid: its process.
        heard: utterances that were transcribed.
    """

    def __init__(self, link: Link, pid: int) -> None:
        self.pid = pid
        self.heard = 0
        self._link = link

    async def hear(self, sound: bytes, rate: int) -> None:
        """Listen to s16le mono in real time, over and over, until cancelled."""
        step = int(rate * CHUNK_S) * 2
        at = 0
        while True:
            exchange = self._link.peer.open(asr.TRANSCRIBE, asr.Transcribe(rate=rate), credit=None)
            exchange.on_event(lambda body: None)
            for _ in range(int(UTTERANCE_S / CHUNK_S)):
                await asyncio.sleep(CHUNK_S)
                exchange.feed(asr.PCM, asr.Pcm(pcm=sound[at : at + step]))
                at = at + step if at + step < len(sound) else 0
            exchange.feed(asr.PAUSE, Empty())
            exchange.feed(asr.END, Empty())
            with contextlib.suppress(RequestFailed):
                await exchange.result(WAIT_S)
                self.heard += 1


@asynccontextmanager
async def listener(place: Place, wav: Path) -> AsyncIterator[Listener]:
    """A recogniser of the place's profile, at its niceness, listening to a s16 mono wav file.

    Raises:
        BenchFailed: it does not become ready.
    """
    loaded = load_profile(str(place.profile), place.environ)
    ready = asyncio.Event()

    def on_status(status: common.Status) -> None:
        if status.state == "ready":
            ready.set()

    link = Link("asr", StaleFilter(), {}, on_status)
    child = Child(link.lines, lambda n: None, lambda lines, n: None)
    link.attach(child)
    command = [sys.executable, "-m", "kitsu_tui.cli", "engine", "asr", "--supervised"]
    nice = loaded.profile.engines.asr.nice
    await child.spawn(command, child_environ(place.environ), str(place.folder), nice)
    work: asyncio.Task[None] | None = None
    try:
        try:
            async with asyncio.timeout(WAIT_S):
                await link.greeted.wait()
            link.init(loaded.engine_config("asr"), 0)
            async with asyncio.timeout(WAIT_S):
                await ready.wait()
        except TimeoutError:
            raise BenchFailed("a recogniser for the load did not become ready") from None
        with wave.open(str(wav), "rb") as file:
            rate, sound = file.getframerate(), file.readframes(file.getnframes())
        hearing = Listener(link, child.pid)
        work = asyncio.create_task(hearing.hear(sound, rate))
        yield hearing
    finally:
        if work is not None:
            work.cancel()
        await child.stop(link.shutdown)
