"""The row above the footer: the next line of hers that is not on air yet, while one waits or lines
are reviewed. And the banner when lines wait that nobody can see. Pure.
"""

from __future__ import annotations

from kitsu_tui.console.actions import DEFAULT_KEYS, key_word
from kitsu_tui.console.forms import Item, settle, words
from kitsu_tui.console.keymap import Keys
from kitsu_tui.console.line_words import MARK
from kitsu_tui.console.lines import Line, cells, clip, visible, width_of
from kitsu_tui.console.link import Link
from kitsu_tui.console.to_come import Coming, line_key, momentary, reason, state_words
from kitsu_tui.console.words import span
from kitsu_tui.model.state import ReviewView, ShowState

LINGER_S = 3.0
"""Seconds for which the row stays after the last line that waited: what is below must not jump."""
_KEYS = (
    ("air_line", "airs"),
    ("drop_line", "drops"),
    ("replace_line", "instead"),
    ("hold_line", "holds"),
)
_TEXT_LEAST = 10
_ORDER = ("reason", "keys", "state", "keys", "state", "count", "keys")


def wanted(state: ShowState) -> bool:
    """True when the row is to be there: lines are reviewed, or one waits that one can act on."""
    return state.review.on or any(not momentary(line) for _, line in state.waiting_lines())


def next_row(
    link: Link, now: float, width: int, keys: Keys = DEFAULT_KEYS, *, typing: bool = False
) -> Line:
    """The row. `typing`: letters go into a line, so that keys do nothing about it."""
    state = link.state
    lines = state.open_lines()
    target = link.to_come.target(state)
    if target is None:
        review = " " + review_words(state.review)[0] if state.review.on else ""
        start: Line = ((review, "warn"), (" · " if review else " ", "dim"))
        return clip((*start, ("no line of hers waits", "dim")), width)
    turn, line = target
    coming = Coming(now, alive=link.answers, memory=link.to_come)
    numbers = [line_key(*found) for found in lines]
    at = f"{numbers.index(line_key(turn, line)) + 1}/{len(lines)}" if len(lines) > 1 else ""
    style = "warn" if line.waits else ""
    why = reason(line)
    items = [
        Item(
            "count", words(f" {MARK}next up {at}".rstrip(), f" {MARK}{at}".rstrip(), style="strong")
        ),
        Item("state", words(*state_words(turn, line, coming), style=style), joined=True),
        Item("reason", words(f"({why})", "", style="dim") if why else ((),), joined=True),
    ]
    right = [Item("keys", _hints(keys, none=typing or link.read_only))]
    text = f"“{visible(line.spoken).strip()}”"
    reserve = min(cells(text) + 1, max(_TEXT_LEAST, width // 3))
    left, end = settle(items, right, _ORDER, max(1, width - reserve))
    room = width - width_of(left) - width_of(end) - bool(end)
    said = clip(((text, ""),), room) if room > 3 else ()
    gap = max(0, width - width_of(left) - width_of(said) - width_of(end))
    return (*left, *said, (" " * gap, ""), *end)


def _hints(keys: Keys, *, none: bool) -> tuple[Line, ...]:
    """What keys there are for it, in words and without."""
    known = [(key_word(keys[name][0]), word) for name, word in _KEYS if keys[name]]
    if none or not known:
        return ((),)
    said: list[Line] = []
    for key, word in known:
        said.append(((f"{key} ", "strong"), (f"{word} ", "dim")))
    signs: Line = ((" ".join(key for key, _ in known) + " ", "strong"),)
    return sum(said, ()), sum(said[:2], ()), signs, ()


def waits_words(keys: Keys, *, read_only: bool) -> str:
    """What is said at once when a line begins to wait."""
    air, drop = (key_word((*keys[name], "?")[0]) for name in ("air_line", "drop_line"))
    return "a line of hers waits" + ("" if read_only else f": {air} airs it, {drop} drops it")


def review_words(review: ReviewView) -> tuple[str, str, str]:
    """That each line is reviewed, from the longest form to the shortest."""
    then = "said" if review.then == "air" else "dropped"
    if not review.wait_s:
        return "REVIEW: lines wait", "REVIEW", "REVIEW"
    time = span(review.wait_s)
    return f"REVIEW {time}, then {then}", f"REVIEW {time}", "REVIEW"


def waiting_banner(link: Link, now: float, width: int, keys: Keys = DEFAULT_KEYS) -> Line | None:
    """Said while lines wait and the place where they stand is out of sight."""
    lines = [line for _, line in link.state.waiting_lines() if not momentary(line)]
    if not lines or not link.attached:
        return None
    many = "A LINE WAITS" if len(lines) == 1 else f"{len(lines)} LINES WAIT"
    ends = [(line.until, line.then) for line in lines if line.until]
    next_ = ""
    if ends and link.answers:
        until, then = min(ends)
        what = "said" if then == "air" else "dropped"
        next_ = f": {'' if len(lines) == 1 else 'the next '}{what} in {span(until - now)}"
    how = (
        f" · {key_word((*keys['transcript'], '?')[0])} shows {'it' if len(lines) == 1 else 'them'}"
    )
    text = ""
    for text in (
        f" {many} to be decided on{next_}{how}",
        f" {many}{next_}{how}",
        f" {many}{next_}",
    ):
        if cells(text) <= width:
            break
    return clip(((text, "warn"),), width)


def no_rules(link: Link, width: int) -> Line | None:
    """Said while the gate has no rules: nothing that she thinks is let out."""
    state = link.state
    if state.rules or not state.gate_error or not link.attached:
        return None
    text = ""
    error = visible(state.gate_error)
    for text in (
        f" NO SAFETY RULES: she stays silent · {error}",
        " NO SAFETY RULES: she is silent",
    ):
        if cells(text) <= width:
            break
    else:
        text = f" NO SAFETY RULES: {error}"
    return clip(((text, "bad"),), width)
