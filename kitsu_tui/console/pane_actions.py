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
LOGS: tuple[Action, ...] = ()
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
