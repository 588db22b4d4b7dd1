"""Tells about once a second how the host and its GPUs are. No GPU is a calm state, not an error."""

from __future__ import annotations

import asyncio
import logging

import msgspec
import psutil

from engines.harness import Engine
from engines.metrics.gpu import Look
from engines.metrics.host import HostLook
from engines.metrics.watch import GpuWatch
from engines.wire import metrics

log = logging.getLogger("metrics")


class MetricsEngine(Engine[metrics.Config]):
    """Sends `metrics.host`. Degraded while a GPU that was there gives no figures."""

    name = "metrics"
    Config = metrics.Config
    events = metrics.EVENTS

    async def start(self) -> None:
        """Find the GPUs and begin to tell."""
        self._gpus = GpuWatch(self.config.interval_s)
        self._host = HostLook()
        self._trouble = ""
        self._changed = asyncio.Event()
        self._gpus.start()
        self._task = asyncio.create_task(self._tell(), name="metrics")

    async def stop(self) -> None:
        """End."""
        self._task.cancel()
        await asyncio.to_thread(self._gpus.stop)

    async def reconfigure(self, config: metrics.Config) -> None:
        """Take another interval: it begins now."""
        self.config = config
        self._gpus.every(config.interval_s)
        self._changed.set()

    async def _interval(self) -> None:
        while True:
            self._changed.clear()
            try:
                async with asyncio.timeout(self.config.interval_s):
                    await self._changed.wait()
            except TimeoutError:
                return

    async def _tell(self) -> None:
        while True:
            await self._interval()
            try:
                host = await asyncio.to_thread(self._host.look)
            except (OSError, psutil.Error) as err:
                log.warning("no figures: %s", err)
                continue
            self._tell_all(host, self._gpus.latest())

    def _tell_all(self, host: metrics.HostFigures, gpus: Look) -> None:
        trouble = gpus.detail if gpus.failed else ""
        if trouble != self._trouble:
            self._trouble = trouble
            self.link.status("degraded" if trouble else "ready", trouble)
        figures = msgspec.structs.replace(
            host, gpus=list(gpus.gpus), gpu_detail=gpus.detail, gpu_failed=gpus.failed
        )
        self.link.send(metrics.HOST, figures)
