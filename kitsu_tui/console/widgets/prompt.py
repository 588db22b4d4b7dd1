"""A question of one row, in the place of the line to type to her: a pattern, a name, a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from kitsu_tui.console.widgets.input_line import InputLine

Take = Callable[[str], None]


class Prompt(InputLine):
    """One row. Enter takes what stands there, Escape leaves things as they were.

    What is typed is shown to `changed` at once, so that its effect can be seen; at Escape it is
    called once more, with the text from before. `left` is called at Escape only.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
    ]

    def __init__(self, *, closed: Callable[[], None], ident: str | None = None) -> None:
        super().__init__(ident=ident)
        self._when_closed = closed
        self._before = ""
        self._done: Take | None = None
        self._changed: Take | None = None
        self._left: Callable[[], None] | None = None

    @property
    def asking(self) -> bool:
        """True while a question is open."""
        return self._done is not None

    def ask(
        self,
        value: str,
        done: Take,
        changed: Take | None,
        hint: str,
        left: Callable[[], None] | None = None,
        *,
        anew: bool = False,
    ) -> None:
        """Open with this text; `anew`: it is what was typed before, to be changed and not to be
        typed over.
        """
        self._left = left
        self._before, self._done, self._changed = value, done, changed
        self.placeholder = hint
        self.value = value
        self.cursor_position = len(value)
        if not anew:
            self.select_all()

    def watch_value(self, value: str) -> None:
        """Every change, whatever made it."""
        if self._changed is not None:
            self._changed(value)

    async def action_submit(self) -> None:
        """Enter."""
        done, text = self._done, self.value
        if text.strip():
            self._remember(text)
        self._leave()
        if done is not None:
            done(text)

    def action_cancel(self) -> None:
        """Escape."""
        changed, left = self._changed, self._left
        self._leave()
        if changed is not None:
            changed(self._before)
        if left is not None:
            left()

    def _leave(self) -> None:
        self._done = self._changed = self._left = None
        self.value = ""
        self._when_closed()
