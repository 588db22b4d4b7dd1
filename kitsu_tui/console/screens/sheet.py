"""A few lines to be read, and perhaps agreed to."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from kitsu_tui.console.lines import Line
from kitsu_tui.console.widgets.line_view import Table

Make = Callable[[int], list[Line]]
"""Makes the lines for a width in cells."""


class _Lines(Table):
    def __init__(self, title: str, how: str, make: Make) -> None:
        super().__init__(ident="sheet")
        self._make = make
        self._title, self._how = title, how

    def on_mount(self) -> None:
        self.border_title = self._title
        self.border_subtitle = self._how

    def on_resize(self, event: events.Resize) -> None:
        if self.room > 0:
            lines = self._make(self.room)
            self.styles.height = len(lines) + 2
            self.show(lines)
            self.lines_changed()


class Sheet(ModalScreen[bool]):
    """Scrolls. Enter dismisses it with True when there is something to agree to (`agree` says
    what, such as `switches`); Escape, and everything else that closes it, with False.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "answer(False)", "close"),
        Binding("enter", "answer(True)", "agree"),
    ]

    def __init__(self, title: str, make: Make, agree: str = "") -> None:
        super().__init__()
        self._title = title
        self._make = make
        self._agree = agree

    def compose(self) -> ComposeResult:
        how = f"Enter {self._agree}, Esc leaves" if self._agree else "Esc closes"
        yield _Lines(self._title, how, self._make)

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        self.dismiss(answer and bool(self._agree))
