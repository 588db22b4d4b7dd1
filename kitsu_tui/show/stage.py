"""What an answer needs of the show around it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from engines.wire import policy, show, tts
from engines.wire.envelope import At
from engines.wire.peer import RequestFailed
from kitsu_tui.config import Profile
from kitsu_tui.config.persona import Persona
from kitsu_tui.show.desk import Desk
from kitsu_tui.show.gap import Gap
from kitsu_tui.show.history import History
from kitsu_tui.show.judge import Judge
from kitsu_tui.show.refusals import Refusals
from kitsu_tui.show.safety import Verdict
from kitsu_tui.show.supervisor import Supervisor
from kitsu_tui.show.turn import SpokenLine

log = logging.getLogger("show.answer")

WARM_S = 60.0

Reading = Callable[[tts.Reading, SpokenLine], Awaitable[Verdict | None]]
"""Judges how a sentence is about to be pronounced: as `tts` told it, and the line.
None, or a verdict that allows: nothing against it. `hold`: it waits; all else: it is not heard."""


@dataclass
class Stage:
    """What an answer needs of the show around it."""

    supervisor: Supervisor
    tell: Callable[[show.ShowEvent], None]
    judge: Judge
    persona: Persona
    history: History
    profile: Profile
    preset: str
    mood: str = ""
    """The mood that an operator holds her in; empty: her own."""
    felt: Callable[[int, str], None] = lambda turn, mood: None
    """Called with the mood of a turn's answer, as soon as it is known."""
    gap: Gap = field(default_factory=Gap)
    refusals: Refusals = field(default_factory=Refusals)
    reading: Reading | None = None
    """Judges how a sentence is pronounced, before any sound of it."""
    panic: Callable[[str], object] = lambda by: None
    """Presses panic, in the name of a rule that says so."""
    desk: Desk = field(init=False)
    """Has the lines that are not on air yet."""

    def __post_init__(self) -> None:
        self.desk = Desk(self.profile.safety, self.tell)

    def prompt(self, preset: str = "") -> policy.Prompt:
        """What she knows before anything is asked; its beginning stays the same."""
        family = self.profile.persona.family_friendly
        return policy.Prompt(
            system=self.persona.system_text(preset or self.preset, family=family),
            history=[*self.persona.opening(), *self.history.messages()],
            moods=[self.mood] if self.mood else list(self.persona.moods),
        )

    async def warm(self, epoch: int) -> None:
        """Have the model read the beginning of the prompt, so that the next answer is quick."""
        if not self.supervisor.is_ready("policy"):
            return
        try:
            await self.supervisor.request(
                "policy", policy.WARM, self.prompt(), at=At(epoch=epoch), timeout=WARM_S
            )
        except RequestFailed as err:
            log.info("warming up: %s", err)
