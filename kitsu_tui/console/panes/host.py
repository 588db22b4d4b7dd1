"""Host and GPU: what the machine is doing, now and in the last minutes. No GPU is a calm state."""

from __future__ import annotations

from typing import ClassVar

from engines.wire.metrics import Gpu, HostFigures
from engines.wire.show import ShowFigures
from kitsu_tui.console.lines import Line, Span, bar, fit, visible, width_of, wrap
from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.trends import Trends
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.widgets.sparkline import sparkline
from kitsu_tui.console.words import rate, size

_BAR = 10
_TREND_MOST = 60
"""Cells of a sparkline: five minutes."""
_TREND_LEAST = 6
_WIDE = 64
_BEGIN = 33
"""Where sparklines begin when there is no bar."""
_LOW_DISK = 2e9


def host(
    figures: HostFigures,
    own: ShowFigures,
    trends: Trends,
    now: float,
    width: int,
    names: dict[int, str],
) -> list[Line]:
    """The host's lines.

    Args:
        own: what the show itself uses.
        now: wall time, the right end of the sparklines.
        names: of engines by pid, for what they hold of a GPU.
    """
    memory = 100 * figures.memory_used / figures.memory_total if figures.memory_total else 0.0
    used = f"{size(figures.memory_used)} of {size(figures.memory_total)}"
    rows = [_row("CPU", figures.cpu, f"load {figures.load:.2f}", "cpu", trends, now, width)]
    if len(figures.cores) > 1 and width >= 30:
        rows.append(_cores(figures.cores, width))
    rows.append(_row("memory", memory, used, "memory", trends, now, width))
    rows += _disk_and_network(figures, width)
    rows += _show(own, width)
    for gpu in figures.gpus:
        rows += _gpu(gpu, trends, now, width, names)
    if figures.gpu_failed and not any(gpu.detail for gpu in figures.gpus):
        rows += wrap(((f"✗ {visible(figures.gpu_detail)}", "bad"),), width, 2)
    elif not figures.gpus:
        why = f": {visible(figures.gpu_detail)}" if figures.gpu_detail else ""
        rows += wrap(((f"no GPU{why}", "dim"),), width, 2)
    return rows


def _style(percent: float) -> str:
    return "bad" if percent >= 95 else "warn" if percent >= 85 else ""


def _row(
    name: str, percent: float, rest: str, series: str, trends: Trends, now: float, width: int
) -> Line:
    """A figure, a few words and the last minutes, as far as there is room; a bar where there is
    much of it.
    """
    style = _style(percent)
    figure = f"{percent:3.0f} %{'!' if style else ' '}"
    wide = width >= _WIDE
    spans: list[Span] = [
        (fit(name, 7), "dim"),
        (f"{bar(percent / 100, _BAR)} {figure}" if wide else figure, style),
    ]
    if width_of(tuple(spans)) + len(rest) + 1 <= width:
        spans.append((f" {rest}", "dim"))
    # In one column, whatever the length of the words before.
    begin = max(_BEGIN + (_BAR + 1 if wide else 0), width_of(tuple(spans)) + 1)
    room = min(_TREND_MOST, width - begin)
    if room >= _TREND_LEAST:
        gap = begin - width_of(tuple(spans))
        line = sparkline(trends.last(series, now, room), room, 100.0)
        spans += [(" " * gap, ""), (line, style or "accent")]
    return tuple(spans)


def _cores(cores: list[float], width: int) -> Line:
    """Each core as one cell of a bar, and the busiest in figures."""
    most = max(cores)
    cell = sparkline(cores[: width - 24], min(len(cores), width - 24), 100.0)
    text = f"{cell} {len(cores)} cores, busiest {most:.0f} %"
    return ((fit("", 7), ""), (text if 7 + len(text) <= width else cell, "dim"))


def _disk_and_network(figures: HostFigures, width: int) -> list[Line]:
    low = 0 < figures.disk_free < _LOW_DISK
    total = f" of {size(figures.disk_total)}" if figures.disk_total else ""
    disk = f"{'! ' if low else ''}disk free {size(figures.disk_free)}{total}"
    parts: list[Span] = [(_whole(disk), "warn" if low else "dim")]
    if figures.received is not None and figures.sent is not None:
        words = f"in {rate(figures.received)}, out {rate(figures.sent)}"
        parts += [("  ", ""), (_whole(f"net {words}"), "dim")]
    return wrap(parts, width, 2)


