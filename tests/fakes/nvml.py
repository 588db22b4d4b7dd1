"""A driver library (libnvidia-ml) to be put below the real pynvml.

Written from the NVML API reference. It keeps to what that says of each call: nothing but
`nvmlInitWithFlags` before the library is initialised (calls are counted, `nvmlShutdown` undoes
one), handles only of this initialisation, indices below the count, buffers that are large enough,
known sensors, and which errors a call may return. Every argument arrives as ctypes hands it over.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pynvml

_NOT_AVAILABLE = 2**64 - 1


@dataclass
class Card:
    """One GPU. A figure that is None is one that this card does not support.

    Attributes:
        memory: bytes used and bytes in all.
        power: milliwatts drawn, and allowed.
        compute: bytes by process; None where the driver does not tell.
        lost: an error that every call about this card returns.
    """

    name: str = "NVIDIA GeForce RTX 4070"
    utilisation: int | None = 41
    encoder: int | None = 12
    memory: tuple[int, int] | None = (3 * 10**9, 12 * 10**9)
    temperature: int | None = 61
    power: tuple[int, int] | None = (143_500, 200_000)
    fan: int | None = 38
    compute: dict[int, int | None] = field(default_factory=dict)
    graphics: dict[int, int | None] = field(default_factory=dict)
    lost: int = pynvml.NVML_SUCCESS


@dataclass
class Driver:
    """The library; give it to `install`.

    Attributes:
        init_error: what `nvmlInitWithFlags` returns.
        hang: called in every call about a card.
        inits: how often it was initialised and not shut down.
    """

    cards: list[Card] = field(default_factory=list)
    init_error: int = pynvml.NVML_SUCCESS
    hang: Callable[[], object] = lambda: None
    inits: int = 0
    opened: int = 0
    _handles: dict[int, int] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        call = _CALLS.get(name)
        if call is None:  # as a symbol that the library does not have
            raise AttributeError(name)

        def function(*args: Any) -> Any:
            return call(self, *args)

        return function


def install(monkeypatch: Any, driver: Driver) -> None:
    """Let the real pynvml find this library."""
    monkeypatch.setattr(pynvml, "nvmlLib", driver)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})


def _init(driver: Driver, flags: int) -> Any:
    if flags & ~3:
        return pynvml.NVML_ERROR_INVALID_ARGUMENT
    if driver.init_error == pynvml.NVML_SUCCESS:
        driver.inits += 1
        driver.opened += 1
    return driver.init_error


def _shutdown(driver: Driver) -> Any:
    if not driver.inits:
        return pynvml.NVML_ERROR_UNINITIALIZED
    driver.inits -= 1
    if not driver.inits:
        driver._handles.clear()
    return pynvml.NVML_SUCCESS


def _error_string(driver: Driver, code: int) -> bytes:
    return b"Unknown Error" if code == pynvml.NVML_ERROR_UNKNOWN else b"Error %d" % code


def _count(driver: Driver, out: Any) -> Any:
    if not driver.inits:
        return pynvml.NVML_ERROR_UNINITIALIZED
    out._obj.value = len(driver.cards)
    return pynvml.NVML_SUCCESS


def _by_index(driver: Driver, index: Any, out: Any) -> Any:
    if not driver.inits:
        return pynvml.NVML_ERROR_UNINITIALIZED
    if index.value >= len(driver.cards) or out is None:
        return pynvml.NVML_ERROR_INVALID_ARGUMENT
    if driver.cards[index.value].lost:
        return driver.cards[index.value].lost
    address = 0x1000 * driver.opened + 8 * index.value
    driver._handles[address] = index.value
    ctypes.memmove(out, ctypes.byref(ctypes.c_void_p(address)), ctypes.sizeof(ctypes.c_void_p))
    return pynvml.NVML_SUCCESS


def _about_card(call: Callable[..., Any]) -> Callable[..., Any]:
    def checked(driver: Driver, handle: Any, *args: Any) -> Any:
        if not driver.inits:
            return pynvml.NVML_ERROR_UNINITIALIZED
        index = driver._handles.get(ctypes.cast(handle, ctypes.c_void_p).value or 0)
        if index is None or index >= len(driver.cards):
            return pynvml.NVML_ERROR_INVALID_ARGUMENT
        driver.hang()
        card = driver.cards[index]
        return card.lost or call(card, *args)

    return checked


def _figure(get: Callable[[Card], int | None]) -> Callable[..., Any]:
    def call(card: Card, out: Any) -> Any:
        value = get(card)
        if value is None:
            return pynvml.NVML_ERROR_NOT_SUPPORTED
        out._obj.value = value
        return pynvml.NVML_SUCCESS

    return _about_card(call)


def _name(card: Card, buffer: Any, length: Any) -> Any:
    data = card.name.encode()
    if len(data) + 1 > length.value:
        return pynvml.NVML_ERROR_INSUFFICIENT_SIZE
    buffer.value = data
    return pynvml.NVML_SUCCESS


def _utilisation(card: Card, out: Any) -> Any:
    if card.utilisation is None:
        return pynvml.NVML_ERROR_NOT_SUPPORTED
    out._obj.gpu, out._obj.memory = card.utilisation, 7
    return pynvml.NVML_SUCCESS


def _encoder(card: Card, out: Any, period: Any) -> Any:
    if card.encoder is None:
        return pynvml.NVML_ERROR_NOT_SUPPORTED
    out._obj.value, period._obj.value = card.encoder, 167_000
    return pynvml.NVML_SUCCESS


def _memory(card: Card, out: Any) -> Any:
    if card.memory is None:
        return pynvml.NVML_ERROR_NOT_SUPPORTED
    used, total = card.memory
    out._obj.used, out._obj.total, out._obj.free = used, total, total - used
    return pynvml.NVML_SUCCESS


def _temperature(card: Card, sensor: Any, out: Any) -> Any:
    if sensor.value != pynvml.NVML_TEMPERATURE_GPU:
        return pynvml.NVML_ERROR_INVALID_ARGUMENT
    if card.temperature is None:
        return pynvml.NVML_ERROR_NOT_SUPPORTED
    out._obj.value = card.temperature
    return pynvml.NVML_SUCCESS


def _processes(get: Callable[[Card], dict[int, int | None]]) -> Callable[..., Any]:
    def call(card: Card, count: Any, infos: Any) -> Any:
        running = get(card)
        room, count._obj.value = count._obj.value, len(running)
        if room < len(running):
            return pynvml.NVML_ERROR_INSUFFICIENT_SIZE
        if running and infos is None:
            return pynvml.NVML_ERROR_INVALID_ARGUMENT
        for at, (pid, memory) in enumerate(running.items()):
            infos[at].pid = pid
            infos[at].usedGpuMemory = _NOT_AVAILABLE if memory is None else memory
        return pynvml.NVML_SUCCESS

    return _about_card(call)


_CALLS: dict[str, Callable[..., Any]] = {
    "nvmlInitWithFlags": _init,
    "nvmlShutdown": _shutdown,
    "nvmlErrorString": _error_string,
    "nvmlDeviceGetCount_v2": _count,
    "nvmlDeviceGetHandleByIndex_v2": _by_index,
    "nvmlDeviceGetName": _about_card(_name),
    "nvmlDeviceGetUtilizationRates": _about_card(_utilisation),
    "nvmlDeviceGetEncoderUtilization": _about_card(_encoder),
    "nvmlDeviceGetMemoryInfo": _about_card(_memory),
    "nvmlDeviceGetTemperature": _about_card(_temperature),
    "nvmlDeviceGetPowerUsage": _figure(lambda card: card.power and card.power[0]),
    "nvmlDeviceGetEnforcedPowerLimit": _figure(lambda card: card.power and card.power[1]),
    "nvmlDeviceGetFanSpeed": _figure(lambda card: card.fan),
    "nvmlDeviceGetComputeRunningProcesses_v3": _processes(lambda card: card.compute),
    "nvmlDeviceGetGraphicsRunningProcesses_v3": _processes(lambda card: card.graphics),
}
