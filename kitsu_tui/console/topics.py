"""What of the picture an event changes, in the panes' own words."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from engines.wire import show

Topic = Literal[
    "status",
    "engines",
    "figures",
    "transcript",
    "logs",
    "latency",
    "host",
    "levels",
    "alerts",
    "obs",
]
ALL: frozenset[Topic] = frozenset(get_args(Topic))

TOPICS: dict[type[Struct], tuple[Topic, ...]] = {
    show.ShowStarted: tuple(ALL),
    show.ShowStopping: ("status", "transcript"),
    show.EngineChanged: ("engines", "status", "transcript", "obs"),
    show.EngineFigures: ("figures",),
    show.TurnStarted: ("transcript",),
    show.Heard: ("transcript",),
    show.Delta: ("transcript",),
    show.Judged: ("transcript",),
    show.LineWaits: ("transcript", "status"),
    show.LineDecided: ("transcript", "status"),
    show.ReviewMode: ("transcript", "status"),
    show.Provenance: ("transcript",),
    show.Blocked: ("transcript", "status"),
    show.Airing: ("transcript",),
    show.Aired: ("transcript",),
    show.TurnDone: ("transcript", "latency", "status"),
    show.Levels: ("levels",),
    show.DeviceState: ("levels", "transcript"),
    show.Muted: ("status", "levels", "transcript"),
    show.Panicked: ("status", "transcript", "obs"),
    show.Resumed: ("status", "transcript", "obs"),
    show.PanicReached: ("status", "transcript", "obs"),
    show.PutBack: ("status", "transcript", "obs"),
    show.Drilled: ("status", "transcript", "obs"),
    show.ObsState: ("status", "obs"),
    show.ObsFigures: ("status", "obs"),
    show.ObsLink: ("status", "transcript", "obs"),
    show.SceneChanged: ("status", "transcript", "obs"),
    show.OperatorGone: ("status", "transcript"),
    show.OperatorBack: ("status", "transcript"),
    show.Switching: ("status", "transcript"),
    show.ProfileChanged: tuple(ALL),
    show.Operators: ("status",),
    show.Host: ("host",),
    show.Alert: ("status", "alerts"),
    show.Acknowledged: ("status", "alerts"),
    show.Mended: ("status", "alerts"),
    show.Marked: ("status", "transcript", "logs"),
    show.PersonaState: ("status", "transcript"),
    show.GateState: ("status", "transcript"),
    show.Acted: ("transcript",),
}
