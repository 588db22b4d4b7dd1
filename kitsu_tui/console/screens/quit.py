"""What quitting means: leave the show on, stop it, or stay."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

Choice = Literal["detach", "stop", "stay"]


class Quit(ModalScreen[Choice]):
    """Asks; `attached` is False when there is no show to leave on or to stop, `stops` when this
    console may not stop it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,enter", "choose('detach')", "detach"),
        Binding("s", "choose('stop')", "stop the show"),
        Binding("c,escape,n,q", "choose('stay')", "stay"),
    ]

    def __init__(self, *, attached: bool, live: bool, stops: bool = True) -> None:
        super().__init__()
        self._attached = attached
        self._stops = attached and stops
        self._live = live

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            if self._attached:
                live = " It is LIVE." if self._live else ""
                yield Static(f"Leave the console?{live}", markup=False, classes="question")
                yield Static(" d  detach: the show goes on", markup=False)
                if self._stops:
                    yield Static(" s  stop the show, for everybody", markup=False)
            else:
                yield Static("Leave the console? No show is attached.", markup=False)
                yield Static(" d  leave", markup=False)
            yield Static(" c  stay here", markup=False, classes="choices")

    def action_choose(self, choice: Choice) -> None:
        """Close with the choice."""
        if choice == "stop" and not self._stops:
            return
        self.dismiss(choice)
