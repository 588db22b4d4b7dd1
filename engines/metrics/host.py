"""CPU, memory, disk and network of this machine, by psutil."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from engines.wire.metrics import HostFigures

_LOOPBACK = ("lo", "lo0")


class HostLook:
    """Looks again and again; rates are those since the look before. Blocks for milliseconds.

    Args:
        clock: monotonic, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._net = (self._clock(), network())
        psutil.cpu_percent(percpu=True)  # the first call only begins the interval

    def look(self) -> HostFigures:
        """The figures now.

        Raises:
            OSError, psutil.Error: the system does not tell.
        """
        cores = psutil.cpu_percent(percpu=True)
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage(str(Path.cwd()))
        received, sent = self._rates()
        return HostFigures(
            cpu=round(sum(cores) / max(len(cores), 1), 1),
            cores=cores,
            memory_used=memory.total - memory.available,
            memory_total=memory.total,
            load=os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
            disk_free=disk.free,
            disk_total=disk.total,
            received=received,
            sent=sent,
        )

    def _rates(self) -> tuple[float | None, float | None]:
        (before, was), now = self._net, self._clock()
        counted = network()
        self._net = (now, counted)
        if was is None or counted is None or now <= before:
            return None, None
        # A card that went away takes its counts with it.
        received = max(0, counted[0] - was[0]) / (now - before)
        sent = max(0, counted[1] - was[1]) / (now - before)
        return round(received), round(sent)


def network() -> tuple[int, int] | None:
    """Bytes received and sent by all cards but the loopback, None where nobody counts."""
    try:
        cards = psutil.net_io_counters(pernic=True)
    except (OSError, RuntimeError, psutil.Error):
        return None
    real = [
        card
        for name, card in (cards or {}).items()
        if name not in _LOOPBACK and not name.startswith("Loopback")
    ]
    if not real:
        return None
    return sum(card.bytes_recv for card in real), sum(card.bytes_sent for card in real)
