"""The engine with the real model: what is fed, what comes back, and in which order."""

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from engines.asr.engine import MAX_CALLS, AsrEngine
from engines.resample import resample
from engines.testing import Bench, lab
from engines.wire import asr, common
from engines.wire.envelope import Cancel, Event, Request, Response
from engines.wire.message import Empty
from engines.wire.peer import Exchange, RequestFailed
from kitsu_tui.bench.wer import wer
from tests.engines.asr.gate import Gate
from tests.support.speech import CLIPS, SPEECH, pcm_of, silence

QUESTIONS = [name for name, clip in CLIPS.items() if clip["kind"] == "question"]
Exchanged = Exchange[asr.Transcript]


@pytest.fixture
async def bench(gate: Gate) -> AsyncIterator[Bench]:
    """The engine on the loaded model."""
    async with lab(AsrEngine, asr.Config()) as made:
        yield made


@asynccontextmanager
async def engine_with(config: asr.Config) -> AsyncIterator[Bench]:
    async with lab(AsrEngine, config) as made:
        yield made


def begin(bench: Bench, **params: object) -> Exchanged:
    exchange = bench.peer.open(asr.TRANSCRIBE, asr.Transcribe(**params))  # type: ignore[arg-type]
    exchange.on_event(lambda _: None)
    return exchange


def feed(exchange: Exchanged, pcm: bytes, chunk_ms: int = 20) -> None:
    size = 32 * chunk_ms
    for at in range(0, len(pcm), size):
        exchange.feed(asr.PCM, asr.Pcm(pcm=pcm[at : at + size]))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.real
@pytest.mark.parametrize("name", QUESTIONS)
async def test_every_question_is_understood_word_for_word(bench: Bench, name: str) -> None:
    result = await bench.peer.request(
        asr.TRANSCRIBE, asr.Transcribe(wav=str(SPEECH / f"{name}.wav")), timeout=30
    )
    assert wer(CLIPS[name]["text"], result.text) == 0, result.text
    assert result.confidence > 0.7
    assert result.duration_ms == pytest.approx(CLIPS[name]["duration_ms"], abs=1)
    assert not result.guessed


@pytest.mark.real
@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
async def test_sound_at_other_rates_is_understood(bench: Bench, rate: int) -> None:
    sound = np.frombuffer(pcm_of("dream"), "<i2") / 32768
    pcm = (resample(sound.astype(np.float32), 16000, rate) * 32767).astype("<i2").tobytes()
    whole = begin(bench, rate=rate, pcm=pcm)
    streamed = begin(bench, rate=rate)
    feed(streamed, pcm, chunk_ms=33)
    streamed.feed(asr.END, Empty())
    for result in (await whole.result(30), await streamed.result(30)):
        assert wer(CLIPS["dream"]["text"], result.text) == 0, result.text
        assert result.duration_ms == pytest.approx(CLIPS["dream"]["duration_ms"], abs=1)


@pytest.mark.real
@pytest.mark.parametrize("name", ["cough", "fan"])
async def test_noise_is_nothing_said(bench: Bench, name: str) -> None:
    result = await begin(bench, wav=str(SPEECH / f"{name}.wav")).result(30)
    assert (result.text, result.confidence) == ("", 0.0)
    assert result.no_speech > 0.6


async def test_silence_is_nothing_said_and_costs_no_decode(bench: Bench) -> None:
    result = await begin(bench, pcm=silence(2000)).result(30)
    assert (result.text, result.no_speech, result.decode_ms) == ("", 1.0, 0.0)
    nothing = begin(bench)
    nothing.feed(asr.END, Empty())
    assert (await nothing.result(30)).text == ""


