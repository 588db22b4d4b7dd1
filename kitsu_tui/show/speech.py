"""Saying sentences aloud: text to `tts`, its sound to `audio`, in order, a little ahead."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from msgspec.structs import replace

from engines.wire import audio, show, tts
from engines.wire.envelope import Failure
from engines.wire.peer import Exchange, RequestFailed
from kitsu_tui.show.gap import Gap
from kitsu_tui.show.history import clipped
from kitsu_tui.show.safety import RANK, Verdict
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.turn import SpokenLine, Turn

log = logging.getLogger("show.speech")

Reading = Callable[[str, str, SpokenLine], Awaitable[Verdict | None]]
"""Judges how a sentence is about to be pronounced: what is spoken of it, its phonemes, the line.
None, or a verdict that allows: nothing against it. All else: no sound of it is heard."""

AHEAD = 2
"""Sentences that may be under way at once: one being heard, one being made."""
CREDIT = 24
"""Chunks of sound that `tts` may send before the device has taken the first of them."""
CHARS_A_SECOND = 14.0
BACK_S = 10.0
"""How long a sentence waits for a synthesizer that has died to be back."""
LONGEST_S = 180.0
"""How long a sentence may be on its way to the device, its time behind others and held included."""
SETTLE_S = 0.4
"""How long a sentence that was ended waits to learn what was heard of it."""

_CUT = Failure(code="cancelled", message="playback ended early")
_UNFIT = Failure(code="cancelled", message="it must not be heard as it is pronounced")
_STUCK = Failure(code="timeout", message=f"the device took no sound for {LONGEST_S:g} s")


@dataclass
class _Voice:
    """A sentence on its way from `tts` to `audio`."""

    line: SpokenLine
    before: asyncio.Event | None
    opened: asyncio.Event
    play: Exchange[audio.Played] | None = None
    fed: int = 0
    """Bytes handed to `audio`."""


class Speech:
    """The spoken side of one answer.

    Args:
        committed: set when the answer may be heard; before that it is made but held.
        gap: knows all sentences that are given to `audio`, of whichever answer.
        reading: judges how each is pronounced, where `tts` tells, before `audio` has any of it.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        tell: Callable[[show.ShowEvent], None],
        turn: Turn,
        committed: asyncio.Event,
        timeout: float,
        gap: Gap | None = None,
        reading: Reading | None = None,
    ) -> None:
        self._supervisor = supervisor
        self._tell = tell
        self._turn = turn
        self._rev = turn.rev
        self._at = turn.at()  # the turn's own may rise while this still winds up
        self._committed = committed
        self._timeout = timeout
        self._gap = gap or Gap()
        self._reading = reading
        self._slots = asyncio.Semaphore(AHEAD)
        self._tasks: list[asyncio.Task[None]] = []
        self._previous: asyncio.Event | None = None
        self._voices: list[_Voice] = []
        self.trouble = ""

    def say(self, seq: int, text: str) -> None:
        """Queue a sentence. Order is kept."""
        line = SpokenLine(seq=seq, text=text)
        self._turn.lines.append(line)
        opened, before = asyncio.Event(), self._previous
        self._previous = opened
        self._tasks.append(
            asyncio.create_task(self._sentence(line, before, opened), name=f"speech-{seq}")
        )

    async def finished(self) -> None:
        """Wait until everything that was queued has been heard, cut or has failed."""
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def skip(self) -> int | None:
        """End the sentence that is on air, and go on with the next; returns its `seq`."""
        for voice in self._voices:
            if voice.play is not None and not voice.play.done and voice.line.audible_ns:
                voice.play.cancel("skipped")
                return voice.line.seq
        return None

    def abandon(self) -> None:
        """Wait for nothing any more."""
        for task in self._tasks:
            task.cancel()

    async def _sentence(
        self, line: SpokenLine, before: asyncio.Event | None, opened: asyncio.Event
    ) -> None:
        try:
            async with self._slots:
                await self._say(line, before, opened)
        except RequestFailed as err:
            line.status = "cut" if err.code in ("cancelled", "stale") else "failed"
            if line.status == "failed":
                self.trouble = str(err)
                if line.audible_ns and not line.heard_samples:
                    # `audio` died with it on air: nobody counts any more, but a clock does.
                    since = (time.perf_counter_ns() - line.audible_ns) / 1e9
                    line.heard_samples = min(int(since * line.rate), line.samples or 1 << 30)
                log.warning("turn %d sentence %d: %s", self._turn.number, line.seq, err)
        finally:
            opened.set()
            if self._rev == self._turn.rev:
                self._tell(
                    show.Aired(
                        turn=self._turn.number,
                        rev=self._rev,
                        seq=line.seq,
                        status=line.status or "failed",  # type: ignore[arg-type]
                        heard=heard_text(line),
                        heard_ms=round(line.heard_samples * 1000 / max(line.rate, 1), 1),
                    )
                )

    async def _say(
        self, line: SpokenLine, before: asyncio.Event | None, opened: asyncio.Event
    ) -> None:
        voice = _Voice(line, before, opened)
        self._voices.append(voice)
        try:
            for attempt in (1, 2):
                try:
                    await self._make(voice)
                    break
                except RequestFailed as err:
                    playing = voice.play is None or not voice.play.done
                    gone = has_gone(self._supervisor, "tts", err)
                    if not gone or attempt == 2 or not playing:
                        raise
                    # It died in mid-sentence; its successor makes the same sentence, and what
                    # the device already has of it is skipped.
                    log.info("turn %d: tts has gone, waiting for it", self._turn.number)
                    if not await self._supervisor.wait_ready("tts", BACK_S):
                        raise
            if voice.play is None:
                line.status = "played"  # nothing in it could be pronounced
                return
            voice.play.feed(audio.PCM, audio.Pcm(last=True))
            await self._heard(voice.play, line)
        except RequestFailed:
            if voice.play is not None:
                await self._settle(voice.play, line)
            raise
        finally:
            self._voices.remove(voice)
            self._gap.ends(line)
            if voice.play is not None:
                voice.play.cancel("no longer wanted")  # a sentence left open would hold the next

    async def _make(self, voice: _Voice) -> None:
        """Have a sentence made and hand it on, past what was handed on before."""
        line, skip = voice.line, voice.fed
        making = self._supervisor.open(
            "tts",
            tts.SPEAK,
            tts.Speak(text=line.text),
            at=replace(self._at, seq=line.seq),
            credit=CREDIT,
        )
        try:
            async for event in making.events(self._timeout):
                if isinstance(event, tts.Reading):
                    await self._read(event, line)
                if not isinstance(event, tts.Audio):
                    continue
                self._mark("first_pcm", time.perf_counter_ns())
                if voice.play is None:
                    voice.play = await self._open(line, event.rate, voice.before, voice.opened)
                elif event.rate != line.rate:
                    # Another voice goes on for one that died: what is left of it would be squeaked.
                    raise RequestFailed(making.kind.name, _CUT)
                pcm = event.pcm[skip:]
                skip -= len(event.pcm) - len(pcm)
                if pcm:
                    await self._feed(voice.play, pcm, line)
                    voice.fed += len(pcm)
            line.samples = (await making.result(self._timeout)).samples
        finally:
            making.cancel("no longer wanted")

    async def _read(self, event: tts.Reading, line: SpokenLine) -> None:
        """Judge how it is pronounced; RequestFailed when it must not be heard."""
        if self._reading is None:
            return
        verdict = await self._reading(event.text, event.phonemes, line)
        if verdict is not None and RANK[verdict.action] > 0:
            raise RequestFailed(tts.SPEAK.name, _UNFIT)

    async def _open(
        self, line: SpokenLine, rate: int, before: asyncio.Event | None, opened: asyncio.Event
    ) -> Exchange[audio.Played]:
        if before is not None:
            await before.wait()
        await self._gap.passed()
        line.rate = rate
        held = not self._committed.is_set()
        play = self._supervisor.open(
            "audio",
            audio.PLAY,
            audio.Play(rate=rate, hold=held),
            at=replace(self._at, seq=line.seq),
        )
        self._gap.begins(line)
        play.on_event(lambda event: self._audible(event, line))
        opened.set()
        if held and self._committed.is_set():
            self._supervisor.open("audio", audio.RELEASE, self.release())
        return play

    def release(self) -> audio.Release:
        """The request that lets this answer be heard."""
        return audio.Release(turn=self._turn.number, rev=self._rev)

    def _audible(self, event: object, line: SpokenLine) -> None:
        if isinstance(event, audio.Audible) and self._rev == self._turn.rev:
            self._turn.mark("audible", event.audible_ns)
            line.audible_ns = event.audible_ns
            line.status = "airing"
            self._tell(
                show.Airing(turn=self._turn.number, rev=self._rev, seq=line.seq, text=line.text)
            )

    async def _feed(self, play: Exchange[audio.Played], pcm: bytes, line: SpokenLine) -> None:
        end = asyncio.get_running_loop().time() + LONGEST_S
        while not await play.wait_room(self._timeout):
            if play.done:
                await self._heard(play, line)  # cut, or audio has gone: raises or settles
                raise RequestFailed(play.kind.name, _CUT)
            if asyncio.get_running_loop().time() > end:
                raise RequestFailed(play.kind.name, _STUCK)
        if self._turn.keep_pcm:
            line.pcm += pcm
        play.feed(audio.PCM, audio.Pcm(pcm=pcm))

    async def _heard(self, play: Exchange[audio.Played], line: SpokenLine) -> None:
        whole = line.samples / max(line.rate, 1)
        while not self._committed.is_set() and not play.done:
            await play.wait_change(0.1)
        played = await play.result(whole + self._timeout)
        line.status, line.heard_samples = played.status, played.heard_samples
        self._mark("audible", played.audible_ns)

    async def _settle(self, play: Exchange[audio.Played], line: SpokenLine) -> None:
        """Learn what was heard of a sentence that does not go on."""
        play.cancel("no longer wanted")
        try:
            played = await play.result(SETTLE_S)
        except RequestFailed:
            return
        line.heard_samples = played.heard_samples
        self._mark("audible", played.audible_ns)

    def _mark(self, name: str, ns: int) -> None:
        if self._rev == self._turn.rev:
            self._turn.mark(name, ns)


def has_gone(supervisor: Supervisor, engine: str, err: RequestFailed) -> bool:
    """True when a request failed because its engine died or was asked to leave."""
    return err.code == "gone" or (err.code == "cancelled" and not supervisor.is_ready(engine))


def heard_text(line: SpokenLine) -> str:
    """What of a sentence was heard, cut back to whole words."""
    if line.status == "muted":
        return ""
    # Cut before it was made to its end: its length is not known, but speech has a usual pace.
    whole = line.samples or max(len(line.text) / CHARS_A_SECOND * line.rate, line.heard_samples)
    return clipped(line.text, line.heard_samples, whole)
