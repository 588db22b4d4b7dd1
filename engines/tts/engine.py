"""Says sentences: text in, sound and mouth shapes out as they are made.

One worker thread synthesizes, in order of arrival; each call's coroutine hands its sound to the
wire at the asker's pace. So the next sentence is made while the last one's sound still waits for
credit, and at most `AHEAD` sentences lie ready. A line that was spoken before comes from disk and
waits for nobody.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engines.harness import Call, Engine, Missing, Refused, handles
from engines.harness.call import Link
from engines.tts import cache as lines
from engines.tts.backends import BadVoice, Chunk, Synthesizer, make
from engines.tts.chain import Chain, Saying
from engines.tts.sound import Slicer
from engines.tts.text import speakable
from engines.wire import tts
from engines.wire.tts import Viseme

BATCH = 16
"""Texts read in one go (1.6 ms): a sentence that is to be said waits for no more of them."""
AHEAD = 2
"""Sentences that may lie ready while another one's sound is being taken."""
STOP_S = 0.8


class TtsEngine(Engine[tts.Config]):
    """Serves `tts.speak`."""

    name = "tts"
    Config = tts.Config
    capabilities = ("visemes", "cache", "reading")

    def __init__(self, config: tts.Config, link: Link) -> None:
        super().__init__(config, link)
        self._chain = Chain(config, self.backend)
        self._cache = lines.Cache(_folder(config.cache_dir), config.cache_mb * 1_000_000)
        self._worker = ThreadPoolExecutor(1, "tts")
        self._disk = ThreadPoolExecutor(1, "tts-cache")
        self._ahead = asyncio.Semaphore(AHEAD + 1)
        self._degraded = False

    @staticmethod
    def backend(name: str, config: tts.Config) -> Synthesizer:
        """Makes a synthesizer; tests put others in its place."""
        return make(name, config)

    async def start(self) -> None:
        """Load and warm up; see `Chain.load` for what a missing voice means."""
        loop = asyncio.get_running_loop()
        opened = loop.run_in_executor(self._disk, self._cache.open)
        await loop.run_in_executor(self._worker, self._chain.load)
        await opened
        if self._chain.trouble:
            self._degraded = True
            self.link.status("degraded", self._chain.trouble)

    async def reconfigure(self, config: tts.Config) -> None:
        """Take another speaker, pace or bound of the cache: from the next sentence on."""
        loop = asyncio.get_running_loop()
        self._chain = await loop.run_in_executor(self._worker, self._chain.retuned, config)
        if config.cache_mb != self.config.cache_mb:
            await loop.run_in_executor(self._disk, self._cache.resize, config.cache_mb * 1_000_000)
        self.config = config

    async def stop(self) -> None:
        """Let lines that are being stored reach the disk; drop the rest."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        closing = asyncio.get_running_loop().run_in_executor(None, self._disk.shutdown)
        await asyncio.wait({closing}, timeout=STOP_S)

    @handles(tts.SPEAK)
    async def speak(self, params: tts.Speak, call: Call) -> tts.Spoken:
        """Say a sentence; a voice that is not known is spoken in the configured one."""
        began = time.perf_counter_ns()
        chain = self._chain  # a sentence is said as it was begun
        first = chain.first
        note = ""
        try:
            speaker = first.speaker(params.voice)
        except BadVoice as err:
            speaker, note = first.speaker(""), str(err)
        delivery = _Delivery(call, began)
        text = speakable(params.text)
        saying = Saying()
        saying.backend, saying.voice, saying.rate = first.name, first.voice, first.rate
        if not text:
            return delivery.spoken(saying, note, cached=False)
        name = lines.key(first.identity, first.name, speaker, text)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._disk, self._cache.get, name)
        if found is not None:
            meta = found.meta
            saying.backend, saying.voice, saying.rate = meta.backend, meta.voice, meta.rate
            await delivery.read(text, meta.phonemes, first.reader)
            await delivery.take(Chunk(found.pcm, tuple(meta.visemes)), meta.rate)
            await delivery.end()
            return delivery.spoken(saying, note, cached=True)
        async with self._ahead:
            job = _Job(chain, text, speaker, call, saying)
            async for chunk in job.chunks(self._worker):
                await delivery.read(text, saying.phonemes, saying.reader)
                await delivery.take(chunk, saying.rate)
            await delivery.end()
        if call.wanted and not saying.failures and first.name != "silent":
            self._disk.submit(self._store, name, job, saying)
        self._report(saying)
        return delivery.spoken(saying, note, cached=False)

    @handles(tts.PRONOUNCE)
    async def pronounce(self, params: tts.Pronounce, call: Call) -> tts.Pronounced:
        """Tell how texts are read. The worker does it, as what reads is not made for two threads;
        sentences that are to be said come between the batches.
        """
        chain = self._chain
        loop = asyncio.get_running_loop()
        read: list[str] = []
        for at in range(0, len(params.texts), BATCH):
            if not call.wanted:
                break  # nobody hears the answer
            batch = params.texts[at : at + BATCH]
            try:
                read += await loop.run_in_executor(
                    self._worker, chain.readings, batch, params.voice
                )
            except Missing as err:
                raise Refused("missing", str(err)) from None
        voice = params.voice or chain.first.reader
        return tts.Pronounced(phonemes=read, voice=voice, voices=chain.readers())

    def _store(self, name: str, job: _Job, saying: Saying) -> None:
        self._cache.put(
            name,
            b"".join(job.pcm),
            job.visemes,
            voice=saying.voice,
            backend=saying.backend,
            rate=saying.rate,
            latency_ms=job.made_ms,
            phonemes=saying.phonemes,
        )

    def _report(self, saying: Saying) -> None:
        """Say degraded when a sentence failed, and ready again when one went well."""
        if saying.failures:
            self._degraded = True
            self.link.status("degraded", f"speaking with {saying.backend}; {saying.detail}")
        elif self._degraded and not self._chain.trouble:
            self._degraded = False
            self.link.status("ready")


class _Job:
    """One sentence in the worker thread, its chunks read on the loop."""

    def __init__(self, chain: Chain, text: str, speaker: int, call: Call, saying: Saying) -> None:
        self._chain = chain
        self._text = text
        self._speaker = speaker
        self._stop = call.stop
        self._saying = saying
        self._ready: deque[Chunk] = deque()
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.pcm: list[bytes] = []
        self.visemes: list[Viseme] = []
        self.made_ms = 0.0

    async def chunks(self, worker: ThreadPoolExecutor) -> AsyncIterator[Chunk]:
        """The chunks as they are made."""
        made = self._loop.run_in_executor(worker, self._make)
        made.add_done_callback(self._ended)
        while True:
            done = made.done()
            while self._ready:
                yield self._ready.popleft()
            if done:
                break
            self._changed.clear()
            if not made.done() and not self._ready:
                await self._changed.wait()
        await made

    def _ended(self, made: asyncio.Future[None]) -> None:
        if not made.cancelled():
            made.exception()  # nobody else looks when the call was cancelled
        self._changed.set()

    def _make(self) -> None:
        if self._stop.is_set():
            return
        began = time.perf_counter_ns()
        for chunk in self._chain.speak(self._text, self._speaker, self._stop, self._saying):
            if self._stop.is_set():
                return
            self.pcm.append(chunk.pcm)
            self.visemes.extend(chunk.visemes)
            self._ready.append(chunk)
            self._loop.call_soon_threadsafe(self._changed.set)
        self.made_ms = (time.perf_counter_ns() - began) / 1e6


class _Delivery:
    """One sentence's way to the asker."""

    def __init__(self, call: Call, began: int) -> None:
        self._call = call
        self._began = began
        self._slicer: Slicer | None = None
        self._rate = 0
        self._samples = 0
        self._first_ms = 0.0
        self._read: tts.Reading | None = None

    async def read(self, text: str, phonemes: str, voice: str) -> None:
        """Tell how it is pronounced, before any sound of it: once, and anew when the voice that
        began has failed without a sound and another one says it.
        """
        reading = tts.Reading(text=text, phonemes=phonemes, voice=voice)
        if reading != self._read and not self._samples:
            self._read = reading
            await self._call.send(tts.READING, reading)

    async def take(self, chunk: Chunk, rate: int) -> None:
        """Send a chunk: its mouth shapes, then its sound."""
        if self._slicer is None:
            self._slicer, self._rate = Slicer(rate), rate
        if chunk.visemes:
            await self._call.send(tts.VISEMES, tts.Visemes(visemes=list(chunk.visemes)))
        await self._send(self._slicer.feed(chunk.pcm))

    async def end(self) -> None:
        """Send what is left."""
        if self._slicer is not None:
            await self._send(self._slicer.end())

    async def _send(self, parts: list[bytes]) -> None:
        for pcm in parts:
            await self._call.send(tts.AUDIO, tts.Audio(pcm=pcm, rate=self._rate))
            if not self._samples:
                self._first_ms = (time.perf_counter_ns() - self._began) / 1e6
            self._samples += len(pcm) // 2

    def spoken(self, saying: Saying, note: str, *, cached: bool) -> tts.Spoken:
        """The answer."""
        return tts.Spoken(
            status="silent" if saying.silent else "ok",
            rate=saying.rate,
            samples=self._samples,
            duration_ms=round(self._samples * 1000 / saying.rate, 1) if saying.rate else 0.0,
            backend=saying.backend,
            voice=saying.voice,
            cached=cached,
            first_pcm_ms=round(self._first_ms, 2),
            latency_ms=round((time.perf_counter_ns() - self._began) / 1e6, 2),
            detail="; ".join(part for part in (note, saying.detail) if part),
        )


def _folder(cache_dir: str) -> Path:
    path = Path(cache_dir).expanduser()
    if path.is_absolute():
        return path
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("kitsu", appauthor=False)) / path