@pytest.mark.real
async def test_partials_come_while_she_listens_and_grow_towards_the_final(
    bench: Bench, gate: Gate
) -> None:
    pcm = pcm_of("dream")
    exchange = begin(bench, preroll_ms=200)
    for at in range(0, len(pcm), 640):
        exchange.feed(asr.PCM, asr.Pcm(pcm=pcm[at : at + 640]))
        await asyncio.sleep(0)
        await until(lambda: gate.ended == len(gate.begun))  # she keeps up
        await asyncio.sleep(0.005)
    exchange.feed(asr.END, Empty())
    result = await exchange.result(30)
    partials = bench.events(asr.PARTIAL)
    # Looked at 350 ms after the onset at 200 ms, and from then on every half second.
    assert 540 <= gate.begun[0][0] * 1000 <= 600
    assert len(partials) >= 3
    gaps = np.diff([partial.upto_ms for partial in partials])
    assert all(480 <= gap <= 1100 for gap in gaps), gaps
    words = result.text.lower().split()
    last = partials[-1].text.lower().split()
    assert last[:4] == words[:4], (partials, result.text)


@pytest.mark.real
async def test_partials_can_be_switched_off(gate: Gate) -> None:
    async with engine_with(asr.Config(partials=False)) as bench:
        exchange = begin(bench)
        feed(exchange, pcm_of("snack"))
        exchange.feed(asr.END, Empty())
        await exchange.result(30)
        assert not bench.events(asr.PARTIAL)
        assert [final for _, final in gate.begun] == [True]


@pytest.mark.real
async def test_a_guess_in_the_pause_is_the_answer_at_the_end(bench: Bench, gate: Gate) -> None:
    exchange = begin(bench)
    feed(exchange, pcm_of("snack"))
    exchange.feed(asr.PAUSE, Empty())
    guess = await bench.wait_event(asr.GUESS)
    feed(exchange, silence(300))
    exchange.feed(asr.END, Empty())
    result = await exchange.result(30)
    assert result.guessed
    assert result.text == guess.text
    assert wer(CLIPS["snack"]["text"], result.text) == 0
    assert sum(final for _, final in gate.begun) == 1


@pytest.mark.real
async def test_the_end_waits_for_a_guess_that_is_still_being_worked_out(gate: Gate) -> None:
    gate.close()
    async with engine_with(asr.Config(partials=False)) as bench:
        exchange = begin(bench)
        feed(exchange, pcm_of("cat"))
        exchange.feed(asr.PAUSE, Empty())
        await until(lambda: bool(gate.begun))
        exchange.feed(asr.END, Empty())
        await asyncio.sleep(0.01)
        gate.open()
        result = await exchange.result(30)
    assert result.guessed
    assert wer(CLIPS["cat"]["text"], result.text) == 0
    assert len(gate.begun) == 1


@pytest.mark.real
async def test_words_after_a_pause_make_the_guess_void(bench: Bench) -> None:
    clip = CLIPS["paused"]
    pcm = pcm_of("paused")
    here = 32 * round(clip["pause_ms"][0] + 200)
    exchange = begin(bench)
    feed(exchange, pcm[:here])
    exchange.feed(asr.PAUSE, Empty())
    guess = await bench.wait_event(asr.GUESS)
    assert wer("I was wondering", guess.text) == 0
    exchange.feed(asr.RESUME, Empty())
    feed(exchange, pcm[here:])
    exchange.feed(asr.END, Empty())
    result = await exchange.result(30)
    assert not result.guessed
    assert wer(clip["text"], result.text) == 0, result.text


@pytest.mark.real
async def test_a_guess_does_not_answer_for_words_that_nobody_announced(bench: Bench) -> None:
    """The speaker went on and `asr.resume` never came."""
    clip = CLIPS["paused"]
    pcm = pcm_of("paused")
    here = 32 * round(clip["pause_ms"][0] + 200)
    exchange = begin(bench)
    feed(exchange, pcm[:here])
    exchange.feed(asr.PAUSE, Empty())
    feed(exchange, pcm[here:])
    exchange.feed(asr.END, Empty())
    result = await exchange.result(30)
    assert not result.guessed
    assert wer(clip["text"], result.text) == 0, result.text


@pytest.mark.real
async def test_a_guess_overtaken_by_a_resume_is_never_told(bench: Bench, gate: Gate) -> None:
    gate.close()
    exchange = begin(bench)
    feed(exchange, pcm_of("snack"), chunk_ms=2000)
    exchange.feed(asr.PAUSE, Empty())
    await until(lambda: bool(gate.begun))
    exchange.feed(asr.RESUME, Empty())
    await asyncio.sleep(0.01)
    gate.open()
    exchange.feed(asr.END, Empty())
    assert not (await exchange.result(30)).guessed
    assert not bench.events(asr.GUESS)


