"""In which order engines start. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from kitsu_tui.config.errors import ConfigError, nearest


def start_order(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Engines so that each comes after what it needs; the reverse is the order of stopping.

    Raises:
        ConfigError: an engine needs one that is not there, or two need each other.
    """
    for name, wanted in needs.items():
        for other in wanted:
            if other not in needs:
                raise ConfigError(
                    f"engines.{name}.needs: found {other!r}{nearest(other, needs)}; "
                    f"expected some of: {', '.join(needs)}"
                )
    try:
        return list(TopologicalSorter({n: list(w) for n, w in needs.items()}).static_order())
    except CycleError as err:
        circle = " -> ".join(err.args[1])
        raise ConfigError(f"engines: these need each other: {circle}") from None
