"""How the stream is doing, every few seconds; by the way finds out whether OBS still answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from engines.obs.session import Session
from engines.wire import obs

Data = dict[str, Any]
LOOKED_AT = (
    "GetStats",
    "GetStreamStatus",
    "GetRecordStatus",
    "GetCurrentProgramScene",
    "GetCurrentSceneTransitionCursor",
)


class FiguresLook:
    """Remembers the last look, for the bitrate between two.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: tuple[float, float] | None = None

    def look(self, session: Session) -> obs.Figures:
        """Ask OBS; also puts right what events left wrong.

        Raises:
            Fault: it does not answer.
        """
        known = [request for request in LOOKED_AT if session.knows(request)]
        answers = session.batch([(request, None) for request in known])
        found = {
            request: answer.data
            for request, answer in zip(known, answers, strict=True)
            if answer.ok
        }
        _heal(session, found)
        return self.figures(
            found.get("GetStats", {}),
            found.get("GetStreamStatus", {}),
            found.get("GetRecordStatus", {}),
            session.ping_ms,
        )

    def figures(self, stats: Data, stream: Data, record: Data, ping_ms: float) -> obs.Figures:
        """From OBS's answers; what is not in them is 0 or None."""
        live = bool(stream.get("outputActive"))
        frames = int(_number(stream, "outputTotalFrames")) if live else 0
        return obs.Figures(
            live_s=_number(stream, "outputDuration") / 1000 if live else None,
            record_s=(
                _number(record, "outputDuration") / 1000 if record.get("outputActive") else None
            ),
            bitrate_kbps=self._bitrate(_number(stream, "outputBytes") if live else None),
            dropped=int(_number(stream, "outputSkippedFrames")) if live else 0,
            frames=frames,
            skipped=int(_number(stats, "outputSkippedFrames")),
            lagged=int(_number(stats, "renderSkippedFrames")),
            congestion=min(1.0, max(0.0, _number(stream, "outputCongestion"))),
            reconnecting=bool(stream.get("outputReconnecting")),
            fps=round(_number(stats, "activeFps"), 2),
            cpu=round(_number(stats, "cpuUsage"), 1),
            memory_mb=round(_number(stats, "memoryUsage"), 1),
            disk_free_mb=round(_number(stats, "availableDiskSpace"), 1),
            ping_ms=round(ping_ms, 2),
        )

    def _bitrate(self, sent: float | None) -> float | None:
        now = self._clock()
        last, self._last = self._last, None if sent is None else (now, sent)
        # Bytes are counted anew when the stream begins anew.
        if sent is None or last is None or now <= last[0] or sent < last[1]:
            return None
        return round((sent - last[1]) * 8 / 1000 / (now - last[0]), 1)


def _heal(session: Session, found: dict[str, Data]) -> None:
    """A scene that is set again while a fade to it runs never gets its event (OBS 29): what OBS
    answers is right as soon as no transition runs.
    """
    scene = found.get("GetCurrentProgramScene", {}).get("currentProgramSceneName")
    cursor = found.get("GetCurrentSceneTransitionCursor", {}).get("transitionCursor", 1.0)
    tracker = session.tracker
    if scene and scene != tracker.scene and cursor >= 1.0:
        tracker.scene = str(scene)
        tracker.guessed = True
        tracker.moving = False
        tracker.stale.add("items")


def _number(data: Data, key: str) -> float:
    value = data.get(key)
    return float(value) if isinstance(value, (int, float)) else 0.0
