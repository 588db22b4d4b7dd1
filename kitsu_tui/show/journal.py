"""The session's journal: what the show did, one JSON object a line, in the order in which it did.

    <state>/journal/2026-11-22T09-50-16-starter/events.jsonl

Every line has `ts` (wall time, ISO 8601, UTC) and `t_ns` (time.perf_counter_ns) beside what was
written. It is with the operating system within 250 ms, so a killed show loses no more than that,
and at most its last line is torn. PCM is left out; secrets are masked. Reading it back is
`kitsu_tui.journal`.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from engines.wire.logline import stamp
from kitsu_tui.journal import FILE
from kitsu_tui.show.writer import LineFile, Writer

KEEP_BYTES = 500_000_000
MAX_LINE = 256 * 1024
FSYNC_EVERY = 5.0
_SOUND = frozenset({"pcm", "samples_b64"})
_SESSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[\w.-]+")
_encoder = msgspec.json.Encoder(enc_hook=str)


class Journal:
    """Writes one session's journal; `write` never waits and never raises.

    Attributes:
        folder: the session's own folder; other files of the session may lie beside the journal.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.time,
        *,
        ticks: Callable[[], int] = time.perf_counter_ns,
        mask: Callable[[str], str] | None = None,
        keep_bytes: int | None = None,
        open_file: Callable[[Path], LineFile] | None = None,
        limit: int = 50_000,
    ) -> None:
        """`keep_bytes`: prune older sessions beside this one to that size, in the thread.

        OSError when the folder cannot be made: a show that cannot journal says so at its start.
        """
        self.folder = folder
        self._clock = clock
        self._ticks = ticks
        self._mask = mask
        folder.mkdir(parents=True, exist_ok=True)
        begin = None
        if keep_bytes is not None:

            def begin() -> None:
                prune(folder.parent, keep_bytes, spare=folder)

        opened = open_file or (lambda path: LineFile(path, fsync_every=FSYNC_EVERY))
        self._sink = _Sink(lambda: opened(folder / FILE), self._line)
        self._writer: Writer[bytes] = Writer("journal", self._sink, limit=limit, begin=begin)

    @property
    def dropped(self) -> int:
        """Events that found the queue full."""
        return self._writer.dropped

    @property
    def failed(self) -> int:
        """Events that the disk did not take."""
        return self._writer.failed

    def write(self, event: dict[str, Any] | msgspec.Struct) -> bool:
        """Add an event. False when it is lost for want of room; the journal will say how many."""
        line = self._line(event)
        return self._writer.put(line, len(line))

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until what was written is in the file. For tests and for the end."""
        return self._writer.flush(timeout)

    def close(self, timeout: float = 5.0) -> bool:
        """Write what is queued, fsync, stop. False: not done in time."""
        return self._writer.close(timeout)

    def _line(self, event: dict[str, Any] | msgspec.Struct) -> bytes:
        head = {"ts": stamp(self._clock()), "t_ns": self._ticks()}
        try:
            body = _plain(event)
            for key in head.keys() & body.keys():
                body[f"event_{key}"] = body.pop(key)
            line = _encoder.encode(head | body)
        except Exception as error:  # a journal that cannot say what happened says that
            line = _encoder.encode(
                head
                | {"event": "journal.unwritable", "kind": type(event).__name__}
                | {"error": f"{type(error).__name__}: {error}"[:500]}
            )
        if len(line) > MAX_LINE:
            small = {"event": "journal.oversized", "kind": type(event).__name__}
            line = _encoder.encode(head | small | {"bytes": len(line)})
        if self._mask is not None:
            line = self._mask(line.decode()).encode()
        return line + b"\n"


class _Sink:
    """The file, opened in the writer's thread; opened again after a failure."""

    def __init__(
        self, opened: Callable[[], LineFile], line: Callable[[dict[str, Any]], bytes]
    ) -> None:
        self._opened = opened
        self._line = line
        self._file: LineFile | None = None
        self._unwritten = 0

    def write(self, batch: list[bytes], lost: int) -> None:
        note = b""
        if lost or self._unwritten:
            event = {"event": "journal.lost", "dropped": lost, "unwritten": self._unwritten}
            note = self._line(event)
        try:
            if self._file is None:
                self._file = self._opened()
            self._file.append(note + b"".join(batch))
        except OSError:
            self._unwritten += len(batch) + lost
            raise
        self._unwritten = 0

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def session_folder(root: Path, profile: str, clock: Callable[[], float] = time.time) -> Path:
    """A new folder's path for a session that begins now (local time); never one that exists."""
    began = time.strftime("%Y-%m-%dT%H-%M-%S", time.localtime(clock()))
    name = f"{began}-{re.sub(r'[^A-Za-z0-9_.-]+', '_', profile) or 'show'}"
    path = root / name
    number = 2
    while path.exists():
        path = root / f"{name}-{number}"
        number += 1
    return path


def open_journal(
    state: Path,
    profile: str,
    clock: Callable[[], float] = time.time,
    *,
    mask: Callable[[str], str] | None = None,
    keep_bytes: int = KEEP_BYTES,
) -> Journal:
    """Begin a session's journal below the state folder and prune old ones."""
    folder = session_folder(state / "journal", profile, clock)
    return Journal(folder, clock, mask=mask, keep_bytes=keep_bytes)


def prune(root: Path, keep_bytes: int, *, spare: Path | None = None) -> list[Path]:
    """Remove the oldest sessions until the rest fits in `keep_bytes`; `spare` is kept anyway.

    Only folders that are named like a session and hold a journal are touched.
    """
    sessions = [
        path
        for path in sorted(root.iterdir(), reverse=True)
        if _SESSION.fullmatch(path.name)
        and not path.is_symlink()
        and path != spare
        and (path / FILE).is_file()
    ]
    total = _size(spare) if spare is not None else 0
    gone = []
    for path in sessions:
        total += _size(path)
        if total > keep_bytes:
            shutil.rmtree(path, ignore_errors=True)
            gone.append(path)
    return gone


def _plain(event: dict[str, Any] | msgspec.Struct) -> dict[str, Any]:
    """The event in builtins, sound and other bytes as their length."""
    built = msgspec.to_builtins(event, builtin_types=(bytes, bytearray), enc_hook=str)
    if not isinstance(built, dict):
        built = {"event": type(event).__name__, "value": built}
    return {str(key): _silent(key, value) for key, value in built.items()}


def _silent(key: object, value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if key in _SOUND and isinstance(value, str):
        return f"<{len(value) * 3 // 4} bytes>"
    if isinstance(value, dict):
        return {inner: _silent(inner, held) for inner, held in value.items()}
    if isinstance(value, list | tuple):
        return [_silent(key, held) for held in value]
    return value


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:
            continue
    return total
