"""Devices that come and go one by one, on a PortAudio of ours: no sound server does that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest

from engines.audio import rig as rig_module
from engines.audio.backends.device import DeviceStream, NoAudio, NoDevice, Render, Take
from engines.audio.player import Player
from engines.audio.rig import Rig
from engines.harness import Missing
from engines.wire import audio
from engines.wire.audio import DeviceInfo


class Plugs:
    """What is plugged in, and what PortAudio has seen of it."""

    def __init__(self, *names: str) -> None:
        self.there = set(names)
        self.seen = set(names)
        self.open: list[DeviceStream] = []
        self.scans = 0
        self.scanned_while_open = False

    # -- what PortAudio is to the rig ---------------------------------------------------------

    def rescan(self) -> None:
        self.scanned_while_open |= any(stream._stream is not None for stream in self.open)
        self.seen = set(self.there)
        self.scans += 1

    def devices(self) -> list[DeviceInfo]:
        return [
            DeviceInfo(
                id=number,
                name=name,
                api="Test",
                inputs=int(name == "mic"),
                outputs=int(name == "speakers"),
                rate=48000.0,
                default=True,
            )
            for number, name in enumerate(sorted(self.seen))
        ]

    def open_output(
        self, device: DeviceInfo, rate: int, block_ms: int, render: Render
    ) -> DeviceStream:
        return self._open(device.name, rate)

    def open_input(self, device: DeviceInfo, rate: int, block_ms: int, take: Take) -> DeviceStream:
        return self._open(device.name, rate)

    def _open(self, name: str, rate: int) -> DeviceStream:
        if name not in self.there:
            raise NoDevice(f"{name!r} cannot be opened: it is gone")
        stream = Stream(self, name, rate)
        self.open.append(stream)
        return stream


class Stream(DeviceStream):
    def __init__(self, plugs: Plugs, name: str, rate: int) -> None:
        super().__init__(name, rate, 1)
        self._stream = object()
        self._plugs = plugs

    def dead(self, now_ns: int, timeout_s: float) -> bool:
        return self.name not in self._plugs.there

    def close(self) -> None:
        self.active = False
        self._stream = None


class Room:
    """A rig with what it said."""

    def __init__(self, plugs: Plugs, rig: Rig, player: Player, said: list[audio.Devices]) -> None:
        self.plugs, self.rig, self.player, self.said = plugs, rig, player, said
        self.quiet = True

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.01)

    def active(self) -> set[str]:
        return {stream.name for stream in self.plugs.open if stream.active}


@asynccontextmanager
async def room(
    monkeypatch: pytest.MonkeyPatch, plugs: Plugs, backend: str = "auto"
) -> AsyncIterator[Room]:
    monkeypatch.setattr(rig_module, "PortAudio", lambda: plugs)
    monkeypatch.setattr(rig_module, "SCAN_S", 0.2)
    config = audio.Config(backend=backend, retry_s=0.05)  # type: ignore[arg-type]
    said: list[audio.Devices] = []
    player = Player(48000, lambda: None)
    made: list[Room] = []
    rig = Rig(config, player, lambda *_: None, said.append, lambda: made[0].quiet)
    made.append(Room(plugs, rig, player, said))
    try:
        await rig.start()
        yield made[0]
    finally:
        await rig.stop()


async def test_losing_the_microphone_leaves_the_loudspeaker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with room(monkeypatch, Plugs("mic", "speakers")) as it:
        assert it.active() == {"mic", "speakers"}
        it.plugs.there.discard("mic")
        await it.until(lambda: it.active() == {"speakers"})
        assert it.said[-1].state == "lost"
        scans = it.plugs.scans
        it.quiet = False  # she speaks: the loudspeaker is not to be closed
        it.plugs.there.add("mic")
        await asyncio.sleep(0.6)  # several looks, at 0.15 s
        assert it.plugs.scans == scans
        assert it.active() == {"speakers"}
        it.quiet = True
        await it.until(lambda: it.said[-1].state == "open")
        assert it.active() == {"mic", "speakers"}
    assert not it.plugs.scanned_while_open
    assert not it.active()


async def test_all_lost_and_all_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(monkeypatch, Plugs("mic", "speakers")) as it:
        it.plugs.there.clear()
        await it.until(lambda: it.said[-1].state == "lost")
        blocks = it.player.blocks
        await it.until(lambda: it.player.blocks > blocks + 5)  # time goes on
        sentence = it.player.add(48000)
        it.player.feed(sentence, np.full(4800, 9000, np.int16), last=True)
        await it.until(lambda: sentence.over)
        assert (sentence.status, sentence.heard(48000)) == ("muted", 0)
        it.plugs.there |= {"mic", "speakers"}
        await it.until(lambda: it.said[-1].state == "open")
        assert it.active() == {"mic", "speakers"}
        assert [said.state for said in it.said] == ["open", "lost", "open"]
        blocks = it.player.blocks
        await asyncio.sleep(0.1)
        assert it.player.blocks == blocks  # the clock has stepped back: the device asks now


async def test_one_side_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(monkeypatch, Plugs("speakers")) as it:
        assert it.said[-1].state == "open"
        assert it.said[-1].detail == "no input device"


@pytest.mark.parametrize("names", [(), ("mic",), ("speakers",)])
async def test_a_device_that_must_be_there(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    with pytest.raises(Missing, match=r"backend is device, and there is no .*; plug one in"):
        async with room(monkeypatch, Plugs(*names), backend="device"):
            pass


async def test_no_sound_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> Plugs:
        raise NoAudio("the PortAudio library is missing; on Debian run: apt-get ...")

    plugs = Plugs()
    async with room(monkeypatch, plugs) as it:
        monkeypatch.setattr(rig_module, "PortAudio", absent)
    for backend in ("auto", "device"):
        said: list[audio.Devices] = []
        config = audio.Config(backend=backend)
        rig = Rig(config, Player(48000, lambda: None), lambda *_: None, said.append, lambda: True)
        try:
            if backend == "device":
                with pytest.raises(Missing, match="PortAudio library is missing"):
                    await rig.start()
            else:
                await rig.start()
                assert said[-1].state == "null"
                assert "PortAudio library is missing" in said[-1].detail
        finally:
            await rig.stop()
    assert it.said[-1].state == "null"


async def test_a_sound_system_that_hangs_does_not_hang_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rig_module, "OPEN_TIMEOUT", 0.1)
    plugs = Plugs("mic", "speakers")

    def slow() -> list[DeviceInfo]:
        time.sleep(1.0)
        return []

    async with room(monkeypatch, plugs) as it:
        monkeypatch.setattr(plugs, "devices", slow)
        found = await it.rig.listing()
        assert found.devices == []
        assert found.detail == "PortAudio does not answer"
