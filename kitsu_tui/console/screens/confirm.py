"""A question before something that cannot be taken back at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from kitsu_tui.console.lines import visible

CHECK_S = 0.2


class Confirm(ModalScreen[bool]):
    """Yes only by `y`: Enter, which may come from habit, means no.

    It closes by itself when `holds`, asked often and before a yes counts, is no longer true.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape,enter,q", "answer(False)", "no"),
    ]

    def __init__(
        self, question: str, consequence: str = "", holds: Callable[[], bool] | None = None
    ) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence
        self._holds = holds

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(visible(self._question), markup=False, classes="question")
            if self._consequence:
                yield Static(visible(self._consequence), markup=False)
            yield Static(" y  yes        n, Esc  no", markup=False, classes="choices")

    def on_mount(self) -> None:
        """Look at the reason for the question from now on."""
        if self._holds is not None:
            self.set_interval(CHECK_S, self._look)

    def _look(self) -> None:
        if self.is_current and self._holds is not None and not self._holds():
            self.dismiss(False)

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        if answer and self._holds is not None and not self._holds():
            answer = False
        self.dismiss(answer)
