"""The operator's own blocklist: what nobody may hear. Type to add, empty Enter takes one off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static

from engines.wire import control
from kitsu_tui.console.lines import visible
from kitsu_tui.console.link import RequestFailed
from kitsu_tui.console.screens.confirm import Confirm
from kitsu_tui.console.screens.list_screen import ListScreen

What = Literal["add", "remove", "list"]
Ask = Callable[[What, str], Awaitable[control.Listed]]
"""Asks the show to change or list it; RequestFailed when it does not."""

LONGEST = 200
"""Characters of a text that is blocked."""
_AROUND = 10
"""Rows of everything but the list."""
_LOW = 16
_HOW = "Enter blocks what is typed; with nothing typed, it takes the marked one off. Esc closes."


class Blocklist(ListScreen[None]):
    """See the module. `text` stands there first, selected, to be cut down to what is meant."""

    def __init__(self, ask: Ask, text: str = "") -> None:
        super().__init__()
        self._ask = ask
        self._text = " ".join(text.split())[:LONGEST]
        self._texts: list[str] | None = None
        self._shown: list[str] = []
        self._added = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Words that are never said", markup=False, classes="question", id="title")
            yield Input(
                self._text,
                placeholder="a word or a few words",
                compact=True,
                max_length=LONGEST,
                select_on_focus=True,
            )
            yield Static(_HOW, markup=False, id="how")
            yield Static("", markup=False, id="told")
            yield OptionList()

    def on_mount(self) -> None:
        """Ask for the list as it is."""
        self.query_one(Input).focus()
        self._tell("asking for the list…")
        self._do("list", "")

    def on_resize(self, event: events.Resize) -> None:
        """The list gives way where there is little room."""
        low = event.size.height < _LOW
        self.set_class(low, "-low")
        around = _AROUND - 4 if low else _AROUND
        self.options.styles.max_height = max(2, event.size.height - around)

    # Asking

    def _do(self, what: What, text: str) -> None:
        self.run_worker(self._change(what, text), group="blocklist", exit_on_error=False)

    async def _change(self, what: What, text: str) -> None:
        try:
            listed = await self._ask(what, text)
        except RequestFailed as error:
            verb = {"add": "not blocked", "remove": "not taken off", "list": "no list"}[what]
            self._tell(f"✗ {verb}: {error.detail}", "bad")
            return
        self._texts = list(listed.texts)
        self._added = text if what == "add" else ""
        own = {"add": f"blocked from now on: {text}", "remove": f"no longer blocked: {text}"}
        self._tell(f"✓ {listed.detail or own[what]}" if what in own else "")
        if what == "add":
            self.query_one(Input).value = ""
        self._narrow(self.query_one(Input).value)

    def _tell(self, words: str, style: str = "") -> None:
        told = self.query_one("#told", Static)
        told.set_class(style == "bad", "-bad")
        told.update(visible(words))
        told.display = bool(words)

    # What is shown

    def _narrow(self, typed: str) -> None:
        if self._texts is None:
            return
        wanted = " ".join(typed.split()).casefold()
        same = [text for text in self._texts if wanted in text.casefold()]
        self._shown = same if wanted and same else self._texts
        count = len(self._texts)
        title = f"Words that are never said: {count or 'none'} on your list"
        self.query_one("#title", Static).update(title)
        self.options.display = bool(self._shown)
        self.fill(
            [("+ " if text == self._added else "  ", text) for text in self._shown],
            self._shown.index(self._added) if self._added in self._shown else 0,
        )

    def on_input_changed(self, message: Input.Changed) -> None:
        """Those that are like what is typed."""
        self._narrow(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter."""
        text = " ".join(message.value.split())
        if text:
            if self._texts is not None and text in self._texts:
                self._tell(f"“{text}” is blocked already")
            else:
                self._tell(f"blocking “{text}”…")
                self._do("add", text)
            return
        self.take_marked()

    def take(self, at: int) -> None:
        """Take it off the list, if that is meant."""
        text = self._shown[at]

        def answered(yes: bool | None) -> None:
            if yes:
                self._do("remove", text)

        question = Confirm(f"Take “{text}” off the list?", "It may be said and heard again.")
        self.app.push_screen(question, answered)
