"""The rows that are always in sight, as pure functions of the state: status, levels, tabs, keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kitsu_tui.console.actions import ACTIONS, DEFAULT_KEYS, key_word
from kitsu_tui.console.banner import UNANSWERED_S, banner
from kitsu_tui.console.keymap import Keys
from kitsu_tui.console.levels_row import level, levels
from kitsu_tui.console.line_actions import LINES
from kitsu_tui.console.lines import Line, Span, clip, width_of
from kitsu_tui.console.status_row import air, status


def tabs(
    names: Iterable[tuple[str, str, str]],
    active: str,
    marked: set[str],
    width: int,
    counts: Mapping[str, int] | None = None,
) -> Line:
    """One row of panes (name, key, title); `marked` ones have something new, and `counts` says of
    some how many things wait there.

    Where there is no room for all titles, they are cut to a word; then only the active pane has
    one, and then none.
    """
    counts = counts or {}
    names = list(names)
    spans: list[Span] = []
    for titles, gap in ((3, "  "), (2, "  "), (2, " "), (1, ""), (0, "")):
        spans = []
        for name, key, whole in names:
            title = whole if titles == 3 else whole.partition(" ")[0]
            mark = "*" if name in marked and name != active else " "
            count = f"({counts[name]})" if counts.get(name) else ""
            style = "warn" if count else "dim"
            if name == active:
                shown = f"{key} {title}{count and ' ' + count}" if titles else f"{key}{count}"
                spans.append((f" [{shown}] ", "selected"))
            elif gap:
                end = " " if len(gap) > 1 else ""
                spans.append((f"{gap}{key} {title}{count and ' ' + count}{mark}{end}", style))
            else:
                spans.append((f" {key}{count}{mark}", style))
        if width_of(tuple(spans)) <= width:
            break
    return tuple(spans)


def footer(
    width: int, keys: Keys = DEFAULT_KEYS, pane: str = "", *, read_only: bool = False
) -> Line:
    """The keys that are worth a place in sight, from the registry: those of the whole desk and of
    the active pane. The ones for which there is no room are left out whole, and what a console that
    only reads cannot do.
    """
    shown = [
        action
        for action in ACTIONS
        if action.label
        and (pane == "engines" if action.engine else action.pane in ("", pane))
        and not (read_only and action.acts)
    ]
    # What is about single lines comes last: the row above says the same while there are any.
    shown.sort(
        key=lambda action: (
            action.name not in _FIRST,
            action in LINES,
            not action.pane and not action.engine,
        )
    )
    spans: list[Span] = []
    room = width
    for action in shown:
        urgent = action.name == "panic"
        words = " ".join(key_word(key) for key in keys[action.name][: 2 if urgent else 1])
        style = "bad" if urgent else ""
        entry: Line = (
            (f" {words}", style or "strong"),
            (f" {action.label} ", style or "dim"),
        )
        if words and width_of(entry) <= room:
            room -= width_of(entry)
            spans += entry
    return clip(tuple(spans), width)


_FIRST = ("panic", "help")

__all__ = ["UNANSWERED_S", "air", "banner", "footer", "level", "levels", "status", "tabs"]
