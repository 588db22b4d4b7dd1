"""Draws nothing while the terminal does not take what was drawn before.

Without it Textual's loop stands still on a stalled link, and a slow one shows what was so seconds
ago, frame after frame. Keys go on working meanwhile, and what is drawn next is the present.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

    from kitsu_tui.console.output import Output


class Pacing:
    """See the module.

    Attributes:
        held: True while nothing is drawn.
    """

    def __init__(self, app: App[Any], output: Output | None) -> None:
        self._app = app
        self._output = output
        self._loop: asyncio.AbstractEventLoop | None = None
        self._batch: ExitStack | None = None
        self._missed = False

    @property
    def held(self) -> bool:
        """See the class."""
        return self._batch is not None

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """The app runs in this loop from now on."""
        self._loop = loop
        if self._output is not None:
            self._output.on_slow = lambda: self._soon(hold=True)
            self._output.on_room = lambda: self._soon(hold=False)

    def drawing(self) -> None:
        """A frame is about to be drawn: while it is held, it is lost."""
        self._missed |= self.held

    def _soon(self, *, hold: bool) -> None:
        """In any thread; they take effect in the order of the calls."""
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(self._hold if hold else self._release)
            except RuntimeError:
                pass  # the app has ended

    def _hold(self) -> None:
        if self._batch is None:
            self._batch = ExitStack()
            self._batch.enter_context(self._app.batch_update())

    def _release(self) -> None:
        if self._batch is None:
            return
        batch, self._batch = self._batch, None
        if self._missed:
            self._missed = False
            self._app.screen.refresh(layout=True)
        batch.close()


__all__ = ["Pacing"]
