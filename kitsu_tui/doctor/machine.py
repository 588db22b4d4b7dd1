"""The machine: processor, memory, load, GPU, clock, locale."""

from __future__ import annotations

import locale
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

from kitsu_tui.config import paths
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.disk import size
from kitsu_tui.doctor.probe import Family, Probe
from kitsu_tui.doctor.report import Finding, bad, ok, skipped, warn

T = TypeVar("T")

ENGINES_BYTES = 900_000_000
"""Resident memory of all engines beside their models, with room to spare: 0.6 GB were measured."""
OLDEST_CLOCK = 1_767_225_600
"""2026-01-01: Kitsu is younger than that."""


def processor(context: Context) -> Finding:
    """Cores that we may use, and AVX2, which the models' libraries want for speed."""
    cores = usable_cores()
    found = f"{cores} core{'s' if cores != 1 else ''}"
    flags = cpu_flags()
    if flags is not None:
        found += ", AVX2" if "avx2" in flags else ", no AVX2"
        if "avx2" not in flags:
            return warn(
                "processor",
                f"{found}: speech and language models run several times slower, or not at all",
                "run asr, policy and tts on another machine (engines.*.command), or use a GPU",
            )
    if cores < 2:
        return warn(
            "processor",
            f"{found}: she will be late",
            "give this machine two or more, or run models elsewhere (engines.*.command)",
        )
    return ok("processor", found)


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_flags(path: str = "/proc/cpuinfo") -> set[str] | None:
    """The processor's features, None where they cannot be told (other systems, other makes)."""
    try:
        text = Path(path).read_text("utf-8", "replace")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("flags") and ":" in line:
            return set(line.partition(":")[2].split())
    return None


def memory(context: Context) -> Finding:
    """Memory that is free for models."""
    from kitsu_tui.doctor.models import weight

    now = psutil.virtual_memory()
    wants = ENGINES_BYTES + weight(context)
    found = f"{size(now.available)} of {size(now.total)} free"
    if context.running is None and now.available < wants:
        return warn(
            "memory",
            f"{found}: engines and models of this profile want about {size(wants)}",
            "close other programs, or name smaller models",
        )
    return ok("memory", found)


def load(context: Context) -> Finding:
    """How busy the machine is."""
    cores = usable_cores()
    try:
        minute = psutil.getloadavg()[0]
    except (OSError, AttributeError):
        return skipped("load", "this system does not tell")
    found = f"{minute:.1f} in the last minute, for {cores} cores"
    if context.running is None and minute > cores * 1.5:
        return warn("load", f"{found}: she will be late", "end what else runs here; see: top")
    return ok("load", found)


def gpu(context: Context) -> list[Finding]:
    """NVIDIA GPUs by NVML. None is no fault, unless the profile counts on one."""
    asked = _asked_for(context)
    try:
        import pynvml as nvml

        nvml.nvmlInit()
    except Exception as err:
        why = f" ({err})" if type(err).__name__ != "ImportError" else ""
        if asked:
            return [
                bad(
                    "gpu",
                    f"no NVIDIA GPU answers{why}, but the profile asks for one: {asked}",
                    "install the NVIDIA driver and see `nvidia-smi`, or take these out",
                )
            ]
        return [ok("gpu", "no GPU: models run on the CPU")]
    try:
        count = nvml.nvmlDeviceGetCount()
        driver = _text(_try(nvml.nvmlSystemGetDriverVersion)) or "unknown"
        if not count:
            return [ok("gpu", f"no GPU (driver {driver}): models run on the CPU")]
        return [_one(nvml, index, driver, asked) for index in range(count)]
    finally:
        _try(nvml.nvmlShutdown)


def _one(nvml: Any, index: int, driver: str, asked: str) -> Finding:
    name = "gpu" if index == 0 else f"gpu {index}"
    handle = _try(lambda: nvml.nvmlDeviceGetHandleByIndex(index))
    if handle is None:
        return warn(name, f"does not answer (driver {driver})", "see: nvidia-smi")
    called = _text(_try(lambda: nvml.nvmlDeviceGetName(handle))) or "NVIDIA GPU"
    memory = _try(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    found = f"{called}, driver {driver}"
    if memory is not None:
        found += f", {size(memory.total - memory.used)} of {size(memory.total)} free"
    found += f"; the profile uses it: {asked}" if asked else "; the profile does not use it"
    if memory is not None and asked and memory.total - memory.used < memory.total / 10:
        return warn(name, found, "something else fills it; see: nvidia-smi")
    return ok(name, found)


def _asked_for(context: Context) -> str:
    """What in the profile counts on a GPU."""
    if context.loaded is None:
        return ""
    profile = context.loaded.profile
    asked = []
    if context.used("asr") and profile.asr.device == "cuda":
        asked.append("asr.device cuda")
    if context.used("policy") and profile.policy.gpu_layers > 0:
        asked.append(f"policy.gpu_layers {profile.policy.gpu_layers}")
    return ", ".join(asked)


def _try(get: Callable[[], T]) -> T | None:
    try:
        return get()
    except Exception:
        return None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def clock(context: Context) -> Finding:
    """Wall time is sane, and does not lie before what we wrote ourselves."""
    now = time.time()
    found = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now))
    if now < OLDEST_CLOCK:
        return bad("clock", f"{found}: that is past", "set the clock; TLS and journals need it")
    if newest(paths.state_dir(context.environ)) > now + 60:
        return warn(
            "clock",
            f"{found}: a journal of ours is younger than that, so the clock went back",
            "set the clock (and let it follow a time server)",
        )
    return ok("clock", found)


def newest(folder: Path) -> float:
    """The time of the last change of what lies in the state folder, 0 when nothing does."""
    try:
        return max((p.stat().st_mtime for p in folder.iterdir()), default=0.0)
    except OSError:
        return 0.0


def words(context: Context) -> Finding:
    """UTF-8 everywhere: names and chat come in every script."""
    preferred = locale.getpreferredencoding(False)
    names = {"file names": sys.getfilesystemencoding(), "texts": preferred}
    if sys.stdout is not None and sys.stdout.encoding:
        names["output"] = sys.stdout.encoding
    wrong = [
        f"{what} are {encoding}"
        for what, encoding in names.items()
        if encoding.lower().replace("-", "").replace("_", "") != "utf8"
    ]
    said = next(
        (context.environ[n] for n in ("LC_ALL", "LC_CTYPE", "LANG") if context.environ.get(n)), ""
    )
    if wrong:
        fix = "set PYTHONUTF8=1" if sys.platform == "win32" else "export LANG=C.UTF-8"
        return warn("locale", f"{', '.join(wrong)} (locale {said or 'not set'})", fix)
    return ok("locale", f"UTF-8 (locale {said or 'not set'})")


FAMILY = Family(
    "Machine",
    (
        Probe("processor", processor),
        Probe("memory", memory),
        Probe("load", load),
        Probe("gpu", gpu, 8.0),
        Probe("clock", clock),
        Probe("locale", words),
    ),
)
