"""What an engine is started with, and what all units share."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.wire import show
from engines.wire.logline import LogLine
from engines.wire.stale import StaleFilter
from kitsu_tui.config import ENGINES, Loaded, Profile
from kitsu_tui.show.durable import SHOW_MARK, Ledger
from kitsu_tui.show.graph import start_order

log = logging.getLogger("show.supervisor")

OTHERS_S = 12.0
"""For `asr` and whoever is asked for small things; a transcript is waited for for 15 s."""


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
    load_s: float = 120.0
    """Longest load."""
    progress_s: float = 0.0
    """Seconds that a request may go without a sign of progress (`show.progress`); 0: no limit."""
    env: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    off_reason: str = ""

    @property
    def urgent(self) -> bool:
        """What the audience hears and sees hangs on it, and it works for moments only."""
        return self.name in URGENT and self.nice == 0


URGENT = ("audio", "obs")
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
)
"""What numeric libraries ask for the size of their pools; unset, each takes every core."""


def thread_budget(threads: int, environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that hold an engine's libraries to its threads, but for those set by the user."""
    return {name: str(threads) for name in THREADS if not environ.get(name)}


def progress_limit(profile: Profile, name: str) -> float:
    """Seconds without progress after which an engine is ended, when the profile does not say.

    Shorter than the conversation's own patience, so that the engine's successor can still answer;
    for `policy`, which gives up a stuck model by itself and says so, a little longer than that.
    """
    if name == "policy":
        return profile.policy.timeout_s * 1.1
    if name == "tts":
        return profile.conversation.speak_timeout_s * 0.8
    return OTHERS_S


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
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a process is made: the loop stands still for it, on a busy machine for tens of
    milliseconds, and has its other work to do before the next one."""


def child_environ(environ: dict[str, str]) -> dict[str, str]:
    """The environment of engines: ours, with what makes their output ours to read."""
    return dict(environ) | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        SHOW_MARK: str(os.getpid()),
    }


def specs(loaded: Loaded) -> list[Spec]:
    """What the profile says of each engine.

    Raises:
        ConfigError: the engines' needs do not fit together.
    """
    processes = {name: getattr(loaded.profile.engines, name) for name in ENGINES}
    start_order({name: process.needs for name, process in processes.items()})
    found = []
    for name, process in processes.items():
        command = list(process.command) or [
            sys.executable,
            "-m",
            "kitsu_tui.cli",
            "engine",
            name,
            "--supervised",
        ]
        reason = ""
        if not process.enabled:
            reason = "not in this profile"
        if name in loaded.disabled:
            reason = f"PIPELINE_DISABLE names {loaded.disabled[name]}"
            log.info("%s is skipped: %s", name, reason)
        found.append(
            Spec(
                name=name,
                command=command,
                config=_config_of(loaded, name),
                needs=list(process.needs),
                nice=process.nice,
                load_s=process.load_s,
                progress_s=process.progress_s or progress_limit(loaded.profile, name),
                env=thread_budget(_threads(loaded, name), loaded.environ) | dict(process.env),
                enabled=loaded.enabled(name),
                off_reason=reason,
            )
        )
    return found


def _threads(loaded: Loaded, name: str) -> int:
    """The CPU threads of its model; one for an engine without a model."""
    return int(getattr(getattr(loaded.profile, name), "threads", 1))


def _config_of(loaded: Loaded, name: str) -> Callable[[], dict[str, Any]]:
    return lambda: loaded.engine_config(name)
