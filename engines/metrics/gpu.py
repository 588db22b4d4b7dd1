"""NVIDIA GPUs by NVML (nvidia-ml-py, imported as pynvml). Never raises: it says what is missing.

No driver is a calm state. A driver or a GPU that fails after it has worked is told as failed, and
everything is opened again after a while, which doubles as long as that does not help.
"""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from engines.wire.metrics import PROCESSES_TOLD, Gpu, GpuProcess

log = logging.getLogger("metrics.gpu")

T = TypeVar("T")

FIRST_AGAIN_S, LAST_AGAIN_S = 1.0, 60.0
"""Seconds until a driver that failed is opened again."""
ABSENT_AGAIN_S = 60.0
"""Seconds until a driver that was not there is looked for again."""


@dataclass(frozen=True)
class Look:
    """What was seen.

    Attributes:
        gpus: in the driver's order.
        detail: why there are none, or what fails.
        failed: True when a GPU that was there gives no figures now.
    """

    gpus: tuple[Gpu, ...] = ()
    detail: str = ""
    failed: bool = False


class Gpus:
    """The GPUs of this machine. Blocks, for milliseconds as a rule: use it from a thread.

    Args:
        clock: monotonic, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._nvml: Any = None
        self._devices: list[tuple[Any, str]] = []
        self._again_at = 0.0
        self._wait = FIRST_AGAIN_S
        self._worked = False
        self._now = Look()

    def look(self) -> Look:
        """The figures now, or why there are none."""
        if self._nvml is None and self._clock() >= self._again_at:
            self._open()
        if self._nvml is None:
            return self._now
        gpus = tuple(self._one(i, *device) for i, device in enumerate(self._devices))
        broken = [gpu for gpu in gpus if gpu.detail]
        if broken:
            # Handles of a lost GPU stay useless: everything is opened anew. The others' figures
            # are told until then, and from then on.
            detail = "; ".join(f"GPU {gpu.index}: {gpu.detail}" for gpu in broken)
            self._again(Look(gpus=gpus, detail=f"the NVIDIA driver fails: {detail}", failed=True))
        else:
            if self._now.failed:
                log.info("the GPUs give figures again")
            self._now = Look(gpus=gpus, detail="" if gpus else "no NVIDIA GPU")
            self._worked = self._worked or bool(gpus)
            self._wait = FIRST_AGAIN_S
        return self._now

    def close(self) -> None:
        """Let go of the driver."""
        if self._nvml is not None:
            _try(self._nvml.nvmlShutdown)
            self._nvml, self._devices = None, []

    def _open(self) -> None:
        try:
            nvml = importlib.import_module("pynvml")
        except ImportError:
            self._now = Look(detail="nvidia-ml-py is not installed")
            self._again_at = float("inf")
            return
        try:
            nvml.nvmlInit()
        except Exception as err:
            self._absent(nvml, err)
            return
        self._nvml = nvml
        try:
            self._devices = [self._device(i) for i in range(nvml.nvmlDeviceGetCount())]
        except Exception as err:
            self._again(Look(detail=f"the NVIDIA driver fails: {err}", failed=True))

    def _device(self, index: int) -> tuple[Any, str]:
        """Handle and name; what was raised stands for the handle of a GPU that has none."""
        try:
            handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
        except Exception as err:
            return err, "NVIDIA GPU"
        return handle, str(_try(lambda: self._nvml.nvmlDeviceGetName(handle)) or "NVIDIA GPU")

    def _absent(self, nvml: Any, err: Exception) -> None:
        calm = (nvml.NVML_ERROR_LIBRARY_NOT_FOUND, nvml.NVML_ERROR_DRIVER_NOT_LOADED)
        if getattr(err, "value", None) in calm and not self._worked:
            self._now = Look(detail="no NVIDIA driver")
            self._again_at = self._clock() + ABSENT_AGAIN_S
        else:
            self._again(Look(detail=f"the NVIDIA driver fails: {err}", failed=True))

    def _again(self, now: Look) -> None:
        """Close everything, and open it after a while."""
        if now.detail != self._now.detail:
            log.warning("%s; it is opened again in %.0f s", now.detail, self._wait)
        self.close()
        self._now = now
        self._again_at = self._clock() + self._wait
        self._wait = min(self._wait * 2, LAST_AGAIN_S)

    def _one(self, index: int, handle: Any, name: str) -> Gpu:
        nvml = self._nvml
        lost = {
            nvml.NVML_ERROR_UNINITIALIZED,
            nvml.NVML_ERROR_INVALID_ARGUMENT,
            nvml.NVML_ERROR_DRIVER_NOT_LOADED,
            nvml.NVML_ERROR_TIMEOUT,
            nvml.NVML_ERROR_GPU_IS_LOST,
            nvml.NVML_ERROR_RESET_REQUIRED,
            nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
            nvml.NVML_ERROR_UNKNOWN,
        }
        try:
            if isinstance(handle, Exception):
                raise handle
            # Every GPU gives this one, or it gives nothing.
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        except Exception as err:
            if getattr(err, "value", None) in lost or err is handle:
                return Gpu(index=index, name=name, detail=str(err))
            memory = None
        usage = _try(lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
        encoder = _try(lambda: nvml.nvmlDeviceGetEncoderUtilization(handle))
        power = _try(lambda: nvml.nvmlDeviceGetPowerUsage(handle))
        limit = _try(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle))
        return Gpu(
            index=index,
            name=name,
            utilisation=None if usage is None else float(usage.gpu),
            encoder=None if encoder is None else float(encoder[0]),
            memory_used=None if memory is None else int(memory.used),
            memory_total=None if memory is None else int(memory.total),
            temperature=_try(
                lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
            ),
            power=None if power is None else power / 1000,
            power_limit=None if limit is None else limit / 1000,
            fan=_try(lambda: float(nvml.nvmlDeviceGetFanSpeed(handle))),
            processes=self._processes(handle),
        )

    def _processes(self, handle: Any) -> list[GpuProcess]:
        nvml = self._nvml
        used: dict[int, int | None] = {}
        for ask in (
            nvml.nvmlDeviceGetComputeRunningProcesses,
            nvml.nvmlDeviceGetGraphicsRunningProcesses,
        ):
            # A process that computes and draws is in both lists, each with all of its memory.
            for process in _try(partial(ask, handle)) or ():
                if process.usedGpuMemory is not None or process.pid not in used:
                    used[process.pid] = process.usedGpuMemory
        most = sorted(used.items(), key=lambda item: item[1] or 0, reverse=True)
        return [GpuProcess(pid=pid, memory=memory) for pid, memory in most[:PROCESSES_TOLD]]


def _try(get: Callable[[], T]) -> T | None:
    """A figure, or None when the driver does not give it."""
    try:
        return get()
    except Exception as err:
        log.debug("NVML: %s", err)
        return None
