"""What an engine is started with, and what all units share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.wire import show
from engines.wire.logline import LogLine
from engines.wire.stale import StaleFilter
from kitsu_tui.config import Profile
from kitsu_tui.show.durable import SHOW_MARK, Ledger

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


def child_environ(environ: dict[str, str]) -> dict[str, str]:
    """The environment of engines: ours, with what makes their output ours to read."""
    return dict(environ) | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        SHOW_MARK: str(os.getpid()),
    }
