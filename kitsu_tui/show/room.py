"""Whether an engine's successor may be made ready beside it, or has to wait until it has gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psutil

from engines.wire.metrics import Gpu, HostFigures

MORE = 1.2
"""What a successor may need, as a part of what the engine has now."""
MB = 1 << 20


def why_not_beside(
    name: str, pid: int, configs: tuple[Mapping[str, Any], ...], host: HostFigures | None
) -> str:
    """Why two of an engine cannot run at once; empty when they can. Reads the host's memory.

    Args:
        pid: its process, 0 when none runs.
        configs: its configurations now and then.
        host: the last figures of the host.
    """
    if not pid:
        return ""
    if name == "audio":
        return "it owns the devices"
    try:
        rss = psutil.Process(pid).memory_info().rss
    except psutil.Error:  # it has just gone
        return ""
    free = psutil.virtual_memory().available
    if free < rss * MORE:
        return f"memory: {free // MB} MB free, {int(rss * MORE) // MB} MB needed for two of it"
    gpus = host.gpus if host is not None else []
    if not any(on_gpu(config, gpus) for config in configs):
        return ""
    return _no_room_on(gpus, pid)


def on_gpu(config: Mapping[str, Any], gpus: list[Gpu]) -> bool:
    """True when an engine with this configuration may take a GPU's memory."""
    device = config.get("device", "cpu")
    return bool(config.get("gpu_layers")) or device == "cuda" or (device == "auto" and bool(gpus))


def _no_room_on(gpus: list[Gpu], pid: int) -> str:
    found = False
    for gpu in gpus:
        share = sum(p.memory or 0 for p in gpu.processes if p.pid == pid)
        if not share or gpu.memory_used is None or gpu.memory_total is None:
            continue
        found = True
        free = gpu.memory_total - gpu.memory_used
        if free < share * MORE:
            need = int(share * MORE) // MB
            return f"GPU memory: {free // MB} MB free, {need} MB needed for two of it"
    return "" if found else "GPU memory: what two of it need is not known"
