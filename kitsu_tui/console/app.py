"""The console's app: puts link, panic line, desk and actions together, and does nothing itself."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, ClassVar, Literal

from rich.console import RenderableType
from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.markup import escape
from textual.screen import Screen
from textual.widget import Widget

from engines.wire.show import ConsoleWishes
from kitsu_tui.console import themes
from kitsu_tui.console.actions import ACTIONS, DEFAULT_KEYS, PANIC_KEYS, keys_words
from kitsu_tui.console.arrangement import LAYOUTS
from kitsu_tui.console.doing import Doer
from kitsu_tui.console.driver import driver_class
from kitsu_tui.console.keyboard import sequences
from kitsu_tui.console.keymap import BadKeys, Keys, keymap
from kitsu_tui.console.keys_in import KeysIn
from kitsu_tui.console.lines import visible
from kitsu_tui.console.link import Link
from kitsu_tui.console.output import Output
from kitsu_tui.console.pacing import Pacing
from kitsu_tui.console.panic_line import PanicLine
from kitsu_tui.console.presence import Presence
from kitsu_tui.console.screens.desk import Desk
from kitsu_tui.console.widgets.input_line import InputLine

Ending = Literal["detached", "stopped", "no show"]

_OWN_WAY = ("palette", "next_pane", "previous_pane")
"""Actions whose keys are bound by Textual or by the desk."""


def _bindings(keys: Keys, pane: str = "") -> list[Binding]:
    """The bindings of the whole desk, or those of a pane."""
    return [
        Binding(
            key,
            f"app.do({action.name!r}, {key!r})",
            action.title,
            show=False,
            priority=key in keys["panic"] or key == "ctrl+q",
        )
        for action in ACTIONS
        if action.pane == pane and action.name not in _OWN_WAY
        for key in keys[action.name]
    ]


def _bind(widget: App[Any] | Widget, bindings: list[Binding]) -> None:
    """Give a widget these bindings, in the place of those that it was given so before."""
    kept = widget._bindings.key_to_bindings
    for key, old in list(kept.items()):
        kept[key] = [binding for binding in old if not binding.action.startswith("app.do(")]
        if not kept[key]:
            del kept[key]
    for binding in bindings:
        kept.setdefault(binding.key, []).insert(0, binding)


SETTLED_S = 3.0
"""Seconds after which what was made at the start is taken to stay."""


def _settle() -> None:
    """Spare the collector what stays: its full rounds then are short, and come before much piles up
    (a hundred thousand objects of classes and styles made one take 45 ms here, now 10).
    """
    gc.collect()
    gc.freeze()


class ConsoleApp(App[Ending]):
    """See the module.

    Args:
        link: not yet running.
        connect: False: nothing is connected (tests give the state by hand).
        remote: over SSH: the terminal's own sixteen colours.
        lost: called in any thread when the terminal has gone.
        leaving: called when the app begins to end.
        output: what to draw on, standard error if None.
    """

    CSS_PATH = "kitsu.tcss"
    TITLE = "kitsu"
    BINDINGS: ClassVar[list[BindingType]] = [*_bindings(DEFAULT_KEYS)]
    # No message of ours is longer than the row that it goes to, and toasts would cover the panes.
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        link: Link,
        *,
        connect: bool = True,
        remote: bool = False,
        lost: Callable[[], None] = lambda: None,
        leaving: Callable[[], None] = lambda: None,
        output: Output | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.link = link
        self.panic_line = PanicLine(link.by, self._panic_told)
        self._panic_keys = set(PANIC_KEYS)
        self._keys_in = KeysIn(self.panic_line.asked)
        self._keys_in.keys(sequences(self._panic_keys))
        self.panic_line.shared = self._keys_in.line
        super().__init__(
            driver_class=driver_class(
                self.panic_line.press, lost, output, self._panic_keys, self._keys_in
            )
        )
        for theme in themes.OURS:
            self.register_theme(theme)
        self._remote = remote
        self._wishes = ConsoleWishes()
        self.use_theme("auto")
        self._connect = connect
        self._pacing = Pacing(self, output)
        self._leaving = leaving
        self._task: asyncio.Task[None] | None = None
        self._when_drawn: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._asyncio_loop: asyncio.AbstractEventLoop | None = None
        self.desk = Desk(link, clock)
        self.desk.pressed = lambda: self.panic_line.waiting
        self._doer = Doer(self)
        self._presence = Presence(self, link)
        link.wishes = self.use_wishes
        self._use_keys(DEFAULT_KEYS)

    def get_default_screen(self) -> Screen[None]:
        """The desk is the first screen."""
        return self.desk

    def call_when_drawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something once the first paint is done, before the show is looked for."""
        self._when_drawn = work

    def on_ready(self) -> None:
        """The first paint is done: now look for the show."""
        self._asyncio_loop = asyncio.get_running_loop()
        self._pacing.begin(self._asyncio_loop)
        self.set_timer(SETTLED_S, _settle, name="settled")
        if self._when_drawn is not None:
            self.run_worker(self._when_drawn(), exit_on_error=False)
        if self._connect:
            self.panic_line.start()
            self._task = asyncio.create_task(self.link.run(), name="link")
            self._task.add_done_callback(self._link_ended)

    def exit(
        self,
        result: Ending | None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        """End, within a bound."""
        self._leaving()
        super().exit(result, return_code, message)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if renderable is not None:
            self._pacing.drawing()
        super()._display(screen, renderable)

    async def on_unmount(self) -> None:
        """Detach."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=1.5)
        self.panic_line.close()

    def leave(self) -> None:
        """End the app. Any thread; does not wait."""
        loop = self._asyncio_loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self.exit, "detached")
            except RuntimeError:
                pass  # it has ended already

    # What the profile wishes

    def use_wishes(self, wishes: ConsoleWishes) -> None:
        """Take keys, theme and layout from the show's profile, once for each that changes."""
        before, self._wishes = self._wishes, wishes
        if wishes.keys != before.keys:
            try:
                self._use_keys(keymap(ACTIONS, wishes.keys))
            except BadKeys as error:
                # What the operator's fingers know stays.
                self.link.notice(f"the profile's keys are not used: {error}", "bad")
                if self.desk.bell:
                    self.bell()
        if wishes.theme and wishes.theme != before.theme:
            self.use_theme(wishes.theme)
        if wishes.layout in LAYOUTS and wishes.layout != before.layout:
            self.desk.use_layout(wishes.layout)
        self.desk.bell = wishes.bell

    def _use_keys(self, keys: Keys) -> None:
        self.desk.keys = keys
        panic = {*PANIC_KEYS, *keys["panic"]}
        self._panic_keys.update(panic)  # at no moment without one: the input thread reads it
        self._panic_keys.intersection_update(panic)
        self._keys_in.keys(sequences(panic))
        _bind(self, _bindings(keys))
        for name, pane in self.desk.panes.items():
            _bind(pane, _bindings(keys, name))

    def use_theme(self, name: str) -> None:
        """One of `themes.NAMES`."""
        self.theme_name = name if name in themes.NAMES else "auto"
        self.theme = themes.textual_name(self.theme_name, self._remote, self.no_color)
        self.set_class(self.theme == themes.MONO.name, "-mono")

    def next_theme(self) -> str:
        """The theme after this one; returns its name."""
        names = list(themes.NAMES)
        self.use_theme(names[(names.index(self.theme_name) + 1) % len(names)])
        return self.theme_name

    def action_do(self, name: str, key: str = "") -> None:
        """Do one of the registry's actions."""
        self._doer.do(name, key)

    async def action_quit(self) -> None:
        """Textual's own way out asks too."""
        self._doer.do("quit")

    def action_help_quit(self) -> None:
        """Ctrl+C."""
        self._doer.do("quit")

    async def on_event(self, event: events.Event) -> None:
        """On the desk, keys and pastes take effect one by one, in the order of their arrival.

        Textual would hand each to the widget that has the focus and let it come back from there:
        of keys that arrive at once, Enter would overtake the text before it, and what follows `/`
        would go to the pane.
        """
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self.app_focus = True
            if isinstance(event, events.Key):
                self._presence.key()
            if self.screen is self.desk:
                if isinstance(event, events.Paste):
                    self._pasted(event.text)
                elif not await self._check_bindings(event.key, priority=True):
                    await self._typed(event)
                return
        await super().on_event(event)

    async def _typed(self, event: events.Key) -> None:
        line = self.focused
        if isinstance(line, InputLine) and event.is_printable:
            line.take(str(event.character))
        else:
            await self._check_bindings(event.key)

    def _pasted(self, text: str) -> None:
        line = self.focused
        if isinstance(line, InputLine):
            line.paste(text)
        else:
            self.link.notice("pasted text goes to her line: press / first", "warn")

    def on_input_line_said(self, message: InputLine.Said) -> None:
        """A line for her."""
        self._doer.say(message.text)

    def on_input_line_shortened(self, message: InputLine.Shortened) -> None:
        """Not all that was typed or pasted stands on the line as it was."""
        self.link.notice(message.text, "warn")

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: every action of the registry, and the theme."""
        for action in ACTIONS:
            if action.keyed or action.name == "palette":
                continue
            if action.pane and action.pane != self.desk.active:
                continue
            words = " · ".join(filter(None, (keys_words(action, self.desk.keys), action.help)))
            yield SystemCommand(action.title, words, _Does(self._doer, action.name))
        for number, name in enumerate(self.link.state.engines, 1):
            if number <= 10:
                key = str(number % 10)
                text = f"Switch {escape(visible(name))} on or off"  # the palette takes markup
                yield SystemCommand(text, "", _Does(self._doer, "toggle", key))
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)

    def _link_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.link.phase, self.link.detail = (
                "failed",
                f"the console's own fault: {task.exception()!r}",
            )
            self.link.dirty.add("status")

    def _panic_told(self, words: str, ok: bool) -> None:
        """In the panic line's thread."""
        loop = self._asyncio_loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self.link.notice, words, "good" if ok else "bad")
            except RuntimeError:
                pass


class _Does:
    """An action to be done later."""

    def __init__(self, doer: Doer, name: str, key: str = "") -> None:
        self._doer, self._name, self._key = doer, name, key

    def __call__(self) -> None:
        self._doer.do(self._name, self._key)
