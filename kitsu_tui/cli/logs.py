"""`kitsu logs`: what the show and its engines write, followed live or read from the log files."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from engines.wire.logline import LogLine
from kitsu_tui.cli.ask import EXIT_FAILED, actor, fail
from kitsu_tui.cli.tell import warn

HISTORY, BEFORE = 200, 20
"""Lines that are printed, and that are printed before what is followed."""
MOST = 100_000
"""Lines of the files that are printed at most, unless more are asked for."""
STATUS_S = 1.0
SLACK_S = 60.0
"""By how much lines of one file may stand out of order."""

SCHEMAS = {"logs": LogLine}

Passes = Callable[[LogLine], bool]


class Printer:
    """Prints log lines to stdout; on a terminal their text has no power over it."""

    def __init__(self, *, as_json: bool) -> None:
        from kitsu_tui.console.lines import visible

        self._json = as_json
        self._tty = sys.stdout.isatty()
        self._visible = visible if self._tty else str
        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure is not None:
            # A message may hold what the terminal's encoding cannot say.
            reconfigure(errors="backslashreplace")

    def print(self, lines: Iterable[tuple[LogLine, bytes]]) -> None:
        """Print lines; `b""` in the place of a line's bytes: it did not come from a file."""
        form = self._object if self._json else self._text
        for line, raw in lines:
            sys.stdout.write(form(line, raw))
        sys.stdout.flush()

    def _object(self, line: LogLine, raw: bytes) -> str:
        import msgspec

        text = (raw or msgspec.json.encode(line)).decode("utf-8", "replace")
        if self._tty:
            # JSON itself escapes the controls below a space only.
            text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
        return text + "\n"

    def _text(self, line: LogLine, raw: bytes) -> str:
        from kitsu_tui.model.logfilter import wall

        t = wall(line.ts)
        if t is None:
            when = self._visible(line.ts)
        else:
            whole, ms = divmod(round(t * 1000), 1000)
            when = f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(whole))}.{ms:03}"
        rows = line.message.split("\n")
        if line.exception:
            rows += line.exception.rstrip().split("\n")
        first, *rest = (self._visible(row) for row in rows)
        head = f"{when} {self._visible(line.level):<7} {self._visible(line.service):<8} {first}\n"
        return head + "".join(f"    {row}\n" for row in rest)


def logs(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="go on with what comes; waits for a show")
    ] = False,
    engine: Annotated[
        list[str] | None, typer.Option("--engine", "-e", help="only this one's; may be repeated")
    ] = None,
    grep: Annotated[
        str, typer.Option(help="only what this RE2 pattern finds; a capital makes it mind case")
    ] = "",
    invert: Annotated[
        bool, typer.Option("--invert", help="only what --grep does not find")
    ] = False,
    level: Annotated[str, typer.Option(help="the least: debug, info, warn, error, fatal")] = "",
    since: Annotated[str, typer.Option(help="90s, 5m, 2h, 1d, 13:05 or 2027-01-15T13:05")] = "",
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines", "-n", min=0, help=f"how many; {HISTORY}, or {BEFORE} before what is followed"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Print log lines: the last ones from the log files, or with -f as they come."""
    from kitsu_tui.config.schema import engine_name
    from kitsu_tui.model.logfilter import BadFilter, sieve

    now = time.time()
    names = tuple(engine_name(name) for name in engine or () if name)
    try:
        wanted, first = _wanted(names, grep, level, since, now, invert=invert)
        passes = sieve(wanted, now)
    except BadFilter as error:
        fail("logs", str(error), 2)
    count = lines if lines is not None else MOST if since else BEFORE if follow else HISTORY
    try:
        printer = Printer(as_json=as_json)
        if follow:
            _follow(printer, passes, names, count)
        else:
            _history(printer, passes, names, count, first)
    except BrokenPipeError:
        # Whoever read has enough (`| head`). Python would try to flush once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _wanted(
    names: tuple[str, ...], grep: str, level: str, since: str, now: float, *, invert: bool
) -> tuple[Any, float]:
    """The filter, and the wall time from which on lines are wanted."""
    from kitsu_tui.model import logfilter

    if invert and not grep:
        raise logfilter.BadFilter("--invert needs --grep: what it finds is left out")
    first = 0.0
    if since:
        span = since[-1:] in "smhd" and since[:1].isdigit()
        first = now - logfilter.seconds(since) if span else logfilter.moment(since, now)
        if first > now:
            raise logfilter.BadFilter(f"--since {since}: that is yet to come")
    wanted = logfilter.Filter(
        engines=names,
        level=logfilter.level(level) if level else "",
        last=max(now - first, 0.001) if since else 0,
        terms=(logfilter.Term(grep, invert),) if grep else (),
    )
    return wanted, first


# The files


def _history(
    printer: Printer, passes: Passes | None, names: tuple[str, ...], count: int, first: float
) -> None:
    from engines.wire.logline import stamp
    from kitsu_tui.cli.logs_follow import unknown
    from kitsu_tui.config import logread
    from kitsu_tui.config.schema import ENGINES

    root, engines = _show()
    try:
        known = logread.files(root)
        if not known:
            fail("logs", f"there are no log files in {root}", EXIT_FAILED)
        hidden = logread.unreadable(path for paths in known.values() for path in paths)
        if hidden:
            warn(f"kitsu logs: {len(hidden)} log files are not yours to read, as {hidden[0]}")
        wrong = "" if "other" in known else unknown(names, {*known, *engines, *ENGINES})
        if wrong:
            fail("logs", wrong, 2)
        found = logread.newest_first(root, (*names, "other") if names else ())
    except OSError as error:
        fail("logs", f"the log files cannot be read: {error.strerror}: {root}", EXIT_FAILED)
    limit = stamp(first - SLACK_S) if first else ""

    def until() -> Iterable[tuple[LogLine, bytes]]:
        for item in found:
            ts = item[0].ts
            if len(ts) == len(limit) and ts < limit:
                return
            if passes is None or passes(item[0]):
                yield item

    taken = list(islice(until(), count + 1))
    if len(taken) > count:
        taken.pop()
        if first:
            print(
                f"kitsu logs: only the last {count} lines (--lines says how many)", file=sys.stderr
            )
    printer.print(reversed(taken))


def _show() -> tuple[Path, list[str]]:
    """The folder of the log files, the running show's or that of the environment; its engines."""
    import asyncio

    from engines.wire import control
    from kitsu_tui.client import NoShow, RequestFailed, connect
    from kitsu_tui.config import paths

    async def ask() -> Any:
        async with connect(STATUS_S) as show:
            return await show.ask(control.STATUS, control.Ask(by=actor()), STATUS_S)

    try:
        state = asyncio.run(ask()).state
    except (NoShow, RequestFailed, OSError):
        state = {}
    state = state if isinstance(state, dict) else {}
    told = state.get("log_root")
    return Path(told) if told else paths.log_root(os.environ), list(state.get("engines", ()))


def _follow(printer: Printer, passes: Passes | None, names: tuple[str, ...], count: int) -> None:
    import asyncio

    from kitsu_tui.cli.logs_follow import Follower
    from kitsu_tui.client import RequestFailed

    try:
        asyncio.run(Follower(printer, passes, names, count).run())
    except RequestFailed as error:
        fail("logs", error.detail, EXIT_FAILED)
