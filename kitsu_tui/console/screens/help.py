"""Help: every action with its keys, from the registry."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from kitsu_tui.console.action import Risk
from kitsu_tui.console.actions import ACTIONS, DEFAULT_KEYS, keys_words
from kitsu_tui.console.keymap import Keys
from kitsu_tui.console.lines import BLANK, Line, cells, fit, wrap
from kitsu_tui.console.widgets.line_view import Table

_KEYS, _TITLE = 14, 28


def lines(width: int, keys: Keys = DEFAULT_KEYS, pane: str = "") -> list[Line]:
    """The whole help: what this pane has of its own first."""
    out: list[Line] = []
    group = ""
    for action in sorted(ACTIONS, key=lambda action: not pane or action.pane != pane):
        if action.group != group:
            group = action.group
            out += [BLANK, ((group, "strong"),)] if out else [((group, "strong"),)]
        asks = {Risk.FREE: "", Risk.LIVE: " Asks while live.", Risk.ALWAYS: " Asks first."}
        words = action.help + asks[action.risk]
        if action.verb:
            words += f" Also: kitsu {action.verb}"
        urgent = "bad" if action.name == "panic" else ""
        out += wrap(
            (
                (keys_words(action, keys).ljust(_KEYS - 2) + "  ", "accent"),
                (fit(action.title, max(_TITLE, cells(action.title))) + " ", urgent or "strong"),
                (words, "dim"),
            ),
            width,
            _KEYS,
        )
    return out


class _HelpText(Table):
    def __init__(self, keys: Keys, pane: str) -> None:
        super().__init__(ident="help-text")
        self._keys = keys
        self._pane = pane

    def on_mount(self) -> None:
        self._refresh_scrollbars()
        self.border_title = "Help"
        self.border_subtitle = "Esc closes"

    def on_resize(self, event: events.Resize) -> None:
        self.show(lines(self.room, self._keys, self._pane))
        self.lines_changed()


class Help(ModalScreen[None]):
    """Scrolls; Escape, q or ? close it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss(None)", "close")
    ]

    def __init__(self, keys: Keys = DEFAULT_KEYS, pane: str = "") -> None:
        super().__init__()
        self._keys = keys
        self._pane = pane

    def compose(self) -> ComposeResult:
        yield _HelpText(self._keys, self._pane)
