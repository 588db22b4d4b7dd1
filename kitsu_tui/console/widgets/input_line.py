"""The line to type to her."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

HISTORY = 50
LONGEST = 2000


class InputLine(Input):
    """One row. Enter sends and keeps the cursor here; Escape leaves; up and down recall."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
    ]

    class Left(Message):
        """Escape was pressed."""

    class Said(Message):
        """Enter was pressed on a text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, ident: str | None = None) -> None:
        super().__init__(
            placeholder="/ to type to her, Enter to send, Esc to leave",
            compact=True,
            max_length=LONGEST,
            id=ident,
        )
        self._history: list[str] = []
        self._at = 0

    def action_leave(self) -> None:
        """Give the keys back to the panes."""
        self.post_message(self.Left())

    def action_recall(self, step: int) -> None:
        """An earlier line, or a later one."""
        if not self._history:
            return
        self._at = max(0, min(len(self._history), self._at + step))
        self.value = self._history[self._at] if self._at < len(self._history) else ""
        self.cursor_position = len(self.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if not text:
            return
        self._history = [*self._history, text][-HISTORY:]
        self._at = len(self._history)
        self.value = ""
        self.post_message(self.Said(text))

    def give_back(self, text: str) -> None:
        """A text that could not be sent: back on the line, unless something new stands there."""
        if not self.value:
            self.value = text
            self.cursor_position = len(text)
