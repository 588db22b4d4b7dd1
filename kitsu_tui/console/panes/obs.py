"""OBS: link, scene, stream, recording, inputs, sources, and how the last rehearsal of panic went.

Up and down choose a row, Enter switches it over: a mute, a source, a filter, the recording.
"""

from __future__ import annotations

from typing import ClassVar

from engines.wire import obs
from kitsu_tui.console.lines import Line
from kitsu_tui.console.link import Link, Topic
from kitsu_tui.console.obs_rows import Key, Row, act, body, top
from kitsu_tui.console.stage_row import has_obs
from kitsu_tui.console.widgets.line_view import Table
from kitsu_tui.console.words import SIGNS
from kitsu_tui.model.state import ShowState


class Obs(Table):
    """See the module."""

    NAME: ClassVar[str] = "obs"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("obs",))
    TICKS: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__(ident=self.NAME)
        self.border_title = "OBS"
        self.selected: Key = ("scene",)
        self._link: Link | None = None
        self._now = 0.0
        self._keys: list[tuple[Key, int]] = []
        """Rows that can be acted on, and their lines."""
        self._body: list[Row] = []
        self._made_from: tuple[object, object, int] = (None, None, 0)

    def paint(self, link: Link, now: float) -> None:
        """Show OBS as it is."""
        self._link, self._now = link, now
        state = link.state
        self.border_subtitle = "" if link.attached else "as last seen"
        if not has_obs(state):
            self._keys = []
            self.show([(("no OBS in this profile (engines.obs)", "dim"),)])
            return
        rows = [*_engine(state), *top(state, link.trends, now, self.room), *self._long(state)]
        self._keys = [(key, at) for at, (key, _) in enumerate(rows) if key is not None]
        lines: list[Line] = [line for _, line in rows]
        at = self._at()
        if at is not None:
            lines[at] = ((">", "strong"), *_after_cursor(lines[at]))
        self.show(lines)

    def _long(self, state: ShowState) -> list[Row]:
        """What may have hundreds of rows is made again only when it has changed."""
        known, drill, width = self._made_from
        if known is not state.obs.state or drill is not state.drill or width != self.room:
            self._made_from = state.obs.state, state.drill, self.room
            self._body = body(state, self.room)
        return self._body

    def _at(self) -> int | None:
        """The line of the selected row; of the first one when it is not there."""
        for key, at in self._keys:
            if key == self.selected:
                return at
        return self._keys[0][1] if self._keys else None

    def do_obs_down(self, key: str) -> None:
        """Select the row below."""
        self.select(1)

    def do_obs_up(self, key: str) -> None:
        """Select the row above."""
        self.select(-1)

    def select(self, step: int) -> None:
        """Select the row so many places further on."""
        if self._link is None or not self._keys:
            return
        keys = [key for key, _ in self._keys]
        at = keys.index(self.selected) if self.selected in keys else 0
        self.selected = keys[max(0, min(len(keys) - 1, at + step))]
        self.paint(self._link, self._now)
        line = self._at() or 0
        if self.selected == keys[0]:
            self.scroll_to(y=0, animate=False)
        elif line < self.scroll_offset.y:
            self.scroll_to(y=line, animate=False)
        elif line >= self.scroll_offset.y + self.size.height:
            self.scroll_to(y=line + 1 - self.size.height, animate=False)

    def chosen(self) -> tuple[Key, tuple[obs.Change, str] | None]:
        """The selected row's key, and what switching it over asks of OBS, if it does."""
        state = self._link.state if self._link is not None else ShowState()
        keys = [key for key, _ in self._keys]
        if not keys:
            return ("scene",), None
        key = self.selected if self.selected in keys else keys[0]
        known = state.obs.state
        return key, act(key, known) if known is not None else None

    def resized(self) -> None:
        if self._link is not None:
            self.paint(self._link, self._now)


def _engine(state: ShowState) -> list[Row]:
    """A word on the engine, when it does not serve: what is shown below is old then."""
    view = state.engines["obs"]
    if view.state in ("ready", "degraded"):  # which is about the link, and that is told anyway
        return []
    sign, style = SIGNS[view.state]
    return [(None, ((" ", ""), (f"{sign} the obs engine is {view.state}", style)))]


def _after_cursor(line: Line) -> Line:
    (text, style), *rest = line
    return ((text[1:], style), *rest) if len(text) > 1 else tuple(rest)