@pytest.mark.real
async def test_nothing_comes_after_the_final(bench: Bench, gate: Gate) -> None:
    gate.close()  # a partial is under way when the end comes
    exchange = begin(bench)
    feed(exchange, pcm_of("game"))
    await until(lambda: bool(gate.begun))
    assert not gate.begun[0][1]
    exchange.feed(asr.END, Empty())
    await asyncio.sleep(0.01)
    gate.open()
    result = await exchange.result(30)
    assert wer(CLIPS["game"]["text"], result.text) == 0
    await asyncio.sleep(0.2)
    response = next(n for n, frame in enumerate(bench.said) if isinstance(frame, Response))
    assert not [frame for frame in bench.said[response:] if isinstance(frame, Event)]
    assert not bench.events(asr.PARTIAL)


@pytest.mark.real
async def test_a_final_overtakes_the_partials_of_others(bench: Bench, gate: Gate) -> None:
    gate.close()
    talkers = [begin(bench) for _ in range(3)]
    for talker in talkers:
        feed(talker, pcm_of("song"))
    await until(lambda: len(gate.begun) == 1)
    urgent = begin(bench, wav=str(SPEECH / "snack.wav"))
    await asyncio.sleep(0.1)
    gate.open()
    result = await urgent.result(30)
    assert wer(CLIPS["snack"]["text"], result.text) == 0
    assert [final for _, final in gate.begun][:2] == [False, True]
    for talker in talkers:
        talker.feed(asr.END, Empty())
        assert wer(CLIPS["song"]["text"], (await talker.result(30)).text) == 0


@pytest.mark.real
async def test_a_cancel_answers_at_once_and_drops_what_waits(bench: Bench, gate: Gate) -> None:
    gate.close()
    running = begin(bench, wav=str(SPEECH / "cat.wav"))
    waiting = begin(bench, wav=str(SPEECH / "dream.wav"))
    await until(lambda: len(gate.begun) == 1)
    await asyncio.sleep(0.05)
    for exchange in (waiting, running):
        exchange.cancel("no longer wanted")
        with pytest.raises(RequestFailed) as caught:
            await exchange.result(30)  # the gate is still closed
        assert caught.value.code == "cancelled"
    gate.open()
    await until(lambda: gate.ended == 1)
    await asyncio.sleep(0.02)
    assert len(gate.begun) == 1, "what was cancelled in the queue was decoded"
    result = await begin(bench, wav=str(SPEECH / "snack.wav")).result(30)
    assert wer(CLIPS["snack"]["text"], result.text) == 0


@pytest.mark.real
async def test_a_long_utterance_is_settled_piece_by_piece(bench: Bench, gate: Gate) -> None:
    names = ["paused", "dream", "game", "breakfast", "song", "cat", "snack", "paused"]
    pcm = b"".join(pcm_of(name) + silence(150) for name in names)
    exchange = begin(bench)
    feed(exchange, pcm, chunk_ms=100)
    exchange.feed(asr.PAUSE, Empty())
    guess = await bench.wait_event(asr.GUESS)
    exchange.feed(asr.END, Empty())
    result = await exchange.result(60)
    said = " ".join(CLIPS[name]["text"] for name in names)
    assert wer(said, result.text) <= 0.05, result.text
    assert guess.text == result.text
    assert result.guessed
    assert max(length for length, _ in gate.begun) <= 12.1


async def test_the_end_of_the_input_ends_the_utterance(bench: Bench) -> None:
    exchange = begin(bench)
    feed(exchange, pcm_of("snack"))
    await asyncio.sleep(0.05)
    finished = asyncio.ensure_future(bench.host.finish())
    assert wer(CLIPS["snack"]["text"], (await exchange.result(30)).text) == 0
    await finished


