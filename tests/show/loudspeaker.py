"""The scripted `audio`: plays when a test says so, and is strict about what it is fed."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import ClassVar

from engines.harness import Call, Engine, Refused, handles
from engines.wire import audio
from engines.wire.envelope import At, Cancel
from engines.wire.message import Empty
from engines.wire.stale import StaleFilter
from tests.show.cast import CHUNK_MS, RATE, Faults

STARVED_MS = 10_000
SILENT_NS, CUT_NS = 7_000, 9_000
"""What it says of the last sound, asked to be silent."""


@dataclass(eq=False)
class Line:
    """A sentence in the loudspeaker's queue."""

    call: Call
    rate: int
    held: bool
    pcm: bytearray = field(default_factory=bytearray)
    granted: int = 0
    last: bool = False
    heard: int = 0
    """Samples."""
    starved: int = 0
    audible_ns: int = 0
    status: str = ""
    failed: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def at(self) -> At:
        return self.call.at or At()

    @property
    def key(self) -> tuple[int, int]:
        return self.at.turn, self.at.rev

    @property
    def unplayed(self) -> float:
        return (len(self.pcm) // 2 - self.heard) * 1000 / self.rate


@dataclass(frozen=True)
class Piece:
    """Something that was heard."""

    at: At
    pcm: bytes


@dataclass
class SpeakerDesk:
    """What came out of the loudspeaker, over all lives of `audio`."""

    faults: Faults
    heard: list[Piece] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    pauses: list[bool] = field(default_factory=list)
    releases: list[tuple[int, int]] = field(default_factory=list)
    silences: int = 0
    deaf: bool = False
    """It answers no `audio.silence`."""

    def pcm(self, turn: int, rev: int = 0) -> bytes:
        """What was heard of one answer."""
        mine = (piece for piece in self.heard if (piece.at.turn, piece.at.rev) == (turn, rev))
        return b"".join(piece.pcm for piece in mine)

    def order(self) -> list[tuple[int, int]]:
        """Turns and revisions that were heard, in order."""
        keys = [(piece.at.turn, piece.at.rev) for piece in self.heard]
        return [key for i, key in enumerate(keys) if i == 0 or keys[i - 1] != key]


class Speaker(Engine[audio.Config]):
    """The scripted `audio`: plays when told so, and is strict about what it is fed."""

    name = "audio"
    Config = audio.Config
    events = audio.EVENTS
    desk: ClassVar[SpeakerDesk]

    async def start(self) -> None:
        self.queue: list[Line] = []
        self.released: set[tuple[int, int]] = set()
        self.paused = False
        self._stale = StaleFilter()
        self._seqs: dict[tuple[int, int], int] = {}

    def cancelled(self, cancel: Cancel) -> None:
        self._stale.cancel(cancel)
        for line in [line for line in self.queue if self._stale.is_stale(line.at)]:
            self._end(line, "stale" if cancel.scope in ("rev", "epoch") else "cut")

    @handles(audio.PLAY)
    async def play(self, params: audio.Play, call: Call) -> audio.Played:
        line = Line(call, params.rate, params.hold)
        self.desk.lines.append(line)
        self._stale.observe(call.at)
        if self._stale.is_stale(call.at):
            self.desk.faults.append(f"audio: a stale sentence {call.at}")
        # One that was taken back unheard may come again; what is queued or was heard is before it.
        before = [other.at.seq for other in self.queue if other.key == line.key]
        if line.at.seq <= max([*before, self._seqs.get(line.key, -1)]):
            self.desk.faults.append(f"audio: opened out of order {call.at}")
        line.held = line.held and line.key not in self.released
        self.queue.append(line)
        self.grant()
        feeding = asyncio.create_task(self._feed(line))
        told = False
        try:
            while not line.status:
                await line.news.wait()
                line.news.clear()
                if line.audible_ns and not told:
                    told = True
                    await call.send(audio.AUDIBLE, audio.Audible(audible_ns=line.audible_ns))
        except asyncio.CancelledError:
            self._end(line, "cut")
        finally:
            feeding.cancel()
        if line.failed:
            raise Refused(line.failed, "the sentence was given up")
        return audio.Played(
            status=line.status,  # type: ignore[arg-type]
            heard_samples=line.heard,
            heard_ms=line.heard * 1000 / line.rate,
            audible_ns=line.audible_ns,
        )

    async def _feed(self, line: Line) -> None:
        async for _, body in line.call.feeds():
            if not isinstance(body, audio.Pcm) or line.status:
                continue
            if line.last:
                self.desk.faults.append(f"audio: sound after the last {line.at}")
            if body.pcm:
                if line.granted <= 0:
                    self.desk.faults.append(f"audio: fed beyond its credit {line.at}")
                if len(body.pcm) % 2 or len(body.pcm) > line.rate * CHUNK_MS // 1000 * 2:
                    self.desk.faults.append(f"audio: {len(body.pcm)} bytes in one message")
                line.granted -= 1
                line.pcm += body.pcm
                line.starved = 0
            line.last = line.last or body.last
            self.grant()

    def grant(self) -> None:
        """Half a second at most may wait: 300 ms of the first, 200 ms of another."""
        hungry = [line for line in self._order() if not line.last][:2]
        for index, line in enumerate(hungry):
            share = 200 if index or line.held else 300
            n = int((share - line.unplayed - line.granted * CHUNK_MS) // CHUNK_MS)
            if n > 0:
                line.granted += n
                line.call.grant(n)

    def _order(self) -> list[Line]:
        return sorted(self.queue, key=lambda line: line.held)

    def tick(self, ms: int = 20) -> None:
        """One block of the device."""
        budget = RATE * ms // 1000
        while budget and not self.paused:
            line = next((line for line in self._order() if not line.held), None)
            if line is None:
                return
            pcm = bytes(line.pcm[line.heard * 2 : (line.heard + budget) * 2])
            if not pcm:
                if line.last:
                    self._end(line, "played")
                    continue
                line.starved += ms
                if line.starved >= STARVED_MS:
                    line.failed = "timeout"
                    self._end(line, "cut")
                return
            self.desk.heard.append(Piece(line.at, pcm))
            self._seqs[line.key] = line.at.seq
            line.heard += len(pcm) // 2
            line.audible_ns = line.audible_ns or time.perf_counter_ns()
            line.news.set()
            budget -= len(pcm) // 2
            self.grant()

    def _end(self, line: Line, status: str) -> None:
        if not line.status:
            line.status = status
            line.news.set()
        if line in self.queue:
            self.queue.remove(line)
        self.grant()

    @handles(audio.RELEASE)
    def release(self, params: audio.Release, call: Call) -> Empty:
        key = (params.turn, params.rev)
        self.desk.releases.append(key)
        self.released.add(key)
        for line in self.queue:
            line.held = line.held and line.key != key
        self.grant()
        return Empty()

    @handles(audio.PAUSE)
    def pause(self, params: audio.Pause, call: Call) -> Empty:
        self.desk.pauses.append(params.paused)
        self.paused = params.paused
        return Empty()

    @handles(audio.SILENCE)
    async def silence(self, params: Empty, call: Call) -> audio.Silence:
        self.desk.silences += 1
        for line in list(self.queue):
            self._end(line, "cut")
        while self.desk.deaf:
            await asyncio.sleep(1)
        return audio.Silence(silent_ns=SILENT_NS, cut_ns=CUT_NS)
