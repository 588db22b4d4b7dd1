"""Fitting words into a row: each thing that it says has a long form and shorter ones, and the least
important gives way first. Nothing is cut in its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kitsu_tui.console.lines import Line, clip, width_of

SEPARATOR: Line = (("│ ", "dim"),)


@dataclass(frozen=True)
class Item:
    """One thing that a row says.

    Attributes:
        forms: from the longest to the shortest; an empty one leaves it out. Each ends with a space.
        joined: True: no line is drawn before it.
    """

    name: str
    forms: tuple[Line, ...]
    joined: bool = False


def words(*texts: str, style: str = "") -> tuple[Line, ...]:
    """Forms of one style; an empty text is an empty form."""
    return tuple(((f"{text} ", style),) if text else () for text in texts)


def together(items: Sequence[Item], at: dict[str, int]) -> Line:
    """The items side by side, each in the form with that number."""
    out: Line = ()
    for item in items:
        form = item.forms[min(at.get(item.name, 0), len(item.forms) - 1)]
        if form:
            out += form if item.joined or not out else SEPARATOR + form
    return out


def settle(
    items: Sequence[Item], right: Sequence[Item], order: Sequence[str], width: int
) -> tuple[Line, Line]:
    """The items in forms that have room in `width` cells, from the left and at the right end.

    Args:
        items: from the left.
        right: what stands at the right end.
        order: names, the least important first. Each time that a name stands there, its item takes
            its next shorter form. What has room again when more has given way comes back, the most
            important first.

    When even the shortest are too wide, the row is cut at its right end.
    """
    at: dict[str, int] = {}

    def fits() -> bool:
        ends = together(right, at)
        return width_of(together(items, at)) + bool(ends) + width_of(ends) <= width

    done: list[str] = []
    for name in order:
        if fits():
            break
        at[name] = at.get(name, 0) + 1
        done.append(name)
    stays: set[str] = set()
    for name in reversed(done):
        if name not in stays:
            at[name] -= 1
            if not fits():
                at[name] += 1
                stays.add(name)
    right_line = together(right, at)
    room = width - width_of(right_line) - bool(right_line)
    return clip(together(items, at), room), right_line
