"""Which sentences are on air now, and when she fell quiet, from what the show tells."""

from __future__ import annotations

from collections.abc import Callable

from engines.wire import show


class OnAir:
    """Sentences that are audible. Feed it every event of the show."""

    def __init__(self) -> None:
        self._sentences: set[tuple[int, int, int]] = set()

    def __bool__(self) -> bool:
        return bool(self._sentences)

    def follow(self, event: show.ShowEvent) -> bool:
        """Take an event; True when a sentence ended with it and none is left on air."""
        before = bool(self._sentences)
        if isinstance(event, show.Airing):
            # Of an earlier revision nobody tells any more how it ended.
            self._keep(lambda turn, rev: turn != event.turn or rev == event.rev)
            self._sentences.add((event.turn, event.rev, event.seq))
        elif isinstance(event, show.Aired):
            self._sentences.discard((event.turn, event.rev, event.seq))
        elif isinstance(event, show.TurnDone):
            self._keep(lambda turn, _: turn != event.turn)
        elif isinstance(event, show.Panicked | show.ShowStopping):
            self._sentences.clear()
        return before and not self._sentences

    def _keep(self, wanted: Callable[[int, int], bool]) -> None:
        self._sentences = {s for s in self._sentences if wanted(s[0], s[1])}
