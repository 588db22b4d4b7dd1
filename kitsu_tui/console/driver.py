"""Textual's driver with the panic key taken out of its input thread.

Textual's loop stands still when the terminal stops reading; its input thread does not. So the key
is recognised there, before any screen, dialog or input field can see it (measured with textual
8.2.8; a subclass of the driver sees every key in `process_message`). What is read goes through
`keyboard` first: nothing that a terminal may send ends the input thread or makes keys of a paste.
It comes by way of a process that knows the panic key as well, and waits for nothing (`keywatch`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from textual import events
from textual.message import Message

from kitsu_tui.console.actions import PANIC_KEYS
from kitsu_tui.console.columns import held
from kitsu_tui.console.keyboard import Parser, Typed
from kitsu_tui.console.keys_in import KeysIn
from kitsu_tui.console.output import Output

if TYPE_CHECKING:
    from textual.driver import Driver

LOOK_S, BEGUN_S = 0.1, 0.02
"""How often the input thread looks whether the app has ended, and whether a sequence has."""


def driver_class(
    press: Callable[[], None],
    lost: Callable[[], None],
    output: Output | None = None,
    keys: Collection[str] = PANIC_KEYS,
    source: KeysIn | None = None,
) -> type[Driver]:
    """The platform's driver, made to call `press` at the panic key and `lost` with the terminal.

    Both are called in the input thread and must return at once. It draws on `output`, if given.
    `keys` may grow while it runs. `source` is where keys are read from; without it the terminal.
    """
    came = source or KeysIn(watched=False)

    class PanicDriver(_base()):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if output is not None:
                self._file = output

        def write(self, data: str) -> None:
            super().write(held(data))
            if output is not None:
                output.look()

        def process_message(self, message: Message) -> None:
            if isinstance(message, events.Key) and message.key in keys:
                press()
                return
            super().process_message(message)

        def run_input_thread(self) -> None:
            if sys.platform == "win32":
                super().run_input_thread()
                return
            try:
                _read_keys(self, came)
            except OSError:  # EIO: the terminal has gone
                lost()

    return PanicDriver


def _read_keys(driver: Any, source: KeysIn) -> None:
    """As the driver's own loop, with what is read made safe before it is parsed.

    Raises:
        OSError: the terminal has gone.
    """
    parser, typed = Parser(driver._debug), Typed()
    source.start(driver.fileno)
    try:
        while not driver.exit_event.is_set():
            # A lone Escape is one when nothing follows: who types on must not have to wait for it.
            begun = parser._timeout_time is not None
            data = source.read(BEGUN_S if begun else LOOK_S)
            text = typed.text(data) if data else ""
            # An empty text would tell the parser that there is no more.
            for message in parser.feed(text) if text else ():
                driver.process_message(message)
            for message in parser.tick():
                driver.process_message(message)
    finally:
        source.stop()


def _base() -> Any:
    if sys.platform == "win32":  # not tried
        from textual.drivers.windows_driver import WindowsDriver

        return WindowsDriver
    from textual.drivers.linux_driver import LinuxDriver

    return LinuxDriver
