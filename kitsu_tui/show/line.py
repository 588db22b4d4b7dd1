"""One sentence of hers from its verdict to the air, and what it waits for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal, Protocol

from engines.wire import show
from engines.wire.lines import Ruled, Waiting
from kitsu_tui.show.judge import Judgement
from kitsu_tui.show.safety import Verdict
from kitsu_tui.show.turn import SpokenLine

Words = Literal["model", "profile", "operator"]
"""Whose words they are."""
Fate = Literal["air", "drop"]


class Owner(Protocol):
    """The answer that a line belongs to."""

    @property
    def counts(self) -> bool:
        """It is no guess any more: it is to be heard."""

    def tell(self, event: show.ShowEvent) -> None:
        """Tell it, if the answer is not overtaken."""

    async def weigh(self, line: Line, text: str) -> Judgement:
        """Judge a text in a line's place."""

    async def pull_back(self, line: Line, *, remake: bool = False) -> bool:
        """Take its sound back from `audio`; False when it was being heard."""

    def stopped(self, line: Line, why: str, by: str, ruled: Ruled | None) -> None:
        """It is not to be heard: end its sound, and see to what follows it."""

    def judge_again(self, line: Line, why: str) -> None:
        """It was judged by rules that hold no more, or (`split`) behind what was not heard so."""

    def changed(self, line: Line) -> None:
        """Something else is said: what follows it is judged anew."""


@dataclass(eq=False)
class Line(SpokenLine):
    """A sentence.

    Attributes:
        turn, rev: the answer's.
        written: as it was thought of, before the gate.
        verdict: the one that let it through, or that lets it wait.
        ruled: what all means said of it.
        unmade: it is not given to `tts` before it is let go.
        waits: why it may not be heard yet; empty: nothing keeps it.
        wait_s: for how long; `then` happens after that.
        asked: a second opinion is not there yet.
        slow: it was told that it is waited for.
        over: nothing more becomes of it: dropped, overtaken, or it has ended.
        begun: what comes after it may begin to be made.
        ended: it has left her voice, heard or not.
    """

    owner: Owner = None  # type: ignore[assignment]
    turn: int = 0
    rev: int = 0
    written: str = ""
    verdict: Verdict = field(default_factory=lambda: Verdict(action="allow"))
    ruled: list[Ruled] = field(default_factory=list)
    words: Words = "model"
    unmade: bool = False
    waits: Waiting | Literal[""] = ""
    wait_s: float = 0.0
    until: float = 0.0
    then: Fate = "drop"
    held_by: str = ""
    asked: bool = False
    slow: bool = False
    decided: Literal["", "air", "drop", "replace"] = ""
    decided_by: str = ""
    approved_by: str = ""
    over: bool = False
    timer: asyncio.TimerHandle | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def open(self) -> bool:
        """It may still be dropped, replaced or held."""
        return not (self.over or self.audible_ns)

    @property
    def kept(self) -> bool:
        """Something is waited for before it may be heard."""
        return bool(self.waits) or self.asked

    def name(self) -> str:
        """As an operator calls it."""
        return f"line {self.seq} of turn {self.turn}"

    def wake(self) -> None:
        """Something about it has changed."""
        self._news.set()
        self._news = asyncio.Event()

    async def may_be_made(self) -> None:
        """Wait until it may be given to `tts`, or is over. The desk's timers bound it."""
        while self.unmade and not self.over:
            await self._news.wait()

    async def news(self) -> None:
        """Wait until something about it changes."""
        await self._news.wait()
