"""Lines of styled text as plain data, and what makes foreign text safe to put on a screen.

A line is a tuple of spans, a span is text and the name of a style (see `widgets.line_view`). There
is no markup to escape: text from engines, chat and models stays data all the way to the screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size

Span: TypeAlias = tuple[str, str]
Line: TypeAlias = tuple[Span, ...]

BLANK: Line = ()
_TAB = "    "


def _code(number: int) -> str:
    return f"<U+{number:04X}>"


def _table() -> dict[int, str]:
    table = {n: chr(0x2400 + n) for n in range(0x20)}  # ESC becomes the one-cell sign U+241B
    table[0x09] = _TAB
    table[0x7F] = "\u2421"
    table |= {n: _code(n) for n in range(0x80, 0xA0)}  # C1: a CSI of one byte is among them
    # What turns the direction of a line, or hides in it.
    hidden = [0x061C, 0x200B, 0x200C, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF]
    hidden += [*range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC)]
    hidden += [0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0]  # letters that are blank
    table |= {n: _code(n) for n in hidden}
    # Joiners, variation selectors and tones of skin: terminals disagree on the width of what they
    # make. Of flags, too; those are shown as the letters that they are made of.
    table |= dict.fromkeys((8205, 173, *range(65024, 65040), *range(0x1F3FB, 0x1F400)), "")
    table |= {0x1F1E6 + n: chr(ord("A") + n) for n in range(26)}
    # Spaces of other widths are no control: French has one before its colon, Japanese a wide one.
    table |= dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F), " ")
    table[0x3000] = "  "
    return table


_VISIBLE = _table()
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_HEAP = re.compile(f"([{_MARKS}]{{8}})[{_MARKS}]+")
"""More marks on one letter than any language has: they take no cells, and would have no bound."""


def visible(text: str) -> str:
    """`text` without power over a terminal: controls are shown as signs, on one line."""
    if text.isascii():
        return text if text.isprintable() else text.translate(_VISIBLE)
    text = _HEAP.sub(r"\1", text.translate(_VISIBLE))
    if text.isprintable():
        return text
    # Lone surrogates cannot be written at all; other unprintables (private use, tags) are named.
    return "".join(c if c.isprintable() or c == " " else _code(ord(c)) for c in text)


def cells(text: str) -> int:
    """Width in terminal cells."""
    return len(text) if text.isascii() else cell_len(text)


def width_of(line: Line) -> int:
    """Width of a line in cells."""
    return sum(cells(text) for text, _ in line)


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells, cut with an ellipsis or padded."""
    if width <= 0:
        return ""
    have = cells(text)
    if have <= width:
        return text + " " * (width - have)
    return set_cell_size(text, width - 1) + "…"


def fit_right(text: str, width: int) -> str:
    """As `fit`, set to the right."""
    have = cells(text)
    return " " * (width - have) + text if have <= width else fit(text, width)


def clip(line: Line, width: int) -> Line:
    """The line, cut with an ellipsis where it is wider than `width` cells."""
    if width <= 0:
        return BLANK
    if width_of(line) <= width:
        return line
    out: list[Span] = []
    room = width - 1
    for text, style in line:
        have = cells(text)
        if have <= room:
            out.append((text, style))
            room -= have
            continue
        if room > 0:
            out.append((set_cell_size(text, room), style))
        out.append(("…", style))
        break
    return tuple(out)


def between(left: Line, right: Line, width: int) -> Line:
    """`left` and `right` at the two ends of `width` cells; `left` gives way."""
    right = clip(right, width)
    left = clip(left, max(0, width - width_of(right) - 1)) if right else clip(left, width)
    gap = max(0, width - width_of(left) - width_of(right))
    return (*left, (" " * gap, ""), *right)


def wrap(line: Iterable[Span], width: int, indent: int = 0) -> list[Line]:
    """Break a line at spaces into lines of at most `width` cells, the later ones indented.

    A word that is wider than a line is broken where the line ends.
    """
    width = max(4, width)
    indent = min(indent, width // 2)
    out: list[Line] = []
    row: list[Span] = []
    used = 0
    for text, style in line:
        for word in _words(text):
            bare = word.rstrip(" ")
            if used + cells(bare) > width and used > indent:
                out.append(tuple(row))
                row, used = [(" " * indent, "")], indent
            elif used + cells(word) > width >= used + cells(bare):
                word = bare  # noqa: PLW2901 -- the space that the line's end stands for
            have = cells(word)
            if used + have > width:
                *heads, word = _broken(word, width - used, width - indent)  # noqa: PLW2901
                for head in heads:
                    _add(row, head, style)
                    out.append(tuple(row))
                    row, used = [(" " * indent, "")], indent
                have = cells(word)
            if word:
                _add(row, word, style)
                used += have
    if row and (used > indent or not out):
        out.append(tuple(row))
    return out or [BLANK]


def _add(row: list[Span], text: str, style: str) -> None:
    """One span for neighbours of one style: each costs its escapes on the wire."""
    if row and row[-1][1] == style:
        row[-1] = (row[-1][0] + text, style)
    else:
        row.append((text, style))


def _words(text: str) -> Iterable[str]:
    """Pieces that each end after their spaces."""
    start = 0
    while start < len(text):
        end = text.find(" ", start)
        if end < 0:
            yield text[start:]
            return
        while end < len(text) and text[end] == " ":
            end += 1
        yield text[start:end]
        start = end


def _broken(word: str, first: int, rest: int) -> list[str]:
    """A word in pieces: the first of at most `first` cells, those after it of at most `rest`."""
    pieces: list[str] = []
    start = used = 0
    room = first
    wide = not word.isascii()
    for index, char in enumerate(word):
        have = cells(char) if wide else 1
        # At least one character goes on, or a line of two cells would never end.
        if used + have > room and index > start:
            pieces.append(word[start:index])
            start, used, room = index, 0, rest
        used += have
    pieces.append(word[start:])
    return pieces


def bar(share: float, width: int) -> str:
    """A bar of `width` cells, `share` (0 to 1) of it filled."""
    full = round(max(0.0, min(1.0, share)) * width)
    return "█" * full + "░" * (width - full)
