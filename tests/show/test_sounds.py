"""The keeper of sounds: a scripted voice, and the starter's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engines.testing import lab
from engines.wire import show, tts
from engines.wire.envelope import Failure
from engines.wire.peer import RequestFailed
from kitsu_tui.config.models import ModelStore
from kitsu_tui.show import readings
from kitsu_tui.show.safety import Gate, rules
from kitsu_tui.show.safety import ordinary as english
from kitsu_tui.show.sounds import MOST_LINES, Sounds
from kitsu_tui.show.turn import SpokenLine
from tests.show.safety.test_sound import ORDINARY, SOUNDS

DATA = Path(__file__).parents[1] / "data" / "safety"
ALL_WORDS = english.words()
RULES = Path(__file__).parents[2] / "profiles" / "safety"
TERMS = "rules: [{id: slur, category: slur, severity: 5, terms: [%s]}]"


class Desk:
    """What `Sounds` asks of a supervisor: a voice that answers by script."""

    def __init__(self, capabilities: tuple[str, ...] = ("reading",)) -> None:
        self.link: Any = SimpleNamespace(hello=SimpleNamespace(capabilities=capabilities))
        self.ready = True
        self.voice = "espeak en-us"
        self.asked: list[str] = []
        self.answer: Callable[[list[str]], None] = lambda texts: None
        self.free = asyncio.Event()
        self.free.set()

    @property
    def units(self) -> dict[str, Any]:
        return {"tts": SimpleNamespace(link=self.link)}

    def is_ready(self, name: str) -> bool:
        return self.ready

    async def request(self, engine: str, kind: Any, body: Any, timeout: float) -> tts.Pronounced:
        await self.free.wait()
        self.asked += body.texts
        self.answer(body.texts)
        known = SOUNDS | ORDINARY
        read = [" ".join(known.get(w, "ə") for w in _words(text)) for text in body.texts]
        return tts.Pronounced(phonemes=read, voice=self.voice)


def _words(text: str) -> list[str]:
    return [text] if text in SOUNDS else text.split(", ")


@pytest.fixture(autouse=True)
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(english, "words", lambda: frozenset(ORDINARY))


def gate(tmp_path: Path, terms: str = "faggot") -> Gate:
    (tmp_path / "rules.yaml").write_text(TERMS % terms, "utf-8")
    return Gate(rules.read(tmp_path / "rules.yaml").rules)


def sounds(desk: Desk, held: Gate | None, folder: Path, wait_s: float = 5.0) -> Sounds:
    return Sounds(desk, lambda: held, lambda: True, folder / "sounds", wait_s)  # type: ignore[arg-type]


def line(seq: int = 0) -> SpokenLine:
    return SpokenLine(seq=seq, text="")


def changed(state: Any) -> show.EngineChanged:
    return show.EngineChanged(engine="tts", state=state)


def reading(text: str, phonemes: str, voice: str = "") -> tts.Reading:
    return tts.Reading(text=text, phonemes=phonemes, voice=voice)


async def action(
    judge: Sounds, phonemes: str = "fæɡɪt", text: str = "phaggit", voice: str = ""
) -> str:
    verdict = await judge.read(reading(text, phonemes, voice), line())
    return "" if verdict is None else f"{verdict.action} {verdict.rule}"


async def test_a_sound_is_stopped_and_an_ordinary_one_is_not(tmp_path: Path) -> None:
    judge = sounds(Desk(), gate(tmp_path), tmp_path)
    judge.on_event(changed("ready"))
    assert await action(judge) == "drop slur"
    assert await action(judge, "kʌm hɪɹ", "come here") == ""


async def test_without_an_index_nothing_is_said_after_a_bounded_time(tmp_path: Path) -> None:
    desk = Desk()
    desk.free.clear()
    judge = sounds(desk, gate(tmp_path), tmp_path, wait_s=0.01)
    judge.on_event(changed("ready"))
    assert await action(judge, "kʌm", "come") == "drop the sounds to listen for are not read yet"
    desk.free.set()
    assert await judge.wait_known(5)
    assert await action(judge, "kʌm", "come") == ""
    await judge.close()


async def test_a_line_of_which_tts_tells_nothing_is_dropped(tmp_path: Path) -> None:
    judge = sounds(Desk(), gate(tmp_path), tmp_path)
    assert await action(judge, "", "") == "drop tts told not how it reads the line"


@pytest.mark.parametrize("mute", ["capability", "voice"])
async def test_where_tts_cannot_tell_the_text_alone_is_judged_and_that_is_said_once(
    tmp_path: Path, mute: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "show.sounds")
    desk = Desk(("visemes",) if mute == "capability" else ("reading",))
    desk.voice = ""
    judge = sounds(desk, gate(tmp_path), tmp_path)
    for _ in range(3):
        judge.on_event(changed("ready"))
        assert await action(judge, "", "") == ""
    assert [r.message for r in caplog.records if "text alone" in r.message] == [
        "this voice does not tell how it reads: the text alone is judged"
    ]


async def test_a_profile_may_do_without(tmp_path: Path) -> None:
    desk = Desk()
    judge = Sounds(desk, lambda: gate(tmp_path), lambda: False, tmp_path)  # type: ignore[arg-type]
    judge.on_event(changed("ready"))
    assert await action(judge) == ""
    assert desk.asked == []


async def test_a_restart_reads_the_kept_index(tmp_path: Path) -> None:
    desk = Desk()
    assert await action(sounds(desk, gate(tmp_path), tmp_path)) == "drop slur"
    assert len(desk.asked) > 1
    desk.asked.clear()
    assert await action(sounds(desk, gate(tmp_path), tmp_path)) == "drop slur"
    assert desk.asked == ["hello there"]  # who reads


async def test_a_kept_index_that_is_broken_is_made_again(tmp_path: Path) -> None:
    await action(sounds(Desk(), gate(tmp_path), tmp_path))
    (kept,) = (tmp_path / "sounds").glob("*.json")
    kept.write_bytes(kept.read_bytes()[:-20])
    desk = Desk()
    assert await action(sounds(desk, gate(tmp_path), tmp_path)) == "drop slur"
    assert len(desk.asked) > 1


async def test_another_voice_reads_anew_and_until_then_lines_wait(tmp_path: Path) -> None:
    desk = Desk()
    judge = sounds(desk, gate(tmp_path), tmp_path)
    assert await action(judge) == "drop slur"
    desk.link, desk.voice = SimpleNamespace(hello=desk.link.hello), "espeak en-gb"
    desk.asked.clear()
    judge.on_event(changed("starting"))
    desk.free.clear()
    judge.on_event(changed("ready"))
    asking = asyncio.create_task(action(judge))
    await asyncio.sleep(0)
    assert not asking.done()
    desk.free.set()
    assert await asking == "drop slur"
    assert len(desk.asked) > 1
    assert len(list((tmp_path / "sounds").glob("*.json"))) == 2


async def test_a_voice_that_has_read_ahead_keeps_no_line(tmp_path: Path) -> None:
    desk = Desk()
    held = gate(tmp_path)
    judge = sounds(desk, held, tmp_path)
    assert await action(judge) == "drop slur"
    desk.voice = "espeak en-gb"
    desk.asked.clear()

    class Peer:
        async def request(self, kind: Any, body: Any, timeout: float) -> tts.Pronounced:
            return await desk.request("tts", kind, body, timeout)

    fresh: Any = SimpleNamespace(hello=desk.link.hello, peer=Peer())
    await judge.prepare(fresh, held)
    assert "faggot" in desk.asked
    assert await action(judge, voice="espeak en-us") == "drop slur", "what is used is as it was"
    desk.asked.clear()
    desk.link = fresh
    judge.on_event(changed("starting"))
    judge.on_event(changed("ready"))
    assert await action(judge) == "drop slur"
    assert desk.asked == ["hello there"]
    for wrong in (SimpleNamespace(hello=None), SimpleNamespace(hello=fresh.hello, peer=None)):
        await judge.prepare(wrong, held)  # type: ignore[arg-type]


async def test_other_rules_are_read_while_the_ones_from_before_hold(tmp_path: Path) -> None:
    held = [gate(tmp_path)]
    desk = Desk()
    judge = Sounds(desk, lambda: held[0], lambda: True, tmp_path / "s")  # type: ignore[arg-type]
    assert await action(judge) == "drop slur"
    assert await action(judge, "kun", "koon") == ""
    held[0] = gate(tmp_path, "coon")
    desk.free.clear()
    judge.on_event(show.GateState(rules=1))
    assert await action(judge) == "drop slur"
    desk.free.set()
    assert judge._task is not None
    await judge._task
    assert await action(judge, "kun", "koon") == "drop slur"
    assert await action(judge) == ""


async def test_a_voice_that_fails_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kitsu_tui.show.sounds.BACKOFF_S", (0.0,))
    desk, failures = Desk(), [1, 2, 3]

    def answer(texts: list[str]) -> None:
        if failures:
            failures.pop()
            raise RequestFailed("tts.pronounce", Failure(code="failed", message="no"))

    desk.answer = answer
    judge = sounds(desk, gate(tmp_path), tmp_path)
    assert await action(judge) == "drop slur"
    assert not failures


# -- readings that come along ------------------------------------------------------------------


def reads(monkeypatch: pytest.MonkeyPatch, **other: str) -> dict[str, str]:
    """What comes along is how the scripted voice reads; `other`: it reads these in another way."""
    come = SOUNDS | ORDINARY
    found = {text: come[text] for text in sorted(come)} | other
    monkeypatch.setattr(readings, "PROBES", 9)
    for text in other:
        assert text in readings.Shipped("", found).probes()
    monkeypatch.setattr(readings, "shipped", lambda: readings.Shipped("espeak en-us", found))
    return found


async def test_a_first_start_asks_only_for_what_does_not_come_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    come = reads(monkeypatch)
    desk = Desk()
    assert await action(sounds(desk, gate(tmp_path, "faggot, grommit"), tmp_path)) == "drop slur"
    asked = {word for text in desk.asked for word in _words(text)}
    assert not asked & (come.keys() - readings.Shipped("", come).probes().keys())
    assert "grommit" in desk.asked


async def test_of_another_voice_only_a_line_that_may_sound_so_waits_for_all_its_readings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads(monkeypatch, it="ɪd")  # one of the probes: it reads in another way
    told: list[str] = []
    desk = Desk()
    terms_read = asyncio.Event()
    held = gate(tmp_path, "faggot, coon")
    judge = Sounds(
        desk,  # type: ignore[arg-type]
        lambda: held,
        lambda: True,
        tmp_path / "sounds",
        alert=lambda level, text: told.append(text),
        over=lambda text: told.append(f"over: {text}"),
    )

    def answer(texts: list[str]) -> None:
        if "faggot" in texts:
            desk.free.clear()  # the ordinary words stay away
            terms_read.set()

    desk.answer = answer
    judge.on_event(changed("ready"))
    await terms_read.wait()
    assert await action(judge, "kʌm hɪɹ", "come here") == "", "it has nothing of what is grave"
    grave = asyncio.create_task(action(judge))
    await asyncio.sleep(0.01)
    assert not grave.done(), "this may be an ordinary word"
    assert not await judge.wait_known(0)
    desk.free.set()
    assert await grave == "drop slur"
    assert "espeak en-us reads what is listened for" in told[0]
    assert told[1:] == [f"over: {told[0]}"]


async def test_a_line_that_may_sound_so_is_dropped_when_that_stays_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads(monkeypatch, it="ɪd")
    desk = Desk()
    desk.answer = lambda texts: desk.free.clear() if "faggot" in texts else None
    judge = sounds(desk, gate(tmp_path), tmp_path, wait_s=0.05)
    assert await action(judge) == "drop what else sounds like that is not read yet"
    await judge.close()


# -- a voice that stands in ---------------------------------------------------------------------

OTHER = {"faggot": "pæpæt", "phaggit": "pæpæt"}


class Two(Desk):
    """Its voice has one that stands in for it, and that reads otherwise."""

    def __init__(self, also: bool = True) -> None:
        super().__init__()
        self.voices = [self.voice, "other"] if also else [self.voice]

    async def request(self, engine: str, kind: Any, body: Any, timeout: float) -> tts.Pronounced:
        found = await super().request(engine, kind, body, timeout)
        read = found.phonemes
        if body.voice == "other":
            read = [OTHER.get(text, one) for text, one in zip(body.texts, read, strict=True)]
        return tts.Pronounced(
            phonemes=read, voice=body.voice or self.voice, voices=list(self.voices)
        )


async def test_a_voice_that_stands_in_is_judged_by_its_own_sounds(tmp_path: Path) -> None:
    judge = sounds(Two(), gate(tmp_path), tmp_path)
    judge.on_event(changed("ready"))
    assert await action(judge, "pæpæt", "puppet", "other") == "drop slur"
    assert await action(judge, "fæɡɪt", "fag it", "other") == ""
    assert await action(judge, "pæpæt", "puppet", "espeak en-us") == ""
    assert await action(judge, "fæɡɪt", "phaggit", "espeak en-us") == "drop slur"


async def test_a_line_that_is_read_again_is_judged_behind_the_one_before_it(
    tmp_path: Path,
) -> None:
    judge = sounds(Two(), gate(tmp_path), tmp_path)
    judge.on_event(changed("ready"))
    assert await judge.wait_known(5)

    async def said(phonemes: str, seq: int, voice: str) -> bool:
        return await judge.read(reading("x", phonemes, voice), line(seq)) is None

    for last in (1, 2):  # the line alone was read, or the one behind it as well
        assert await said("pæ", 0, "other")
        for seq in range(1, last + 1):
            assert await said("pæt", seq, "espeak en-us")
        assert not await said("pæt", 1, "other")
    for seq in range(50):
        assert await said("pæ", seq, "espeak en-us")
    assert len(judge._read) <= MOST_LINES


async def test_a_voice_that_nobody_knows_says_nothing(tmp_path: Path) -> None:
    desk = Two(also=False)
    judge = sounds(desk, gate(tmp_path), tmp_path, wait_s=0.05)
    assert await judge.wait_known(0) is False
    assert (await action(judge, "kʌm", "come", "other")).startswith("drop")
    assert await action(judge, "kʌm", "come", "espeak en-us") == ""
    assert desk.asked.count("hello there") <= 2, "and it is not asked for again and again"
    await judge.close()


def test_without_its_file_all_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readings, "FILE", tmp_path / "readings.txt.gz")
    readings.FILE.write_bytes(b"nothing of the kind")
    assert readings.shipped.__wrapped__() == readings.Shipped("", {})
    assert "every sound is asked for" in caplog.text


# -- the starter's voice -----------------------------------------------------------------------

SPELT_BY_SOUND = """
    fuq that | what a phaggit | you knee gur | nihgger | F U C K you | F.U.C.K. you | phuck it
    kyll yourself | what a kunt | hyle hitler | fourteen eighty eight | he is a kyke
    raip her | trannie | chynk | n i g g e r | fuk off | phukking idiot
