"""What she says, as a text in OBS: the newest wins, and nothing of hers waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from engines.wire import obs, show
from kitsu_tui.show.onair import OnAir

LINGER_S = 1.0
"""How long the last sentence stays after its end: it is read a little later than it is heard. It is
longer than the gap between two sentences, so that they do not flicker."""
LONGEST = 500

Send = Callable[[obs.Change], Awaitable[bool]]


class Captions:
    """Keeps a text source as it should be. At most one request is under way.

    Args:
        send: asks OBS; False when it was not done.
        can: True when OBS can be asked now.
        source: the text source, empty for none.
    """

    def __init__(self, send: Send, can: Callable[[], bool], source: str) -> None:
        self._send = send
        self._can = can
        self._source = source
        self._wanted = ""
        self._tried: str | None = None
        """What OBS was given last, whether it took it or not; None: look anew."""
        self._left: list[str] = []
        """Sources of profiles before, which still show a sentence."""
        self._task: asyncio.Task[None] | None = None
        self._later: asyncio.TimerHandle | None = None
        self._on_air = OnAir()

    def use(self, source: str) -> None:
        """Another text source from now on."""
        if source != self._source:
            self._left += [self._source] if self._source and self._wanted else []
            self._source, self._tried = source, None
            self.pump()

    def anew(self) -> None:
        """OBS is there (again), or takes requests again: give it what it should show."""
        self._tried = None
        self.pump()

    def on_event(self, event: show.ShowEvent) -> None:
        """Follow what the show tells."""
        silent = self._on_air.follow(event)
        if isinstance(event, show.Airing):
            self._want(event.text)
        elif isinstance(event, show.Panicked | show.ShowStopping):
            self._want("")
        elif isinstance(event, show.Resumed):
            self.anew()  # while panic held it OBS may have been asked in vain
        elif silent and isinstance(event, show.Aired) and event.status == "played":
            self._cancel_later()
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(LINGER_S, self._want, "")
        elif silent:
            self._want("")

    def close(self) -> None:
        """Nothing more."""
        self._cancel_later()
        if self._task is not None:
            self._task.cancel()

    def pump(self) -> None:
        """Ask, if there is something to ask for and somebody to ask."""
        if self._due() and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._work(), name="captions")

    def _due(self) -> bool:
        news = bool(self._source) and self._wanted != self._tried
        return (news or bool(self._left)) and self._can()

    def _want(self, text: str) -> None:
        self._cancel_later()
        self._wanted = text[:LONGEST]
        self.pump()

    def _cancel_later(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None

    async def _work(self) -> None:
        while self._due():
            if self._left:
                await self._send(obs.SetText(input=self._left.pop(), text=""))
                continue
            source, self._tried = self._source, self._wanted
            await self._send(obs.SetText(input=source, text=self._tried))
            if source != self._source:
                self._tried = None
