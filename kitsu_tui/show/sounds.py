"""How she is about to be pronounced: has the grave sounds read by the voices in use, keeps their
indexes, and judges each sentence by the one that says it before `audio` has any of it.

An index belongs to a voice and a set of rules. It is built when `tts` becomes ready and when the
rules change, and kept in the state folder, so that a restart is quick. How the starter's language
is read comes along (`readings.py`), so that a first start is nearly as quick. A voice that reads
otherwise reads all that is listened for at its first start: the terms first, and a line in which
none of them is heard goes on air from then on; one that may have one waits until it is known which
ordinary words sound so, too. Fails closed: what is not known within `WAIT_S` is dropped. While the
rules change under the same voice, the index from before holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from engines.wire import show, tts
from engines.wire.envelope import Failure
from engines.wire.peer import RequestFailed
from kitsu_tui.show.link import Link
from kitsu_tui.show.listening import Listening
from kitsu_tui.show.safety import Gate, Verdict, failed
from kitsu_tui.show.safety.sound import Keys, SoundIndex
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.turn import SpokenLine

log = logging.getLogger("show.sounds")

CAPABILITY = "reading"
WAIT_S = 6.0
"""How long a sentence waits for the index. A kept one takes 0.2 s; a first one about 1 s, and for a
voice of another language 3 s, of which the terms take 1 s."""
ASK_S = 20.0
PREPARE_S = 20.0
"""How long another voice may read ahead before it is used all the same."""
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
FIRST = (
    "{voice} reads what is listened for (new voice or rules): for some seconds a line that may "
    "sound like it waits, up to {seconds:g} s, and is dropped then"
)
MOST_VOICES = 4
MOST_LINES = 8
"""Lines whose readings are kept for the line after them; two are under way at once."""


class _Known(NamedTuple):
    """What is listened for as one voice reads it: no sounds of a voice that tells nothing.
    `whole`: the ordinary words that sound so are left out.
    """

    sounds: SoundIndex | None
    whole: bool = True


def _judged(known: _Known, reading: tts.Reading, before: str) -> Verdict | None:
    if known.sounds is None:
        return None  # this voice tells nothing: the text alone was judged
    if not reading.text:
        return failed("tts told not how it reads the line", "sound")
    return known.sounds.judge(reading.phonemes, before, reading.text)


class Sounds:
    """The judge of sounds.

    Args:
        gate: the gate in force, None when there is none.
        on: whether the profile wants it.
        folder: where indexes are kept.
        alert: tells the operator.
        over: tells that what an alert said is no more so.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        gate: Callable[[], Gate | None],
        on: Callable[[], bool],
        folder: Path,
        wait_s: float = WAIT_S,
        alert: Callable[[Literal["info"], str], None] = lambda level, text: None,
        over: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._supervisor = supervisor
        self._gate = gate
        self._on = on
        self._listening = Listening(folder)
        self._wait_s = wait_s
        self._alert, self._over = alert, over
        self._by: dict[str, _Known] = {}
        """By voices; with an empty name, one that tells nothing."""
        self._voice = ""
        """Who speaks when nothing fails."""
        self._sure = False
        """It is known who that is."""
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._trouble = ""
        self._told = ""
        self._read: dict[tuple[int, int, int], str] = {}
        """Of the last lines that were read: turn, revision, number; phonemes."""

    # -- judging -----------------------------------------------------------------------------

    async def read(self, reading: tts.Reading, line: SpokenLine) -> Verdict | None:
        """Judge how a line is about to be pronounced; None: nothing against it.

        An empty text says that `tts` told nothing of it.
        """
        if not self._on():
            return None
        before = self._before(reading.phonemes, line)
        if self._of(reading.voice) is None:
            self.refresh()
        why = "the sounds to listen for are not read yet"
        try:
            async with asyncio.timeout(self._wait_s):
                while True:
                    known = self._of(reading.voice)
                    if known is not None:
                        found = _judged(known, reading, before)
                        if found is None or known.whole:
                            return found
                        why = "what else sounds like that is not read yet"
                    await self._news.wait()
        except TimeoutError:
            return failed(self._trouble or why, "sound")

    def _of(self, voice: str) -> _Known | None:
        """What is known of a voice; of one that was not named, of the one that speaks mostly."""
        return self._by.get(voice or self._voice) if self._sure else None

    def _before(self, phonemes: str, line: SpokenLine) -> str:
        """The reading of the line before this one in the same answer."""
        turn, rev = getattr(line, "turn", 0), getattr(line, "rev", 0)
        # A line may be read again, also behind the next one: by a voice that stands in.
        self._read[turn, rev, line.seq] = phonemes
        while len(self._read) > MOST_LINES:
            del self._read[next(iter(self._read))]
        return self._read.get((turn, rev, line.seq - 1), "")

    # -- keeping the index -------------------------------------------------------------------

    def on_event(self, event: show.ShowEvent) -> None:
        """Hook of the bus: the voice or the rules may be others."""
        if isinstance(event, show.EngineChanged) and event.engine == "tts":
            self._sure = False
            if event.state in ("ready", "degraded"):
                self.refresh()
        elif isinstance(event, show.GateState):
            self.refresh()

    def refresh(self) -> None:
        """See to an index of the voices and rules as they are now."""
        if not self._on():
            return
        if self._task is not None and not self._task.done():
            self._again = True
            return
        self._task = asyncio.create_task(self._keep(), name="sounds")

    async def wait_known(self, timeout: float) -> bool:
        """True as soon as it is known how sentences are judged."""
        try:
            async with asyncio.timeout(timeout):
                while (known := self._of("")) is None or not known.whole:
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """End what is under way."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _keep(self) -> None:
        tries = 0
        while True:
            self._again = False
            try:
                await self._build()
                self._trouble = ""
                if not self._again:
                    return
                tries = 0
            except Exception as err:
                self._trouble = f"sounds: {err}"
                if not self._supervisor.is_ready("tts"):
                    return  # it tells when it is back
                if not isinstance(err, RequestFailed):
                    log.exception("the sounds to listen for cannot be read")
                elif not tries:
                    log.warning("the sounds to listen for cannot be read: %s", err)
                await asyncio.sleep(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])
                tries += 1

    async def _build(self) -> None:
        if not self._supervisor.is_ready("tts"):
            return
        link = self._supervisor.units["tts"].link
        gate = self._gate()
        if link is None or link.hello is None or gate is None:
            return
        told = tts.Pronounced(phonemes=[])
        if CAPABILITY in link.hello.capabilities:
            told = await self._ask(["hello there"])
        if self._supervisor.units["tts"].link is not link:
            return  # another one stands there now, and told so
        voices = list(dict.fromkeys([told.voice, *told.voices[:MOST_VOICES]]))
        self._by = {voice: known for voice, known in self._by.items() if voice in voices}
        self._voice, self._sure = told.voice, True
        self._tell()
        for voice in voices:
            if voice:
                await self._learn(voice, gate)
            else:
                words = "this voice does not tell how it reads: the text alone is judged"
                self._use("", _Known(None), words)

    async def _learn(self, voice: str, gate: Gate) -> None:
        """Have an index of a voice and these rules. The one of a voice that was not known is used
        while it is made, as soon as there is something to listen for.
        """
        new = voice not in self._by
        told: list[str] = []

        async def ask(texts: list[str]) -> list[str]:
            return (await self._ask(texts, voice)).phonemes

        def begins() -> None:
            if new and voice == self._voice:
                told.append(FIRST.format(voice=voice, seconds=self._wait_s))
                self._alert("info", told[-1])

        def early(keys: Keys) -> None:
            if new:
                words = f"terms as {voice} reads them are known, and no other words yet"
                self._use(voice, _Known(SoundIndex(keys), whole=False), words)

        keys = await self._listening.keys(voice, gate, ask, begins, early)
        words = f"listening for {len(keys.terms)} terms as {voice} reads them"
        self._use(voice, _Known(await asyncio.to_thread(SoundIndex, keys)), words)
        for text in told:
            self._over(text)

    async def prepare(self, link: Link, gate: Gate) -> None:
        """Have a voice that is about to be used read what is listened for, so that it is known
        when she speaks with it. What comes to nothing is done when it is used.
        """

        async def pronounced(texts: list[str]) -> tts.Pronounced:
            wanted = tts.Pronounce(texts=texts)
            return await link.peer.request(tts.PRONOUNCE, wanted, timeout=ASK_S)

        async def ask(texts: list[str]) -> list[str]:
            return (await pronounced(texts)).phonemes

        if link.hello is None or CAPABILITY not in link.hello.capabilities:
            return
        try:
            async with asyncio.timeout(PREPARE_S):
                if voice := (await pronounced(["hello there"])).voice:
                    await self._listening.keys(voice, gate, ask)
        except Exception as err:
            log.warning("what is listened for is not read ahead: %s: %s", type(err).__name__, err)

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _use(self, voice: str, known: _Known, words: str) -> None:
        self._by[voice] = known
        self._tell()
        if words != self._told:
            self._told = words
            log.info("%s", words)

    async def _ask(self, texts: list[str], voice: str = "") -> tts.Pronounced:
        """Raises RequestFailed, also when another voice answers."""
        kind = tts.PRONOUNCE
        told = await self._supervisor.request(
            "tts", kind, tts.Pronounce(texts=texts, voice=voice), timeout=ASK_S
        )
        if voice and told.voice != voice:
            failure = Failure(code="missing", message=f"{told.voice} answered for {voice}")
            raise RequestFailed(kind.name, failure)
        return told
