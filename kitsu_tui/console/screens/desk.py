"""The desk: all panes, laid out for the size of the terminal, and when each is drawn.

Nothing is drawn because an event came: a timer looks a few times a second at what has changed, and
draws of it what is in sight.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import ClassVar

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.screen import Screen

from engines.wire import show
from kitsu_tui.console import bars
from kitsu_tui.console.actions import DEFAULT_KEYS, key_word
from kitsu_tui.console.arrangement import (
    LAYOUTS,
    Layout,
    Size,
    home,
    in_sight,
    next_layout,
    size_for,
)
from kitsu_tui.console.keymap import Keys
from kitsu_tui.console.lines import Line, between, width_of
from kitsu_tui.console.link import ALL, Link
from kitsu_tui.console.next_row import waits_words
from kitsu_tui.console.notice_line import NoticeLine
from kitsu_tui.console.panes.alerts import Alerts, bell_due, unseen
from kitsu_tui.console.panes.engines import Engines, summary
from kitsu_tui.console.panes.host import Host
from kitsu_tui.console.panes.latency import Latency
from kitsu_tui.console.panes.logs import Logs
from kitsu_tui.console.panes.obs import Obs
from kitsu_tui.console.panes.transcript import Transcript
from kitsu_tui.console.stage_row import has_obs, open_obs
from kitsu_tui.console.to_come import counts
from kitsu_tui.console.widgets.input_line import InputLine
from kitsu_tui.console.widgets.line_view import LineView
from kitsu_tui.console.widgets.next_line import NextLine
from kitsu_tui.console.widgets.prompt import Prompt, Take
from kitsu_tui.console.widgets.row import Row

FLUSH_HZ = 5
NO_LEVELS = show.Levels(mic_db=-100, out_db=-100, hearing=False, speaking=False)
TICK_S = 1.0
FINE_S = 2.0
"""Seconds before the end of a wait in which its time is drawn as often as anything."""

AnyPane = Transcript | Engines | Latency | Host | Obs | Alerts | Logs


class Desk(Screen[None]):
    """See the module."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Textual's screens use these to move the focus; here they go from pane to pane.
        Binding("tab", "app.do('next_pane', 'tab')", show=False),
        Binding("shift+tab", "app.do('previous_pane', 'shift+tab')", show=False),
    ]

    def __init__(self, link: Link, clock: Callable[[], float]) -> None:
        super().__init__()
        self.link = link
        self._clock = clock
        self.size_class: Size = "small"
        self.layout_name: Layout = "desk"
        self.zoomed = False
        self.has_obs = False
        self.paused = False
        self.bell = True
        self.pressed: Callable[[], float] = lambda: 0.0
        """Seconds since a press of panic that was not answered."""
        self._bell_told: int | None = None
        self._bell_rung = float("-inf")
        self.keys: Keys = DEFAULT_KEYS
        self.transcript, self.engines = Transcript(), Engines()
        self.obs, self.logs = Obs(), Logs()
        panes = (self.transcript, self.engines, Latency(), Host(), self.obs, Alerts(), self.logs)
        self.panes: dict[str, AnyPane] = {pane.NAME: pane for pane in panes}
        self.active = "transcript"
        self._stale: set[str] = set(self.panes)
        self._marked: set[str] = set()
        self.visible_panes: tuple[str, ...] = (self.active,)
        self._notices = NoticeLine()

    def compose(self) -> ComposeResult:
        for name in ("status", "banner", "levels", "summary", "tabs"):
            yield Row(ident=name)
        with Container(id="desk"):
            yield from self.panes.values()
        yield InputLine(ident="say")
        with Horizontal(id="asking"):
            yield Row(ident="question")
            yield Prompt(closed=self._answered, ident="prompt")
        yield NextLine(ident="next")
        yield Row(ident="footer")

    def on_mount(self) -> None:
        """Draw once, then by the timers."""
        if self.link.read_only:
            self.input_line.placeholder = self.link.READS
        self._arrange()
        self.show_pane(self.active)
        self._tick()
        self.set_interval(1 / FLUSH_HZ, self.flush, name="flush")
        self.set_interval(TICK_S, self._tick, name="tick")

    def on_resize(self, event: events.Resize) -> None:
        """Another size, another layout."""
        self._arrange()
        self.call_after_refresh(self.repaint)

    @property
    def notices_shown(self) -> list[str]:
        """The last words of the footer."""
        return self._notices.shown

    @property
    def input_line(self) -> InputLine:
        """The line to type to her."""
        return self.query_one("#say", InputLine)

    # Asking for a line

    def ask_line(
        self,
        label: str,
        value: str = "",
        *,
        done: Take,
        changed: Take | None = None,
        left: Callable[[], None] | None = None,
        hint: str = "",
        anew: bool = False,
    ) -> None:
        """Ask for a line in the place of hers; `changed` is told of every change at once, and of
        the text from before when Escape leaves it; `left` is told of that only. `anew`: see
        `Prompt.ask`.
        """
        question: Line = ((f" {label} ", "strong"),)
        row = self.query_one("#question", Row)
        row.styles.width = width_of(question)
        row.show(question)
        self.add_class("-asking")
        prompt = self.query_one(Prompt)
        self.set_focus(prompt)
        prompt.ask(value, done, changed, hint, left, anew=anew)

    @property
    def types(self) -> bool:
        """Somebody types, or is somewhere else: nothing may take the keys."""
        return self.app.screen is not self or isinstance(self.focused, InputLine)

    def _answered(self) -> None:
        self.remove_class("-asking")
        self.show_pane(self.active)

    # What is in sight

    def _arrange(self) -> None:
        self.size_class = size_for(self.size.width, self.size.height)
        for name in ("small", "medium", "large"):
            self.set_class(name == self.size_class, f"-{name}")
        for name in LAYOUTS:
            self.set_class(name == self.layout_name, f"-{name}")
        self.set_class(self.size.height < 14, "-low")
        self.has_obs = has_obs(self.link.state)
        self.visible_panes = in_sight(
            self.size_class, self.layout_name, self.active, self.zoomed, obs=self.has_obs
        )
        self.set_class(self.has_obs, "-obs")
        self.set_class(len(self.visible_panes) == 1, "-one")
        self.set_class(len(self.visible_panes) < len(self.panes), "-some")
        for name, pane in self.panes.items():
            pane.set_class(name not in self.visible_panes, "-away")
        places = {name: place for place, name in enumerate(self.visible_panes)}
        self.query_one("#desk").sort_children(
            key=lambda pane: places.get(str(pane.id), len(places))
        )

    def toggle_zoom(self) -> None:
        """The active pane alone, or all of them."""
        self.zoomed = not self.zoomed
        self._arrange()
        self.call_after_refresh(self.repaint)

    def step_layout(self) -> None:
        """The next layout."""
        self.use_layout(next_layout(self.layout_name))
        self.link.notice(f"layout: {self.layout_name}")

    def use_layout(self, name: Layout) -> None:
        """Arrange the panes so."""
        focused = self.focused
        self.layout_name, self.zoomed = name, False
        self.show_pane(home(self.size_class, name, self.active, obs=self.has_obs))
        if isinstance(focused, InputLine):  # a profile's wish must not make keys of what is typed
            self.set_focus(focused)

    def toggle_pause(self) -> None:
        """Have the picture stand still, or go on."""
        self.paused = not self.paused
        self.repaint()

    def show_pane(self, name: str) -> None:
        """Bring a pane into sight and give it the keys."""
        self._activate(name)
        self.set_focus(self.panes[name])

    def _activate(self, name: str) -> None:
        self.active = name
        for pane in self.panes.values():
            pane.set_class(name == pane.NAME, "-active")
        self._marked.discard(name)
        self._arrange()
        self.call_after_refresh(self.repaint)

    def step_pane(self, step: int) -> None:
        """The next pane, or the one before."""
        names = [name for name in self.panes if self._offered(name)]
        self.show_pane(names[(names.index(self.active) + step) % len(names)])

    def _offered(self, name: str) -> bool:
        """A pane that has nothing to show is not offered."""
        return name != "obs" or self.has_obs or self.active == "obs"

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A pane that was clicked is the active one."""
        if isinstance(event.widget, LineView) and event.widget.id != self.active:
            self._activate(str(event.widget.id))

    def action_leave_line(self) -> None:
        """Escape on the line: the keys go back to the pane."""
        self.show_pane(self.active)

    def follow(self) -> None:
        """The active pane goes back to its end."""
        self.panes[self.active].follow()

    def now(self) -> float:
        """The time that spans are counted to: a past session's own."""
        return self.link.state.t if self.link.phase == "past" else self._clock()

    def _in_sight(self, pane: AnyPane) -> bool:
        return pane.NAME in self.visible_panes

    # Drawing

    def flush(self) -> None:
        """Draw what has changed and is in sight."""
        dirty, self.link.dirty = self.link.dirty, set()
        now = self.now()
        if has_obs(self.link.state) is not self.has_obs:
            self._arrange()
            self.call_after_refresh(self.repaint)
        if self.link.answers and 0 < counts(self.link.state, now) < FINE_S:
            dirty |= {"transcript"}
        for name, pane in self.panes.items():
            if pane.TOPICS & dirty:
                self._stale.add(name)
                if dirty != ALL and not self._in_sight(pane):
                    self._marked.add(name)
        if not self.paused:  # before the rows, one of which tells what a pane has to say
            self._paint(list(self._stale), now)
        if dirty - {"levels", "figures"}:
            self._rows(now)
        if "levels" in dirty:
            self._levels()

    def _tick(self) -> None:
        now = self.now()
        if not self.paused:
            ticks = {name for name, pane in self.panes.items() if pane.TICKS}
            if self.link.answers and counts(self.link.state, now):
                ticks.add(self.transcript.NAME)
            self._paint(ticks, now)
        self._rows(now)
        self._ring(now)

    def _ring(self, now: float) -> None:
        """The terminal's bell for a new alert; what stood there at attaching is no news."""
        if not self.link.attached:
            self._bell_told = None
            return
        alerts = self.link.state.alerts
        if self._bell_told is None:
            self._bell_told = self.link.state.n
        if self.link.to_come.rings(self.link.state, self.link.by, now):
            self.link.notice(waits_words(self.keys, read_only=self.link.read_only), "warn")
            if self.bell:
                self.app.bell()
        due, self._bell_told = bell_due(alerts, self._bell_told, self._bell_rung, now)
        if due:
            self._bell_rung = now
            if self.bell:
                self.app.bell()

    def repaint(self) -> None:
        """Everything in sight, now."""
        now = self.now()
        self._paint(list(self.panes), now)
        self._rows(now)
        self._levels()

    def _paint(self, names: Iterable[str], now: float) -> None:
        for name in names:
            pane = self.panes[name]
            if self._in_sight(pane) and pane.size.width:
                pane.paint(self.link, now)
                self._stale.discard(name)

    def _row(self, name: str, line: Line) -> None:
        self.query_one(f"#{name}", Row).show(line)

    def _levels(self) -> None:
        state = self.link.state
        if not self.link.attached:
            # What was last heard of them is not what they are.
            state = msgspec.structs.replace(state, levels=NO_LEVELS, devices=None)
        self._row("levels", bars.levels(state, self.size.width))

    def _rows(self, now: float) -> None:
        state, width = self.link.state, self.size.width
        self.set_class(state.live, "-live")
        waits = self.pressed() > bars.UNANSWERED_S
        self.set_class(state.panic.latched or waits, "-panic")
        known = open_obs(state) if self.link.attached else None
        scene = known.scene if known is not None else ""
        self._row("status", bars.status(self.link, now, width, paused=self.paused, scene=scene))
        in_sight = self._in_sight(self.transcript) and self.transcript.end_in_sight
        unseen_lines = self.paused or not in_sight
        banner = bars.banner(
            self.link, now, width, self.keys, waiting=self.pressed(), unseen=unseen_lines
        )
        self.set_class(banner is not None, "-banner")
        if banner is not None:
            self._row("banner", banner)
        engines = summary(list(state.engines.values()), width)
        if not self.link.attached and engines:
            engines = ((" last seen:", "warn"), *((text, "dim") for text, _ in engines))
        self._row("summary", engines)
        names = [
            (name, key_word((*self.keys[name], "?")[0]), str(pane.border_title))
            for name, pane in self.panes.items()
            if self._offered(name)
        ]
        about = self.panes[self.active].subtitle
        counts = {"alerts": len(unseen(state.alerts))}
        tabs = bars.tabs(names, self.active, self._marked, width - len(about) - 1, counts)
        self._row("tabs", between(tabs, ((about, "warn"),) if about else (), width))
        typing = isinstance(self.focused, InputLine)
        row = self.query_one(NextLine)
        self.set_class(row.bring(self.link, now, width, self.keys, typing=typing), "-next")
        self._footer(width)

    def _footer(self, width: int) -> None:
        # In the focus layout neither frame nor tabs say that there is more below.
        about = self.panes[self.active].subtitle if self.has_class("-focus") else ""
        room = width - width_of(((about, ""),)) - 1 if about else width
        line = self._notices.take(self.link.notices, time.monotonic())
        if line is None:
            line = bars.footer(room, self.keys, self.active, read_only=self.link.read_only)
        self._row("footer", between(line, ((about, "warn"),), width) if about else line)
