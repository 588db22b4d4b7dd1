"""Following the log lines of the running show, and of the one after it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from engines.wire import control, show
from engines.wire.logline import LogLine
from engines.wire.message import Empty
from kitsu_tui.cli.ask import actor, fail
from kitsu_tui.cli.tell import warn
from kitsu_tui.client import Client, NoShow, RequestFailed, connect
from kitsu_tui.config.errors import nearest

BACKLOG = 20_000
"""Lines that a show keeps."""
RETRY_S = 1.0
FOR_EVER = 1e8

Passes = Callable[[LogLine], bool]


class Printer(Protocol):
    """Prints lines."""

    def print(self, lines: Iterable[tuple[LogLine, bytes]]) -> None:
        """Print them; `b""` where a line did not come from a file."""


def unknown(names: Iterable[str], known: Iterable[str]) -> str:
    """What to say of a name that is none, empty when all are known."""
    there = sorted(known)
    for name in names:
        if name not in there:
            return f"no lines of {name!r}{nearest(name, there)}; there are: {', '.join(there)}"
    return ""


class Follower:
    """Prints what running shows write, one after the other, until it is ended."""

    def __init__(
        self,
        printer: Printer,
        passes: Passes | None,
        names: tuple[str, ...],
        count: int,
    ) -> None:
        self._printer, self._passes, self._names = printer, passes, names
        self._count = count
        self._backlog = min(count, BACKLOG) if passes is None else BACKLOG
        self._lines: list[LogLine] = []
        self._dropped = 0
        self._known: frozenset[str] = frozenset()
        self._last = ""
        self._last_lines: set[LogLine] = set()

    async def run(self) -> None:
        """Attach, and attach again."""
        said = ""
        while True:
            try:
                async with connect() as client:
                    said = ""
                    await self._watch(client)
                why = "the show has gone"
            except NoShow as error:
                why = str(error).partition(";")[0]
            except BrokenPipeError:
                raise  # that is stdout: whoever read has gone
            except RequestFailed as error:
                if error.code != "gone":
                    raise
                why = "the show has gone"
            except ConnectionError:
                why = "the show has gone"
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # Before Python 3.12 `wait_for` loses a ctrl+c that comes just as it is done.
                raise asyncio.CancelledError
            if not said:
                said = why
                warn(f"kitsu logs: {why}; waiting for one (ctrl+c ends)")
            await asyncio.sleep(RETRY_S)

    async def _watch(self, client: Client) -> None:
        came = asyncio.Event()
        params = control.Watch(by=actor(), backlog=self._backlog, operator=False, read_only=True)
        exchange = client.open(control.WATCH, params)

        def event(body: Any) -> None:
            # Nothing is printed here: what goes wrong in here would end in a log.
            self._take(body)
            came.set()

        exchange.on_event(event)
        # Answered after the backlog has been sent.
        await client.ask(control.PING, Empty())
        wrong = unknown(self._names, self._known)
        if wrong:
            fail("logs", wrong, 2)
        self._begin()
        ended = asyncio.ensure_future(exchange.result(FOR_EVER))
        try:
            while not ended.done():
                self._flush()
                waiting = asyncio.ensure_future(came.wait())
                await asyncio.wait((ended, waiting), return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                came.clear()
            self._flush()
            await ended
        finally:
            ended.cancel()

    def _take(self, body: Any) -> None:
        if isinstance(body, show.Logs):
            self._lines += body.lines
            self._dropped += body.dropped
        elif isinstance(body, control.Snapshot) and isinstance(body.state, dict):
            self._known = frozenset(("show", *body.state.get("engines", ())))

    def _begin(self) -> None:
        """Of what was there before, leave what is wanted and was not printed yet."""
        if self._last:
            self._lines = [
                line
                for line in self._lines
                if line.ts > self._last or (line.ts == self._last and line not in self._last_lines)
            ]
        else:
            passes = self._passes
            fits = [line for line in self._lines if passes is None or passes(line)]
            self._lines = fits[len(fits) - min(self._count, len(fits)) :]
        self._backlog = BACKLOG  # of the next show everything

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        dropped, self._dropped = self._dropped, 0
        for line in lines:
            if line.ts > self._last:
                self._last = line.ts
                self._last_lines.clear()
            if line.ts == self._last and len(self._last_lines) < BACKLOG:
                self._last_lines.add(line)
        passes = self._passes
        self._printer.print((line, b"") for line in lines if passes is None or passes(line))
        if dropped:
            print(
                f"kitsu logs: {dropped} lines were too many at once and are not shown; "
                "the log files have them",
                file=sys.stderr,
            )
