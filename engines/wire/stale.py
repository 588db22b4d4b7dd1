"""What is too old to be heard.

The show's router, every engine's harness and `audio` each hold one of these and drop what it
calls stale, so that safety never rests on one of them obeying.
"""

from __future__ import annotations

from engines.wire.envelope import At, Cancel

REMEMBERED = 256
"""Turns that are remembered for each reason. Those with lower numbers are stale by their number."""


class StaleFilter:
    """Decides staleness for one hop. Knows what it has been told and what it has seen.

    Stale is: an older epoch, an older revision of its turn, a cancelled turn or sentence. Once
    stale, always stale: nothing here ever goes back.
    """

    def __init__(self, epoch: int = 0) -> None:
        self.epoch = epoch
        self._revs: dict[int, int] = {}
        self._turns: set[int] = set()
        self._sentences: set[tuple[int, int, int]] = set()
        self._forgotten = 0

    def observe(self, at: At | None) -> None:
        """Learn from a message that a newer epoch or revision exists."""
        if at is None:
            return
        if at.epoch > self.epoch:
            self.epoch = at.epoch
        if at.rev > self._revs.get(at.turn, 0):
            self._remember_rev(at.turn, at.rev)

    def cancel(self, cancel: Cancel) -> None:
        """Take note of a cancellation (scope `request` is not ours to judge)."""
        at = cancel.at
        if at is None:
            return
        if at.epoch > self.epoch:
            self.epoch = at.epoch
        if cancel.scope == "turn":
            self._turns.add(at.turn)
            if len(self._turns) > REMEMBERED:
                self._forget(min(turn for turn in self._turns if turn))
        elif cancel.scope == "sentence":
            self._sentences.add((at.turn, at.rev, at.seq))
            if len(self._sentences) > REMEMBERED:
                self._forget(min(self._sentences)[0])
        elif cancel.scope == "rev" and at.rev > self._revs.get(at.turn, 0):
            self._remember_rev(at.turn, at.rev)

    def is_stale(self, at: At | None) -> bool:
        """True when a message at `at` must not be acted on. A message without `at` never is."""
        if at is None:
            return False
        return (
            at.epoch < self.epoch
            or at.rev < self._revs.get(at.turn, 0)
            or at.turn in self._turns
            or 0 < at.turn <= self._forgotten
            or (at.turn, at.rev, at.seq) in self._sentences
        )

    def _remember_rev(self, turn: int, rev: int) -> None:
        self._revs[turn] = rev
        if len(self._revs) > REMEMBERED:
            self._forget(min(turn for turn in self._revs if turn))

    def _forget(self, turn: int) -> None:
        """Call everything up to `turn` stale, and drop what was known of it.

        Turn 0 stands for no turn: it has no number to be old by, so it is stale as a whole.
        """
        if turn:
            self._forgotten = max(self._forgotten, turn)
        else:
            self._turns.add(0)
        self._turns = {t for t in self._turns if t == 0 or t > turn}
        self._revs = {t: rev for t, rev in self._revs.items() if t == 0 or t > turn}
        self._sentences = {s for s in self._sentences if s[0] > turn or 0 == s[0] < turn}
