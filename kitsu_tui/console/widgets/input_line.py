"""The line to type to her."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

HISTORY = 50
LONGEST = 2000
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")


class InputLine(Input):
    """One row. Enter sends and keeps the cursor here; Escape leaves; up and down recall.

    What a key does is done before it returns, never in a message to itself: the next key may be
    waiting already.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.leave_line", show=False),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
    ]

    class Said(Message):
        """Enter was pressed on a text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Shortened(Message):
        """Something did not fit as it was; `text` says what, for the operator."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, ident: str | None = None) -> None:
        super().__init__(
            placeholder="/ to type to her, Enter to send, Esc to leave",
            compact=True,
            max_length=LONGEST,
            select_on_focus=False,
            id=ident,
        )
        self._history: list[str] = []
        self._at = 0

    def watch_value(self, value: str) -> None:
        """Whether there is something to come back to."""
        self.set_class(bool(value), "-draft")

    def open(self) -> None:
        """The cursor comes here: a draft is selected, so that what is typed takes its place."""
        if self.value.strip():
            self._remember(self.value)
        self.select_all()

    def take(self, text: str) -> None:
        """Put a text at the cursor, or in the place of what is selected: as much as fits."""
        start, end = sorted(self.selection)
        room = LONGEST - (len(self.value) - (end - start))
        if len(text) > room:
            words = f"only {room} of {len(text)} characters fit: a line holds {LONGEST}"
            self.post_message(self.Shortened(words))
        self.replace(text[:room], start, end)

    def paste(self, text: str) -> None:
        """Take a text of any length and any number of lines; what was done to it is said."""
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1:
            self.post_message(self.Shortened(f"{len(lines)} pasted lines were made one"))
        whole = " ".join(lines).translate(_CONTROLS)
        if whole:
            self.take(whole)

    def action_paste(self) -> None:
        """What was cut here, or copied."""
        self.paste(self.app.clipboard)

    def action_recall(self, step: int) -> None:
        """An earlier line, or a later one."""
        if not self._history:
            return
        self._at = max(0, min(len(self._history), self._at + step))
        self.value = self._history[self._at] if self._at < len(self._history) else ""
        self.cursor_position = len(self.value)

    async def action_submit(self) -> None:
        """Enter."""
        text = self.value.strip()
        if not text:
            return
        self._remember(text)
        self.value = ""
        self.post_message(self.Said(text))

    def _remember(self, text: str) -> None:
        if self._history[-1:] != [text]:
            self._history = [*self._history, text][-HISTORY:]
        self._at = len(self._history)

    def give_back(self, text: str) -> None:
        """A text that could not be sent: back on the line, unless something new stands there."""
        if not self.value:
            self.value = text
            self.cursor_position = len(text)
