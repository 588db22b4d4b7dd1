"""Printing words that others chose: on a terminal they have no power over it."""

from __future__ import annotations

import sys
from typing import TextIO


def tell(text: object, *, file: TextIO | None = None, as_json: bool = False) -> None:
    """Print a text of one row or several. What the stream's encoding lacks is shown escaped.

    Args:
        text: its `str` is printed.
        file: where to, stdout if None.
        as_json: the text is JSON and stays so.
    """
    stream = file or sys.stdout
    words = str(text)
    # Most are plain, and what makes the others safe takes time to import (`kitsu panic`).
    if not words.replace("\n", "").isprintable() and stream.isatty():
        words = _escaped(words) if as_json else _visible(words)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(words.encode(encoding, "backslashreplace").decode(encoding), file=stream)


def warn(text: object) -> None:
    """Print a text on stderr."""
    tell(text, file=sys.stderr)


def _visible(text: str) -> str:
    from kitsu_tui.console.lines import visible

    return "\n".join(visible(row) for row in text.split("\n"))


def _escaped(text: str) -> str:
    """JSON itself escapes only the controls below a space."""
    return "".join(c if c.isprintable() or c == "\n" else _unit(c) for c in text)


def _unit(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))
