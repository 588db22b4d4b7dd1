"""What an engine is started with, and what all units share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engines.wire import show
from engines.wire.logline import LogLine
from engines.wire.stale import StaleFilter
from kitsu_tui.show.durable import Ledger


@dataclass
class Spec:
    """What an engine is started with.

    `config` is called at each start, so that a model that was pulled meanwhile is found.
    """

    name: str
    command: list[str]
    config: Callable[[], dict[str, Any]]
    needs: list[str] = field(default_factory=list)
    nice: int = 0
    env: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    off_reason: str = ""


@dataclass
class Around:
    """What units share."""

    tell: Callable[[show.ShowEvent], None]
    logs: Callable[[str, list[bytes], list[LogLine]], None]
    stale: StaleFilter
    ledger: Ledger
    epoch: Callable[[], int]
    cwd: str
    environ: dict[str, str]


def child_environ(environ: dict[str, str]) -> dict[str, str]:
    """The environment of engines: ours, with what makes their output ours to read."""
    return dict(environ) | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "KITSU_SHOW_PID": str(os.getpid()),
    }
