"""Names of what panic reaches: `audio`, `obs`, and an engine's steps, such as `obs.scene`."""

from __future__ import annotations

from collections.abc import Iterable

from engines.wire.stage import DRILL


def is_drill(by: str) -> bool:
    """True when a panic, or its resume, was a rehearsal's."""
    return by.startswith(DRILL)


def superseded(names: Iterable[str], told: Iterable[str]) -> set[str]:
    """Which of `names` are of no account once something is told of `told`: the same ones, an engine
    whole whose steps are told of, and the steps of one that is told of whole.
    """
    now = set(told)
    engines = {engine_of(name) for name in now}
    return {name for name in names if name in now or name in engines or engine_of(name) in now}


def engine_of(name: str) -> str:
    """The engine that it is about."""
    return name.partition(".")[0]
