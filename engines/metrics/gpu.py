"""NVIDIA GPUs by NVML (nvidia-ml-py, imported as pynvml). Never raises: it says what is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from engines.wire.metrics import Gpu

log = logging.getLogger("metrics.gpu")

T = TypeVar("T")


class Gpus:
    """The GPUs of this machine. Blocks for milliseconds: use it from a thread."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handles: list[Any] = []
        self.detail = ""
        try:
            import pynvml

            pynvml.nvmlInit()
            self._nvml = pynvml
            self._handles = [
                pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())
            ]
        except ImportError:
            self.detail = "no GPU figures: nvidia-ml-py is not installed"
        except Exception as err:
            self.detail = f"no NVIDIA GPU ({err})"
        if self._nvml is not None and not self._handles:
            self.detail = "no NVIDIA GPU"

    def look(self) -> tuple[list[Gpu], str]:
        """The figures now, and why there are none."""
        return [self._one(i, handle) for i, handle in enumerate(self._handles)], self.detail

    def close(self) -> None:
        """Let go of the driver."""
        if self._nvml is not None:
            _try(self._nvml.nvmlShutdown)
            self._nvml = None

    def _one(self, index: int, handle: Any) -> Gpu:
        nvml = self._nvml
        name = _try(lambda: nvml.nvmlDeviceGetName(handle)) or "NVIDIA GPU"
        usage = _try(lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
        memory = _try(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
        power = _try(lambda: nvml.nvmlDeviceGetPowerUsage(handle))
        return Gpu(
            index=index,
            name=name.decode() if isinstance(name, bytes) else str(name),
            utilisation=None if usage is None else float(usage.gpu),
            memory_used=None if memory is None else int(memory.used),
            memory_total=None if memory is None else int(memory.total),
            temperature=_try(
                lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
            ),
            power=None if power is None else power / 1000,
            fan=_try(lambda: float(nvml.nvmlDeviceGetFanSpeed(handle))),
        )


def _try(get: Callable[[], T]) -> T | None:
    """A figure, or None when the driver does not give it."""
    try:
        return get()
    except Exception as err:
        log.debug("NVML: %s", err)
        return None
