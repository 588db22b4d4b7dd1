"""Real devices, through PortAudio. The only file that imports sounddevice.

PortAudio reads its list of devices when it is initialised and never again, so that finding a device
that was plugged in later means terminating and initialising it with no stream open.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

from engines.audio.vad import Samples
from engines.harness import ConfigError
from engines.wire.audio import DeviceInfo

Side = Literal["input", "output"]
Render = Callable[[int, int], Samples]
"""(frames, now_ns) to the samples to hand over."""
Take = Callable[[bytes, int, int, int], None]
"""(s16 samples, channels, rate, end_ns) of a captured block."""

APIS = ("Core Audio", "Windows WASAPI", "ALSA", "Windows DirectSound", "MME")
"""One device may stand in several host APIs (on Windows always): the first of these is taken."""


class NoAudio(Exception):
    """There is no sound system; says why and what to do."""


class NoDevice(Exception):
    """A device cannot be opened; says which and why."""


class DeviceStream:
    """One open direction. Until `active` is set it plays silence and drops what it captures."""

    def __init__(self, name: str, rate: int, channels: int) -> None:
        self.name = name
        self.rate = rate
        self.channels = channels
        self.active = False
        self.finished = False
        self.last_ns = time.perf_counter_ns()
        self._stream: Any = None

    def dead(self, now_ns: int, timeout_s: float) -> bool:
        """True when its callbacks have stopped."""
        return self.finished or now_ns - self.last_ns > timeout_s * 1e9

    def close(self) -> None:
        """Stop now, dropping what the device has not played."""
        self.active = False
        if self._stream is not None:
            self._stream.close(ignore_errors=True)

    def _finished(self) -> None:
        self.finished = True


class PortAudio:
    """The sound system. Its methods block, and are to be called from one thread at a time."""

    def __init__(self) -> None:
        """Load it. Raises `NoAudio`."""
        try:
            import sounddevice
        except ImportError:
            raise NoAudio(
                "sounddevice is not installed; run: pip install 'kitsu-tui[audio]'"
            ) from None
        except OSError as err:
            raise NoAudio(
                f"the PortAudio library is missing ({err}); on Debian and Ubuntu run: "
                "apt-get install libportaudio2"
            ) from None
        self._sd: Any = sounddevice

    def rescan(self) -> None:
        """Look for devices again. No stream may be open."""
        if self._sd._initialized:  # not so if the last scan failed half-way
            self._sd._terminate()
        self._sd._initialize()

    def devices(self) -> list[DeviceInfo]:
        """The devices known since the last scan."""
        try:
            apis = [str(api["name"]) for api in self._sd.query_hostapis()]
            found = self._sd.query_devices()
        except self._sd.PortAudioError as err:
            raise NoAudio(f"PortAudio does not answer: {err}") from None
        defaults = {int(index) for index in self._sd.default.device if int(index) >= 0}
        return [
            DeviceInfo(
                id=int(device["index"]),
                name=str(device["name"]),
                api=apis[int(device["hostapi"])],
                inputs=int(device["max_input_channels"]),
                outputs=int(device["max_output_channels"]),
                rate=float(device["default_samplerate"]),
                default=int(device["index"]) in defaults,
            )
            for device in found
        ]

    def open_output(
        self, device: DeviceInfo, rate: int, block_ms: int, render: Render
    ) -> DeviceStream:
        """Open a device for playing at `rate`, or at its own rate if it cannot do that.

        Raises:
            NoDevice: it cannot be opened.
        """
        return self._open("output", device, rate, block_ms, render=render)

    def open_input(self, device: DeviceInfo, rate: int, block_ms: int, take: Take) -> DeviceStream:
        """Open a device for capture at `rate`, or at its own rate if it cannot do that.

        Raises:
            NoDevice: it cannot be opened.
        """
        return self._open("input", device, rate, block_ms, take=take)

    def _open(
        self,
        side: Side,
        device: DeviceInfo,
        rate: int,
        block_ms: int,
        *,
        render: Render | None = None,
        take: Take | None = None,
    ) -> DeviceStream:
        last: Exception | None = None
        # Two blocks: below that a busy machine drops sound, which is worse than 20 ms more.
        low = float(self._sd.query_devices(device.id)[f"default_low_{side}_latency"])
        latency = max(low, 2 * block_ms / 1000)
        for try_rate in dict.fromkeys((rate, round(device.rate), 48000, 44100)):
            for channels in (1, 2):
                stream = DeviceStream(device.name, try_rate, channels)
                callback = _output(stream, render) if render is not None else _input(stream, take)
                kind = self._sd.RawOutputStream if side == "output" else self._sd.RawInputStream
                try:
                    stream._stream = kind(
                        samplerate=try_rate,
                        blocksize=try_rate * block_ms // 1000,
                        device=device.id,
                        channels=channels,
                        dtype="int16",
                        latency=latency,
                        callback=callback,
                        finished_callback=stream._finished,
                    )
                    stream._stream.start()
                except (self._sd.PortAudioError, ValueError, OSError) as err:
                    stream.close()
                    last = err
                    continue
                stream.last_ns = time.perf_counter_ns()
                return stream
        raise NoDevice(f"{side} {device.name!r} cannot be opened: {last}")


def _output(stream: DeviceStream, render: Render) -> Callable[..., None]:
    channels = stream.channels

    def callback(outdata: Any, frames: int, _time: Any, _status: Any) -> None:
        now = time.perf_counter_ns()
        stream.last_ns = now
        if not stream.active:
            outdata[:] = bytes(len(outdata))
            return
        block = render(frames, now)
        outdata[:] = block.tobytes() if channels == 1 else block.repeat(channels).tobytes()

    return callback


def _input(stream: DeviceStream, take: Take | None) -> Callable[..., None]:
    rate, channels = stream.rate, stream.channels

    def callback(indata: Any, frames: int, times: Any, _status: Any) -> None:
        now = time.perf_counter_ns()
        stream.last_ns = now
        if not stream.active or take is None:
            return
        # How long ago the block's last sample was captured, where the driver knows it.
        late = times.currentTime - times.inputBufferAdcTime - frames / rate
        end = now - round(late * 1e9) if times.inputBufferAdcTime > 0 and 0 < late < 0.5 else now
        take(bytes(indata), channels, rate, end)

    return callback


def select(devices: list[DeviceInfo], wanted: str, side: Side) -> DeviceInfo | None:
    """The device that is meant: by number, by name, by a part of it; the default for `""`.

    None when `wanted` is empty and there is no device for this side at all.

    Raises:
        ConfigError: no such device, or several; lists what there is.
    """
    able = [d for d in devices if (d.inputs if side == "input" else d.outputs) > 0]
    key = f"{side}_device"
    if not wanted:
        return next((d for d in able if d.default), able[0] if able else None)
    if wanted.strip().isdigit():
        for device in able:
            if device.id == int(wanted):
                return device
        raise ConfigError(f"{key}: no {side} device has the number {wanted}; {_listing(able)}")
    low = wanted.strip().lower()
    found = [d for d in able if d.name.lower() == low] or [d for d in able if low in d.name.lower()]
    if not found:
        raise ConfigError(f"{key}: no {side} device is called {wanted!r}; {_listing(able)}")
    if len(found) == 1:
        return found[0]
    if len({d.api for d in found}) == len(found):
        return min(found, key=lambda d: APIS.index(d.api) if d.api in APIS else len(APIS))
    raise ConfigError(f"{key}: {wanted!r} fits several devices; {_listing(found)}")


def _listing(devices: list[DeviceInfo]) -> str:
    if not devices:
        return "there is none"
    return "there are: " + ", ".join(f"{d.id} {d.name!r} ({d.api})" for d in devices)
