"""Tells the show that an operator is there: at a key, once in a few seconds, without waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.app import App

from engines.wire import control
from kitsu_tui.console.link import Link, RequestFailed

EVERY_S = 5.0


class Presence:
    """See the module. A console that only reads, or is no operator's, says nothing."""

    def __init__(
        self, app: App[Any], link: Link, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._link = link
        self._clock = clock
        self._told = float("-inf")

    def key(self) -> None:
        """A key was pressed."""
        now = self._clock()
        link = self._link
        if now - self._told < EVERY_S or not link.attached or link.read_only or not link.operator:
            return
        self._told = now
        self._app.run_worker(self._tell(), group="presence", exit_on_error=False)

    async def _tell(self) -> None:
        try:
            await self._link.ask(control.TOUCH, control.Ask(by=self._link.by), EVERY_S)
        except RequestFailed:
            pass  # the next key says it again
