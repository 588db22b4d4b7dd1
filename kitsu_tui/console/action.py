"""What an action of the console is: its name, words, keys, risk and what it asks of the show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from engines.wire.message import RequestKind


class Risk(Enum):
    """When an action asks before it acts."""

    FREE = "never"
    LIVE = "while live"
    ALWAYS = "always"


class Unfit(Exception):
    """The action cannot be asked for now; the message says why, for the operator."""


@dataclass(frozen=True)
class Context:
    """What a request is built from.

    Attributes:
        by: who asks.
        engines: names in the order of their numbers.
        selected: the engine that is selected, empty when none is.
        key: the key that was pressed, for an action that depends on it.
        epoch: of the panic that is in sight.
        off: engines that do not run and are not about to.
    """

    by: str
    engines: tuple[str, ...] = ()
    selected: str = ""
    key: str = ""
    epoch: int = 0
    off: frozenset[str] = frozenset()


Asking: TypeAlias = tuple[RequestKind[Any, Any], Any, str]
"""Kind, parameters and the words for it ("restart tts")."""


@dataclass(frozen=True)
class Action:
    """One thing that an operator can do.

    Attributes:
        name: stable; what profiles and verbs will call it.
        keys: in Textual's spelling, the first is the one that is shown.
        label: a word for the footer, empty to leave it out.
        verb: the `kitsu` verb of the same meaning.
        keyed: the pressed key is part of the request.
        engine: about one engine: the selected one, or one that is picked while none is in sight.
        pane: only there while this pane is active; its keys are the pane's own.
        changes: asks something of the show; not for a console that only reads.
    """

    name: str
    title: str
    help: str
    keys: tuple[str, ...]
    group: str
    label: str = ""
    risk: Risk = Risk.FREE
    verb: str = ""
    ask: Callable[[Context], Asking] | None = None
    keyed: bool = False
    engine: bool = False
    pane: str = ""
    changes: bool = False

    @property
    def acts(self) -> bool:
        """True when it asks something of the show."""
        return self.changes or self.ask is not None
