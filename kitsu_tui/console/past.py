"""A session out of its journal, in the place of a connection to a show: to be read, not run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from kitsu_tui.console.link import ALL, Link
from kitsu_tui.console.words import span
from kitsu_tui.journal.lines import Skipped
from kitsu_tui.journal.past import read_past, settled
from kitsu_tui.model.state import PanicView, ShowState

SETTLE_AFTER = 0.5
"""Seconds: the first paint goes first."""


@dataclass
class PastLink(Link):
    """See the module. Nothing can be asked of it; panic goes to the show that runs, if one does."""

    READS: ClassVar[str] = "a past session: nothing can be asked of it"

    path: Path = Path()
    read_only: bool = True

    async def run(self) -> None:
        """Show the end of the session at once, then the last word about everything."""
        for read in (read_past, settled):
            if read is settled:
                await asyncio.sleep(SETTLE_AFTER)
            try:
                state, skipped = await asyncio.to_thread(read, self.path)
            except OSError as error:
                self.phase, self.detail = "past", f"cannot be read: {error.strerror or error}"
                self.dirty |= ALL
                return
            self._take(state, skipped)

    def _take(self, state: ShowState, skipped: Skipped) -> None:
        began, ended = state.started or _first(state), state.t
        # What was so at its end is not so now: nothing of it may look as if it were on air.
        state.panic = PanicView()
        state.live = state.stopping = False
        state.operators = []
        self.state = state
        self._wish(state.console)
        missed = skipped.words()
        if state.n or state.turns:
            when = datetime.fromtimestamp(began).astimezone()
            words = f"of {when:%A %Y-%m-%d %H:%M}, {span(ended - began)}: to be read, not run"
        else:
            words = f"{self.path.parent.name}: no event of a show in it"
        self.phase, self.detail = "past", f"{words}; {missed}" if missed else words
        self.dirty |= ALL


def _first(state: ShowState) -> float:
    return state.turns[0].started if state.turns else state.t
