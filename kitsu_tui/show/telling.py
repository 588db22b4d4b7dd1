"""What is told of an engine: its states, and what the operator should know of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

from engines.wire import show

log = logging.getLogger("show.unit")

MAX_DETAIL = 1000
"""Characters of an engine's own words that are told: they stand in the picture of the show."""


class Telling:
    """Tells of one engine.

    Attributes:
        quiet: nothing is told: it stands by, or leaves, and another one bears its name.
        restarts: never goes back.
        exit: how it ended the last time.
        by: who asked for what it does now.
    """

    def __init__(self, engine: str, tell: Callable[[show.ShowEvent], None]) -> None:
        self.quiet = False
        self.restarts = 0
        self.exit = ""
        self.by = ""
        self._engine = engine
        self._tell = tell

    def change(
        self,
        state: show.EngineState,
        detail: str,
        *,
        pid: int,
        retry_at: float,
        last_words: list[str],
    ) -> None:
        """It is this now."""
        if self.quiet:
            return
        change = show.EngineChanged(
            engine=self._engine,
            state=state,
            detail=detail,
            pid=pid,
            restarts=self.restarts,
            exit=self.exit,
            retry_at=retry_at,
            by=self.by,
            last_words=last_words,
        )
        try:
            self._tell(change)
        except Exception:  # whoever listens, the engine's life goes on
            log.exception("what %s is cannot be told", self._engine)

    def alert(self, level: Literal["warning", "error"], text: str) -> None:
        """Something about it."""
        if not self.quiet:
            self._tell(show.Alert(level=level, text=text, about=self._engine))
