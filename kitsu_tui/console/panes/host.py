"""Host and GPU: what the machine is doing. No GPU is a calm state."""

from __future__ import annotations

from typing import ClassVar

from engines.wire.metrics import Gpu, HostFigures
from kitsu_tui.console.lines import Line, bar, visible, wrap
from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.words import size

_BAR = 12


def host(figures: HostFigures, width: int) -> list[Line]:
    """The host's lines."""
    memory = figures.memory_used / figures.memory_total if figures.memory_total else 0.0
    cores = " ".join(f"{core:.0f}" for core in figures.cores[:32])
    used = f"{size(figures.memory_used)} of {size(figures.memory_total)}"
    lines: list[Line] = [
        (
            ("CPU    ", "dim"),
            (f"{bar(figures.cpu / 100, _BAR)} {figures.cpu:3.0f} %", _style(figures.cpu)),
            (f"  cores {cores}", "dim"),
        ),
        (
            ("memory ", "dim"),
            (f"{bar(memory, _BAR)} {memory * 100:3.0f} %", _style(memory * 100)),
            (f"  {used}", "dim"),
        ),
    ]
    rest = f"load {figures.load:.2f}   disk free {size(figures.disk_free)}"
    lines += wrap(((rest, "warn" if 0 < figures.disk_free < 2e9 else ""),), width)
    for gpu in figures.gpus:
        lines += _gpu(gpu, width)
    if not figures.gpus:
        why = f": {visible(figures.gpu_detail)}" if figures.gpu_detail else ""
        lines += wrap(((f"no GPU{why}", "dim"),), width, 2)
    return lines


def _style(percent: float) -> str:
    return "bad" if percent >= 95 else "warn" if percent >= 85 else ""


def _gpu(gpu: Gpu, width: int) -> list[Line]:
    parts: list[str] = []
    if gpu.utilisation is not None:
        parts.append(f"{gpu.utilisation:.0f} %")
    if gpu.memory_used is not None and gpu.memory_total:
        parts.append(f"{size(gpu.memory_used)} of {size(gpu.memory_total)}")
    if gpu.temperature is not None:
        parts.append(f"{gpu.temperature:.0f} °C")
    if gpu.power is not None:
        parts.append(f"{gpu.power:.0f} W")
    if gpu.fan is not None:
        parts.append(f"fan {gpu.fan:.0f} %")
    figures = "   ".join(parts) or "its driver gives no figures"
    name = (f"GPU {gpu.index} {visible(gpu.name)}  ", "dim")
    return wrap((name, (figures, "")), width, 2)


class Host(Table):
    """See the module."""

    NAME: ClassVar[str] = "host"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset()
    TICKS: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Host"

    def paint(self, link: Link, now: float) -> None:
        """Show the last figures."""
        figures = link.state.host
        self.border_subtitle = "" if link.attached else "as last seen"
        if figures is None:
            self.show([(("no figures yet", "dim"),)])
        else:
            self.show(host(figures, self.room))
