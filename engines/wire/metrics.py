"""Bodies of `metrics`: figures of the host and its GPUs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from engines.wire.live import LIVE
from engines.wire.message import Body, EventKind, Traffic


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Configuration of `metrics`."""

    interval_s: Annotated[
        float,
        Meta(
            ge=0.2,
            le=60,
            description="time between figures, in seconds",
            extra={"env": "GPU_METRICS_INTERVAL_SECONDS", **LIVE},
        ),
    ] = 1.0


class GpuProcess(Struct, frozen=True, kw_only=True):
    """A process that uses a GPU."""

    pid: int
    memory: int | None = None
    """Bytes of the GPU's memory; None where the driver does not tell (WDDM on Windows)."""


class Gpu(Struct, frozen=True, kw_only=True):
    """One GPU. None stands for a figure that its driver does not give."""

    index: int
    name: str
    detail: str = ""
    """Why it gives no figures now, when it has failed; empty when it works."""
    utilisation: float | None = None
    """Percent."""
    encoder: float | None = None
    """Percent of its video encoder."""
    memory_used: int | None = None
    """Bytes."""
    memory_total: int | None = None
    temperature: float | None = None
    """Degrees Celsius."""
    power: float | None = None
    """Watts."""
    power_limit: float | None = None
    """Watts that it may use."""
    fan: float | None = None
    """Percent."""
    processes: list[GpuProcess] = []
    """The ones that use most of its memory, at most `PROCESSES_TOLD`."""


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
    """Bytes, of the disk with the working directory."""
    disk_total: int = 0
    received: float | None = None
    """Bytes a second from the network, loopback left out; None before there are two looks."""
    sent: float | None = None
    gpus: list[Gpu] = []
    gpu_detail: str = ""
    """Why there are no GPU figures, in calm words."""
    gpu_failed: bool = False
    """True: there was a GPU, and its driver fails; `gpu_detail` says how."""


PROCESSES_TOLD = 16

HOST = EventKind("metrics.host", HostFigures, Traffic.LATEST)

REQUESTS = ()
EVENTS = (HOST,)
