"""Speech to text: `asr.transcribe`. Owns no device and remembers nothing between utterances."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from msgspec import Struct

from engines.harness import Call, Engine, Refused, handles
from engines.wire import asr
from engines.wire.message import EventKind

if TYPE_CHECKING:
    from engines.asr.utterance import Utterance
    from engines.asr.worker import Worker

MAX_CALLS = 16
CREDIT = 512
"""Chunks that may be fed ahead; granted again as they are read."""
GRANT = 128


class AsrEngine(Engine[asr.Config]):
    """Serves `asr.transcribe`."""

    name = "asr"
    Config = asr.Config
    capabilities = ("partials", "guess")

    _worker: Worker
    _calls = 0

    async def start(self) -> None:
        """Load the model and decode once, for the first decode is slow."""
        self._worker = await asyncio.to_thread(self._load, asyncio.get_running_loop())

    def _load(self, loop: asyncio.AbstractEventLoop) -> Worker:
        # Threads for the small matrices of the features cost ten times what they save.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        import engines.asr.utterance  # noqa: F401  # so that the first request need not wait for it
        from engines.asr import backends
        from engines.asr.worker import Worker

        return Worker(backends.load(self.config), loop)

    async def reconfigure(self, config: asr.Config) -> None:
        """Take other times of partials from the next utterance on, the threshold from now on."""
        self._worker.recogniser.threshold = config.no_speech_threshold
        self.config = config

    async def stop(self) -> None:
        """Take no more work."""
        if hasattr(self, "_worker"):
            self._worker.close()

    @handles(asr.TRANSCRIBE)
    async def transcribe(self, params: asr.Transcribe, call: Call) -> asr.Transcript:
        """Transcribe one utterance."""
        from engines.asr.sound import whole
        from engines.asr.utterance import Utterance

        if params.pcm is not None and params.wav is not None:
            raise Refused("bad-request", "asr.transcribe: pcm or wav, not both")
        if self._calls >= MAX_CALLS:
            raise Refused("busy", f"{MAX_CALLS} utterances are under way already", retry=True)
        sending: set[asyncio.Task[None]] = set()

        def send(kind: EventKind[Struct], body: Struct) -> None:
            task = asyncio.ensure_future(call.send(kind, body))
            sending.add(task)
            task.add_done_callback(sending.discard)

        utterance: Utterance | None = None
        self._calls += 1
        try:
            samples = await asyncio.to_thread(whole, params)
            utterance = Utterance(
                self.config,
                params if samples is None else asr.Transcribe(),
                self._worker,
                on_partial=lambda body: send(asr.PARTIAL, body),  # type: ignore[arg-type]
                on_guess=lambda body: send(asr.GUESS, body),  # type: ignore[arg-type]
            )
            if samples is None:
                await self._listen(utterance, call)
            else:
                utterance.keep(samples)
            return await utterance.finish()
        finally:
            self._calls -= 1
            if utterance is not None:
                utterance.drop()
            for task in list(sending):
                task.cancel()

    @staticmethod
    async def _listen(utterance: Utterance, call: Call) -> None:
        """Take what is fed until the end is said, or, alone in a pipe, until the input ends."""
        call.grant(CREDIT)
        read = 0
        async for name, body in call.feeds():
            read += 1
            if read % GRANT == 0:
                call.grant(GRANT)
            if isinstance(body, asr.Pcm):
                utterance.add(body.pcm)
            elif name == asr.PAUSE.name:
                utterance.pause()
            elif name == asr.RESUME.name:
                utterance.resume()
            elif name == asr.END.name:
                return