def bad_wavs(folder: Path) -> dict[str, tuple[Path, str]]:
    text = folder / "text.wav"
    text.write_text("not sound at all, only words", "utf-8")
    short = folder / "short.wav"
    short.write_bytes((SPEECH / "snack.wav").read_bytes()[:10])
    empty = folder / "empty.wav"
    slow = folder / "slow.wav"
    for path, rate in ((empty, 16000), (slow, 4000)):
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes(b"" if path == empty else bytes(8000))
    return {
        "text": (text, "RIFF"),
        "short": (short, "not a PCM wav"),
        "empty": (empty, "holds no sound"),
        "slow": (slow, "4000 Hz"),
        "absent": (folder / "absent.wav", "no such file"),
        "folder": (folder, ""),
    }


@pytest.mark.parametrize("case", ["text", "short", "empty", "slow", "absent", "folder"])
async def test_a_bad_wav_is_refused_by_name(bench: Bench, tmp_path: Path, case: str) -> None:
    path, found = bad_wavs(tmp_path)[case]
    with pytest.raises(RequestFailed) as caught:
        await begin(bench, wav=str(path)).result(30)
    assert caught.value.code == "bad-request"
    assert str(path) in caught.value.detail
    assert found in caught.value.detail


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'{"pcm":"AAA=","wav":"x.wav"}', "not both"),
        (b'{"pcm":"AAAA"}', "whole number of 16-bit samples"),
        (b'{"pcm":"%%%"}', "pcm"),
        (b'{"rate":4000}', "rate"),
        (b'{"rate":"fast"}', "rate"),
    ],
)
async def test_a_malformed_request_is_refused(bench: Bench, data: bytes, found: str) -> None:
    bench.raw(b'{"type":"request","id":"x","name":"asr.transcribe","data":' + data + b"}")
    await until(lambda: any(isinstance(frame, Response) for frame in bench.said))
    (response,) = (frame for frame in bench.said if isinstance(frame, Response))
    assert response.error is not None
    assert response.error.code == "bad-request"
    assert found in response.error.message


async def test_half_a_sample_in_the_stream_is_refused(bench: Bench) -> None:
    exchange = begin(bench)
    exchange.feed(asr.PCM, asr.Pcm(pcm=b"abc"))
    with pytest.raises(RequestFailed, match="whole number"):
        await exchange.result(30)


async def test_too_many_utterances_at_once_are_refused(bench: Bench) -> None:
    held = [begin(bench) for _ in range(MAX_CALLS)]
    with pytest.raises(RequestFailed) as caught:
        await begin(bench).result(30)
    assert caught.value.code == "busy"
    bench.cancel(Cancel(scope="request", id=held[0].id))
    with pytest.raises(RequestFailed):
        await held[0].result(30)
    again = begin(bench)
    again.feed(asr.END, Empty())
    await again.result(30)


async def test_an_unknown_event_is_told_and_does_no_harm(bench: Bench) -> None:
    exchange = begin(bench)
    bench.send(Event(name="asr.shout", id=exchange.id))
    bench.send(Request(id="other", name="asr.sing"))
    exchange.feed(asr.END, Empty())
    assert (await exchange.result(30)).text == ""


@pytest.mark.real
async def test_partials_and_the_threshold_change_between_two_utterances(
    bench: Bench, gate: Gate
) -> None:
    async def partials() -> int:
        told = len(bench.events(asr.PARTIAL))
        exchange, pcm = begin(bench), pcm_of("dream")
        for at in range(0, len(pcm), 640):
            exchange.feed(asr.PCM, asr.Pcm(pcm=pcm[at : at + 640]))
            await asyncio.sleep(0)
            await until(lambda: gate.ended == len(gate.begun))
            await asyncio.sleep(0.005)
        exchange.feed(asr.END, Empty())
        await exchange.result(30)
        return len(bench.events(asr.PARTIAL)) - told

    before = gate.threshold
    assert await partials()
    asked = {"partials": False, "no_speech_threshold": 0.25}
    await bench.peer.request(common.CONFIGURE, common.Configure(config=asked))
    assert gate.threshold == 0.25
    assert not await partials()
    gate.threshold = before  # the loaded model is shared
