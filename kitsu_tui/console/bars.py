"""The rows that are always in sight, as pure functions of the state: status, levels, tabs, keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kitsu_tui.console.actions import ACTIONS, DEFAULT_KEYS, key_word
from kitsu_tui.console.keymap import Keys
from kitsu_tui.console.levels_row import level, levels
from kitsu_tui.console.lines import Line, Span, cells, clip, visible, width_of
from kitsu_tui.console.link import Link
from kitsu_tui.console.status_row import air, status
from kitsu_tui.console.words import clock, who

WIDE = 1000


UNANSWERED_S = 0.5
"""Seconds after which a press of panic that was not answered is said to be so."""


def banner(
    link: Link,
    now: float,
    width: int = WIDE,
    keys: Keys = DEFAULT_KEYS,
    *,
    waiting: float = 0.0,
) -> Line | None:
    """A row for what must not be overlooked: panic, or no show. None when all is well.

    `waiting`: seconds since a press of panic that the show has not answered.
    """
    if waiting > UNANSWERED_S and link.attached:
        return _unanswered(waiting, width)
    if link.phase in ("gone", "failed"):
        return _no_show(link, width, keys)
    if link.phase == "past":
        return clip(((f" PAST SESSION {visible(link.detail)}", "warn"),), width)
    panic = link.state.panic
    if not panic.latched:
        return None
    by = visible(who(panic.by))
    resume = "" if link.read_only else f" {_key('resume', keys)} resumes "
    surfaces: list[Span] = []
    # What has failed comes first: a narrow row must not hide it.
    for name, ms in sorted(panic.surfaces.items(), key=lambda item: item[1] is not None):
        if ms is not None:
            surfaces.append((f"{visible(name)} {ms:.0f} ms  ", ""))
        elif panic.done:
            surfaces.append((f"{visible(name)} FAILED  ", "bad"))
        else:
            surfaces.append((f"{visible(name)} …  ", "dim"))
    failed = [text for text, style in surfaces if style == "bad"]
    start: Line = ()
    for what in (f" PANIC since {clock(panic.since)} by {by} ", f" PANIC by {by} ", " PANIC "):
        start = ((what, "bad"), (resume, "strong"), ("│ ", "strong"))
        if width_of(start) + sum(map(cells, failed)) <= width:
            break
    room = width - width_of(start)
    for text, style in surfaces:
        room -= width_of(((text, style),))
        if room < 0:
            break
        start = (*start, (text, style))
    return clip(start, width)


def _unanswered(waiting: float, width: int) -> Line:
    """She may still be heard: the operator must know at once, and what else there is to do."""
    seconds = f"{waiting:.0f} s"
    text = ""
    for text in (
        f" PANIC PRESSED, and no answer for {seconds}: she may still be heard! Mute her elsewhere",
        f" PANIC PRESSED, no answer for {seconds}: she may be heard! Mute her elsewhere",
        f" PANIC: NO ANSWER for {seconds}",
    ):
        if cells(text) <= width:
            break
    return clip(((text, "bad"),), width)


def _no_show(link: Link, width: int, keys: Keys) -> Line:
    why, text = visible(link.detail), ""
    if link.launch is not None:
        how = f"{_key('start', keys)} to start one"
    else:
        how = "start one with: kitsu run --detach"
    for text in (
        f" NO SHOW: {why} · looking for it again · {how}",
        f" NO SHOW: {why} · {how}",
        f" NO SHOW: {why}",
        f" NO SHOW · {how}",
    ):
        if width_of(((text, ""),)) <= width:
            break
    return clip(((text, "bad"),), width)


def _key(action: str, keys: Keys) -> str:
    return key_word((*keys[action], "?")[0])


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
    for titles in (3, 2, 1, 0):
        spans = []
        for name, key, whole in names:
            title = whole if titles == 3 else whole.partition(" ")[0]
            mark = "*" if name in marked and name != active else " "
            count = f"({counts[name]})" if counts.get(name) else ""
            style = "warn" if count else "dim"
            if name == active:
                shown = f"{key} {title}{count and ' ' + count}" if titles else f"{key}{count}"
                spans.append((f" [{shown}] ", "selected"))
            elif titles >= 2:
                spans.append((f"  {key} {title}{count and ' ' + count}{mark} ", style))
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
    shown.sort(
        key=lambda action: (action.name not in _FIRST, not action.pane and not action.engine)
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

__all__ = ["air", "banner", "footer", "level", "levels", "status", "tabs"]
