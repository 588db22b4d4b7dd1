"""Tells about once a second how the host and its GPUs are. No GPU is a calm state, not an error."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import psutil

from engines.harness import Engine
from engines.metrics.gpu import Gpus
from engines.wire import metrics

log = logging.getLogger("metrics")


class MetricsEngine(Engine[metrics.Config]):
    """Sends `metrics.host`."""

    name = "metrics"
    Config = metrics.Config
    events = metrics.EVENTS

    async def start(self) -> None:
        """Find the GPUs and begin to tell."""
        self._gpus = await asyncio.to_thread(Gpus)
        psutil.cpu_percent(percpu=True)  # the first call only begins the interval
        self._task = asyncio.create_task(self._tell(), name="metrics")

    async def stop(self) -> None:
        """End."""
        self._task.cancel()
        self._gpus.close()

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(self.config.interval_s)
            try:
                figures = await asyncio.to_thread(self._look)
            except (OSError, psutil.Error) as err:
                log.warning("no figures: %s", err)
                continue
            self.link.send(metrics.HOST, figures)

    def _look(self) -> metrics.HostFigures:
        cores = psutil.cpu_percent(percpu=True)
        memory = psutil.virtual_memory()
        gpus, detail = self._gpus.look()
        return metrics.HostFigures(
            cpu=round(sum(cores) / max(len(cores), 1), 1),
            cores=cores,
            memory_used=memory.total - memory.available,
            memory_total=memory.total,
            load=os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
            disk_free=psutil.disk_usage(str(Path.cwd().anchor or "/")).free,
            gpus=gpus,
            gpu_detail=detail,
        )
