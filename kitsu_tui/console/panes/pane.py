"""What the desk knows of a pane."""

from __future__ import annotations

from typing import ClassVar, Protocol

from kitsu_tui.console.link import Link, Topic


class Pane(Protocol):
    """A pane: its place in the desk, and how it is brought up to date."""

    NAME: ClassVar[str]
    """The action that shows it, and its id."""
    TOPICS: ClassVar[frozenset[Topic]]
    """Changes of these bring it up to date at once."""
    TICKS: ClassVar[bool]
    """True: once a second as well, for what counts time."""

    def paint(self, link: Link, now: float) -> None:
        """Show the present state. Called only while the pane is in sight."""
