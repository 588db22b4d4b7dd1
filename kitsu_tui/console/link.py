"""The console's connection to a show: attaches, keeps the picture, comes back when it was lost.

Lives on the app's loop and never touches a widget. What changed is left in `dirty`; the desk looks
at it a few times a second.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Struct

from engines.wire import control, show
from engines.wire.envelope import Failure
from engines.wire.logline import LogLine
from engines.wire.message import Empty, RequestKind
from engines.wire.peer import RequestFailed
from kitsu_tui.client import Client, NoShow, WrongShow, connect
from kitsu_tui.console.news import Notice, line_of, news
from kitsu_tui.console.to_come import ToCome
from kitsu_tui.console.topics import ALL, TOPICS, Topic
from kitsu_tui.console.trends import Trends
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ShowState

P = TypeVar("P", bound=Struct)
R = TypeVar("R", bound=Struct)

LOGS_WAITING = 20_000
"""Log lines that may wait for the logs pane: as many as it keeps."""
LOGS_WAITING_CHARS = 16_000_000
NOTICES_WAITING = 50
RETRY_FIRST, RETRY_MOST = 0.5, 5.0
"""Seconds between two tries to find a show."""
PING_EVERY, PING_WITHIN = 5.0, 5.0
WATCH_FOR = 1e8
"""Seconds: as long as the show is there."""
SAME_LINES = 500
"""Lines that are compared when the console comes back, so that none is shown twice."""

Phase = Literal["looking", "starting", "attached", "gone", "failed", "past"]


@dataclass
class Link:
    """See the module. `launch` starts a show and returns what went wrong, or an empty string.

    Attributes:
        profile: the one that was asked for; another one's show is attached to, and said so.
        operator: counts as an attached operator.
        read_only: it asks for nothing but the picture, and panic.
        wishes: told what the show's profile wishes of a console.
        own_wishes: theme and layout that stand above the profile's.
        was_attached: True once a show was attached, and until it went away by itself.
        trends: figures of the last minutes.
        to_come: what the operator does about the lines that are not on air yet.
        phase: `looking` before the first answer, `starting` while a show is being started, `gone`
            when there is none, `failed` when one could not be started or understood.
        detail: why, for `gone` and `failed`.
        silent: seconds since the show last answered a ping, 0 while it answers.
        lines: log lines that the logs pane has not taken yet.
        lines_dropped: lines that the show could not send.
        away_seen: since when nobody was there, of the last absence that the operator knows about.
        left_seen: epoch of the last resume whose failures the operator knows about.
    """

    READS: ClassVar[str] = "this console only reads (--read-only); panic works"
    """Stands in the place of the line to type to her, where there is none."""

    by: str
    launch: Callable[[], Awaitable[str]] | None = None
    launch_at_once: bool = True
    clock: Callable[[], float] = time.time
    profile: str = ""
    read_only: bool = False
    operator: bool = True
    wishes: Callable[[show.ConsoleWishes], None] = lambda wishes: None
    own_wishes: show.ConsoleWishes = field(default_factory=show.ConsoleWishes)
    state: ShowState = field(default_factory=ShowState)
    trends: Trends = field(default_factory=Trends)
    to_come: ToCome = field(default_factory=ToCome)
    phase: Phase = "looking"
    detail: str = ""
    silent: float = 0
    was_attached: bool = False
    dirty: set[Topic] = field(default_factory=lambda: set(ALL))
    lines: deque[LogLine | str] = field(default_factory=deque)
    lines_dropped: int = 0
    away_seen: float = 0
    left_seen: int = 0
    notices: deque[Notice] = field(default_factory=lambda: deque(maxlen=NOTICES_WAITING))
    _client: Client | None = None
    _seen: deque[LogLine] = field(default_factory=lambda: deque(maxlen=SAME_LINES))
    _known: set[LogLine] = field(default_factory=set)
    _compare: int = 0
    _chars: int = 0
    _attached_before: str = ""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _want_launch: bool = False
    _other: bool = False
    """`failed` is because of a show that is there."""

    @property
    def attached(self) -> bool:
        """True while events come."""
        return self.phase == "attached"

    @property
    def answers(self) -> bool:
        """True while a show is attached and answers: time may be counted in it."""
        return self.attached and not self.silent

    async def run(self) -> None:
        """Attach, and attach again, until cancelled."""
        self._want_launch = self.launch is not None and self.launch_at_once
        wait = RETRY_FIRST
        while True:
            try:
                async with connect() as client:
                    wait = RETRY_FIRST
                    # There is a show: when that one ends, nobody has asked for another.
                    self._want_launch = False
                    await self._watch(client)
            except NoShow as error:
                if isinstance(error, WrongShow):  # none can be started beside it
                    self._other, self._want_launch = True, False
                    self._now("failed", error.brief)
                elif self._want_launch and self.launch is not None:
                    await self._launch(self.launch)
                    continue
                elif self.phase != "failed" or self._other:
                    self._other = False
                    self._now("gone", str(error).partition(";")[0])
            except RequestFailed as error:
                self._now("gone", error.detail)
            except OSError as error:
                self._now("gone", str(error))
            finally:
                self._client = None
            self._wake.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                wait = min(wait * 2, RETRY_MOST)

    def start_show(self) -> bool:
        """Start a show when none runs. False: the console was told never to."""
        if self.launch is None:
            return False
        if not self.attached:
            self._want_launch = True
            self._wake.set()
        return True

    async def ask(self, kind: RequestKind[P, R], params: P, timeout: float = 10.0) -> R:
        """Ask the show.

        Raises:
            RequestFailed: it was refused or failed, it is late, or no show is attached.
        """
        if self._client is None:
            raise RequestFailed(kind.name, Failure(code="gone", message="no show is attached"))
        try:
            return await self._client.ask(kind, params, timeout)
        except ConnectionError as error:
            raise RequestFailed(kind.name, Failure(code="gone", message=str(error))) from None

    def notice(self, text: str, style: str = "dim") -> None:
        """Leave a line for the operator."""
        self.notices.append(Notice(text, style))
        self.dirty.add("status")

    def take_lines(self) -> tuple[list[LogLine | str], int]:
        """The log lines since the last call, and how many were lost among them."""
        lines, dropped = list(self.lines), self.lines_dropped
        self.lines.clear()
        self._chars = 0
        self.lines_dropped = 0
        return lines, dropped

    async def _launch(self, launch: Callable[[], Awaitable[str]]) -> None:
        self._want_launch = False
        self._now("starting", "")
        wrong = await launch()
        if wrong:
            self._now("failed", wrong)
        else:
            self._now("looking", "")

    async def _watch(self, client: Client) -> None:
        exchange = client.open(
            control.WATCH,
            control.Watch(by=self.by, read_only=self.read_only, operator=self.operator),
        )
        exchange.on_event(self._event)
        self._client = client
        pings = asyncio.create_task(self._ping(client))
        try:
            await exchange.result(WATCH_FOR)
        except RequestFailed as error:
            if error.code != "gone":
                raise
        finally:
            pings.cancel()
            self.silent = 0
        if self.state.stopping:
            raise RequestFailed("show.watch", Failure(code="gone", message="the show has ended"))
        raise RequestFailed("show.watch", Failure(code="gone", message="the show has gone"))

    async def _ping(self, client: Client) -> None:
        """Notices a show that is there and does not answer."""
        asked = 0.0
        while True:
            await asyncio.sleep(PING_EVERY)
            try:
                await client.ask(control.PING, Empty(), PING_WITHIN)
                asked, silent = 0.0, 0.0
            except (RequestFailed, ConnectionError):
                asked += PING_EVERY + PING_WITHIN
                silent = asked
            if silent != self.silent:
                self.dirty |= {"status"} if silent and self.silent else {"status", "transcript"}
                self.silent = silent

    def _now(self, phase: Phase, detail: str) -> None:
        if (phase, detail) == (self.phase, self.detail):
            return
        if self.phase == "attached":
            self._line(f"--- {self._time()} no longer attached: {detail} ---")
        self.phase, self.detail = phase, detail
        if phase == "gone":
            self.was_attached = False
        self.dirty |= ALL

    def _time(self) -> str:
        return time.strftime("%H:%M:%S", time.localtime(self.clock()))

    def _event(self, body: Any) -> None:
        if isinstance(body, show.Told):
            reduce(self.state, body)
            self.trends.take(body)
            self.to_come.told(body.event)
            self.dirty.update(TOPICS.get(type(body.event), ()))
            self._tell(body.event)
            if isinstance(body.event, show.ShowStarted | show.ProfileChanged):
                self._wish(body.event.console)
        elif isinstance(body, show.Logs):
            self._logs(body)
        elif isinstance(body, control.Snapshot):
            self._snapshot(body)

    def _snapshot(self, body: control.Snapshot) -> None:
        last = PurePath(self.state.journal).name
        try:
            self.state = msgspec.convert(body.state, ShowState)
        except msgspec.ValidationError as error:
            self._now("failed", f"this show is of another version than the console: {error}")
            return
        if self.phase != "attached":
            which = f"{self.state.pid} {self.state.started}"
            if which == self._attached_before:
                self._known, self._compare = set(self._seen), SAME_LINES
                self._line(f"--- {self._time()} attached again ---")
            elif self._attached_before:
                # What she said just before it ended is what one looks for first.
                words = f"the last show: kitsu-tui --journal {last}" if last else ""
                end = f"; {words}" if words else ""
                self._line(f"--- {self._time()} attached to another show{end} ---")
                if words:
                    self.notice(words)
                self.trends = Trends()
            self._attached_before = which
            self.was_attached = True
            asked = PurePath(self.profile).stem  # a profile may be named by its file
            if asked and asked.casefold() != self.state.profile.casefold():
                self.notice(f"this show runs the profile {self.state.profile}, not {asked}", "warn")
        self._now("attached", "")
        self._wish(self.state.console)
        self.dirty |= ALL

    def _wish(self, wishes: show.ConsoleWishes) -> None:
        own = self.own_wishes
        self.wishes(
            msgspec.structs.replace(
                wishes, theme=own.theme or wishes.theme, layout=own.layout or wishes.layout
            )
        )

    def _logs(self, body: show.Logs) -> None:
        lines = body.lines
        if self._compare > 0:
            known = self._known
            self._compare -= len(lines)
            lines = [line for line in lines if line not in known]
            if self._compare <= 0:
                self._known = set()
        self.lines.extend(lines)
        self._chars += sum(map(_weight, lines))
        self._seen.extend(lines[-SAME_LINES:])
        self.lines_dropped += body.dropped
        self._bound()
        self.dirty.add("logs")

    def _line(self, text: str) -> None:
        self.lines.append(text)
        self._chars += _weight(text)
        self._bound()
        self.dirty.add("logs")

    def _bound(self) -> None:
        # As far back as the pane would keep them.
        while len(self.lines) > LOGS_WAITING or self._chars > LOGS_WAITING_CHARS:
            self._chars -= _weight(self.lines.popleft())
            self.lines_dropped += 1

    def _tell(self, event: show.ShowEvent) -> None:
        if isinstance(event, show.ProfileChanged):
            self.profile = event.profile
        line = line_of(event)
        if line:
            self._line(f"--- {self._time()} {line} ---")
        for notice in news(event, self.by):
            self.notice(notice.text, notice.style)


def _weight(line: LogLine | str) -> int:
    """Characters of a line, about."""
    return len(line) if isinstance(line, str) else len(line.message) + len(line.exception)


__all__ = ["ALL", "Link", "Notice", "RequestFailed", "Topic"]
