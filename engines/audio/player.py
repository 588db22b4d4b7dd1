"""The sentences that are to be heard, in order: fed from the loop, rendered by the device's thread.

Pure but for its lock: time comes in with each block. Every method holds the lock for microseconds
(resampling is done outside it), so that the device's callback never waits for anything that waits.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable

import numpy as np

from engines.audio.resample import Resampler
from engines.audio.sentence import Sentence, Status
from engines.audio.vad import Samples
from engines.wire.envelope import At, Cancel
from engines.wire.stale import StaleFilter

MAX_UNPLAYED_MS = 500.0
"""Sound that may be held for all sentences together."""
SLACK_MS = 100.0
"""How far a feeder may go beyond that before its sentence fails."""
CHUNK_MS = 100.0
"""What one event of credit may bring: the longest chunk on the wire."""
SHARED_MS = MAX_UNPLAYED_MS - CHUNK_MS
"""What is given out freely; the rest is kept for the sentence whose turn comes unexpectedly."""
FIRST_MS = 300.0
NEXT_MS = 200.0
"""Shares of the sentence that plays, and of the next or one that is held."""
AUDIBLE = 32
"""Samples beyond this are not silence: -60 dBFS."""
MAX_SENTENCES = 64
MAX_RELEASED = 64
STARVED_S = 10.0
"""A sentence whose turn it is and that gets no sound for so long is given up."""


class Busy(Exception):
    """The player's bounds are reached; says which."""


