"""Who listens to what an engine says of its own accord, wherever the engine stands."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from engines.wire.envelope import At
from engines.wire.message import EventKind
from kitsu_tui.show.link import Listener


class Listeners:
    """Those of one engine.

    Attributes:
        table: for its `Link`: the listener for each kind of event.
        mode: `pass` events on; `keep` the last of each kind, for an engine that nobody listens to
            yet; or `drop` them.
    """

    def __init__(self, mode: Literal["pass", "keep"] = "pass") -> None:
        self.table: dict[str, tuple[EventKind[Any], Listener]] = {}
        self.mode: Literal["pass", "keep", "drop"] = mode
        self._wants: dict[str, tuple[EventKind[Any], Listener]] = {}
        self._kept: dict[str, tuple[Any, At | None]] = {}

    def add(self, kind: EventKind[Any], listener: Listener) -> None:
        """Call `listener` for an event of this kind."""
        self._wants[kind.name] = (kind, listener)
        self.table[kind.name] = (kind, partial(self._came, kind.name))

    def same_as(self, other: Listeners) -> None:
        """Who listens to that one listens to this one, too."""
        for kind, listener in other._wants.values():
            self.add(kind, listener)

    def begin(self) -> None:
        """Pass on from now on, what was kept first."""
        self.mode = "pass"
        kept, self._kept = self._kept, {}
        for name, (body, at) in kept.items():
            self._came(name, body, at)

    def _came(self, name: str, body: Any, at: At | None) -> None:
        if self.mode == "pass":
            self._wants[name][1](body, at)
        elif self.mode == "keep":
            self._kept[name] = (body, at)
