"""Review mode outlives a death of the show: who wanted every line looked at still does."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from kitsu_tui.show.desk import Desk, Review
from kitsu_tui.show.durable import ReviewFile, read_file, write_file

log = logging.getLogger("show.review")


class KeptReview:
    """`review.json`: there from the first change until the show is ended on purpose."""

    def __init__(self, path: Path, desk: Desk) -> None:
        self._path = path
        self._desk = desk
        self._lock = asyncio.Lock()

    def restore(self) -> None:
        """At start: take up what an operator had set in a show that died. Reads a file."""
        on, wait_s, then, by = self._desk.review
        now = ReviewFile(on=on, wait_s=wait_s, then=then, by=by)
        kept = read_file(self._path, ReviewFile, now)
        self._desk.review = Review(kept.on, kept.wait_s, kept.then, kept.by)

    async def save(self) -> None:
        """Keep it as it is now; what cannot be written is logged."""
        async with self._lock:
            on, wait_s, then, by = self._desk.review
            now = ReviewFile(on=on, wait_s=wait_s, then=then, by=by)
            try:
                await asyncio.to_thread(write_file, self._path, now, sync=True)
            except OSError as err:
                log.warning("review mode would not outlive a crash: %s", err.strerror or err)

    def forget(self) -> None:
        """The show is ended on purpose: the next one goes by its profile."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as err:
            log.warning("%s cannot be removed: %s", self._path.name, err.strerror or err)