class Player:
    """Mixes nothing: one sentence at a time, in the order of request.

    A sentence that is held is passed over, with all that follow of its turn, until it is released;
    another turn's need not wait for it.

    Args:
        rate: Hz of the device.
        news: called without the lock, from any thread, when there is something to look at: a
            sentence became audible or ended, or sound was consumed.

    Attributes:
        blocks: blocks rendered so far.
        last_loud_ns: when the last non-silent sample was handed over, 0 before any.
        underruns: times that a sentence ran dry in the middle.
    """

    def __init__(self, rate: int, news: Callable[[], None], epoch: int = 0) -> None:
        self.rate = rate
        self.blocks = 0
        self.last_loud_ns = 0
        self.underruns = 0
        self.voice_muted = False
        self.paused = False
        self._news = news
        self._lock = threading.Lock()
        self._stale = StaleFilter(epoch)
        self._queue: deque[Sentence] = deque()
        self._current: Sentence | None = None
        self._released: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._peak = 0
        self._block: Samples = np.zeros(0, np.int16)
        self._loud = False

    # -- from the loop -----------------------------------------------------------------------

    def add(self, rate: int, at: At | None = None, *, hold: bool = False) -> Sentence:
        """Queue a sentence.

        Raises:
            Busy: `MAX_SENTENCES` wait already.
        """
        sentence = Sentence(rate, self.rate, at, held=hold)
        with self._lock:
            if len(self._queue) >= MAX_SENTENCES:
                raise Busy(f"{MAX_SENTENCES} sentences wait already")
            self._stale.observe(at)
            self._sweep()
            if self._stale.is_stale(at):
                sentence.status = "stale"
                return sentence
            if self._turn(sentence) in self._released:
                sentence.held = False
            self._queue.append(sentence)
        return sentence

    def feed(self, sentence: Sentence, samples: Samples, *, last: bool = False) -> None:
        """Add sound to a sentence.

        Raises:
            Busy: it was fed beyond its credit.
        """
        if sentence.over or sentence.ended:
            return
        waiting = len(samples) * 1000 / sentence.rate
        if self.unplayed_ms() + waiting > MAX_UNPLAYED_MS + SLACK_MS:
            raise Busy(
                f"fed beyond its credit: at most {MAX_UNPLAYED_MS:g} ms may wait, "
                f"in chunks of {CHUNK_MS:g} ms"
            )
        made = sentence.resampler.push(samples, last=last)
        with self._lock:
            if sentence.status is not None:
                return
            sentence.granted = max(0, sentence.granted - 1)
            sentence.fed += len(samples)
            sentence.ended = last
            sentence.starved = 0
            if len(made):
                sentence.chunks.append(made)
                sentence.unplayed += len(made)
            if last:
                sentence.granted = 0

    def credits(self) -> list[tuple[Sentence, int]]:
        """Events that may now be granted, so that no more than half a second can ever wait."""
        with self._lock:
            used = sum(self._held_ms(s) for s in self._queue)
            ready, waiting = self._order()
            hungry = [s for s in ready + waiting if not s.ended][:2]
            grants = []
            for sentence in hungry:
                has = self._held_ms(sentence)
                share = FIRST_MS if len(hungry) > 1 else SHARED_MS
                if sentence in waiting or sentence is not hungry[0]:
                    share = NEXT_MS
                n = int(min(share - has, SHARED_MS - used) // CHUNK_MS)
                if n <= 0 and not has and ready and sentence is ready[0]:
                    n = 1  # from the reserve: it must not starve for what waits behind it
                if n > 0:
                    sentence.granted += n
                    used += n * CHUNK_MS
                    grants.append((sentence, n))
            return grants

    def release(self, turn: int, rev: int) -> None:
        """Let sentences of this turn and revision be heard, those to come included."""
        with self._lock:
            self._released[turn, rev] = None
            while len(self._released) > MAX_RELEASED:
                self._released.popitem(last=False)
            for sentence in self._queue:
                if self._turn(sentence) == (turn, rev):
                    sentence.held = False

    def observe(self, at: At | None) -> None:
        """Learn that a newer epoch or revision exists: what it makes stale is silent."""
        with self._lock:
            self._stale.observe(at)
            self._sweep()

    def cancel(self, cancel: Cancel) -> None:
        """Take note of a cancellation: what it makes stale is silent from the next block on."""
        with self._lock:
            self._stale.cancel(cancel)
            self._sweep("stale" if cancel.scope in ("rev", "epoch") else "cut")
        self._news()

    def drop(self, sentence: Sentence, failed: tuple[str, str] | None = None) -> None:
        """End a sentence now, if it has not ended."""
        with self._lock:
            if not sentence.over:
                sentence.failed = failed
                self._finish(sentence, "stale" if self._stale.is_stale(sentence.at) else "cut")
        self._news()

    def silence(self) -> None:
        """Drop everything."""
        with self._lock:
            for sentence in list(self._queue):
                self._finish(sentence, "cut")
        self._news()

    def pause(self, paused: bool) -> None:
        """Stop consuming, or go on."""
        self.paused = paused

    def set_rate(self, rate: int) -> None:
        """The device has come back with another rate: what waits is converted."""
        with self._lock:
            before, self.rate = self.rate, rate
            for sentence in self._queue if rate != before else ():
                sentence.heard_before += sentence.heard_device * sentence.rate // before
                sentence.heard_device = 0
                rest = [*sentence.chunks]
                if rest:
                    rest[0] = rest[0][sentence.offset :]
                    again = Resampler(before, rate).push(np.concatenate(rest), last=True)
                    sentence.chunks = deque((again,))
                    sentence.unplayed = len(again)
                sentence.offset = 0
                sentence.resampler = Resampler(sentence.rate, rate)

    def unplayed_ms(self) -> float:
        """Sound that is held."""
        with self._lock:
            return sum(s.unplayed for s in self._queue) * 1000 / self.rate

    def take_peak(self) -> int:
        """The highest sample played since the last call."""
        with self._lock:
            peak, self._peak = self._peak, 0
            return peak

    @property
    def idle(self) -> bool:
        """True when nothing is queued."""
        return not self._queue

    # -- from the device's thread ------------------------------------------------------------

    def render(self, frames: int, now_ns: int, *, heard: bool = True) -> Samples:
        """The next `frames` samples; the array is used again for the next block.

        Args:
            frames: samples wanted.
            now_ns: when they are handed over.
            heard: False when no device takes them: they go by like muted ones.
        """
        if len(self._block) < frames:
            self._block = np.zeros(frames, np.int16)
        out = self._block[:frames]
        out.fill(0)
        with self._lock:
            self.blocks += 1
            self._loud = False
            news = not self.paused and self._fill(out, now_ns, heard and not self.voice_muted)
        if news:
            self._news()
        return out

    def handed(self, now_ns: int) -> None:
        """The last block has been handed over: what was loud in it was so up to this moment."""
        if self._loud:
            self.last_loud_ns = now_ns

    def _fill(self, out: Samples, now_ns: int, heard: bool) -> bool:
        filled, frames, news = 0, len(out), False
        while filled < frames:
            sentence = self._next()
            if sentence is None:
                break
            if not sentence.chunks:
                if sentence.ended:
                    self._finish(sentence, "muted" if sentence.muted else "played")
                    news = True
                    continue
                news = self._starve(sentence, frames - filled) or news
                break
            chunk = sentence.chunks[0]
            n = min(len(chunk) - sentence.offset, frames - filled)
            piece = chunk[sentence.offset : sentence.offset + n]
            sentence.offset += n
            sentence.unplayed -= n
            if heard:
                out[filled : filled + n] = piece
                sentence.heard_device += n
                peak = max(int(piece.max()), -int(piece.min()))
                self._peak = max(self._peak, peak)
                if peak > AUDIBLE:
                    self._loud, self.last_loud_ns = True, now_ns
                    sentence.audible_ns = sentence.audible_ns or now_ns
            else:
                sentence.muted = True
            filled += n
            news = True
            if sentence.offset >= len(chunk):
                sentence.chunks.popleft()
                sentence.offset = 0
                if sentence.ended and not sentence.chunks:
                    self._finish(sentence, "muted" if sentence.muted else "played")
        return news

    def _next(self) -> Sentence | None:
        if self._current is None:
            ready, _ = self._order()
            self._current = ready[0] if ready else None
        if self._current is not None and self._stale.is_stale(self._current.at):
            self._finish(self._current, "stale")  # a cancellation swept it already; be sure
            return self._next()
        return self._current

    def _starve(self, sentence: Sentence, frames: int) -> bool:
        if sentence.fed and not sentence.starved:
            sentence.underruns += 1
            self.underruns += 1
        sentence.starved += frames
        if sentence.starved < STARVED_S * self.rate:
            return False
        sentence.failed = ("timeout", f"no sound came for {STARVED_S:g} s")
        self._finish(sentence, "cut")
        return True

    def _order(self) -> tuple[list[Sentence], list[Sentence]]:
        """Who may play and who may not yet; what is held keeps back its own turn only."""
        if not any(s.held for s in self._queue):
            return list(self._queue), []
        back: set[tuple[int, int]] = set()
        ready: list[Sentence] = []
        waiting: list[Sentence] = []
        for sentence in self._queue:
            turn = self._turn(sentence)
            if sentence is not self._current and (sentence.held or turn in back):
                back.add(turn)
                waiting.append(sentence)
            else:
                ready.append(sentence)
        return ready, waiting

    def _held_ms(self, sentence: Sentence) -> float:
        return sentence.unplayed * 1000 / self.rate + sentence.granted * CHUNK_MS

    def _sweep(self, status: Status = "stale") -> None:
        for sentence in [s for s in self._queue if self._stale.is_stale(s.at)]:
            self._finish(sentence, status)

    def _finish(self, sentence: Sentence, status: Status) -> None:
        sentence.status = status
        sentence.chunks.clear()
        sentence.unplayed = sentence.granted = 0
        if self._current is sentence:
            self._current = None
        try:
            self._queue.remove(sentence)
        except ValueError:
            pass

    @staticmethod
    def _turn(sentence: Sentence) -> tuple[int, int]:
        return (sentence.at.turn, sentence.at.rev) if sentence.at is not None else (0, 0)
