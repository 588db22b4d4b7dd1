"""How she is about to be pronounced: has the grave sounds read by the voice in use, keeps the
index, and judges each sentence by it before `audio` has any of it.

The index belongs to a voice and a set of rules. It is built when `tts` becomes ready and when the
rules change, and kept in the state folder, so that a restart is quick. How the starter's language
is read comes along (`readings.py`), so that a first start is nearly as quick; a voice that reads
nearly so is judged by that until it has read all itself. Fails closed: until the voice is known and
an index there, a sentence waits up to `WAIT_S`, then it is dropped. While the rules change under
the same voice, the index from before holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from engines.wire import show, tts
from engines.wire.peer import RequestFailed
from kitsu_tui.show import readings
from kitsu_tui.show.safety import RANK, Gate, Verdict, failed, guarded, sound
from kitsu_tui.show.safety import ordinary as english
from kitsu_tui.show.safety.alternatives import expand
from kitsu_tui.show.safety.sound import Keys, SoundIndex, Term
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.turn import SpokenLine

log = logging.getLogger("show.sounds")

CAPABILITY = "reading"
WAIT_S = 6.0
"""How long a sentence waits for the index. A kept one takes 0.2 s; a first one about 1 s, and for a
voice of another language 3 s or more."""
NEARLY = 0.4
"""Share of shipped readings that a voice reads in the same way for its language to be the same, and
the kind of it another one: they are gone by until its own index is there."""
ASK_S = 20.0
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
ALLOWED = 200
"""Phrases that one entry with alternatives may stand for."""
KEPT = 4
"""Indexes kept on disk: of the voices and rules last used."""


class Sounds:
    """The judge of sounds.

    Args:
        gate: the gate in force, None when there is none.
        on: whether the profile wants it.
        folder: where indexes are kept.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        gate: Callable[[], Gate | None],
        on: Callable[[], bool],
        folder: Path,
        wait_s: float = WAIT_S,
    ) -> None:
        self._supervisor = supervisor
        self._gate = gate
        self._on = on
        self._folder = folder
        self._wait_s = wait_s
        self._index: SoundIndex | None = None
        self._voice = ""
        self._known = asyncio.Event()
        """Set while it is known how sentences are judged: by an index, or not at all."""
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._trouble = ""
        self._told = ""
        self._last: tuple[int, int, int, str] = (0, 0, -1, "")

    # -- judging -----------------------------------------------------------------------------

    async def read(self, text: str, phonemes: str, line: SpokenLine) -> Verdict | None:
        """Judge how a line is about to be pronounced; None: nothing against it.

        An empty `text` says that `tts` told nothing of it.
        """
        if not self._on():
            return None
        if not self._known.is_set():
            self.refresh()
            if not await self.wait_known(self._wait_s):
                return failed(self._trouble or "the sounds to listen for are not read yet", "sound")
        if self._index is None:
            return None  # its voice tells nothing: the text alone was judged
        if not text:
            return failed("tts told not how it reads the line", "sound")
        return self._index.judge(phonemes, self._before(phonemes, line), text)

    def _before(self, phonemes: str, line: SpokenLine) -> str:
        """The reading of the line before this one in the same answer."""
        turn, rev = getattr(line, "turn", 0), getattr(line, "rev", 0)
        last, self._last = self._last, (turn, rev, line.seq, phonemes)
        return last[3] if last[:3] == (turn, rev, line.seq - 1) else ""

    # -- keeping the index -------------------------------------------------------------------

    def on_event(self, event: show.ShowEvent) -> None:
        """Hook of the bus: the voice or the rules may be others."""
        if isinstance(event, show.EngineChanged) and event.engine == "tts":
            self._known.clear()
            if event.state in ("ready", "degraded"):
                self.refresh()
        elif isinstance(event, show.GateState):
            self.refresh()

    def refresh(self) -> None:
        """See to an index of the voice and rules as they are now."""
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
                await self._known.wait()
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
        voice = ""
        if CAPABILITY in link.hello.capabilities:
            voice = (await self._ask(["hello there"])).voice
        if not voice:
            self._use(None, "", "this voice does not tell how it reads: the text alone is judged")
            return
        if voice != self._voice:
            self._known.clear()
        listened = await asyncio.to_thread(sound.terms, gate.rules)
        allowed = await asyncio.to_thread(allowed_by, gate)
        name = _digest(voice, listened, allowed)
        keys = await asyncio.to_thread(self._load, name)
        if keys is None:
            known, alike = await self._shipped()
            if NEARLY <= alike < 1 and not self._known.is_set():
                near = await self._made(gate, listened, allowed, known)
                words = f"listening for {len(listened)} terms as a voice like {voice} reads them"
                if not self._use_of(link, SoundIndex(near), voice, words):
                    return
            keys = await self._made(gate, listened, allowed, known if alike == 1 else {})
            await asyncio.to_thread(self._store, name, keys)
        words = f"listening for {len(listened)} terms as {voice} reads them"
        self._use_of(link, await asyncio.to_thread(SoundIndex, keys), voice, words)

    async def _shipped(self) -> tuple[Mapping[str, str], float]:
        """The readings that come along, and the share of them that this voice reads so."""
        shipped = await asyncio.to_thread(readings.shipped)
        probes = shipped.probes()
        read = (await self._ask(list(probes))).phonemes
        return shipped.read, sum(map(str.__eq__, read, probes.values())) / max(1, len(probes))

    def _use_of(self, link: object, index: SoundIndex, voice: str, words: str) -> bool:
        if self._supervisor.units["tts"].link is not link:
            return False  # another one stands there now, and told so
        self._use(index, voice, words)
        return True

    def _use(self, index: SoundIndex | None, voice: str, words: str) -> None:
        self._index, self._voice = index, voice
        self._known.set()
        if words != self._told:
            self._told = words
            log.info("%s", words)

    async def _made(
        self, gate: Gate, listened: list[Term], allowed: list[str], known: Mapping[str, str]
    ) -> Keys:
        """Make an index; what is not known is asked for."""

        async def ask(texts: list[str]) -> list[str]:
            return (await self._ask(texts)).phonemes

        texts = [text for term in listened for text in sound.readings_of(term)]
        texts += [sound.bare(text) for text in allowed]
        sounds = await readings.texts(ask, list(dict.fromkeys(texts)), known)
        words = await asyncio.to_thread(sound.candidates, listened, readings.ordinary())
        common = await readings.words(ask, words, known)

        def unsafe(word: str) -> bool:
            return RANK[guarded(gate, word).action] >= RANK["hold"]

        return await asyncio.to_thread(
            sound.build, listened, sounds, common.items(), allowed, unsafe
        )

    async def _ask(self, texts: list[str]) -> tts.Pronounced:
        return await self._supervisor.request(
            "tts", tts.PRONOUNCE, tts.Pronounce(texts=texts), timeout=ASK_S
        )

    # -- on disk -----------------------------------------------------------------------------

    def _load(self, name: str) -> Keys | None:
        try:
            return msgspec.json.decode((self._folder / f"{name}.json").read_bytes(), type=Keys)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as err:
            log.warning("the kept sounds cannot be used and are read again: %s", err)
            return None

    def _store(self, name: str, keys: Keys) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temp = self._folder / f"{name}.tmp"
            temp.write_bytes(msgspec.json.encode(keys))
            temp.replace(self._folder / f"{name}.json")
            kept = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
            for path in kept[:-KEPT]:
                path.unlink()
        except OSError as err:
            log.warning("the sounds to listen for are not kept: %s", err.strerror or err)


def allowed_by(gate: Gate) -> list[str]:
    """The phrases in which nothing is found."""
    texts = [*gate.allow, *(text for rule in gate.rules for text in rule.allow)]
    found: list[str] = []
    for text in texts:
        with contextlib.suppress(ValueError):  # told of where the rules are read
            found += expand(text, ALLOWED)
    return found


def _digest(voice: str, listened: list[Term], allowed: list[str]) -> str:
    made = hashlib.sha256(english.WORDS.read_bytes())
    made.update(msgspec.json.encode([sound.VERSION, voice, listened, allowed]))
    return made.hexdigest()[:32]
