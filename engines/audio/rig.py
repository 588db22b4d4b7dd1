"""Keeps sound going in and out: opens devices, notices when one vanishes, and finds it again.

While a side has no device a real-time clock stands in for it, so that time goes on: silence comes
in, and what would be heard goes by.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Literal, TypeVar

from engines.audio.backends.device import (
    DeviceStream,
    NoAudio,
    NoDevice,
    PortAudio,
    Take,
    select,
)
from engines.audio.backends.null import Ticker
from engines.audio.player import Player
from engines.audio.vad import Samples
from engines.audio.wavio import Recorder
from engines.harness import ConfigError, Missing
from engines.wire import audio

log = logging.getLogger("audio")

NULL_RATE = 48000
DEAD_S = 0.6
"""Callbacks come every 10 to 40 ms; none for so long, and the device is gone."""
LOOK_S = 0.15
SCAN_S = 5.0
"""How often all is closed to look for the one of two devices that is missing."""
OPEN_TIMEOUT = 5.0
T = TypeVar("T")


class Rig:
    """Devices, or what stands in for them.

    Args:
        config: the engine's.
        player: asked for what is to be heard.
        take: given what is captured, from a thread.
        say: told at start and at every change, on the loop.
        quiet: True when nobody speaks, so that a device that works may be closed for a moment.

    Attributes:
        devices: what was said last.
    """

    def __init__(
        self,
        config: audio.Config,
        player: Player,
        take: Take,
        say: Callable[[audio.Devices], None],
        quiet: Callable[[], bool],
    ) -> None:
        self.devices = audio.Devices(state="null", input="", output="")
        self._config = config
        self._player = player
        self._take = take
        self._say = say
        self._quiet = quiet
        self._said = False
        self._next_try = self._next_scan = 0.0
        self._port: PortAudio | None = None
        self._input: DeviceStream | None = None
        self._output: DeviceStream | None = None
        self._wants_input = self._wants_output = False
        self._ticker: Ticker | None = None
        self._watch: asyncio.Task[None] | None = None
        self._busy: asyncio.Future[object] | None = None
        self._recorder: Recorder | None = None
        self._silence = bytes(2 * config.sample_rate * config.block_ms // 1000)

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open what the configuration asks for.

        Raises:
            ConfigError, Missing: it cannot be had.
        """
        config = self._config
        self._player.set_rate(NULL_RATE)
        if config.backend in ("null", "file"):
            self._tell("fake" if config.fake else config.backend)
        else:
            await self._start_devices()
        if config.output_file:
            try:
                self._recorder = Recorder(config.output_file, self._player.rate)
            except OSError as err:
                raise ConfigError(
                    f"output_file: {config.output_file} cannot be written: {err.strerror or err}"
                ) from None
        self._stand_in()
        if self._wants_input or self._wants_output:
            self._watch = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """Release everything."""
        if self._watch is not None:
            self._watch.cancel()
        if self._ticker is not None:
            self._ticker.close()
        try:
            async with asyncio.timeout(0.6):
                await self._in_thread(self._close)
        except (TimeoutError, NoAudio):
            log.warning("the sound system does not let go")
        if self._recorder is not None:
            self._recorder.close()

    async def listing(self) -> audio.DeviceList:
        """The devices known; never raises."""
        try:
            if self._port is None:
                self._port = await self._in_thread(PortAudio)
            found = await self._in_thread(self._port.devices)
        except (NoAudio, TimeoutError) as err:
            return audio.DeviceList(devices=[], detail=str(err) or "PortAudio does not answer")
        return audio.DeviceList(devices=found, detail="" if found else _NONE)

    # -- devices -----------------------------------------------------------------------------

    async def _start_devices(self) -> None:
        config, strict = self._config, self._config.backend == "device"
        try:
            self._port = await self._in_thread(PortAudio)
            found = await self._in_thread(self._port.devices)
        except (NoAudio, TimeoutError) as err:
            self._without(str(err) or "PortAudio does not answer")
            return
        target_in = None if config.fake else select(found, config.input_device, "input")
        target_out = select(found, config.output_device, "output")
        self._wants_input, self._wants_output = target_in is not None, target_out is not None
        if target_in is None and target_out is None:
            self._without(_NONE)
            return
        if strict and target_out is None:
            raise Missing("backend is device, and there is no output device; plug one in")
        if strict and target_in is None and not config.fake:
            raise Missing(
                "backend is device, and there is no input device; plug one in or set fake: true"
            )
        try:
            problems = await self._in_thread(self._open)
        except (NoAudio, TimeoutError) as err:
            problems = [str(err) or "PortAudio does not answer"]
        if problems and strict:
            raise Missing(f"backend is device, and {'; '.join(problems)}")
        self._arm(problems)

    def _without(self, why: str) -> None:
        if self._config.backend == "device":
            raise Missing(f"backend is device, and {why}")
        self._tell("fake" if self._config.fake else "null", why)

    def _open(self) -> list[str]:
        """Open what is wanted and not open, in a thread; returns what could not be opened."""
        port, config = self._port, self._config
        if port is None:
            return ["PortAudio is not loaded"]
        found, problems = port.devices(), []
        if self._wants_output and self._output is None:
            try:
                device = select(found, config.output_device, "output")
                if device is None:
                    raise NoDevice("there is no output device")
                first = self.devices.output == ""
                rate = round(device.rate) if first else self._player.rate
                self._output = port.open_output(device, rate, config.block_ms, self._render)
            except (NoDevice, ConfigError) as err:
                problems.append(str(err))
        if self._wants_input and self._input is None:
            try:
                device = select(found, config.input_device, "input")
                if device is None:
                    raise NoDevice("there is no input device")
                self._input = port.open_input(
                    device, config.sample_rate, config.block_ms, self._take
                )
            except (NoDevice, ConfigError) as err:
                problems.append(str(err))
        return problems

    def _reopen(self) -> list[str]:
        self._close()
        if self._port is not None:
            self._port.rescan()
        return self._open()

    def _close(self) -> None:
        for stream in (self._input, self._output):
            if stream is not None:
                stream.close()
        self._input = self._output = None

    def _arm(self, problems: list[str]) -> None:
        """Let the streams that are open take over from the clock."""
        if self._ticker is not None:
            self._ticker.close()
            self._ticker = None
        if self._output is not None:
            self._player.set_rate(self._output.rate)
            self._output.active = True
        if self._input is not None:
            self._input.active = True
        self._stand_in()
        if problems:
            self._tell("lost", "; ".join(problems))
        else:
            missing = [] if self._wants_output else ["no output device: she is not heard"]
            missing += [] if self._wants_input or self._config.fake else ["no input device"]
            self._tell("fake" if self._config.fake else "open", "; ".join(missing))

    async def _keep(self) -> None:
        """Look after the devices for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self._look()
            except TimeoutError as err:
                log.warning(
                    "looking for devices: %s", str(err) or "the sound system does not answer"
                )
            except Exception as err:
                log.warning("looking for devices: %r", err)

    async def _look(self) -> None:
        now, streams = time.monotonic(), [s for s in (self._input, self._output) if s is not None]
        gone = [s.name for s in streams if s.dead(time.perf_counter_ns(), DEAD_S)]
        if gone:
            self._lose(streams, gone)
        elif self.devices.state != "lost" or now < self._next_try:
            return
        self._next_try = now + self._config.retry_s
        work = self._open
        if gone or not streams:
            work = self._reopen
        elif now >= self._next_scan and self._quiet():
            work = self._reopen  # closes what works as well, so not often
            self._next_scan = now + SCAN_S
        problems = await self._in_thread(work)
        # Also what an attempt opened that had been given up as hanging.
        if any(s is not None and not s.active for s in (self._input, self._output)):
            self._arm(problems)

    def _lose(self, streams: list[DeviceStream], gone: list[str]) -> None:
        for stream in streams:
            stream.active = False
        self._tell("lost", f"{' and '.join(dict.fromkeys(gone))} vanished; looking for it")
        self._stand_in(both=True)

    # -- the clock that stands in ------------------------------------------------------------

    def _stand_in(self, *, both: bool = False) -> None:
        if self._ticker is None and (both or self._input is None or self._output is None):
            self._ticker = Ticker(self._config.block_ms, self._tick)
            self._ticker.start()

    def _tick(self, due_ns: int) -> None:
        now = time.perf_counter_ns()
        if self._output is None or not self._output.active:
            frames = self._player.rate * self._config.block_ms // 1000
            if self._wants_output:
                self._player.render(frames, now, heard=False)
            else:
                self._render(frames, now)
        if self._input is None or not self._input.active:
            self._take(self._silence, 1, self._config.sample_rate, due_ns)

    def _render(self, frames: int, now_ns: int) -> Samples:
        block = self._player.render(frames, now_ns)
        if self._recorder is not None:
            self._recorder.put(block, self._player.rate)
        self._player.handed(time.perf_counter_ns())
        return block

    # -- small things ------------------------------------------------------------------------

    def _tell(
        self, state: Literal["open", "lost", "null", "file", "fake"], detail: str = ""
    ) -> None:
        said = audio.Devices(
            state=state,
            input=self._input.name if self._input is not None else self.devices.input,
            output=self._output.name if self._output is not None else self.devices.output,
            detail=detail,
        )
        if said == self.devices and self._said:
            return
        log.log(
            logging.WARNING if state == "lost" else logging.INFO,
            "devices: %s, in %r, out %r%s",
            *(state, said.input, said.output, detail and f": {detail}"),
        )
        self._said = True
        self.devices = said
        self._say(said)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run what may hang on a thread that can be left behind; one at a time.

        Raises:
            TimeoutError: it takes more than `OPEN_TIMEOUT`, or the one before still hangs.
        """
        if self._busy is not None and not self._busy.done():
            await asyncio.wait((self._busy,), timeout=OPEN_TIMEOUT)
            if not self._busy.done():
                raise TimeoutError("the sound system hangs; restart the audio engine")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._busy = future  # type: ignore[assignment]
        future.add_done_callback(lambda f: f.cancelled() or f.exception())  # it may be left behind

        def settle(result: T | None, error: Exception | None) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

        def run() -> None:
            result: T | None = None
            failed: Exception | None = None
            try:
                result = work()
            except Exception as err:
                failed = err
            try:
                loop.call_soon_threadsafe(settle, result, failed)
            except RuntimeError:
                return  # the loop is closed

        threading.Thread(target=run, name="audio-port", daemon=True).start()
        async with asyncio.timeout(OPEN_TIMEOUT):
            return await asyncio.shield(future)


_NONE = (
    "there is no sound device; plug one in and restart the audio engine "
    "(on Linux a running PulseAudio or PipeWire needs libasound2-plugins)"
)
