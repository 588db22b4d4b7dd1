"""The log files: one a service, one JSON object a line, a new file every day.

    <KITSU_LOG_ROOT>/show.log, tts.log ...        today
    <KITSU_LOG_ROOT>/tts.2026-11-22.log           an earlier day, kept for some days

A day ends at local midnight; `ts` in the lines is UTC. Fields: engines/wire/logline.py.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from engines.wire.logline import JsonFormatter, LogLine, Masker, parse, stamp
from kitsu_tui.show.writer import LineFile, Writer

KEEP_DAYS = 14
MAX_SERVICES = 64
MAX_LINE = 64 * 1024
_encoder = msgspec.json.Encoder(enc_hook=str)
_decoder = msgspec.json.Decoder(LogLine)
_DATED = re.compile(r"[\w.-]+?\.(\d{4}-\d\d-\d\d)(?:\.\d+)?\.log")
_Item = tuple[str, str, float, bytes]
"""Service, the day on which the line came, wall time, the line as it came."""


class LogFiles:
    """Takes log lines from any thread without waiting; a thread of its own writes them.

    Attributes:
        root: the folder of the files.
    """

    def __init__(
        self,
        root: Path,
        *,
        keep_days: int = KEEP_DAYS,
        clock: Callable[[], float] = time.time,
        mask: Callable[[str], str] | None = None,
        limit: int = 100_000,
        open_file: Callable[[Path], LineFile] = LineFile,
    ) -> None:
        """OSError when the folder cannot be made."""
        self.root = root
        self._clock = clock
        self._lock = threading.Lock()
        self._day = ""
        self._midnight = 0.0
        self._day_began = 0.0
        root.mkdir(parents=True, exist_ok=True)
        self._sink = _Sink(root, keep_days, clock, mask, open_file)
        self._writer: Writer[_Item] = Writer("log files", self._sink, limit=limit)

    @property
    def dropped(self) -> int:
        """Lines that found the queue full; each file also says how many it lacks."""
        return self._writer.dropped

    @property
    def failed(self) -> int:
        """Lines that the disk did not take."""
        return self._writer.failed

    def raw(self, service: str, line: bytes) -> bool:
        """A line of an engine's stderr as it came: ours is kept as it is, others are wrapped."""
        now = self._clock()
        line = line[:MAX_LINE]
        return self._writer.put((service, self._today(now), now, line), len(line) + 100)

    def line(self, line: LogLine) -> bool:
        """A line that is parsed already. Its extras are lost in LogLine: prefer `raw`."""
        return self.raw(line.service, _encoder.encode(line))

    def handler(self, service: str, mask: Masker) -> logging.Handler:
        """For this process's own records."""
        handler = _Handler(self, service)
        handler.setFormatter(JsonFormatter(service, mask))
        return handler

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until what came so far is in the files. Not for a loop."""
        return self._writer.flush(timeout)

    def close(self, timeout: float = 5.0) -> bool:
        """Write what is queued and stop. False: not done in time."""
        return self._writer.close(timeout)

    def _today(self, now: float) -> str:
        with self._lock:
            if not self._day_began <= now < self._midnight:
                local = time.localtime(now)
                year, month, day = local.tm_year, local.tm_mon, local.tm_mday
                self._day = f"{year:04d}-{month:02d}-{day:02d}"
                self._day_began = time.mktime((year, month, day, 0, 0, 0, 0, 0, -1))
                self._midnight = time.mktime((year, month, day + 1, 0, 0, 0, 0, 0, -1))
            return self._day


class _Handler(logging.Handler):
    def __init__(self, files: LogFiles, service: str) -> None:
        super().__init__()
        self._files = files
        self._service = service

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._files.raw(self._service, self.format(record).encode("utf-8", "replace"))
        except Exception:
            self.handleError(record)


class _Sink:
    """The open files. Lives in the writer's thread."""

    def __init__(
        self,
        root: Path,
        keep_days: int,
        clock: Callable[[], float],
        mask: Callable[[str], str] | None,
        open_file: Callable[[Path], LineFile],
    ) -> None:
        self._root = root
        self._keep_days = keep_days
        self._clock = clock
        self._mask = mask
        self._open_file = open_file
        self._files: dict[str, tuple[str, LineFile]] = {}
        self._swept = ""
        self._unwritten = 0
        self._lost = 0

    def write(self, batch: list[_Item], lost: int) -> None:
        parts: dict[tuple[str, str], list[bytes]] = {}
        for service, day, now, raw in batch:
            key = (_safe(service), day)
            parts.setdefault(key, []).append(self._one(service, now, raw))
        self._lost += lost
        if parts and (self._lost or self._unwritten):
            note = self._note()
            for lines in parts.values():
                lines.insert(0, note)
            self._lost = self._unwritten = 0
        error: OSError | None = None
        for (service, day), lines in parts.items():
            try:
                self._file(service, day).append(b"".join(lines))
            except OSError as caught:  # one full or forbidden file does not silence the others
                error = caught
                self._unwritten += len(lines)
        if error is not None:
            raise error

    def close(self) -> None:
        for _, file in self._files.values():
            file.close()
        self._files.clear()

    def _one(self, service: str, now: float, raw: bytes) -> bytes:
        raw = raw.strip()
        if raw.startswith(b"{") and b"\n" not in raw:
            try:
                _decoder.decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                pass
            else:
                return self._masked(raw)
        return self._masked(_encoder.encode(parse(raw, service, now)))

    def _masked(self, line: bytes) -> bytes:
        if self._mask is not None:
            line = self._mask(line.decode("utf-8", "replace")).encode()
        return line + b"\n"

    def _note(self) -> bytes:
        line = LogLine(
            ts=stamp(self._clock()),
            service="show",
            level="warning",
            logger=__name__,
            message=f"lines lost here or in another file: {self._lost} for want of room in the "
            f"queue, {self._unwritten} that could not be written",
        )
        return _encoder.encode(line) + b"\n"

    def _file(self, service: str, day: str) -> LineFile:
        held = self._files.get(service)
        if held is None and len(self._files) >= MAX_SERVICES:
            service = "other"
            held = self._files.get(service)
        # A clock that was put back does not turn the page back.
        if held is not None and held[0] >= day:
            return held[1]
        path = self._root / f"{service}.log"
        if held is not None:
            held[1].close()
            del self._files[service]
            _put_away(path, held[0])
        elif path.is_file():
            last = time.strftime("%Y-%m-%d", time.localtime(path.stat().st_mtime))
            if last < day:
                _put_away(path, last)
        file = self._open_file(path)
        self._files[service] = (day, file)
        if day > self._swept:
            self._swept = day
            self._sweep()
        return file

    def _sweep(self) -> None:
        """Remove what is older than `keep_days` days."""
        first = time.localtime(self._clock())
        oldest = time.strftime(
            "%Y-%m-%d",
            time.localtime(
                # Noon: an hour more or less in spring and autumn changes no date.
                time.mktime((*first[:2], first[2] - self._keep_days, 12, 0, 0, 0, 0, -1))
            ),
        )
        for path in self._root.glob("*.log"):
            dated = _DATED.fullmatch(path.name)
            if dated and dated[1] < oldest:
                try:
                    path.unlink()
                except OSError:
                    continue


def _put_away(path: Path, day: str) -> None:
    """`tts.log` becomes `tts.<day>.log`, beside one that is there already `tts.<day>.2.log`.

    Where that fails (on Windows: a reader has it open) the lines go on in the same file.
    """
    target = path.with_name(f"{path.stem}.{day}.log")
    number = 2
    while target.exists():
        target = path.with_name(f"{path.stem}.{day}.{number}.log")
        number += 1
    try:
        path.rename(target)
    except OSError:
        logging.getLogger(__name__).warning("%s cannot be renamed to %s", path, target.name)


def _safe(service: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", service)[:40] or "other"
