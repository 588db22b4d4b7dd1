"""Actions that are only there while their pane is active, one tuple a pane.

Those without `ask` are methods of the pane: `do_NAME(key)`. Their keys are the pane's own bindings;
none of them may be a key of the whole desk (a test holds them apart).
"""

from __future__ import annotations

from kitsu_tui.console.action import Action

TRANSCRIPT: tuple[Action, ...] = ()
ENGINES: tuple[Action, ...] = (
    Action(
        "next_engine",
        "Select the next engine",
        "Its details, and what restart, start, stop and kill are about.",
        ("down", "j"),
        "Engines",
        pane="engines",
    ),
    Action(
        "previous_engine",
        "Select the engine before",
        "As above, the other way.",
        ("up", "k"),
        "Engines",
        pane="engines",
    ),
)
LATENCY: tuple[Action, ...] = (
    Action(
        "latency_kind",
        "All turns, those said to her, those typed",
        "Which turns the figures are about.",
        ("f",),
        "Latency",
        pane="latency",
    ),
)
HOST: tuple[Action, ...] = ()
LOGS: tuple[Action, ...] = (
    Action(
        "log_up",
        "The line before",
        "The view stays where you are until End.",
        ("up", "k"),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_down",
        "The line after",
        "After the last one the end is followed again.",
        ("down", "j"),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_first",
        "To the first line",
        "Of those that are kept and pass the filter.",
        ("home",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_select_up",
        "Select upwards",
        "More lines, to be copied.",
        ("shift+up",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_select_down",
        "Select downwards",
        "More lines, to be copied.",
        ("shift+down",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_filter",
        "Filter",
        "@engines, level:, last:, patterns with && between them, ! keeps out; seen while typed.",
        ("F",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_all",
        "Drop the filter",
        "All lines again; pressed once more it brings the filter back.",
        ("D",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_engine",
        "Lines of one engine",
        "Or of all but one.",
        ("E",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_level",
        "Least level",
        "All, info, warnings, errors.",
        ("L",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_window",
        "Window of time",
        "The last minutes, or around a mark or the chosen line.",
        ("W",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_find",
        "Find",
        "Text or pattern; marked while typed, Enter goes there.",
        ("f",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_next",
        "Next found",
        "Further down, then from the top again.",
        ("n",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_previous",
        "Found before",
        "Further up, then from the end again.",
        ("N",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_bookmark",
        "Bookmark the line",
        "A line to come back to; pressed once more, no longer.",
        ("b",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_next_mark",
        "Next mark",
        "Bookmarks, incident marks, lost and new connections.",
        ("right_square_bracket",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_previous_mark",
        "Mark before",
        "As above, the other way.",
        ("left_square_bracket",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_wrap",
        "Wrap long lines",
        "Or one row a line, and left and right scroll.",
        ("w",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_details",
        "The whole line",
        "Every field, JSON laid out, the traceback.",
        ("enter",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_copy",
        "Copy",
        "The chosen line, or those selected with Shift and the arrows, to your own clipboard.",
        ("Y",),
        "Logs",
        pane="logs",
    ),
    Action(
        "log_leave",
        "Leave",
        "Drops the selection, then the search, then goes back to the end.",
        ("escape",),
        "Logs",
        pane="logs",
    ),
)
ALERTS: tuple[Action, ...] = (
    Action(
        "next_alert",
        "Select the next alert",
        "The one below, which is older.",
        ("down", "j"),
        "Alerts",
        pane="alerts",
    ),
    Action(
        "previous_alert",
        "Select the alert before",
        "The one above, which is newer.",
        ("up", "k"),
        "Alerts",
        pane="alerts",
    ),
    Action(
        "seen",
        "Acknowledge up to this alert",
        "Says that the selected alert and all before it were seen; A is for all of them.",
        ("enter",),
        "Alerts",
        pane="alerts",
        changes=True,
    ),
)

PANE_ACTIONS: tuple[Action, ...] = (*TRANSCRIPT, *ENGINES, *LATENCY, *HOST, *LOGS, *ALERTS)
