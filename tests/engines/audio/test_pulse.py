"""Real devices: the engine as a process, PortAudio, ALSA, and a PulseAudio of this test's own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.audio.resample import resample
from engines.audio.vad import Samples
from engines.audio.wavio import read_wav
from engines.wire import audio, common
from engines.wire.envelope import At, Cancel
from engines.wire.message import Empty
from tests.engines.audio.conftest import Saying, tone
from tests.support.engine_process import EngineProcess, engine_process
from tests.support.pulse import Pulse, pulse, require

DEVICES = {"backend": "device", "input_device": "mic", "output_device": "speakers"}


@pytest.fixture
def server() -> Iterator[Pulse]:
    with pulse() as running:
        yield running


def recognised(source: Samples, heard: Samples, rate: int) -> float:
    """Which part of `source`, in pieces of 200 ms, is found in `heard` (correlation over 0.9).

    In pieces, because a busy machine makes PulseAudio insert silence between them.
    """
    step = rate // 5
    b = heard.astype(np.float64)
    pieces = [source[at : at + step] for at in range(0, len(source) - step, step)]
    pieces = [piece.astype(np.float64) for piece in pieces if np.abs(piece).max() > 1000]
    found = 0
    for piece in pieces:
        at = int(np.argmax(np.correlate(b, piece, "valid")))
        found += np.corrcoef(piece, b[at : at + step])[0, 1] > 0.9
    return found / len(pieces)


async def opened(engine: EngineProcess) -> audio.Devices:
    said = await engine.wait_event(audio.DEVICES)
    assert said.state == "open", said
    return said


async def test_what_is_spoken_into_the_microphone_is_cut_out_of_it(
    server: Pulse, speech: Path
) -> None:
    async with engine_process("audio", DEVICES, server.env) as engine:
        said = await opened(engine)
        assert (said.input, said.output) == ("mic", "speakers")
        for count, clip in enumerate(("snack.wav", "cat.wav"), start=1):
            player = server.speak(speech / clip)
            end = await engine.wait_event(audio.SPEECH_END, count, timeout=15)
            await asyncio.to_thread(player.wait, 15)
            start = engine.events(audio.SPEECH_START)[-1]
            source, _ = read_wav(speech / clip)
            words = np.flatnonzero(np.abs(source.astype(np.int32)) > 200)
            length_ms = (words[-1] - words[0]) / 16
            assert end.duration_ms == pytest.approx(length_ms, abs=80)
            sound = [s.pcm for s in engine.events(audio.SPEECH) if s.utterance == start.utterance]
            heard = np.frombuffer(b"".join(sound), np.int16)
            assert recognised(source, heard, 16000) >= 0.8


async def test_what_is_played_is_what_comes_out(
    server: Pulse, speech: Path, tmp_path: Path
) -> None:
    source, rate = read_wav(speech / "dream.wav")
    out = tmp_path / "heard.wav"
    async with engine_process("audio", DEVICES, server.env) as engine:
        await opened(engine)
        with server.listen(out):
            played = await Saying(engine, source, At(turn=1), rate=rate).result()
    heard, out_rate = read_wav(out)
    assert played.status == "played"
    assert played.heard_samples == len(source)
    assert recognised(source, resample(heard, out_rate, rate), rate) >= 0.8


async def test_a_cancelled_sentence_goes_silent_at_the_loudspeaker(
    server: Pulse, tmp_path: Path
) -> None:
    t = np.arange(16000 * 6) / 16000
    source = (np.sin(2 * np.pi * 440 * t) * 9000).astype(np.int16)
    out = tmp_path / "heard.wav"
    async with engine_process("audio", DEVICES, server.env) as engine:
        await opened(engine)
        with server.listen(out):
            saying = Saying(engine, source, At(turn=1), rate=16000)
            await asyncio.wait_for(saying.audible.wait(), 10)
            await asyncio.sleep(0.5)
            engine.send(Cancel(scope="turn", at=At(turn=1)))
            played = await saying.result()
            await asyncio.sleep(0.5)
    heard, rate = read_wav(out)
    loud = np.flatnonzero(np.abs(heard.astype(np.int32)) > 100)
    assert played.status == "cut"
    length_ms = (loud[-1] - loud[0]) * 1000 / rate
    # A busy machine may have put gaps into it, but nothing can have been left out or come after.
    assert played.heard_ms - 10 < length_ms < played.heard_ms + 200


async def test_a_device_that_vanishes_is_found_again(server: Pulse, speech: Path) -> None:
    source = np.tile(read_wav(speech / "dream.wav")[0], 3)
    async with engine_process("audio", DEVICES, server.env) as engine:
        await opened(engine)
        await engine.peer.request(audio.MUTE, audio.Mute(mic=True))
        saying = Saying(engine, source, At(turn=1), rate=16000)
        next_one = Saying(engine, source[:8000], At(turn=1, seq=1), rate=16000)
        await asyncio.wait_for(saying.audible.wait(), 10)
        server.kill()
        lost = await engine.wait_event(audio.DEVICES, 2, timeout=5)
        assert lost.state == "lost"
        assert "vanished" in lost.detail
        assert engine.events(common.STATUS)[-1].state == "degraded"
        # Time goes on: credit still comes, and pings would be answered.
        fed = saying.fed
        async with asyncio.timeout(5):
            while saying.fed == fed:
                await asyncio.sleep(0.02)
        await asyncio.to_thread(server.start)
        back = await engine.wait_event(audio.DEVICES, 3, timeout=10)
        assert back.state == "open"
        assert engine.events(common.STATUS)[-1].state == "ready"
        first = await saying.result(20)
        assert first.status == "muted"  # part of it was not heard
        assert 0 < first.heard_samples < len(source)
        assert (await next_one.result()).status == "played"
        muted = await engine.peer.request(audio.MUTE, audio.Mute())
        assert muted == audio.Muted(mic=True, voice=False)
        player = server.speak(speech / "yeah.wav")
        await asyncio.to_thread(player.wait, 15)
        assert not engine.events(audio.SPEECH_START)
        await engine.peer.request(audio.MUTE, audio.Mute(mic=False))
        player = server.speak(speech / "snack.wav")
        await engine.wait_event(audio.SPEECH_END, timeout=15)
        await asyncio.to_thread(player.wait, 15)


async def test_a_sound_server_that_hangs_is_noticed_and_outlived(server: Pulse) -> None:
    async with engine_process("audio", DEVICES, server.env) as engine:
        await opened(engine)
        try:
            server.hang(True)
            lost = await engine.wait_event(audio.DEVICES, 2, timeout=10)
            assert lost.state == "lost"
            # It answers, and time goes on, while a thread of it is stuck in the sound system.
            await engine.peer.request(audio.MUTE, audio.Mute())
            played = await Saying(engine, tone(0.3), At(turn=1)).result()
            assert played.status == "muted"
        finally:
            server.hang(False)
        assert (await engine.wait_event(audio.DEVICES, 3, timeout=15)).state == "open"
        assert (await Saying(engine, tone(0.3), At(turn=2)).result()).status == "played"


async def test_a_fed_file_takes_the_microphones_place(server: Pulse, speech: Path) -> None:
    async with engine_process("audio", DEVICES, server.env) as engine:
        await opened(engine)
        fed = await engine.peer.request(
            audio.FEED, audio.Feed(path=str(speech / "snack.wav")), timeout=20
        )
        assert fed.duration_ms == 1520
        assert engine.events(audio.SPEECH_END)[0].duration_ms == pytest.approx(1220, abs=60)


async def test_the_devices_are_listed(server: Pulse) -> None:
    async with engine_process("audio", DEVICES, server.env) as engine:
        await opened(engine)
        found = await engine.peer.request(audio.LIST, Empty())
    assert {"mic", "speakers"} <= {device.name for device in found.devices}


@pytest.mark.parametrize(
    ("config", "code", "text"),
    [
        ({"input_device": "tape"}, 2, "input_device: no input device is called 'tape'; there are:"),
        ({"output_device": "99"}, 2, "output_device: no output device has the number 99"),
    ],
)
async def test_an_unknown_device_ends_it_with_a_list(
    server: Pulse, config: dict[str, str], code: int, text: str
) -> None:
    async with engine_process("audio", {**DEVICES, **config}, server.env) as engine:
        assert await asyncio.wait_for(engine.process.wait(), 20) == code
        await engine.leave()
        assert text in engine.stderr.decode()
        assert "Traceback" not in engine.stderr.decode()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="hides devices the Linux way")
@pytest.mark.parametrize("backend", ["auto", "device"])
async def test_no_device_at_all(tmp_path: Path, backend: str) -> None:
    require()
    cards = Path("/proc/asound/cards")
    if cards.exists() and "no soundcards" not in cards.read_text(encoding="utf-8"):
        pytest.skip("this machine has a sound card")
    # PortAudio aborts without a configuration: in this one no pcm opens.
    config = tmp_path / "asound.conf"
    config.write_text("</usr/share/alsa/alsa.conf>\n", encoding="utf-8")
    env = {"ALSA_CONFIG_PATH": str(config), "PULSE_SERVER": f"unix:{tmp_path}/none"}
    async with engine_process("audio", {"backend": backend}, env) as engine:
        if backend == "device":
            assert await asyncio.wait_for(engine.process.wait(), 20) == 4
            await engine.leave()
            assert "backend is device, and there is no" in engine.stderr.decode()
        else:
            said = await engine.wait_event(audio.DEVICES)
            assert said.state in ("null", "lost")
            assert said.detail
