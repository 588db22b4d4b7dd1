"""The machine. A GPU is a made-up driver: none is here."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from kitsu_tui.config import load_profile
from kitsu_tui.doctor import machine
from kitsu_tui.doctor.context import Context

GB = 10**9


class Nvml:
    """What of pynvml is used."""

    def __init__(self, free: int = 70 * GB, *, driver: bool = True) -> None:
        self.free = free
        self.driver = driver
        self.closed = False

    def nvmlInit(self) -> None:  # noqa: N802
        if not self.driver:
            raise RuntimeError("NVML Shared Library Not Found")

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.closed = True

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 1

    def nvmlSystemGetDriverVersion(self) -> bytes:  # noqa: N802
        return b"570.10"

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, handle: int) -> str:  # noqa: N802
        return "RTX 5090"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(total=80 * GB, used=80 * GB - self.free)


def context(tmp_path: Path, *, layers: int = 0) -> Context:
    path = tmp_path / "p.yaml"
    path.write_text(f"extends: starter\npolicy: {{gpu_layers: {layers}}}\n")
    return Context(loaded=load_profile(str(path), {}), environ={})


@pytest.mark.parametrize(
    ("nvml", "layers", "status", "says"),
    [
        (Nvml(driver=False), 0, "ok", "no GPU: models run on the CPU"),
        (Nvml(driver=False), 99, "bad", "policy.gpu_layers 99"),
        (Nvml(), 0, "ok", "RTX 5090, driver 570.10, 70.0 GB of 80.0 GB free"),
        (Nvml(free=GB), 99, "warn", "1.0 GB of 80.0 GB free"),
    ],
)
def test_gpu(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    nvml: Nvml,
    layers: int,
    status: str,
    says: str,
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    [found] = machine.gpu(context(tmp_path, layers=layers))
    assert (found.status, says in found.found) == (status, True), found
    assert nvml.closed == nvml.driver


def test_a_machine_without_the_package_for_gpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert machine.gpu(context(tmp_path))[0].status == "ok"


def test_a_model_that_is_larger_than_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "big.gguf"
    with model.open("wb") as file:
        file.truncate(8 * GB)  # a hole: it takes no room
    path = tmp_path / "p.yaml"
    free = SimpleNamespace(available=4 * GB, total=8 * GB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    for layers, status in ((0, "warn"), (99, "ok")):
        path.write_text(f"extends: starter\npolicy: {{model: {model}, gpu_layers: {layers}}}\n")
        found = machine.memory(Context(loaded=load_profile(str(path), {}), environ={}))
        assert found.status == status, found
    assert machine.memory(Context()).status == "ok"


def test_avx2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor: 0\nflags\t\t: fpu sse4_1 avx2\n")
    assert "avx2" in (machine.cpu_flags(str(cpuinfo)) or set())
    assert machine.cpu_flags(str(tmp_path / "none")) is None
    monkeypatch.setattr(machine, "usable_cores", lambda: 4)
    monkeypatch.setattr(machine, "cpu_flags", lambda: {"sse4_1"})
    assert machine.processor(Context()).status == "warn"
    monkeypatch.setattr(machine, "cpu_flags", lambda: None)  # another make: nothing to say
    assert machine.processor(Context()).status == "ok"


def test_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "usable_cores", lambda: 2)
    monkeypatch.setattr(psutil, "getloadavg", lambda: (9.0, 1.0, 1.0))
    assert machine.load(Context()).status == "warn"
    monkeypatch.setattr(psutil, "getloadavg", lambda: (1.0, 9.0, 9.0))
    assert machine.load(Context()).status == "ok"


def test_a_clock_that_went_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Context(environ={"KITSU_STATE_DIR": str(tmp_path)})
    now = time.time()
    (tmp_path / "latch.json").write_text("{}")
    assert machine.clock(made).status == "ok"
    os.utime(tmp_path / "latch.json", (now + 7200, now + 7200))
    assert machine.clock(made).status == "warn"
    monkeypatch.setattr(time, "time", lambda: 3600.0)
    assert machine.clock(made).status == "bad"


def test_a_locale_that_is_not_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda _: "ANSI_X3.4-1968")
    found = machine.words(Context(environ={"LANG": "C"}))
    assert found.status == "warn"
    assert "ANSI_X3.4-1968" in found.found
