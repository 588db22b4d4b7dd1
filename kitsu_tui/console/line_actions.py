"""Actions about the lines that are still to come, and what must never be said; part of `actions`.

The letters are all taken. Capitals that are a near relation of the small letter stand for them: `x`
ends what she says and `X` strikes a line out, `i` types to her and `I` types in her place, `v` is
her voice and `V` what goes into it. A plus approves; it is no neighbour of those, nor is the full
stop, which needs no Shift.
"""

from __future__ import annotations

from kitsu_tui.console.action import Action

_LINES = "Lines to come"

LINES: tuple[Action, ...] = (
    Action(
        "air_line",
        "Let the line air",
        "The chosen line of those that are still to come, or the next one: it waits no more.",
        ("plus", "full_stop"),
        _LINES,
        "air line",
        verb="line air",
        changes=True,
    ),
    Action(
        "drop_line",
        "Drop the line",
        "It is not said; she goes on with the one after it.",
        ("X", "delete"),
        _LINES,
        "drop line",
        verb="line drop",
        changes=True,
    ),
    Action(
        "replace_line",
        "Say something else instead",
        "Holds the line and opens its text: Enter has that said, Escape leaves it.",
        ("I",),
        _LINES,
        verb="line replace",
        changes=True,
    ),
    Action(
        "hold_line",
        "Hold the line, or let it go",
        "It waits for somebody to decide, `safety.hold_s` at most, then it is dropped; pressed "
        "once more, it airs.",
        ("H",),
        _LINES,
        verb="line hold",
        changes=True,
    ),
    Action(
        "next_line",
        "Choose the line after",
        "Of those that are still to come; after the last comes the first. ▸ marks it.",
        ("J",),
        _LINES,
    ),
    Action(
        "review",
        "Review every line, or no more",
        "Each line waits for approval; the status row says how long, and what happens then.",
        ("V",),
        _LINES,
        "review",
        verb="review",
        changes=True,
    ),
    Action(
        "block",
        "Block words",
        "Your own list of what is never said: type what nobody may hear, or take it off. Begins "
        "with the text of the chosen line or turn.",
        ("C",),
        _LINES,
        "block",
        verb="safety add",
        changes=True,
    ),
)