def _show(own: ShowFigures, width: int) -> list[Line]:
    """The show's own process, and how late its loop is: what everything else waits for."""
    if not own.samples:
        return []
    parts = [f"the show {own.cpu:.0f} %", size(own.memory), f"late p99 {own.lag_p99_ms:.0f} ms"]
    spans: list[Span] = [("  ".join(map(_whole, parts)), "dim")]
    if own.stalls:
        times = "once" if own.stalls == 1 else f"{own.stalls} times"
        spans += [("  ", ""), (_whole(f"! stood still {times}"), "warn")]
    return wrap(spans, width, 2)


def _whole(words: str) -> str:
    """Words that no line's end may part."""
    return words.replace(" ", "\u00a0")


def _gpu(gpu: Gpu, trends: Trends, now: float, width: int, names: dict[int, str]) -> list[Line]:
    title: Line = ((f"GPU {gpu.index}  ", "strong"), (visible(gpu.name), "dim"))
    out = wrap(title, width, 2)
    if gpu.detail:
        return [*out, *wrap(((f"✗ {visible(gpu.detail)}", "bad"),), width, 2)]
    rest = f"encoder {gpu.encoder:.0f} %" if gpu.encoder else ""
    if gpu.utilisation is not None:
        out.append(_row("used", gpu.utilisation, rest, f"gpu{gpu.index}", trends, now, width))
    if gpu.memory_used is not None and gpu.memory_total:
        percent = 100 * gpu.memory_used / gpu.memory_total
        rest = f"{size(gpu.memory_used)} of {size(gpu.memory_total)}"
        out.append(_row("memory", percent, rest, f"gpu{gpu.index}.memory", trends, now, width))
    parts: list[str] = []
    if gpu.temperature is not None:
        parts.append(f"{gpu.temperature:.0f} °C")
    if gpu.power is not None:
        limit = f" of {gpu.power_limit:.0f}" if gpu.power_limit else ""
        parts.append(f"{gpu.power:.0f}{limit} W")
    if gpu.fan is not None:
        parts.append(f"fan {gpu.fan:.0f} %")
    if parts:
        out += wrap((("  ".join(map(_whole, parts)), ""),), width, 2)
    elif gpu.utilisation is None and gpu.memory_used is None:
        out += wrap((("its driver gives no figures", "dim"),), width, 2)
    return out + _processes(gpu, width, names)


def _processes(gpu: Gpu, width: int, names: dict[int, str]) -> list[Line]:
    """What our engines hold of its memory, and all others together."""
    ours = [process for process in gpu.processes if process.pid in names]
    others = [process for process in gpu.processes if process.pid not in names]
    parts = [
        f"{visible(names[process.pid])} {size(process.memory) if process.memory else '?'}"
        for process in ours
    ]
    if others:
        held = sum(process.memory or 0 for process in others)
        words = f"{len(others)} other{'' if len(others) == 1 else 's'}"
        parts.append(f"{words} {size(held) if held else '?'}")
    if not parts:
        return []
    text = ", ".join(map(_whole, parts))
    return wrap((("held by ", "dim"), (text, "")), width, 2)


class Host(Table):
    """See the module."""

    NAME: ClassVar[str] = "host"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset()
    TICKS: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "Host"
        self._link: Link | None = None
        self._now = 0.0

    def paint(self, link: Link, now: float) -> None:
        """Show the last figures."""
        self._link, self._now = link, now
        figures = link.state.host
        self.border_subtitle = "" if link.attached else "as last seen"
        if figures is None:
            view = link.state.engines.get("metrics")
            why = f": metrics is {view.state}" if view and view.state != "ready" else ""
            self.show([((f"no figures yet{why}", "dim"),)])
            return
        names = {view.pid: view.name for view in link.state.engines.values() if view.pid}
        lines = host(figures, link.state.figures, link.trends, now, self.room, names)
        view = link.state.engines.get("metrics")
        state = view.state if view else "gone"
        if link.attached and state not in ("ready", "degraded"):
            lines = [((f"old figures: metrics is {state}", "warn"),), *lines]
        self.show(lines)

    def resized(self) -> None:
        if self._link is not None:
            self.paint(self._link, self._now)
