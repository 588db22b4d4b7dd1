"""The operator's own clipboard, also at the far end of an SSH connection: OSC 52.

The terminal takes the text out of what is drawn, or not: nothing tells which. Textual's
`App.copy_to_clipboard` writes the plain sequence (read in 8.2.8) and keeps the text for its inputs.

tmux with its default `set-clipboard external` ignores that sequence from programs inside it, and
since 3.3 the wrapped one too (`allow-passthrough off`). What it does honour by default is its own
command `load-buffer -w`: it keeps the text as a buffer and hands it to the outer terminal. So
inside tmux that command is run as well; the plain sequence serves every other case.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import App

from kitsu_tui.console.lines import visible

LIMIT = 55_000
"""Bytes: 74 kB in base64, which is where many terminals stop."""
TMUX_S = 3.0


def safe(text: str) -> str:
    """Text without power over the terminal that it will be pasted into, rows kept."""
    return "\n".join(visible(row) for row in text.split("\n"))


def fitting(rows: Sequence[str], limit: int = LIMIT) -> list[str]:
    """As many of the rows, from the first, as fit; at least the beginning of one."""
    size, kept = 0, []
    for row in rows:
        size += len(row.encode("utf-8", "replace")) + 1
        if size > limit + 1:
            break
        kept.append(row)
    if not kept and rows:
        kept = [rows[0].encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")]
    return kept


def copy(
    app: App[Any], rows: Sequence[str], what: str, environ: Mapping[str, str] = os.environ
) -> str:
    """Copy rows; returns what to tell the operator. `what` names one of them ("line")."""
    texts = [safe(row) for row in rows]
    kept = fitting(texts)
    text = "\n".join(kept)
    app.copy_to_clipboard(text)
    words = f"copied {_count(len(kept), what)}"
    if len(kept) < len(rows):
        words = f"copied the first {len(kept)} of {_count(len(rows), what)}: a terminal takes 74 kB"
    elif kept and len(kept[0]) < len(texts[0]):
        words = f"copied the beginning of one {what}: a terminal takes 74 kB"
    if environ.get("TMUX") and shutil.which("tmux"):
        app.run_worker(to_tmux(text), group="clipboard", exclusive=True, exit_on_error=False)
        return f"{words}, by tmux"
    return f"{words}, if your terminal supports it (OSC 52)"


async def to_tmux(text: str) -> bool:
    """Hand a text to the tmux that this runs in; False: it did not take it."""
    quiet = asyncio.subprocess.DEVNULL
    try:
        tmux = await asyncio.create_subprocess_exec(
            "tmux",
            "load-buffer",
            "-w",
            "-",
            stdin=asyncio.subprocess.PIPE,
            stdout=quiet,
            stderr=quiet,
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(TMUX_S):
            await tmux.communicate(text.encode("utf-8", "replace"))
    except (TimeoutError, OSError):
        if tmux.returncode is None:
            tmux.kill()
            await tmux.wait()
    return tmux.returncode == 0


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
