"""Actions that are only there while their pane is active, one tuple a pane.

Those without `ask` are methods of the pane: `do_NAME(key)`. Their keys are the pane's own bindings;
none of them may be a key of the whole desk (a test holds them apart).
"""

from __future__ import annotations

from kitsu_tui.console.action import Action

TRANSCRIPT: tuple[Action, ...] = ()
ENGINES: tuple[Action, ...] = ()
LATENCY: tuple[Action, ...] = ()
HOST: tuple[Action, ...] = ()
LOGS: tuple[Action, ...] = ()
ALERTS: tuple[Action, ...] = ()

PANE_ACTIONS: tuple[Action, ...] = (*TRANSCRIPT, *ENGINES, *LATENCY, *HOST, *LOGS, *ALERTS)
