"""Marks on configuration keys (`Meta(extra=...)`), and who carries them."""

from __future__ import annotations

from functools import cache
from typing import Any

from msgspec import Struct
from msgspec import inspect as mi

LIVE = {"live": True}
"""A running engine takes the key over by `engine.configure`, without a restart."""
SECRET = {"secret": True}
"""The value is told nowhere."""


def marked(config: type[Struct], mark: dict[str, Any]) -> frozenset[str]:
    """The keys of a configuration that carry a mark."""
    return _marked(config, *mark.items())


@cache  # looking into a type takes half a millisecond, and every key of a profile asks
def _marked(config: type[Struct], *mark: tuple[str, Any]) -> frozenset[str]:
    info = mi.type_info(config)
    fields = info.fields if isinstance(info, mi.StructType) else ()
    return frozenset(
        item.encode_name
        for item in fields
        if isinstance(item.type, mi.Metadata) and set(mark) <= (item.type.extra or {}).items()
    )


def differing(before: Struct, after: Struct) -> frozenset[str]:
    """The keys whose values are others in another configuration of the same type."""
    return frozenset(
        name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name)
    )
