"""One utterance: its sound as it comes, what is understood of it, and the guess at its end.

Everything here runs on the loop; decoding runs in the worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import numpy as np

from engines.asr.backends.base import Heard
from engines.asr.sound import (
    FRAME,
    MAX_S,
    RATE,
    frame_levels,
    from_pcm,
    is_voiced,
    quiet_place,
)
from engines.asr.worker import Urgency, Worker
from engines.harness import Refused
from engines.resample import Resampler, Samples
from engines.wire import asr

LONGEST_PIECE = 12 * RATE
"""A longer utterance is cut where it is quiet, and its beginning settled while it goes on: the
time to its final then does not grow with its length."""
SHORTEST_PIECE = 6 * RATE
LOOK_BACK = 6 * FRAME
"""A partial begins only when these last 120 ms have a voice in them: in a pause the end may be
near, and the final must find the worker free."""

Decoding = asyncio.Future[Heard | None]


class Utterance:
    """An utterance under way.

    Args:
        config: the engine's.
        params: the request that began it.
        worker: decodes.
        on_partial, on_guess: called on the loop with what is to be sent.
    """

    def __init__(
        self,
        config: asr.Config,
        params: asr.Transcribe,
        worker: Worker,
        on_partial: Callable[[asr.Partial], None],
        on_guess: Callable[[asr.Guess], None],
    ) -> None:
        self._config = config
        self._worker = worker
        self._on_partial = on_partial
        self._on_guess = on_guess
        self._resampler = Resampler(params.rate, RATE)
        self._onset_ms = params.preroll_ms
        self._next_partial_ms = params.preroll_ms + config.partial_first_ms
        self._chunks: list[Samples] = []
        self._levels: list[Samples] = []
        self._cut = 0
        """Samples in the settled pieces."""
        self._length = 0
        """Samples so far, the settled ones included."""
        self._pieces: list[Decoding] = []
        self._partial: Decoding | None = None
        self._guess: Decoding | None = None
        self._guess_upto = 0
        self._over = False

    @property
    def ms(self) -> float:
        """Length so far."""
        return self._length * 1000 / RATE

    # -- sound -------------------------------------------------------------------------------

    def add(self, pcm: bytes) -> None:
        """More sound, s16le at the utterance's own rate.

        Raises:
            Refused: half a sample, or the utterance is too long.
        """
        self.keep(self._resampler.feed(from_pcm(pcm)))
        self._maybe_partial()

    def keep(self, samples: Samples) -> None:
        """More sound as floats at 16 kHz, with no partial of it. See `add`."""
        if not len(samples):
            return
        if self._length + len(samples) > MAX_S * RATE:
            raise Refused("bad-request", f"an utterance is at most {MAX_S} s long")
        self._chunks.append(samples)
        self._length += len(samples)
        while self._length - self._cut > LONGEST_PIECE:
            sound = self._sound()
            at = quiet_place(sound, SHORTEST_PIECE, LONGEST_PIECE)
            self._pieces.append(self._worker.submit(sound[:at], Urgency.PART))
            self._chunks = [sound[at:]]
            self._cut += at

    def _sound(self) -> Samples:
        """What is not settled yet."""
        if not self._chunks:
            return np.zeros(0, np.float32)
        if len(self._chunks) > 1:
            self._chunks = [np.concatenate(self._chunks)]
        return self._chunks[0]

    # -- partials ----------------------------------------------------------------------------

    def _maybe_partial(self) -> None:
        if (
            not self._config.partials
            or self._over
            or self.ms < self._next_partial_ms
            or self._guess is not None
            or self._partial is not None
        ):
            return
        sound = self._sound()
        if not is_voiced(frame_levels(sound[-LOOK_BACK:]), frame_levels(sound)):
            return
        upto = self.ms
        self._next_partial_ms = upto + self._config.partial_every_ms
        self._partial = self._worker.submit(sound, Urgency.PARTIAL)
        self._partial.add_done_callback(lambda done: self._partial_done(done, upto))

    def _partial_done(self, done: Decoding, upto: float) -> None:
        self._partial = None
        if self._over or self._guess is not None or done.cancelled() or done.exception():
            return
        heard = done.result()
        if heard is None:
            return
        settled = [piece.result() for piece in self._pieces if _is_well(piece)]
        text = _joined([*settled, heard])
        if text:
            self._on_partial(asr.Partial(text=text, upto_ms=round(upto, 1)))
        else:  # too little yet: look again soon
            self._next_partial_ms = upto + self._config.partial_every_ms / 4

    # -- the end -----------------------------------------------------------------------------

    def pause(self) -> None:
        """The speaker may be done: work the final out now."""
        if self._guess is not None and not self._spoke_after(self._guess_upto):
            return  # said twice
        self._drop(self._guess)
        self._drop(self._partial)
        self._guess_upto = self._length
        guess = self._guess = self._worker.submit(self._sound(), Urgency.FINAL)
        guess.add_done_callback(self._guess_done)

    def _guess_done(self, done: Decoding) -> None:
        if self._over or done is not self._guess or not _is_well(done):
            return
        heard = done.result()
        if heard is None:
            return

        def say() -> None:
            if self._over or done is not self._guess:
                return
            text = _joined([*(piece.result() for piece in self._pieces if _is_well(piece)), heard])
            self._on_guess(asr.Guess(text=text, decode_ms=round(heard.decode_ms, 1)))

        waiting = [piece for piece in self._pieces if not piece.done()]
        if waiting:
            asyncio.gather(*waiting, return_exceptions=True).add_done_callback(lambda _: say())
        else:
            say()

    def resume(self) -> None:
        """The speaker went on: the guess is void."""
        self._drop(self._guess)
        self._guess = None
        self._next_partial_ms = min(self._next_partial_ms, self.ms)

    async def finish(self) -> asr.Transcript:
        """The final transcript. A guess that covers all that was said is the answer."""
        self._over = True
        self._drop(self._partial)
        self.keep(self._resampler.flush())
        guess = self._guess
        if guess is not None and self._spoke_after(self._guess_upto):
            self._drop(guess)
            guess = None
        heard = await (guess or self._worker.submit(self._sound(), Urgency.FINAL))
        pieces = [await piece for piece in self._pieces]
        if heard is None:
            raise Refused("failed", "the decode was given up", retry=True)
        said = [piece for piece in [*pieces, heard] if piece is not None and piece.text]
        return asr.Transcript(
            text=_joined(said),
            language=self._config.language,
            duration_ms=round(self.ms, 1),
            decode_ms=round(heard.decode_ms, 1),
            no_speech=round(min((piece.no_speech for piece in said), default=heard.no_speech), 4),
            confidence=round(min((piece.confidence for piece in said), default=0.0), 4),
            guessed=guess is not None,
        )

    def drop(self) -> None:
        """Nobody wants it any more: take its work out of the queue."""
        self._over = True
        for decoding in (*self._pieces, self._partial, self._guess):
            self._drop(decoding)

    def _spoke_after(self, upto: int) -> bool:
        sound = self._sound()
        first = max(0, upto - self._cut)
        if upto < self._cut:
            return True
        return is_voiced(frame_levels(sound[first:]), frame_levels(sound[:first]))

    @staticmethod
    def _drop(decoding: Decoding | None) -> None:
        if decoding is not None and not decoding.done():
            decoding.cancel()


def _is_well(done: Decoding) -> bool:
    return done.done() and not done.cancelled() and done.exception() is None


def _joined(pieces: Sequence[Heard | None]) -> str:
    return " ".join(piece.text for piece in pieces if piece is not None and piece.text)
