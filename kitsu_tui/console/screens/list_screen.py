"""A text to type and a list below it: the arrows go through the list, the cursor stays in the
text.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from kitsu_tui.console.lines import visible

R = TypeVar("R")


class ListScreen(ModalScreen[R | None], Generic[R]):
    """Has an `Input` and an `OptionList`. Escape dismisses it with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close"),
        Binding("up", "step(-1)", priority=True),
        Binding("down", "step(1)", priority=True),
    ]

    @abstractmethod
    def take(self, at: int) -> None:
        """The entry with this number was chosen, by Enter or by a click."""

    @property
    def options(self) -> OptionList:
        """The list."""
        return self.query_one(OptionList)

    def fill(self, entries: Sequence[tuple[str, str]], at: int) -> None:
        """Show these, each with its mark before it; the one with the number `at` is under the
        cursor.
        """
        self.options.clear_options()
        for mark, words in entries:
            self.options.add_option(Option(Content(f"{mark}{visible(words)}")))
        if entries:
            self.options.highlighted = at

    def take_marked(self) -> None:
        """The entry under the cursor is chosen, if there is one."""
        at = self.options.highlighted
        if at is not None and at < self.options.option_count:
            self.take(at)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """A click."""
        self.take(message.option_index)

    def action_step(self, step: int) -> None:
        """The next entry, or the one before."""
        if step > 0:
            self.options.action_cursor_down()
        else:
            self.options.action_cursor_up()

    def action_leave(self) -> None:
        """Choose none."""
        self.dismiss(None)
