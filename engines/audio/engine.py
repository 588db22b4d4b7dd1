"""Composes microphone and loudspeaker, and serves what is asked of them.

The heavy parts (numpy, webrtcvad, PortAudio) load in `start`, so that hello comes first and a
missing package is a clear line.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from engines.harness import Call, ConfigError, Engine, Missing, Refused, handles
from engines.harness.call import Link
from engines.wire import audio
from engines.wire.envelope import Cancel
from engines.wire.message import Empty, EventKind

if TYPE_CHECKING:
    from engines.audio.capture import Said
    from engines.audio.ears import Ears
    from engines.audio.player import Player
    from engines.audio.rig import Rig
    from engines.audio.sentence import Sentence

LEVELS_S = 0.1
SWITCH_S = 0.001
"""The device's thread and the one that reads wait no longer than that for another of ours."""
SPEAKING_NS = 250_000_000
"""Something audible within this time is speaking."""
SILENCE_TIMEOUT = 0.5
HOLD_S = 120.0
"""A sentence that is held and never released is given up."""


class AudioEngine(Engine[audio.Config]):
    """Owns microphone and loudspeaker."""

    name = "audio"
    Config = audio.Config
    capabilities = ("capture", "playback", "feed", "record")
    events = audio.EVENTS

    _player: Player
    _ears: Ears
    _rig: Rig

    def __init__(self, config: audio.Config, link: Link) -> None:
        super().__init__(config, link)
        self._news: dict[Sentence, asyncio.Event] = {}
        self._calls: dict[Sentence, Call] = {}
        self._told = False
        self._feeding = False
        self._cut_ns = 0
        self._beat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the devices, or what stands in for them."""
        try:
            import webrtcvad

            from engines.audio.ears import Ears
            from engines.audio.player import Player
            from engines.audio.rig import NULL_RATE, Rig
            from engines.audio.vad import VoiceGate
        except ImportError as err:
            raise Missing(
                f"{err.name} is not installed; run: pip install 'kitsu-tui[audio]'"
            ) from None
        sys.setswitchinterval(SWITCH_S)
        config = self.config
        gate = VoiceGate(
            webrtcvad.Vad(config.vad_level),
            config.sample_rate,
            config.frame_ms,
            config.min_level_db,
        )
        first = await self._input_file()
        self._player = Player(NULL_RATE, self._on_news)
        self._ears = Ears(config, gate, self._heard, lambda: self.link.has_room)
        self._rig = Rig(config, self._player, self._ears.take, self._on_devices, self._quiet)
        await self._rig.start()
        self._beat = self.link.loop.create_task(self._levels())
        if first is not None:
            feeding = self._ears.feed(first)
            feeding.done.add_done_callback(lambda _: self._ears.unfeed(feeding))

    async def reconfigure(self, config: audio.Config) -> None:
        """Listen in another way from now on; what plays is not touched."""
        self._ears.retune(config)
        self.config = config

    async def stop(self) -> None:
        """Let the devices go."""
        if self._beat is not None:
            self._beat.cancel()
        if hasattr(self, "_rig"):
            await self._rig.stop()

    def cancelled(self, cancel: Cancel) -> None:
        """What is stale is silent from the next block on; a panic ends what is being heard."""
        if self._beat is None:
            return  # still loading: nothing plays, and the harness keeps what is stale away
        self._player.cancel(cancel)
        if cancel.scope == "epoch":
            self._cut_ns = time.perf_counter_ns()
            self._ears.cut()

    # -- playback ----------------------------------------------------------------------------

    @handles(audio.PLAY)
    def play(self, params: audio.Play, call: Call) -> Awaitable[audio.Played]:
        """Play a sentence; a cancelled one is answered too, with what was heard of it."""
        # At once, not when the task runs: what a newer epoch makes stale must not be heard longer.
        self._player.observe(call.at)
        return self._play(params, call)

    async def _play(self, params: audio.Play, call: Call) -> audio.Played:
        from engines.audio.player import Busy

        try:
            sentence = self._player.add(params.rate, call.at, hold=params.hold)
        except Busy as err:
            raise Refused("busy", str(err), retry=True) from None
        news = self._news[sentence] = asyncio.Event()
        self._calls[sentence] = call
        self._grant()
        fed = self.link.loop.create_task(self._feed(sentence, call))
        told = False
        try:
            async with asyncio.timeout(HOLD_S if params.hold else None) as hold:
                while not sentence.over:
                    await news.wait()
                    news.clear()
                    if not sentence.held:
                        hold.reschedule(None)
                    if sentence.audible_ns and not told:
                        told = True
                        await call.send(
                            audio.AUDIBLE, audio.Audible(audible_ns=sentence.audible_ns)
                        )
        except TimeoutError:
            self._player.drop(sentence, ("timeout", f"held for {HOLD_S:g} s and not released"))
        except asyncio.CancelledError:
            self._player.drop(sentence)
        finally:
            fed.cancel()
            self._news.pop(sentence, None)
            self._calls.pop(sentence, None)
            self._grant()
        if sentence.failed:
            raise Refused(*sentence.failed)
        heard = sentence.heard(self._player.rate)
        return audio.Played(
            status=sentence.status or "cut",
            heard_samples=heard,
            heard_ms=heard * 1000 / sentence.rate,
            audible_ns=sentence.audible_ns,
        )

    async def _feed(self, sentence: Sentence, call: Call) -> None:
        import numpy as np

        from engines.audio.player import Busy

        nothing = np.zeros(0, np.int16)
        try:
            async for _, body in call.feeds():
                if not isinstance(body, audio.Pcm):
                    continue
                if len(body.pcm) % 2:
                    odd = f"pcm: {len(body.pcm)} bytes are no whole number of s16 samples"
                    self._player.drop(sentence, ("bad-request", odd))
                    return
                samples = np.frombuffer(body.pcm, "<i2").astype(np.int16, copy=False)
                self._player.feed(sentence, samples, last=body.last)
                self._grant()
            if call.wanted:
                self._player.feed(sentence, nothing, last=True)  # the input has ended
        except Busy as err:
            self._player.drop(sentence, ("busy", str(err)))

    def _grant(self) -> None:
        for sentence, n in self._player.credits():
            if (call := self._calls.get(sentence)) is not None:
                call.grant(n)

    def _on_news(self) -> None:
        """From any thread: the player has moved on."""
        if not self._told:
            self._told = True
            with suppress(RuntimeError):  # the loop is closed: the engine is leaving
                self.link.loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        self._told = False
        for news in self._news.values():
            news.set()
        self._grant()

    @handles(audio.RELEASE)
    def release(self, params: audio.Release, call: Call) -> Empty:
        """Let held sentences be heard."""
        self._player.release(params.turn, params.rev)
        self._look()
        return Empty()

    @handles(audio.PAUSE)
    def pause(self, params: audio.Pause, call: Call) -> Empty:
        """Pause or go on."""
        self._player.pause(params.paused)
        return Empty()

    @handles(audio.SILENCE)
    async def silence(self, params: Empty, call: Call) -> audio.Silence:
        """Drop everything; answered when a block after it has been handed over."""
        if not self._player.idle or not self._cut_ns:  # else a newer epoch has dropped it already
            self._player.silence()
            self._cut_ns = time.perf_counter_ns()
        seen, end = self._player.blocks, self.link.loop.time() + SILENCE_TIMEOUT
        # Looked for, not told: an idle device would otherwise wake the loop at every block.
        while self._player.blocks == seen and self.link.loop.time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        return audio.Silence(silent_ns=self._player.last_loud_ns, cut_ns=self._cut_ns)

    @handles(audio.MUTE)
    def mute(self, params: audio.Mute, call: Call) -> audio.Muted:
        """Set one or both mutes."""
        if params.mic is not None:
            self._ears.mute(params.mic)
        if params.voice is not None:
            self._player.voice_muted = params.voice
        return audio.Muted(mic=self._ears.muted, voice=self._player.voice_muted)

    # -- capture -----------------------------------------------------------------------------

    @handles(audio.FEED)
    async def feed(self, params: audio.Feed, call: Call) -> audio.Fed:
        """Play a wav file into the microphone path."""
        if self._feeding or self._ears.feeding:
            raise Refused("busy", "a file is being fed already", retry=True)
        self._feeding = True  # from before the file is read
        try:
            samples = await self._read(params.path)
            feeding = self._ears.feed(samples)
            try:
                await feeding.done
            finally:
                self._ears.unfeed(feeding)
        finally:
            self._feeding = False
        return audio.Fed(duration_ms=len(samples) * 1000 / self.config.sample_rate)

    async def _read(self, path: str) -> Any:
        from engines.audio.resample import resample
        from engines.audio.wavio import BadWav, read_wav

        def work() -> Any:
            samples, rate = read_wav(path)
            return resample(samples, rate, self.config.sample_rate)

        try:
            return await asyncio.to_thread(work)
        except BadWav as err:
            raise Refused("bad-request", str(err)) from None

    async def _input_file(self) -> Any:
        config = self.config
        if config.backend == "file" and not (config.input_file or config.output_file):
            raise ConfigError("backend is file: set input_file or output_file")
        if config.backend != "file" or not config.input_file or config.fake:
            return None
        try:
            return await self._read(self.config.input_file)
        except Refused as err:
            raise ConfigError(f"input_file: {err}") from None

    def _heard(self, said: Said) -> None:
        kind: EventKind[Any] = _KINDS[type(said)]
        self.link.send(kind, said)

    # -- what is told ------------------------------------------------------------------------

    @handles(audio.LIST)
    async def devices(self, params: Empty, call: Call) -> audio.DeviceList:
        """The devices there are."""
        return await self._rig.listing()

    def _quiet(self) -> bool:
        return self._player.idle and not self._ears.speaking

    def _on_devices(self, devices: audio.Devices) -> None:
        self.link.send(audio.DEVICES, devices)
        if devices.state == "lost":
            self.link.status("degraded", devices.detail)
        elif self._beat is not None:
            self.link.status("ready")

    async def _levels(self) -> None:
        from engines.audio.levels import peak_db

        while True:
            await asyncio.sleep(LEVELS_S)
            loud = self._player.last_loud_ns
            self.link.send(
                audio.LEVELS,
                audio.Levels(
                    mic_db=self._ears.take_level(),
                    out_db=peak_db(self._player.take_peak()),
                    hearing=self._ears.hearing,
                    speaking=bool(loud) and time.perf_counter_ns() - loud < SPEAKING_NS,
                ),
            )


_KINDS: dict[type, EventKind[Any]] = {
    kind.body: kind
    for kind in (
        audio.SPEECH_START,
        audio.SPEECH,
        audio.SPEECH_PAUSE,
        audio.SPEECH_RESUME,
        audio.SPEECH_END,
    )
}
