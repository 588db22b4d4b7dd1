"""Which cells of a line are other than before: only those are sent to the terminal."""

from __future__ import annotations

from kitsu_tui.console.lines import Line, cells, width_of

_SECOND = ""
"""Stands in the second cell of a wide character."""
_EMPTY = (" ", "")


def changed(old: Line, new: Line) -> tuple[int, int]:
    """The first cell that differs, and the one after the last; equal when there is none.

    What stands right of a line's end is blank. A wide character is never halved.
    """
    if old == new:
        return 0, 0
    before, after = _cells(old), _cells(new)
    width = max(len(before), len(after))
    if len(before) != width_of(old) or len(after) != width_of(new):
        # Characters that are of another width together than one by one.
        return 0, max(width, width_of(old), width_of(new))
    before += [_EMPTY] * (width - len(before))
    after += [_EMPTY] * (width - len(after))
    start, end = 0, width
    while start < end and before[start] == after[start]:
        start += 1
    while end > start and before[end - 1] == after[end - 1]:
        end -= 1
    if start == end:
        return 0, 0
    # What differs first is never a second half alone, but two of them may be the same.
    while end < width and _SECOND in (before[end][0], after[end][0]):
        end += 1
    return start, end


def _cells(line: Line) -> list[tuple[str, str]]:
    """Character and style of each cell; what has no width belongs to the character before it."""
    out: list[tuple[str, str]] = []
    for text, style in line:
        if text.isascii():
            out += [(char, style) for char in text]
            continue
        for char in text:
            width = cells(char)
            if width:
                out.append((char, style))
                out += [(_SECOND, style)] * (width - 1)
            elif out:
                base = len(out) - 1
                while base and out[base][0] == _SECOND:
                    base -= 1
                out[base] = (out[base][0] + char, out[base][1])
    return out
