"""What must not leave her: found anew whenever persona or profile change."""

from __future__ import annotations

import re
from pathlib import Path

from engines.wire.logline import is_secret
from kitsu_tui.config import Loaded
from kitsu_tui.config.persona import Persona
from kitsu_tui.show.judge import Judge
from kitsu_tui.show.prepared import secrets
from kitsu_tui.show.safety.leaks import Leaks
from kitsu_tui.show.safety.repeats import Repeats

_PIECE = re.compile(r"(?<=[.!?,])\s+")
"""Between sentences, and behind an opening clause."""


class KeptIn:
    """The two checks that go by what she knows and what she said.

    Args:
        judge: gets them.
    """

    def __init__(self, judge: Judge, loaded: Loaded, persona: Persona) -> None:
        self.leaks = Leaks()
        self.repeats = Repeats(loaded.profile.safety.repeats)
        judge.output_checks += [self.leaks, self.repeats]
        judge.said = self.repeats.said
        self._persona: Persona | None = None
        self._secrets: set[str] = set()
        """Those of all profiles: a secret stays one when another profile comes."""
        self.use(loaded, persona)

    def use(self, loaded: Loaded, persona: Persona) -> None:
        """Go by another profile or persona."""
        self._secrets.update(
            value
            for environ in (loaded.environ, secrets(loaded))
            for name, value in environ.items()
            if is_secret(name)
        )
        before, self._persona = self._persona, persona
        self.leaks.learn(persona, self._secrets, str(Path.home()), before)
        conversation = loaded.profile.conversation
        lines = [line for some in persona.refusals.values() for line in some]
        for example in persona.examples:
            lines += [example.speech, *_PIECE.split(example.speech)]
        self.repeats.use(
            loaded.profile.safety.repeats,
            [*lines, conversation.refusal_line, conversation.failure_line],
        )
