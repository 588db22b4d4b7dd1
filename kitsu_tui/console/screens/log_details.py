"""One log line, whole: every field, JSON laid out, the traceback, what the log file has besides."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from engines.wire.logline import LogLine
from kitsu_tui.config import logread
from kitsu_tui.console import clipboard
from kitsu_tui.console.lines import BLANK, Line, visible, wrap
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.widgets.log_rows import Entry, Mark, local_time

TRIES = 50
"""Braces at which JSON is looked for."""
ROWS = 5000
"""Rows that are laid out."""
READ_S = 5.0
_OWN = frozenset(LogLine.__struct_fields__)


def plain(entry: Entry) -> str:
    """An entry as text: its rows, the later ones indented."""
    if isinstance(entry, Mark):
        return entry.text
    rows = entry.message.split("\n")
    if entry.exception:
        rows += entry.exception.rstrip().split("\n")
    first = f"{local_time(entry.ts)} {entry.level} {entry.service} {rows[0]}"
    return "\n    ".join([first, *rows[1:]])


def split_json(text: str) -> tuple[str, str, str] | None:
    """What stands before the first JSON object in a text, the object laid out, and what follows.

    None when there is none; an empty object is none.
    """
    decoder = json.JSONDecoder()
    at = -1
    for _ in range(TRIES):
        at = text.find("{", at + 1)
        if at < 0:
            return None
        try:
            found, end = decoder.raw_decode(text, at)
            if isinstance(found, dict) and found:
                laid_out = json.dumps(found, indent=2, ensure_ascii=False)
                return text[:at].strip(), laid_out, text[end:].strip()
        except (ValueError, RecursionError):
            continue
    return None


def details(line: LogLine, extras: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """Rows of text, each with its style, as wide as they are."""
    rows = [
        (f"time     {line.ts}  ({local_time(line.ts)} here)", "dim"),
        (f"level    {line.level}", {"warning": "warn"}.get(line.level, "")),
        (f"service  {line.service}", ""),
        (f"logger   {line.logger}", ""),
        ("", ""),
    ]
    found = split_json(line.message)
    if found is None:
        rows += _block(line.message)
    else:
        before, laid_out, after = found
        rows += [*(_block(before) if before else ()), *_block(laid_out, "accent")]
        rows += _block(after) if after else []
    if extras:
        rows += [("", ""), ("more fields", "strong")]
        rows += _block(json.dumps(extras, indent=2, ensure_ascii=False, default=str), "accent")
    if line.exception:
        rows += [("", ""), ("exception", "strong"), *_block(line.exception.rstrip(), "bad")]
    if len(rows) > ROWS:
        rows = [*rows[:ROWS], (f"… {len(rows) - ROWS} more rows", "warn")]
    return rows


def _block(text: str, style: str = "") -> list[tuple[str, str]]:
    return [(row, style) for row in text.split("\n")]


class _Text(Table):
    """The rows, wrapped for the width there is."""

    def __init__(self) -> None:
        super().__init__(ident="log-details")
        self.rows: Sequence[tuple[str, str]] = ()

    def lay_out(self) -> None:
        lines: list[Line] = []
        for text, style in self.rows:
            text = visible(text)  # noqa: PLW2901
            indent = len(text) - len(text.lstrip()) + 2
            lines += wrap(((text, style),), self.room, indent) if text.strip() else [BLANK]
        self.show(lines)
        self.lines_changed()

    def on_resize(self, event: events.Resize) -> None:
        self.lay_out()


class LogDetails(ModalScreen[None]):
    """Scrolls; Escape, Enter or q close it, Y copies all of it.

    Args:
        line: the line.
        log_root: folder of the show's log files, empty when unknown: what they have of this line
            besides its ordinary fields is shown too, if they are on this machine.
    """

    DEFAULT_CSS = """
    LogDetails { align: center middle; }
    #log-details { width: 94%; height: 90%; overflow-y: scroll; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss(None)", "close"),
        Binding("Y,y", "copy", "copy"),
    ]

    def __init__(self, line: LogLine, log_root: str = "") -> None:
        super().__init__()
        self.line = line
        self._root = log_root
        self._text = _Text()

    def compose(self) -> ComposeResult:
        yield self._text

    def on_mount(self) -> None:
        """Show it; the log file is read beside."""
        self._text.border_title = "Log line"
        self._text.border_subtitle = "Y copies, Esc closes"
        self._text.rows = details(self.line)
        if self._root:
            self.run_worker(self._read(), exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        found = asyncio.to_thread(logread.find, Path(self._root), self.line)
        try:
            async with asyncio.timeout(READ_S):
                whole = await found
        except (TimeoutError, OSError):
            return
        extras = {key: value for key, value in (whole or {}).items() if key not in _OWN}
        if extras:
            self._text.rows = details(self.line, extras)
            self._text.lay_out()

    def action_copy(self) -> None:
        """All of it, to the operator's clipboard."""
        rows = [text for text, _ in self._text.rows]
        self._text.border_subtitle = clipboard.copy(self.app, rows, "row")
