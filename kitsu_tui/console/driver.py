"""Textual's driver with the panic key taken out of its input thread.

Textual's loop stands still when the terminal stops reading; its input thread does not. So the key
is recognised there, before any screen, dialog or input field can see it (measured with textual
8.2.8; a subclass of the driver sees every key in `process_message`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from textual import events
from textual.message import Message

from kitsu_tui.console.actions import PANIC_KEYS
from kitsu_tui.console.output import Output

if TYPE_CHECKING:
    from textual.driver import Driver


def driver_class(
    press: Callable[[], None],
    lost: Callable[[], None],
    output: Output | None = None,
    keys: Collection[str] = PANIC_KEYS,
) -> type[Driver]:
    """The platform's driver, made to call `press` at the panic key and `lost` with the terminal.

    Both are called in the input thread and must return at once. It draws on `output`, if given.
    `keys` may grow while it runs.
    """

    class PanicDriver(_base()):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if output is not None:
                self._file = output

        def write(self, data: str) -> None:
            super().write(data)
            if output is not None:
                output.look()

        def process_message(self, message: Message) -> None:
            if isinstance(message, events.Key) and message.key in keys:
                press()
                return
            super().process_message(message)

        def run_input_thread(self) -> None:
            try:
                super().run_input_thread()
            except OSError:  # EIO: the terminal has gone
                lost()

    return PanicDriver


def _base() -> Any:
    if sys.platform == "win32":  # not tried
        from textual.drivers.windows_driver import WindowsDriver

        return WindowsDriver
    from textual.drivers.linux_driver import LinuxDriver

    return LinuxDriver
