"""What the show tells: numbered, kept as a picture, written to the journal, sent to watchers."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec

from engines.wire import control, show
from engines.wire.codec import encoder
from engines.wire.envelope import MAX_LINE
from engines.wire.logline import LogLine
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ShowState

log = logging.getLogger("show.bus")

T = TypeVar("T")

SNAPSHOT_BYTES = MAX_LINE - 4096
LISTS = ("turns", "alerts", "notes", "incidents")
"""What of the picture may be long: each entry holds words of somebody's."""
OURS = frozenset(("kind", "engine", "about", "state", "source", "status", "action", "level"))
"""Fields of events that hold words of the show's own, by which others know what is meant."""
LOG_BACKLOG = 20_000
LOG_BACKLOG_CHARS = 16_000_000
"""Bounds the backlog where lines are long."""
LOGS_EVERY_S = 0.2
LOGS_BYTES = MAX_LINE // 2
LOGS_A_FLUSH = 8_000
"""Log lines that a watcher is sent at once; more than that in a fifth of a second nobody reads."""
LOGS_A_FLUSH_CHARS = 4_000_000


class Watcher(Protocol):
    """Somebody who watches: gets bodies that are encoded once for all."""

    wants_logs: bool

    def told(self, data: msgspec.Raw, *, fleeting: bool) -> None:
        """An event."""

    def logs(self, data: msgspec.Raw) -> None:
        """A batch of log lines."""


class Bus:
    """The one place that events go through. Use from the loop's thread.

    Args:
        journal: takes every event that is worth keeping.
        mask: takes secrets out of a text: an engine may name one in its last words.
    """

    def __init__(
        self, journal: Callable[[show.Told], object], mask: Callable[[str], str] | None = None
    ) -> None:
        self.state = ShowState()
        self._journal = journal
        self._mask = mask
        self._n = 0
        self._watchers: list[Watcher] = []
        self._hooks: list[Callable[[show.ShowEvent], None]] = []
        self._log: deque[LogLine] = deque(maxlen=LOG_BACKLOG)
        self._log_chars = 0
        self._fresh: list[LogLine] = []
        self._fresh_chars = 0
        self._missed = 0

    def tell(self, event: show.ShowEvent) -> None:
        """Tell everybody."""
        self._n += 1
        told = show.Told(n=self._n, t=time.time(), event=event)
        try:
            data = show.TOLD.encode(told)
        except UnicodeEncodeError:  # a file name with bytes that are no UTF-8, say
            told = _with_texts(told, _written_out)
            data = show.TOLD.encode(told)
        if self._mask is not None:
            text = bytes(data).decode()
            if self._mask(text) != text:
                told = _with_texts(told, self._mask)
                data = show.TOLD.encode(told)
        event = told.event
        reduce(self.state, told)
        fleeting = isinstance(event, show.FLEETING)
        if not fleeting:
            self._journal(told)
        for watcher in list(self._watchers):
            watcher.told(data, fleeting=fleeting)
        for hook in list(self._hooks):  # last: one that tells in its turn must not be overtaken
            try:
                hook(event)
            except Exception:
                log.exception("what follows from %s could not be done", type(event).__name__)

    def hook(self, callback: Callable[[show.ShowEvent], None]) -> Callable[[], None]:
        """Call `callback` for every event; returns what undoes it."""
        self._hooks.append(callback)
        return lambda: self._hooks.remove(callback)

    def attach(self, watcher: Watcher) -> None:
        """Somebody watches from now on."""
        self._watchers.append(watcher)

    def detach(self, watcher: Watcher) -> None:
        """They no longer do."""
        if watcher in self._watchers:
            self._watchers.remove(watcher)

    def snapshot(self) -> msgspec.Raw:
        """The picture now, as the body of `show.snapshot`; the oldest of what it lists is left out
        when it would not fit on a line.
        """
        state = self.state
        while True:
            data = control.SNAPSHOT.encode(control.Snapshot(state=state))
            lists = {name: getattr(state, name) for name in LISTS}
            if memoryview(data).nbytes <= SNAPSHOT_BYTES or not any(lists.values()):
                return data
            newer = {name: _newer_half(items) for name, items in lists.items()}
            state = msgspec.structs.replace(state, **newer)

    # -- log lines ---------------------------------------------------------------------------

    def log_lines(self, lines: list[LogLine]) -> None:
        """Log lines of the show or an engine; watchers get them a few times a second."""
        taken = 0
        for line in lines:
            self._log_chars += len(line.message)
            if len(self._log) == LOG_BACKLOG:
                self._log_chars -= len(self._log[0].message)
            self._log.append(line)
        while self._log_chars > LOG_BACKLOG_CHARS:
            self._log_chars -= len(self._log.popleft().message)
        room = LOGS_A_FLUSH - len(self._fresh)
        for line in lines[-room:] if room > 0 else ():
            self._fresh_chars += len(line.message)
            if self._fresh_chars > LOGS_A_FLUSH_CHARS:
                break
            self._fresh.append(line)
            taken += 1
        self._missed += len(lines) - taken

    def flush_logs(self) -> None:
        """Send what has come since the last time; called every `LOGS_EVERY_S`."""
        lines, self._fresh, self._fresh_chars = self._fresh, [], 0
        missed, self._missed = self._missed, 0
        watchers = [w for w in self._watchers if w.wants_logs]
        if not (lines or missed) or not watchers:
            return
        for data in log_batches(lines, missed):
            for watcher in watchers:
                watcher.logs(data)

    def backlog(self, count: int) -> list[msgspec.Raw]:
        """The last `count` log lines, as bodies of `show.logs`.

        What waits to be sent goes out first: it is among these lines, and who attaches next would
        get it twice.
        """
        self.flush_logs()
        lines = list(self._log)[-count:] if count else []
        return log_batches(lines, 0) if lines else []


def _with_texts(told: show.Told, change: Callable[[str], str]) -> show.Told:
    """The same with its texts changed, and nothing else: a secret may look like a number, or like
    a word of ours.
    """

    def changed(value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            return value if name in OURS else change(value)
        if isinstance(value, dict):
            return {key: changed(inner, key) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [changed(inner) for inner in value]
        return value

    return msgspec.convert(changed(msgspec.to_builtins(told)), show.Told)


def _written_out(text: str) -> str:
    """With what no JSON can hold written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _newer_half(items: list[T]) -> list[T]:
    return items[(len(items) + 1) // 2 :]


def log_batches(lines: list[LogLine], dropped: int) -> list[msgspec.Raw]:
    """Log lines as bodies of `show.logs`, each well under the limit of a line."""
    batches: list[msgspec.Raw] = []
    part: list[LogLine] = []
    size = 0
    for line in lines:
        weight = len(encoder.encode(line)) + 1  # a control character takes six bytes
        if part and size + weight > LOGS_BYTES:
            batches.append(msgspec.Raw(encoder.encode(show.Logs(lines=part))))
            part, size = [], 0
        part.append(line)
        size += weight
    batches.append(msgspec.Raw(encoder.encode(show.Logs(lines=part, dropped=dropped))))
    return batches
