"""Saying sentences aloud: text to `tts`, its sound to `audio`, in order, a little ahead."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from msgspec.structs import replace

from engines.wire import audio, show, tts
from engines.wire.envelope import Failure
from engines.wire.peer import Exchange, RequestFailed
from kitsu_tui.show.gap import Gap
from kitsu_tui.show.line import Line
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.turn import Turn
from kitsu_tui.show.voice import Stops, Voice, heard_text

log = logging.getLogger("show.speech")


AHEAD = 2
"""Sentences that may be under way at once: one being heard, one being made."""
CREDIT = 24
"""Chunks of sound that `tts` may send before the device has taken the first of them."""
BACK_S = 10.0
"""How long a sentence waits for a synthesizer that has died to be back."""
LONGEST_S = 180.0
"""How long a sentence may be on its way to the device, its time behind others and held included."""
SETTLE_S = 0.4
"""How long a sentence that was ended waits to learn what was heard of it."""

_CUT = Failure(code="cancelled", message="playback ended early")
_STUCK = Failure(code="timeout", message=f"the device took no sound for {LONGEST_S:g} s")


class Speech:
    """The spoken side of one answer.

    Args:
        committed: set when the answer may be heard; before that it is made but held.
        stops: what an operator, or the answer, wants to know and decide of its lines.
        gap: knows all sentences that are given to `audio`, of whichever answer.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        tell: Callable[[show.ShowEvent], None],
        turn: Turn,
        committed: asyncio.Event,
        timeout: float,
        gap: Gap,
        stops: Stops,
    ) -> None:
        self._supervisor = supervisor
        self._tell = tell
        self._turn = turn
        self._rev = turn.rev
        self._at = turn.at()  # the turn's own may rise while this still winds up
        self._committed = committed
        self._timeout = timeout
        self._gap = gap
        self._stops = stops
        self._slots = asyncio.Semaphore(AHEAD)
        self._tasks: list[asyncio.Task[None]] = []
        self._previous: Line | None = None
        self._opened: asyncio.Event | None = None
        self._voices: list[Voice] = []
        self.trouble = ""

    def say(self, line: Line) -> None:
        """Queue a sentence. Order is kept."""
        self._turn.lines.append(line)
        opened, before = asyncio.Event(), self._opened
        self._opened = opened
        work = self._sentence(line, self._previous, before, opened)
        self._previous = line
        self._tasks.append(asyncio.create_task(work, name=f"speech-{line.seq}"))

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

    async def pull_back(self, line: Line, *, remake: bool = False) -> bool:
        """Take a sentence back from `audio`, with those that wait behind it there; they are handed
        over again once they may be. False when it was on air already, or could not be stopped.

        Args:
            line: the sentence.
            remake: what `tts` has made of it is void, too.
        """
        mine = next((voice for voice in self._voices if voice.line is line), None)
        if mine is None:
            return line.open  # nobody has it yet
        if line.audible_ns:
            return False
        play = mine.play
        for voice in reversed(self._voices[self._voices.index(mine) :]):
            if voice.play is not None and not voice.play.done:
                voice.again = True
                voice.opened.clear()
                voice.play.cancel("taken back")
        if remake:
            mine.again = True
        if mine.again and mine.making is not None:
            mine.making.cancel("taken back")
        line.wake()
        if play is None:
            return True
        try:
            return not (await play.result(SETTLE_S)).audible_ns
        except RequestFailed:
            return False  # who knows

    async def _sentence(
        self,
        line: Line,
        previous: Line | None,
        before: asyncio.Event | None,
        opened: asyncio.Event,
    ) -> None:
        try:
            if previous is not None:
                await previous.begun.wait()
            await line.may_be_made()
            async with self._slots:
                line.begun.set()
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
            line.begun.set()
            line.ended.set()
            self._stops.ended(line)
            heard = bool(line.audible_ns or line.heard_samples)
            if self._rev == self._turn.rev and (heard or line.decided != "drop"):
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

    async def _say(self, line: Line, before: asyncio.Event | None, opened: asyncio.Event) -> None:
        voice = Voice(line, before, opened)
        self._voices.append(voice)
        try:
            while True:
                try:
                    await self._once(voice)
                except RequestFailed:
                    if not await self._afresh(voice):
                        if voice.play is not None:
                            await self._settle(voice.play, line)
                        raise
                else:
                    if not await self._afresh(voice):
                        return
        finally:
            self._voices.remove(voice)
            self._gap.ends(line)
            if voice.play is not None:
                voice.play.cancel("no longer wanted")  # a sentence left open would hold the next

    async def _once(self, voice: Voice) -> None:
        """Have it made, and wait until it was heard."""
        line = voice.line
        for attempt in (1, 2):
            try:
                await self._make(voice)
                break
            except RequestFailed as err:
                playing = voice.play is None or not voice.play.done
                gone = has_gone(self._supervisor, "tts", err)
                if not gone or attempt == 2 or not playing or line.over or voice.again:
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

    async def _afresh(self, voice: Voice) -> bool:
        """After it was taken back: True when it is to be made again, all of it."""
        if not voice.again:
            return False
        voice.again, play, line = False, voice.play, voice.line
        if play is not None:
            play.cancel("taken back")
            try:
                if (await play.result(SETTLE_S)).audible_ns:
                    return False
            except RequestFailed:
                return False
        if line.over:
            return False
        self._gap.ends(line)
        voice.play, voice.fed = None, 0
        line.status, line.rate, line.samples, line.heard_samples = "", 0, 0, 0
        line.pcm.clear()
        return True

    async def _make(self, voice: Voice) -> None:
        """Have a sentence made and hand it on, past what was handed on before."""
        line, skip = voice.line, voice.fed
        if line.over:
            raise RequestFailed(tts.SPEAK.name, _CUT)
        voice.text = line.text
        voice.making = making = self._supervisor.open(
            "tts",
            tts.SPEAK,
            tts.Speak(text=line.text),
            at=replace(self._at, seq=line.seq),
            credit=CREDIT,
        )
        read = False
        try:
            async for event in making.events(self._timeout):
                if isinstance(event, tts.Reading):
                    read = True
                    await self._stops.read(line, event)
                    continue
                if not isinstance(event, tts.Audio):
                    continue
                if not read:  # a voice that tells none, or should have told
                    read = True
                    await self._stops.read(line, tts.Reading(text=""))
                self._mark("first_pcm", time.perf_counter_ns())
                if voice.play is None:
                    voice.play = await self._open(voice, event.rate)
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

    async def _open(self, voice: Voice, rate: int) -> Exchange[audio.Played]:
        line = voice.line
        await self._turn_to_be_heard(voice)
        line.rate = rate
        held = not self._committed.is_set()
        play = self._supervisor.open(
            "audio",
            audio.PLAY,
            audio.Play(rate=rate, hold=held),
            at=replace(self._at, seq=line.seq),
        )
        self._gap.begins(line)
        play.on_event(lambda event: self._audible(event, voice))
        voice.opened.set()
        if held and self._committed.is_set():
            self._supervisor.open("audio", audio.RELEASE, self.release())
        return play

    async def _turn_to_be_heard(self, voice: Voice) -> None:
        """Wait until it is this sentence's turn and nothing keeps it back. What it waits for is
        bounded by what goes before it, by the desk and by the gap.
        """
        line, before = voice.line, voice.before
        while True:
            if line.over or voice.again:
                raise RequestFailed(audio.PLAY.name, _CUT)
            if before is not None and not before.is_set():
                await before.wait()
            elif line.kept:
                self._stops.kept(line)
                await line.news()
            elif self._gap.is_closed:
                await self._gap.passed()
            else:
                return

    def release(self) -> audio.Release:
        """The request that lets this answer be heard."""
        return audio.Release(turn=self._turn.number, rev=self._rev)

    def _audible(self, event: object, voice: Voice) -> None:
        if isinstance(event, audio.Audible) and self._rev == self._turn.rev:
            line = voice.line
            self._turn.mark("audible", event.audible_ns)
            line.audible_ns, line.text = event.audible_ns, voice.text
            line.status = "airing"
            self._tell(
                show.Airing(turn=self._turn.number, rev=self._rev, seq=line.seq, text=line.text)
            )
            self._stops.airs(line)

    async def _feed(self, play: Exchange[audio.Played], pcm: bytes, line: Line) -> None:
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

    async def _heard(self, play: Exchange[audio.Played], line: Line) -> None:
        whole = line.samples / max(line.rate, 1)
        while not self._committed.is_set() and not play.done:
            await play.wait_change(0.1)
        played = await play.result(whole + self._timeout)
        line.status, line.heard_samples = played.status, played.heard_samples
        self._mark("audible", played.audible_ns)

    async def _settle(self, play: Exchange[audio.Played], line: Line) -> None:
        """Learn what was heard of a sentence that does not go on."""
        play.cancel("no longer wanted")
        try:
            played = await play.result(SETTLE_S)
        except RequestFailed:
            return
        line.heard_samples = played.heard_samples
        self._mark("audible", played.audible_ns)
        if played.audible_ns and not line.audible_ns:
            line.audible_ns = played.audible_ns  # its end overtook its beginning
            self._stops.airs(line)

    def _mark(self, name: str, ns: int) -> None:
        if self._rev == self._turn.rev:
            self._turn.mark(name, ns)


def has_gone(supervisor: Supervisor, engine: str, err: RequestFailed) -> bool:
    """True when a request failed because its engine died or was asked to leave."""
    return err.code == "gone" or (err.code == "cancelled" and not supervisor.is_ready(engine))
