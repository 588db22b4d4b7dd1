"""The engine in memory, with the real voice."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engines.harness.errors import Missing
from engines.testing import Bench, lab
from engines.tts.backends import Chunk, Synthesizer
from engines.tts.backends.silent import Silent
from engines.tts.engine import TtsEngine
from engines.wire import common, tts
from engines.wire.envelope import At, Cancel, Event, Ping, Pong, Response
from engines.wire.peer import Exchange, RequestFailed
from tests.engines.tts.conftest import Watched, engine_with

pytestmark = pytest.mark.real

LONG = "Well hello there chat, I have been waiting for you all day and now we can begin."


@pytest.fixture
def config(tmp_path: Path, voice: Path) -> tts.Config:
    return tts.Config(model=str(voice), cache_dir=str(tmp_path / "cache"))


def speak(bench: Bench, text: str, **more: object) -> Exchange[tts.Spoken]:
    return bench.peer.open(tts.SPEAK, tts.Speak(text=text), **more)  # type: ignore[arg-type]


async def said(bench: Bench, text: str, voice: str = "") -> tuple[tts.Spoken, bytes]:
    exchange = bench.peer.open(tts.SPEAK, tts.Speak(text=text, voice=voice))
    pcm = b""
    async for event in exchange.events(30):
        if isinstance(event, tts.Audio):
            pcm += event.pcm
    return await exchange.result(30), pcm


def statuses(bench: Bench) -> list[str]:
    return [event.state for event in bench.events(common.STATUS)]


async def until(bench: Bench, reached: object) -> None:
    """Let the loop run until a condition holds; for what no event tells of."""
    async with asyncio.timeout(30):
        while not reached():  # type: ignore[operator]
            await asyncio.sleep(0.002)


async def test_visemes_then_sound_then_the_answer(
    engine: type[TtsEngine], config: tts.Config
) -> None:
    async with lab(engine, config) as bench:
        spoken, pcm = await said(bench, "Hi chat!")
        frames = [f for f in bench.said if isinstance(f, (Event, Response))]
        names = [f.name for f in frames if isinstance(f, Event)]
        assert names[:5] == ["status", "status", "tts.reading", "tts.visemes", "tts.audio"]
        assert isinstance(frames[-1], Response)
        audio = bench.events(tts.AUDIO)
        assert all(20 <= len(event.pcm) / 2 / 22.05 <= 100.1 for event in audio)
        assert {event.rate for event in audio} == {22050}
        assert spoken.status == "ok"
        assert spoken.samples == len(pcm) // 2 > 7000
        assert spoken.duration_ms == round(spoken.samples / 22.05, 1)
        assert (spoken.backend, spoken.voice) == ("piper", "en_US-joe-medium")
        assert not spoken.cached
        assert 0 < spoken.first_pcm_ms <= spoken.latency_ms


async def test_sound_comes_before_the_sentence_is_made(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    watched.gate.clear()
    async with lab(engine, config) as bench:
        exchange = speak(bench, LONG)
        watched.step()
        await bench.wait_event(tts.AUDIO)
        assert not exchange.done
        assert watched.finished == 0
        watched.gate.set()
        watched.step()
        await exchange.result(30)
        assert watched.finished == 1


async def test_events_carry_the_id_and_the_place(
    engine: type[TtsEngine], config: tts.Config
) -> None:
    at = At(epoch=1, turn=4, seq=2)
    async with lab(engine, config) as bench:
        exchange = speak(bench, "Hi!", at=at)
        await exchange.result(30)
        events = [f for f in bench.said if isinstance(f, Event) and f.name.startswith("tts.")]
        assert events
        assert all(f.at == at and f.id == exchange.id for f in events)


async def test_credit_is_respected(engine: type[TtsEngine], config: tts.Config) -> None:
    async with lab(engine, config) as bench:
        exchange = speak(bench, LONG, credit=3)
        seen = 0
        async for _ in exchange.events(30):
            seen += 1
            sent = len(bench.events(tts.AUDIO)) + len(bench.events(tts.VISEMES))
            assert sent <= seen + 3
        assert seen > 20
        await exchange.result(30)


async def test_the_next_is_made_while_one_waits_for_credit_but_only_two_ahead(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    async with lab(engine, config) as bench:
        waiting = [speak(bench, f"Number {n}.", credit=0) for n in range(5)]
        await until(bench, lambda: watched.finished == 3)
        for _ in range(20):
            await asyncio.sleep(0.002)
        assert watched.said == ["Number 0.", "Number 1.", "Number 2."]
        assert not bench.events(tts.AUDIO)
        waiting[0].cancel()
        await until(bench, lambda: watched.finished == 4)
        assert watched.said[-1] == "Number 3."


async def test_served_in_order_of_arrival(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    texts = [f"This is {n}." for n in range(6)]
    async with lab(engine, config) as bench:
        exchanges = [speak(bench, text) for text in texts]
        for exchange in exchanges:
            await exchange.result(30)
        assert watched.said == texts
        ids = [f.id for f in bench.said if isinstance(f, Response)]
        assert ids == [exchange.id for exchange in exchanges]


# -- cancelling ------------------------------------------------------------------------------


async def test_cancel_stops_the_sound_and_the_work(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    watched.gate.clear()
    async with lab(engine, config) as bench:
        exchange = speak(bench, LONG * 5)
        watched.step()
        await bench.wait_event(tts.AUDIO)
        exchange.cancel("barge-in")
        with pytest.raises(RequestFailed) as caught:
            await exchange.result(30)
        assert caught.value.code == "cancelled"
        heard = len(bench.events(tts.AUDIO))
        watched.gate.set()
        watched.step()
        await said(bench, "Yes?")
        assert watched.said == [LONG * 5, "Yes?"]
        assert watched.finished == 1  # the first broke off
        first = [f for f in bench.said if isinstance(f, Event) and f.id == exchange.id]
        assert len([f for f in first if f.name == "tts.audio"]) == heard


async def test_a_queued_one_is_answered_at_once_and_never_made(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    watched.gate.clear()
    async with lab(engine, config) as bench:
        first, second = speak(bench, "First."), speak(bench, "Second.")
        await until(bench, lambda: watched.said == ["First."])
        second.cancel()
        with pytest.raises(RequestFailed):
            await second.result(30)
        assert not first.done
        watched.gate.set()
        watched.step()
        await first.result(30)
        await said(bench, "Third.")
        assert watched.said == ["First.", "Third."]


async def test_a_backend_that_does_not_heed_stop_is_left(config: tts.Config) -> None:
    made: list[int] = []

    class Stubborn(Silent):
        def speak(self, text: str, speaker: int, stop: threading.Event) -> Iterator[Chunk]:
            yield Chunk(bytes(4410))
            for number in range(100):
                stop.wait(30)
                made.append(number)
                yield Chunk(bytes(4410))

    async with lab(engine_with(lambda _, config: Stubborn(config)), config) as bench:
        exchange = speak(bench, "Hi!")
        await bench.wait_event(tts.AUDIO)
        exchange.cancel()
        with pytest.raises(RequestFailed):
            await exchange.result(30)
    assert len(made) <= 1


async def test_a_panic_drops_everything(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    watched.gate.clear()
    async with lab(engine, config) as bench:
        at = At(epoch=1, turn=1)
        exchanges = [speak(bench, LONG, at=at) for _ in range(4)]
        await until(bench, lambda: len(watched.said) == 1)
        bench.cancel(Cancel(scope="epoch", at=At(epoch=2), reason="panic"))
        for exchange in exchanges:
            with pytest.raises(RequestFailed):
                await exchange.result(30)
        watched.gate.set()
        watched.step()
        assert (await speak(bench, "Hi.", at=At(epoch=2)).result(30)).status == "ok"
        assert len(watched.said) == 2


async def test_a_cancelled_line_is_not_cached(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    async with lab(engine, config) as bench:
        exchange = speak(bench, LONG, credit=1)
        await bench.wait_event(tts.READING)
        await until(bench, lambda: watched.finished == 1)
        exchange.cancel()
        with pytest.raises(RequestFailed):
            await exchange.result(30)
        spoken, _ = await said(bench, LONG)
        assert not spoken.cached


# -- cache -----------------------------------------------------------------------------------


async def test_a_line_said_again_comes_from_the_cache(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    async with lab(engine, config) as bench:
        first, pcm = await said(bench, "Hi chat!")
        mouth = [v for event in bench.events(tts.VISEMES) for v in event.visemes]
        again, same = await said(bench, "Hi   chat! 🙂")
        assert again.cached
        assert not first.cached
        assert same == pcm
        both = [v for event in bench.events(tts.VISEMES) for v in event.visemes]
        assert both == mouth * 2
        assert (again.samples, again.rate, again.backend) == (first.samples, 22050, "piper")
        assert watched.said == ["Hi chat!"]


async def test_the_cache_outlives_the_engine_and_tells_about_the_line(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    async with lab(engine, config) as bench:
        _, pcm = await said(bench, "A secret line.")
    [path] = Path(config.cache_dir).glob("*.json")
    meta = json.loads(path.read_text())
    assert meta["voice"] == "en_US-joe-medium"
    assert meta["backend"] == "piper"
    assert meta["latency_ms"] > 0
    assert meta["visemes"][0][1] in ("rest", "ih")
    assert "ecret" not in path.read_text()
    assert path.with_suffix(".pcm").read_bytes() == pcm[: 2 * meta["samples"]]
    async with lab(engine, config) as bench:
        spoken, same = await said(bench, "A secret line.")
        assert spoken.cached
        assert same == pcm


async def test_a_damaged_line_is_made_again(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    async with lab(engine, config) as bench:
        await said(bench, "Hi chat!")
    [path] = Path(config.cache_dir).glob("*.pcm")
    path.write_bytes(path.read_bytes()[:1000])
    async with lab(engine, config) as bench:
        spoken, pcm = await said(bench, "Hi chat!")
        assert not spoken.cached
        assert len(pcm) > 10_000
        again, _ = await said(bench, "Hi chat!")
        assert again.cached


async def test_a_cached_line_does_not_wait_for_one_being_made(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    async with lab(engine, config) as bench:
        await said(bench, "Hi chat!")
        watched.gate.clear()
        busy = speak(bench, LONG)
        await until(bench, lambda: watched.said[-1] == LONG)
        spoken, _ = await said(bench, "Hi chat!")
        assert spoken.cached
        assert not busy.done
        watched.gate.set()
        watched.step()
        await busy.result(30)


async def test_an_unusable_cache_folder_is_no_reason_to_be_mute(
    engine: type[TtsEngine], voice: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    config = tts.Config(model=str(voice), cache_dir=str(tmp_path / "file"))
    async with lab(engine, config) as bench:
        for _ in range(2):
            spoken, pcm = await said(bench, "Hi chat!")
            assert spoken.status == "ok"
            assert not spoken.cached
            assert pcm
    assert caplog.text.count("are not cached") == 1


# -- what has no sound, and what fails ----------------------------------------------------------


@pytest.mark.parametrize("text", ["🙂", "...", " ", "👩‍👩‍👧!?", "\x00"])
async def test_what_cannot_be_pronounced_is_no_sound_and_no_error(
    engine: type[TtsEngine], config: tts.Config, text: str
) -> None:
    async with lab(engine, config) as bench:
        spoken, pcm = await said(bench, text)
        assert spoken.status == "ok"
        assert (spoken.samples, pcm) == (0, b"")


async def test_the_text_is_bounded(engine: type[TtsEngine], config: tts.Config) -> None:
    async with lab(engine, config) as bench:
        for text in ("", "a" * 2001):
            with pytest.raises(RequestFailed) as caught:
                await speak(bench, text).result(30)
            assert caught.value.code == "bad-request"


async def test_an_unknown_voice_is_spoken_in_the_configured_one_and_told(
    engine: type[TtsEngine], config: tts.Config
) -> None:
    async with lab(engine, config) as bench:
        spoken, pcm = await said(bench, "Hi!", voice="jim")
        assert pcm
        assert spoken.voice == "en_US-joe-medium"
        assert "'jim' is not known" in spoken.detail


async def test_the_silent_backend_takes_the_time_of_the_text(config: tts.Config) -> None:
    config = tts.Config(backend="silent", model="/nowhere", cache_dir=config.cache_dir)
    async with lab(TtsEngine, config) as bench:
        spoken, pcm = await said(bench, "fourteen chars")
        assert (spoken.status, spoken.backend, spoken.samples) == ("ok", "silent", 22050)
        assert pcm == bytes(2 * 22050)
        assert statuses(bench) == ["loading", "ready"]


async def test_a_failing_sentence_is_silence_and_degraded_and_then_well_again(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    async with lab(engine, config) as bench:
        watched.fail_after = 0
        spoken, pcm = await said(bench, "fourteen chars")
        assert spoken.status == "silent"
        assert spoken.backend == "silent"
        assert "out of memory" in spoken.detail
        assert pcm == bytes(2 * 22050)
        told = bench.events(common.STATUS)[-1]
        assert told.state == "degraded"
        assert "piper" in told.detail
        watched.fail_after = None
        spoken, pcm = await said(bench, "fourteen chars")
        assert spoken.status == "ok"
        assert not spoken.cached
        assert any(pcm)
        assert statuses(bench) == ["loading", "ready", "degraded", "ready"]


async def test_a_sentence_that_breaks_off_is_told_and_not_cached(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    async with lab(engine, config) as bench:
        watched.fail_after = 2
        spoken, pcm = await said(bench, LONG)
        assert spoken.status == "silent"
        assert spoken.detail.startswith("broke off")
        assert any(pcm)
        watched.fail_after = None
        assert not (await said(bench, LONG))[0].cached


async def test_a_backend_that_fails_at_load_is_silence_and_degraded(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    watched.fail_load = MemoryError("no room")
    async with lab(engine, config) as bench:
        assert statuses(bench) == ["loading", "degraded"]
        assert "no room" in bench.events(common.STATUS)[-1].detail
        spoken, _ = await said(bench, "Hi!")
        assert spoken.backend == "silent"
        assert statuses(bench) == ["loading", "degraded"]


async def test_a_missing_voice_stops_the_start(config: tts.Config, tmp_path: Path) -> None:
    with pytest.raises(Missing, match="is not there; fetch it: kitsu models pull"):
        async with lab(TtsEngine, tts.Config(model=str(tmp_path / "none.onnx"))):
            pass


async def test_a_relative_cache_folder_lies_in_the_users_cache(
    engine: type[TtsEngine], voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "user"))
    async with lab(engine, tts.Config(model=str(voice), cache_dir="lines")) as bench:
        await said(bench, "Hi!")
    assert list((tmp_path / "user" / "lines").glob("*.pcm"))


async def test_pings_are_answered_while_it_speaks(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    watched.gate.clear()
    async with lab(engine, config) as bench:
        exchange = speak(bench, LONG)
        await until(bench, lambda: watched.said == [LONG])
        bench.send(Ping(n=7))
        await until(bench, lambda: Pong(n=7) in bench.said)
        assert not exchange.done
        watched.gate.set()
        watched.step()
        await exchange.result(30)


async def configure(bench: Bench, config: tts.Config) -> None:
    await bench.peer.request(
        common.CONFIGURE, common.Configure(config=msgspec.to_builtins(config)), timeout=30
    )


async def test_a_sentence_under_way_keeps_its_pace_and_is_kept_as_it_was_said(
    engine: type[TtsEngine], watched: Watched, config: tts.Config, tmp_path: Path
) -> None:
    quick = msgspec.structs.replace(config, speed=2.0)
    async with lab(engine, config) as bench:
        watched.gate.clear()
        slow = speak(bench, LONG)
        slow.on_event(lambda _: None)
        await until(bench, lambda: watched.said)
        changing = asyncio.ensure_future(configure(bench, quick))
        watched.gate.set()
        first = await slow.result(30)
        await changing
        second, _ = await said(bench, LONG)
        assert second.duration_ms < first.duration_ms * 0.7
        assert not second.cached
        await configure(bench, config)
        await until(bench, lambda: len(list((tmp_path / "cache").glob("*.json"))) == 2)
        third, _ = await said(bench, LONG)
        assert (third.cached, third.duration_ms) == (True, first.duration_ms)


async def test_sentences_that_wait_are_said_as_they_were_asked_for(
    engine: type[TtsEngine], watched: Watched, config: tts.Config
) -> None:
    texts = [f"This is the sentence number {n}." for n in range(2, 10)]
    async with lab(engine, config) as bench:
        watched.gate.clear()
        waiting = [speak(bench, text) for text in texts]
        for exchange in waiting:
            exchange.on_event(lambda _: None)
        await until(bench, lambda: watched.said)
        changing = asyncio.ensure_future(configure(bench, msgspec.structs.replace(config, speed=2)))
        watched.gate.set()
        before = [await exchange.result(60) for exchange in waiting]
        await changing
        last, _ = await said(bench, texts[-1])
        assert not last.cached
        assert last.duration_ms < before[-1].duration_ms * 0.7


async def test_the_cache_is_bounded_anew_turned_off_and_on(
    engine: type[TtsEngine], config: tts.Config, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    async with lab(engine, msgspec.structs.replace(config, cache_mb=0)) as bench:
        await said(bench, "Hi chat!")
        assert not folder.exists()
        await configure(bench, config)
        await said(bench, "Hi chat!")
        await until(bench, lambda: list(folder.glob("*.json")))
        assert (await said(bench, "Hi chat!"))[0].cached
        await configure(bench, msgspec.structs.replace(config, cache_mb=0))
        assert not (await said(bench, "Hi chat!"))[0].cached


def readings(bench: Bench) -> list[tuple[str, str]]:
    return [(event.text, event.phonemes) for event in bench.events(tts.READING)]


async def test_it_tells_how_a_line_is_read_once_before_its_sound_also_from_the_cache(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    async with lab(engine, config) as bench:
        exchanges = [speak(bench, "That is 5 dollars 🎉, sheet!")]
        await exchanges[0].result(30)
        cached = bench.host.engine._disk.submit(bool)  # type: ignore[union-attr]
        await asyncio.wrap_future(cached)
        exchanges.append(speak(bench, "That is 5 dollars 🎉, sheet!"))
        assert (await exchanges[1].result(30)).cached
        read = ("That is 5 dollars , sheet!", "ðæt ɪz faɪv dɑlɚz ʃit")
        assert readings(bench) == [read, read]
        assert len(watched.said) == 1
        for exchange in exchanges:
            names = [f.name for f in bench.said if isinstance(f, Event) and f.id == exchange.id]
            assert names.count("tts.reading") == 1
            assert names[0] == "tts.reading"


async def test_a_voice_that_hands_over_tells_the_reading_of_the_one_that_speaks(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    watched.fail_after = 0
    async with lab(engine, config) as bench:
        spoken, _ = await said(bench, "Hi chat!")
        assert spoken.backend == "silent"
        assert readings(bench) == [("Hi chat!", "")]


class StandIn(Silent):
    """Silence that tells how it reads."""

    reader = "another reader"

    def reading(self, text: str) -> str:
        return text.upper()


async def test_the_one_that_stands_in_says_who_reads_and_can_be_asked(
    config: tts.Config, watched: Watched
) -> None:
    watched.fail_after = 0
    voices: dict[str, Synthesizer] = {"piper": watched, "silent": StandIn(config)}
    async with lab(engine_with(lambda name, config: voices[name]), config) as bench:
        await said(bench, "Hi chat!")
        told = bench.events(tts.READING)[-1]
        assert (told.phonemes, told.voice) == ("HI CHAT!", "another reader")

        async def ask(voice: str) -> tts.Pronounced:
            return await bench.peer.request(
                tts.PRONOUNCE, tts.Pronounce(texts=["hi"], voice=voice), timeout=30
            )

        first = await ask("")
        assert first.voice == watched.reader
        assert first.voices == [watched.reader, "another reader"]
        assert (await ask("another reader")).phonemes == ["HI"]
        with pytest.raises(RequestFailed, match="reads as 'nobody'"):
            await ask("nobody")


async def test_one_that_fails_before_its_first_sound_leaves_no_reading_of_its_own(
    config: tts.Config, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mouth(text: str, speaker: int, stop: threading.Event) -> Iterator[Chunk]:
        yield Chunk(b"", (tts.Viseme(0.0, "aa"),))
        raise RuntimeError("out of memory")

    monkeypatch.setattr(watched, "speak", mouth)
    voices: dict[str, Synthesizer] = {"piper": watched, "silent": StandIn(config)}
    async with lab(engine_with(lambda name, config: voices[name]), config) as bench:
        await said(bench, "Hi chat!")
        assert bench.events(tts.READING)[-1].voice == "another reader"


async def test_silence_tells_no_phonemes(config: tts.Config) -> None:
    async with lab(engine_with(lambda name, config: Silent(config)), config) as bench:
        await said(bench, "Hi chat!")
        assert readings(bench) == [("Hi chat!", "")]
        answer = await bench.peer.request(tts.PRONOUNCE, tts.Pronounce(texts=["hi"]))
        assert answer == tts.Pronounced(phonemes=[""], voice="")


async def test_texts_are_pronounced_without_a_sound(
    engine: type[TtsEngine], config: tts.Config, watched: Watched
) -> None:
    texts = ["hi chat", "", "🎉", "F U C K", "1 2 3", "[[fʌk]]"] + ["well"] * 100
    async with lab(engine, config) as bench:
        answer = await bench.peer.request(tts.PRONOUNCE, tts.Pronounce(texts=texts), timeout=30)
        assert answer.phonemes[:5] == ["haɪ tʃæt", "", "", "ɛf ju si keɪ", "wʌn tu θɹi"]
        assert "fʌk" not in answer.phonemes[5].split()  # its letters: no raw phonemes from outside
        assert len(answer.phonemes) == len(texts)
        assert answer.voice.startswith("espeak en-us, piper ")
        assert watched.said == []


async def test_a_sentence_waits_for_one_batch_of_readings_at_most(
    engine: type[TtsEngine], config: tts.Config, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    first = threading.Event()

    def reading(text: str) -> str:
        order.append(text)
        if len(order) == 1:
            first.wait(30)
        return text

    monkeypatch.setattr(watched, "reading", reading)
    async with lab(engine, config) as bench:
        texts = [f"word {number}" for number in range(200)]
        asking = bench.peer.open(tts.PRONOUNCE, tts.Pronounce(texts=texts))
        await until(bench, lambda: order)
        saying = speak(bench, "Hi chat!")
        worker = bench.host.engine._worker  # type: ignore[union-attr]
        await until(bench, worker._work_queue.qsize)
        first.set()
        await saying.result(30)
        await asking.result(30)
        assert order.index("Hi chat!") <= 32
        assert len(order) == 201