"""


GRAVE = """
rules:
  - {id: swear, category: profanity, severity: 3, match: stem, terms: [fuck, cunt]}
  - {id: slur, category: slur, severity: 5, terms: [faggot, nigger, kike, tranny, chink, "1488"]}
  - {id: harm, category: harm, severity: 5, terms: [kill yourself, rape, heil hitler]}
"""


@pytest.mark.real
async def test_the_starter_voice_stops_spellings_by_sound_and_no_ordinary_line(
    tmp_path: Path, starter_models: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engines.tts.engine import TtsEngine

    paths = sorted(DATA.glob("ordinary*.txt"))
    every = [text for path in paths for text in path.read_text("utf-8").splitlines()]
    plain = [text for text in every if text and not text.startswith("#")]
    lines = plain[:: max(1, len(plain) // 300)][:300]
    # The whole list takes seconds: what the lines say, what terms sound like, and short words.
    said = {word.strip(".,!?'\"").lower() for text in lines for word in text.split()}
    said |= {"come", "dike", "sheet", "beach", "count", "dick", "speak"}
    short = {word for word in ALL_WORDS if len(word) <= 3}
    some = frozenset(word for word in said | short if word.isalpha())
    monkeypatch.setattr(english, "words", lambda: some)
    config = tts.Config(
        model=str(starter_models.path("piper-en_US-joe-medium")), cache_dir=str(tmp_path / "cache")
    )
    async with lab(TtsEngine, config) as bench:
        desk = Desk()

        async def request(engine: str, kind: Any, body: Any, timeout: float) -> tts.Pronounced:
            return await bench.peer.request(tts.PRONOUNCE, body, timeout=60)

        desk.request = request  # type: ignore[method-assign]
        (tmp_path / "grave.yaml").write_text(GRAVE, "utf-8")
        own = sounds(desk, Gate.load(tmp_path, ["grave"]), tmp_path, wait_s=60)
        whole = sounds(desk, Gate.load(RULES), tmp_path, wait_s=60)

        async def heard(judge: Sounds, texts: list[str]) -> list[bool]:
            out = []
            for at in range(0, len(texts), 100):
                part = texts[at : at + 100]
                read = (await request("tts", None, tts.Pronounce(texts=part), 60)).phonemes
                for text, phonemes in zip(part, read, strict=True):
                    out.append(await judge.read(reading(text, phonemes), line()) is not None)
            return out

        spelt = [text.strip() for text in SPELT_BY_SOUND.replace("\n", "|").split("|")]
        spelt = [text for text in spelt if text]
        found = dict(zip(spelt, await heard(own, spelt), strict=True))
        assert [text for text, stopped in found.items() if not stopped] == []
        stopped = dict(zip(lines, await heard(whole, lines), strict=True))
        assert [text for text, bad in stopped.items() if bad] == []
