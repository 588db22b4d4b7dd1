"""The line that says what came of something: the worst of what came at once, for a while."""

from __future__ import annotations

from collections import deque

from kitsu_tui.console.lines import Line, visible
from kitsu_tui.console.link import Notice

NOTICE_S = 6.0
FAILURE_S = 20.0
"""What has failed stays longer: an operator who was busy elsewhere is to find it."""
_WEIGHT = {"dim": 0, "good": 1, "warn": 2, "bad": 3}
_SIGNS = {"bad": "✗ ", "warn": "! ", "good": "✓ "}


class NoticeLine:
    """See the module.

    Attributes:
        shown: the last words, for tests.
    """

    def __init__(self) -> None:
        self._notice: tuple[Notice, float] | None = None
        self.shown: list[str] = []

    def take(self, notices: deque[Notice], now: float) -> Line | None:
        """The line at `now` (seconds, monotonic), with what came in; None when there is none."""
        if notices:
            worst = max(reversed(notices), key=lambda notice: _WEIGHT.get(notice.style, 0))
            self._notice = (worst, now + (FAILURE_S if worst.style == "bad" else NOTICE_S))
            self.shown = [*self.shown, *(n.text for n in notices)][-50:]
            notices.clear()
        if self._notice is None or now >= self._notice[1]:
            self._notice = None
            return None
        notice = self._notice[0]
        return ((f" {_SIGNS.get(notice.style, '')}{visible(notice.text)}", notice.style),)
