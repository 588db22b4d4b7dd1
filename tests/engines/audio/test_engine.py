"""The engine through the real harness, on the null backend's real-time clock."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from engines.audio.wavio import read_wav
from engines.harness import ConfigError
from engines.testing import Bench
from engines.wire import audio, common
from engines.wire.envelope import At, Cancel
from engines.wire.message import Empty
from engines.wire.peer import RequestFailed
from tests.engines.audio.conftest import CHUNK, RATE, Saying, audio_lab, tone

# -- playback ------------------------------------------------------------------------------------


async def test_a_sentence_is_played_and_recorded_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    source = tone(0.7)
    before = time.perf_counter_ns()
    async with audio_lab(output_file=str(out)) as bench:
        saying = Saying(bench, source, At(turn=1))
        played = await saying.result()
        assert saying.audible.is_set()
    assert played.status == "played"
    assert played.heard_samples == len(source)
    assert played.heard_ms == pytest.approx(700)
    assert before < played.audible_ns < time.perf_counter_ns()
    heard, rate = read_wav(out)
    words = heard[: np.flatnonzero(heard)[-1] + 1]
    assert len(words) / rate == pytest.approx(0.7, abs=0.002)
    ideal = np.cos(2 * np.pi * 440 * np.arange(len(words)) / rate) * 9000
    assert np.corrcoef(words[500:-500], ideal[500:-500])[0, 1] > 0.999


async def test_sentences_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    async with audio_lab(output_file=str(out)) as bench:
        sayings = [Saying(bench, tone(0.4), At(turn=1, seq=n)) for n in range(3)]
        results = [await saying.result() for saying in sayings]
    assert [played.status for played in results] == ["played"] * 3
    heard, _ = read_wav(out)
    loud = np.flatnonzero(np.abs(heard) > 40)
    assert np.diff(loud).max() < 50  # samples: a tone's own zero crossings


async def cut(bench: Bench, saying: Saying, cancel: Cancel) -> audio.Played:
    await asyncio.wait_for(saying.audible.wait(), 5)
    bench.cancel(cancel)
    return await saying.result()


@pytest.mark.parametrize(
    ("cancel", "status"),
    [
        (Cancel(scope="sentence", at=At(turn=1, seq=2)), "cut"),
        (Cancel(scope="turn", at=At(turn=1)), "cut"),
        (Cancel(scope="rev", at=At(turn=1, rev=1)), "stale"),
        (Cancel(scope="epoch", at=At(epoch=1)), "stale"),
    ],
)
async def test_a_cancelled_sentence_says_what_was_heard_of_it(
    tmp_path: Path, cancel: Cancel, status: str
) -> None:
    out = tmp_path / "out.wav"
    async with audio_lab(output_file=str(out)) as bench:
        played = await cut(bench, Saying(bench, tone(3), At(turn=1, seq=2)), cancel)
    heard, rate = read_wav(out)
    samples = int(np.flatnonzero(heard)[-1]) + 1
    assert played.status == status
    assert 0 < played.heard_samples < 3 * RATE
    assert played.heard_samples == pytest.approx(samples * RATE / rate, abs=1)
    assert played.audible_ns > 0


async def test_a_cancelled_request_says_what_was_heard_of_it() -> None:
    async with audio_lab() as bench:
        saying = Saying(bench, tone(3), At(turn=1))
        await saying.audible.wait()
        saying.exchange.cancel("changed my mind")
        played = await saying.result()
    assert played.status == "cut"
    assert 0 < played.heard_samples < 3 * RATE


async def test_a_newer_epoch_in_any_request_silences_what_is_older() -> None:
    async with audio_lab() as bench:
        saying = Saying(bench, tone(3), At(turn=1))
        await saying.audible.wait()
        newer = Saying(bench, tone(0.1), At(turn=2, epoch=5))
        assert (await saying.result()).status == "stale"
        assert (await newer.result()).status == "played"
        with pytest.raises(RequestFailed) as caught:
            await Saying(bench, tone(0.1), At(turn=3, epoch=4)).result()
        assert caught.value.code == "stale"


async def test_silence_is_answered_when_it_is_there() -> None:
    async with audio_lab() as bench:
        first, second = (Saying(bench, tone(3), At(turn=1, seq=n)) for n in range(2))
        await first.audible.wait()
        asked = time.perf_counter_ns()
        silence = await bench.peer.request(audio.SILENCE, Empty())
        answered = time.perf_counter_ns()
        assert (await first.result()).status == "cut"
        assert (await second.result()).heard_samples == 0
        assert asked - 200_000_000 < silence.silent_ns < answered
        again = await bench.peer.request(audio.SILENCE, Empty())
        assert again.silent_ns == silence.silent_ns


async def test_a_held_sentence_buffers_and_waits() -> None:
    async with audio_lab() as bench:
        saying = Saying(bench, tone(0.9), At(turn=4, rev=2), hold=True)
        async with asyncio.timeout(5):
            while saying.fed < 2 * CHUNK:
                await asyncio.sleep(0.01)
        other = await Saying(bench, tone(0.2), At(turn=3)).result()
        assert other.status == "played"
        assert not saying.audible.is_set()
        assert saying.fed == 2 * CHUNK
        await bench.peer.request(audio.RELEASE, audio.Release(turn=4, rev=2))
        assert (await saying.result()).status == "played"


async def test_a_pause_stops_the_sound_and_goes_on_where_it_was(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    async with audio_lab(output_file=str(out)) as bench:
        saying = Saying(bench, tone(0.6), At(turn=1))
        await saying.audible.wait()
        await bench.peer.request(audio.PAUSE, audio.Pause(paused=True))
        await bench.wait_event(audio.LEVELS, len(bench.events(audio.LEVELS)) + 5)
        assert not bench.events(audio.LEVELS)[-1].speaking
        await bench.peer.request(audio.PAUSE, audio.Pause(paused=False))
        assert (await saying.result()).heard_samples == round(0.6 * RATE)
    heard, rate = read_wav(out)
    loud = np.flatnonzero(np.abs(heard) > 40)
    assert np.diff(loud).max() > 0.3 * rate


async def test_a_muted_voice_is_consumed_and_not_heard(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    async with audio_lab(output_file=str(out)) as bench:
        muted = await bench.peer.request(audio.MUTE, audio.Mute(voice=True))
        assert muted == audio.Muted(mic=False, voice=True)
        saying = Saying(bench, tone(0.3), At(turn=1))
        played = await saying.result()
        assert played == audio.Played(status="muted", heard_samples=0, heard_ms=0.0)
        assert not saying.audible.is_set()
        assert await bench.peer.request(audio.MUTE, audio.Mute()) == muted
    with pytest.raises(Exception, match="no samples"):
        read_wav(out)


async def test_a_show_that_hangs_falls_silent_by_itself() -> None:
    async with audio_lab() as bench:
        exchange = bench.peer.open(audio.PLAY, audio.Play(rate=RATE), at=At(turn=1))
        assert await exchange.wait_room(5)
        while exchange.room:
            exchange.feed(audio.PCM, audio.Pcm(pcm=tone(0.1).tobytes()))
        assert not exchange.done
        await asyncio.sleep(0.9)  # real time: the clock under test
        assert not bench.events(audio.LEVELS)[-1].speaking
        exchange.cancel()
        assert (await exchange.result(5)).heard_ms <= 1000


@pytest.mark.parametrize(
    ("bodies", "code", "text"),
    [
        ([audio.Pcm(pcm=b"\0\0\0")], "bad-request", "3 bytes are no whole number of s16 samples"),
        ([audio.Pcm(pcm=bytes(4410))] * 9, "busy", "at most 500 ms may wait"),
    ],
)
async def test_bad_sound_ends_its_sentence_alone(
    bodies: list[audio.Pcm], code: str, text: str
) -> None:
    async with audio_lab() as bench:
        exchange = bench.peer.open(audio.PLAY, audio.Play(rate=RATE, hold=True), at=At(turn=1))
        for body in bodies:
            exchange.feed(audio.PCM, body)
        with pytest.raises(RequestFailed, match=text) as caught:
            await exchange.result(5)
        assert caught.value.code == code
        assert (await Saying(bench, tone(0.1), At(turn=2)).result()).status == "played"


async def test_an_empty_sentence_is_over_at_once() -> None:
    async with audio_lab() as bench:
        played = await Saying(bench, tone(0), At(turn=1)).result()
    assert played == audio.Played(status="played", heard_samples=0, heard_ms=0.0)


# -- capture -------------------------------------------------------------------------------------


async def test_a_fed_file_is_heard_in_real_time(speech: Path) -> None:
    async with audio_lab() as bench:
        before = time.perf_counter_ns()
        fed = await bench.peer.request(
            audio.FEED, audio.Feed(path=str(speech / "snack.wav")), timeout=20
        )
        after = time.perf_counter_ns()
        start = bench.events(audio.SPEECH_START)[0]
        end = bench.events(audio.SPEECH_END)[0]
        sound = b"".join(said.pcm for said in bench.events(audio.SPEECH))
    assert fed.duration_ms == 1520
    assert start.preroll_ms <= 300
    assert before < start.onset_ns < end.speech_end_ns < end.endpoint_ns < after
    assert end.duration_ms == pytest.approx(1220, abs=40)
    assert (end.endpoint_ns - end.speech_end_ns) / 1e6 == pytest.approx(300, abs=1)
    assert not end.cut
    samples, _ = read_wav(speech / "snack.wav")
    heard = np.frombuffer(sound, np.int16)
    at = int(np.argmax(heard != 0))
    words = np.flatnonzero(samples)
    assert np.array_equal(
        heard[at : at + words[-1] + 1 - words[0]], samples[words[0] : words[-1] + 1]
    )


async def test_a_muted_microphone_hears_silence_and_cuts_what_was_being_said(
    speech: Path,
) -> None:
    async with audio_lab() as bench:
        exchange = bench.peer.open(audio.FEED, audio.Feed(path=str(speech / "snack.wav")))
        await bench.wait_event(audio.SPEECH_START)
        await bench.peer.request(audio.MUTE, audio.Mute(mic=True))
        end = await bench.wait_event(audio.SPEECH_END)
        assert end.cut
        count = len(bench.events(audio.SPEECH))
        await exchange.result(20)
        assert len(bench.events(audio.SPEECH)) == count
        assert len(bench.events(audio.SPEECH_START)) == 1


async def test_a_panic_cuts_what_was_being_said(speech: Path) -> None:
    async with audio_lab() as bench:
        exchange = bench.peer.open(audio.FEED, audio.Feed(path=str(speech / "snack.wav")))
        await bench.wait_event(audio.SPEECH_START)
        bench.cancel(Cancel(scope="epoch", at=At(epoch=1)))
        assert (await bench.wait_event(audio.SPEECH_END)).cut
        exchange.cancel()
        with pytest.raises(RequestFailed) as caught:
            await exchange.result(5)
        assert caught.value.code == "cancelled"
        again = bench.peer.open(audio.FEED, audio.Feed(path=str(speech / "yeah.wav")))
        with pytest.raises(RequestFailed, match="fed already"):
            await bench.peer.request(audio.FEED, audio.Feed(path=str(speech / "yeah.wav")))
        await again.result(10)


async def test_a_bad_file_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(b"ID3" + bytes(100))
    async with audio_lab() as bench:
        for name in (path, tmp_path / "gone.wav"):
            with pytest.raises(RequestFailed) as caught:
                await bench.peer.request(audio.FEED, audio.Feed(path=str(name)))
            assert caught.value.code == "bad-request"
            assert str(name) in caught.value.detail


async def test_the_file_backend_hears_its_file(speech: Path) -> None:
    async with audio_lab(backend="file", input_file=str(speech / "yeah.wav")) as bench:
        assert (await bench.wait_event(audio.DEVICES)).state == "file"
        await bench.wait_event(audio.SPEECH_END, timeout=10)
        assert [levels for levels in bench.events(audio.LEVELS) if levels.hearing]


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"backend": "file", "input_file": "/gone/a.wav"}, "input_file: /gone/a.wav: No such file"),
        ({"backend": "file"}, "backend is file: set input_file or output_file"),
        ({"output_file": "/gone/b.wav"}, "output_file: /gone/b.wav cannot be written: No such"),
    ],
)
async def test_a_bad_configuration_is_told(config: dict[str, str], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        async with audio_lab(**config):
            pass


async def test_fake_audio_is_silence_and_says_so() -> None:
    async with audio_lab(fake=True) as bench:
        assert (await bench.wait_event(audio.DEVICES)).state == "fake"


async def test_nobody_reading_makes_her_deaf_not_fat(speech: Path) -> None:
    async with audio_lab() as bench:
        exchange = bench.peer.open(audio.FEED, audio.Feed(path=str(speech / "snack.wav")))
        await bench.wait_event(audio.SPEECH_START)
        bench.host.room.clear()
        assert (await bench.wait_event(audio.SPEECH_END)).cut
        count = len(bench.events(audio.SPEECH))
        await exchange.result(20)
        assert len(bench.events(audio.SPEECH)) == count


async def test_pings_are_answered_while_everything_goes_on(speech: Path) -> None:
    from engines.wire.envelope import Ping, Pong

    async with audio_lab() as bench:
        saying = Saying(bench, tone(1.0), At(turn=1))
        exchange = bench.peer.open(audio.FEED, audio.Feed(path=str(speech / "yeah.wav")))
        for n in range(20):
            bench.send(Ping(n=n))
            await asyncio.sleep(0.05)
        assert [frame.n for frame in bench.said if isinstance(frame, Pong)] == list(range(20))
        await saying.result()
        await exchange.result(10)
        assert not bench.events(common.TROUBLE)


async def test_silence_after_a_new_epoch_tells_when_it_was_cut_and_what_sounded_last() -> None:
    async with audio_lab() as bench:
        saying = Saying(bench, tone(3), At(turn=1))
        await asyncio.wait_for(saying.audible.wait(), 5)
        before = time.perf_counter_ns()
        bench.cancel(Cancel(scope="epoch", at=At(epoch=1)))
        said = await bench.peer.request(audio.SILENCE, Empty())
        after = time.perf_counter_ns()
        assert before < said.cut_ns < after
        assert 0 < said.silent_ns < after
        await asyncio.sleep(0.1)
        again = await bench.peer.request(audio.SILENCE, Empty())
        assert again == said, "nothing was handed over since, and nothing was left to cut"
        await saying.result()


async def test_how_it_listens_changes_in_mid_sentence_and_nothing_of_that_is_lost(
    tmp_path: Path, speech: Path
) -> None:
    out = tmp_path / "out.wav"
    async with audio_lab(output_file=str(out), silence_ms=3000) as bench:
        saying = Saying(bench, tone(0.7), At(turn=1))
        await asyncio.wait_for(saying.audible.wait(), 5)
        asked = {"backend": "null", "output_file": str(out), "silence_ms": 200, "vad_level": 3}
        await bench.peer.request(common.CONFIGURE, common.Configure(config=asked))
        assert (await saying.result()).heard_samples == round(0.7 * RATE)
        await bench.peer.request(audio.FEED, audio.Feed(path=str(speech / "snack.wav")), timeout=30)
        ended = await bench.wait_event(audio.SPEECH_END)
        assert (ended.endpoint_ns - ended.speech_end_ns) / 1e6 == pytest.approx(200, abs=40)
