"""Whether two of an engine fit."""

from __future__ import annotations

import os
from typing import Any

import psutil
import pytest

from engines.wire.metrics import Gpu, GpuProcess, HostFigures
from kitsu_tui.show.room import why_not_beside

ME = os.getpid()
GB = 1 << 30


def host(*gpus: Gpu) -> HostFigures:
    return HostFigures(cpu=0, cores=[], memory_used=0, memory_total=0, gpus=list(gpus))


def gpu(used: float, mine: int | None) -> Gpu:
    return Gpu(
        index=0,
        name="fox",
        memory_used=int(used * GB),
        memory_total=8 * GB,
        processes=[GpuProcess(pid=ME, memory=mine)],
    )


def test_one_that_does_not_run_is_in_nobodys_way() -> None:
    assert why_not_beside("audio", 0, ({},), None) == ""


def test_audio_owns_the_devices() -> None:
    assert why_not_beside("audio", ME, ({},), None) == "it owns the devices"


def test_memory_that_is_short_is_said_in_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not_beside("tts", ME, ({},), None) == ""
    rss = psutil.Process().memory_info().rss
    memory = psutil.virtual_memory()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory._replace(available=int(rss * 1.1)))
    said = why_not_beside("tts", ME, ({},), None)
    assert said.startswith("memory: ")
    assert said.endswith(" MB needed for two of it")


@pytest.mark.parametrize(
    ("config", "figures", "words"),
    [
        ({"gpu_layers": 0}, host(gpu(7.9, 4 * GB)), ""),
        ({"device": "cpu"}, host(gpu(7.9, 4 * GB)), ""),
        ({"gpu_layers": 20}, None, "is not known"),
        ({"gpu_layers": 20}, host(), "is not known"),
        ({"gpu_layers": 20}, host(gpu(1, None)), "is not known"),
        ({"gpu_layers": 20}, host(gpu(3, 2 * GB)), ""),
        ({"gpu_layers": 20}, host(gpu(6, 2 * GB)), "2048 MB free, 2457 MB needed"),
        ({"device": "cuda"}, host(gpu(7, GB)), "1024 MB free, 1228 MB needed"),
        ({"device": "auto"}, host(), ""),
        ({"device": "auto"}, host(gpu(7, GB)), "1024 MB free"),
    ],
)
def test_on_a_gpu_there_must_be_room_for_another_one(
    config: dict[str, Any], figures: HostFigures | None, words: str
) -> None:
    said = why_not_beside("policy", ME, ({}, config), figures)
    assert words in said
    assert bool(words) == bool(said)
