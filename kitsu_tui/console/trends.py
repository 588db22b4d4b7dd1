"""Figures of the last minutes, for sparklines: kept whether a pane is in sight or not.

Time is cut into buckets at fixed moments, and a bucket's value is the mean of what came in it. So
of a sparkline only the newest cell changes from second to second, and all of it moves on once a
bucket: over SSH a figure costs a few bytes a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from engines.wire import show
from engines.wire.metrics import HostFigures

BUCKET_S = 5.0
KEPT = 120
"""Buckets of a series: ten minutes."""
SERIES = 200
"""Series at most: a show has a dozen engines and a GPU or two."""


class Series:
    """One figure over time."""

    def __init__(self) -> None:
        self._buckets: deque[tuple[int, float, int]] = deque(maxlen=KEPT)

    def add(self, t: float, value: float) -> None:
        """A value at wall time `t`, in seconds. A clock that was set back begins anew."""
        number = int(t // BUCKET_S)
        if self._buckets and number <= self._buckets[-1][0]:
            last, total, count = self._buckets[-1]
            if number < last - 1:
                self._buckets.clear()
            else:
                self._buckets[-1] = (last, total + value, count + 1)
                return
        self._buckets.append((number, value, 1))

    def last(self, now: float, count: int) -> list[float | None]:
        """The last `count` buckets up to `now`, None for those in which nothing came."""
        end = int(now // BUCKET_S)
        means = {number: total / n for number, total, n in self._buckets}
        if self._buckets and self._buckets[-1][0] == end - 1:
            end -= 1  # figures come once in a while: the bucket that has just begun is no gap
        return [means.get(number) for number in range(end - count + 1, end + 1)]


class Trends:
    """All series, by name: `cpu`, `memory`, `sent`, `received`, `gpu0`, `gpu0.memory`, `tts.cpu`,
    `obs.kbps`.

    CPU, memory and GPU are in percent (an engine's of one core), the network in bytes a second, the
    stream in kbit/s.
    """

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}

    def take(self, told: show.Told) -> None:
        """Keep the figures of an event, if it has any."""
        event = told.event
        if isinstance(event, show.EngineFigures):
            self._add(f"{event.engine}.cpu", told.t, event.cpu)
        elif isinstance(event, show.Host):
            for name, value in _host(event.figures):
                self._add(name, told.t, value)
        elif isinstance(event, show.ObsFigures):
            if event.figures.bitrate_kbps is not None:
                self._add("obs.kbps", told.t, event.figures.bitrate_kbps)
        elif isinstance(event, show.ShowStarted):
            self._series.clear()

    def last(self, name: str, now: float, count: int) -> list[float | None]:
        """The last `count` values of a series up to `now`, oldest first."""
        series = self._series.get(name)
        return series.last(now, count) if series is not None else [None] * count

    def _add(self, name: str, t: float, value: float) -> None:
        series = self._series.get(name)
        if series is None:
            if len(self._series) >= SERIES:
                return
            series = self._series[name] = Series()
        series.add(t, value)


def _host(figures: HostFigures) -> Iterator[tuple[str, float]]:
    yield "cpu", figures.cpu
    if figures.memory_total:
        yield "memory", 100 * figures.memory_used / figures.memory_total
    if figures.received is not None and figures.sent is not None:
        yield "received", figures.received
        yield "sent", figures.sent
    for gpu in figures.gpus:
        if gpu.utilisation is not None:
            yield f"gpu{gpu.index}", gpu.utilisation
        if gpu.memory_used is not None and gpu.memory_total:
            yield f"gpu{gpu.index}.memory", 100 * gpu.memory_used / gpu.memory_total
