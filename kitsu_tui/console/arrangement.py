"""Which panes are in sight, by the size of the terminal and the layout. Pure."""

from __future__ import annotations

from typing import Literal

Size = Literal["small", "medium", "large"]
Layout = Literal["desk", "talk", "watch", "focus"]

LAYOUTS: tuple[Layout, ...] = ("desk", "talk", "watch", "focus")
"""In the order in which a key goes through them."""

# The panes in sight, and the one that gives its place to a pane that is called for.
_IN_SIGHT: dict[tuple[Size, Layout], tuple[tuple[str, ...], str]] = {
    ("medium", "desk"): (("transcript", "engines", "latency", "host", "logs"), "host"),
    ("medium", "talk"): (("transcript", "engines", "latency"), "latency"),
    ("medium", "watch"): (("logs", "engines", "latency", "host", "alerts"), "alerts"),
    ("large", "desk"): (("transcript", "engines", "latency", "host", "alerts", "logs"), "alerts"),
    ("large", "talk"): (("transcript", "engines", "alerts"), "alerts"),
    ("large", "watch"): (("logs", "engines", "latency", "host", "alerts"), "alerts"),
}

# As above, for a show with OBS.
_WITH_OBS: dict[tuple[Size, Layout], tuple[tuple[str, ...], str]] = {
    ("medium", "desk"): (("transcript", "engines", "latency", "obs", "logs"), "obs"),
    ("medium", "watch"): (("logs", "engines", "obs", "latency", "host", "alerts"), "alerts"),
    ("large", "desk"): (
        ("transcript", "engines", "latency", "host", "obs", "alerts", "logs"),
        "alerts",
    ),
    ("large", "watch"): (("logs", "engines", "obs", "latency", "host", "alerts"), "alerts"),
}


def size_for(width: int, height: int) -> Size:
    """One pane at a time, two columns, or three."""
    if width >= 160 and height >= 36:
        return "large"
    if width >= 100 and height >= 30:
        return "medium"
    return "small"


def _panes(size: Size, layout: Layout, obs: bool) -> tuple[tuple[str, ...], str]:
    usual = _IN_SIGHT[size, layout]
    return _WITH_OBS.get((size, layout), usual) if obs else usual


def in_sight(
    size: Size, layout: Layout, active: str, zoomed: bool = False, *, obs: bool = False
) -> tuple[str, ...]:
    """The panes in sight, in the order of their places. The active one always is among them.

    `obs`: the show has OBS.
    """
    if zoomed or layout == "focus" or (size == "small" and layout != "watch"):
        return (active,)
    if size == "small":  # two panes, one above the other
        return ("transcript", "logs") if active == "logs" else (active, "logs")
    panes, gives_way = _panes(size, layout, obs)
    if active in panes:
        return panes
    return tuple(active if name == gives_way else name for name in panes)


def home(size: Size, layout: Layout, active: str, *, obs: bool = False) -> str:
    """The pane to be active in a layout that has just been chosen."""
    if (size, layout) not in _IN_SIGHT:
        return "transcript" if size == "small" and layout == "watch" else active
    panes = _panes(size, layout, obs)[0]
    return active if active in panes else panes[0]


def next_layout(layout: Layout) -> Layout:
    """The one after this."""
    return LAYOUTS[(LAYOUTS.index(layout) + 1) % len(LAYOUTS)]
