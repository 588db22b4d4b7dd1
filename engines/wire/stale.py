"""What is too old to be heard.

The show's router, every engine's harness and `audio` each hold one of these and drop what it
calls stale, so that safety never rests on one of them obeying.
"""

from __future__ import annotations

from collections import OrderedDict

from engines.wire.envelope import At, Cancel

REMEMBERED = 256
"""Turns and sentences whose cancellation is remembered. Older ones are stale by their number."""


class StaleFilter:
    """Decides staleness for one hop. Knows what it has been told and what it has seen.

    Stale is: an older epoch, an older revision of its turn, a cancelled turn or sentence. Once
    stale, always stale: nothing here ever goes back.
    """

    def __init__(self, epoch: int = 0) -> None:
        self.epoch = epoch
        self._revs: OrderedDict[int, int] = OrderedDict()
        self._turns: OrderedDict[int, None] = OrderedDict()
        self._sentences: OrderedDict[tuple[int, int, int], None] = OrderedDict()
        self._forgotten = -1

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
            self._turns[at.turn] = None
            while len(self._turns) > REMEMBERED:
                turn, _ = self._turns.popitem(last=False)
                self._forgotten = max(self._forgotten, turn)
        elif cancel.scope == "sentence":
            self._sentences[at.turn, at.rev, at.seq] = None
            while len(self._sentences) > REMEMBERED:
                self._sentences.popitem(last=False)
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
            or (at.turn != 0 and at.turn <= self._forgotten)
            or (at.turn, at.rev, at.seq) in self._sentences
        )

    def _remember_rev(self, turn: int, rev: int) -> None:
        self._revs[turn] = rev
        self._revs.move_to_end(turn)
        while len(self._revs) > REMEMBERED:
            self._revs.popitem(last=False)
