"""One of a list: type to narrow it, Enter takes. Where nothing fits, what is near is offered."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static

from kitsu_tui.console.lines import visible
from kitsu_tui.console.screens.list_screen import ListScreen

Choice = tuple[str, str]
"""A value, and the words for it."""
NEAR = 5
"""Near names that are offered at most."""
_LIKE = 0.45


def near(text: str, choices: Sequence[Choice]) -> list[Choice]:
    """The choices that are most like what was typed, the nearest first."""
    wanted = text.casefold()

    def likeness(choice: Choice) -> float:
        said = [name.casefold() for name in choice]
        said += [word[: len(wanted)] for name in said for word in (name, *name.split())]
        return max(difflib.SequenceMatcher(None, wanted, one).ratio() for one in said)

    like = [(likeness(choice), choice) for choice in choices]
    like = [found for found in like if found[0] >= _LIKE]
    like.sort(key=lambda found: -found[0])
    return [choice for _, choice in like[:NEAR]]


class Pick(ListScreen[str]):
    """Dismissed with the value that was taken, or None."""

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        current: str = "",
        at: str = "",
        *,
        hint: str = "type to narrow, Enter takes, Esc leaves",
        other: Callable[[str], str] = lambda typed: "",
    ) -> None:
        """`current` is marked; the cursor stands on `at` first, on the current one without it.

        `other` gives the value of what was typed and is none of the choices; empty: there is none.
        """
        super().__init__()
        self._hint = hint
        self._other = other
        self._title = title
        self._choices = list(choices)
        self._current = current
        self._at = at or current
        self._shown: list[Choice] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(visible(self._title), markup=False, classes="question")
            yield Input(placeholder=self._hint, compact=True)
            yield Static("", markup=False, classes="nothing")
            yield OptionList()

    def on_mount(self) -> None:
        """All choices, the present one under the cursor."""
        self.query_one(Input).focus()
        self._narrow("")

    def _narrow(self, text: str) -> None:
        wanted = text.casefold()
        self._shown = [
            (value, words)
            for value, words in self._choices
            if wanted in value.casefold() or wanted in words.casefold()
        ]
        nothing = ""
        if not self._shown and (value := self._other(text)):
            self._shown = [(value, value)]
        if not self._shown:
            self._shown = near(text, self._choices)
            nothing = "nothing is called so" + ("; these are near:" if self._shown else "")
        hint = self.query_one(".nothing", Static)
        hint.update(nothing)
        hint.display = bool(nothing)
        values = [value for value, _ in self._shown]
        # Who has typed means the first of what is left.
        at = values.index(self._at) if not text and self._at in values else 0
        self.fill(
            [("● " if value == self._current else "  ", words) for value, words in self._shown], at
        )

    def on_input_changed(self, message: Input.Changed) -> None:
        """Narrow."""
        self._narrow(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter."""
        self.take_marked()

    def take(self, at: int) -> None:
        """Close with its value."""
        self.dismiss(self._shown[at][0])
