"""Bodies of `metrics`: figures of the host and its GPUs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from engines.wire.message import Body, EventKind, Traffic


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Configuration of `metrics`."""

    interval_s: Annotated[
        float,
        Meta(
            ge=0.2,
            le=60,
            description="time between figures, in seconds",
            extra={"env": "GPU_METRICS_INTERVAL_SECONDS"},
        ),
    ] = 1.0


class Gpu(Struct, frozen=True, kw_only=True):
    """One GPU. None stands for a figure that its driver does not give."""

    index: int
    name: str
    utilisation: float | None = None
    """Percent."""
    memory_used: int | None = None
    """Bytes."""
    memory_total: int | None = None
    temperature: float | None = None
    """Degrees Celsius."""
    power: float | None = None
    """Watts."""
    fan: float | None = None
    """Percent."""


class HostFigures(Body, frozen=True, kw_only=True):
    """Figures since the last message."""

    cpu: float
    """Percent of all cores together."""
    cores: list[float]
    memory_used: int
    memory_total: int
    load: float = 0.0
    """Load average of a minute, 0 where there is none."""
    disk_free: int = 0
    gpus: list[Gpu] = []
    gpu_detail: str = ""
    """Why there are no GPU figures, in calm words."""


HOST = EventKind("metrics.host", HostFigures, Traffic.LATEST)

REQUESTS = ()
EVENTS = (HOST,)
