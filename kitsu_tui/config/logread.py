"""Reading the log files backwards, the newest line first.

    <root>/tts.log                  today
    <root>/tts.2026-11-22.log       an earlier day; .2.log is a later part of it
    <root>/tts.2026-11-22.log.gz    the same, compressed

Nothing is read beyond what is asked for, so the size of the files does not matter.
"""

from __future__ import annotations

import gzip
import heapq
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from engines.wire.logline import LogLine

BLOCK = 256 << 10
LONGEST = 1 << 20
"""Bytes of a line; what is longer is no line of ours."""
FIND_BYTES = 8 << 20
"""How far back a line is looked for, at its own service."""

_NAME = re.compile(
    r"(?P<service>[\w-]+)(?:\.(?P<day>\d{4}-\d\d-\d\d)(?:\.(?P<part>\d+))?)?\.log(\.gz)?"
)
_decoder: msgspec.json.Decoder[LogLine] = msgspec.json.Decoder(LogLine)


def files(root: Path) -> dict[str, list[Path]]:
    """For every service its log files, the newest first.

    Raises:
        OSError: the folder cannot be read.
    """
    found: dict[str, list[tuple[tuple[str, int], Path]]] = {}
    for path in root.iterdir():
        match = _NAME.fullmatch(path.name)
        if match is not None:
            order = (match["day"] or "9999", int(match["part"] or 1))
            found.setdefault(match["service"], []).append((order, path))
    return {
        service: [path for _, path in sorted(paths, reverse=True)]
        for service, paths in sorted(found.items())
    }


def unreadable(found: Iterable[Path]) -> list[Path]:
    """Those of the files that this user may not read: `backwards` passes them over."""
    return [path for path in found if path.exists() and not os.access(path, os.R_OK)]


def backwards(path: Path) -> Iterator[bytes]:
    """Lines of a file, the last first. A file that vanishes or is broken ends early.

    The last line of all is left out while it is not ended: it is being written.
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                # It can only be read from its beginning, and a day fits into memory.
                yield from reversed(file.read().split(b"\n")[:-1])
            return
        with path.open("rb") as file:
            yield from _backwards(file.fileno(), os.fstat(file.fileno()).st_size)
    except (OSError, EOFError, zlib.error):
        return


def _backwards(fd: int, size: int) -> Iterator[bytes]:
    rest = b""
    first = True
    with os.fdopen(os.dup(fd), "rb") as file:
        while size > 0:
            start = max(0, size - BLOCK)
            file.seek(start)
            rest = file.read(size - start) + rest
            size = start
            head, *lines = rest.split(b"\n")
            if first and lines:
                lines.pop()  # empty, or not ended yet
                first = False
            yield from reversed(lines)
            rest = head if len(head) < LONGEST else b""
    if not first:
        yield rest


def parsed(lines: Iterable[bytes]) -> Iterator[tuple[LogLine, bytes]]:
    """Those that are log lines, with what they were made of."""
    for raw in lines:
        try:
            yield _decoder.decode(raw), raw
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue


def newest_first(root: Path, services: Iterable[str] = ()) -> Iterator[tuple[LogLine, bytes]]:
    """All log lines (of these services, or of all), the newest first, with their bytes.

    Raises:
        OSError: the folder cannot be read.
    """
    wanted = frozenset(services)
    streams = [
        parsed(raw for path in paths for raw in backwards(path))
        for service, paths in files(root).items()
        if not wanted or service in wanted
    ]
    return heapq.merge(*streams, key=lambda item: item[0].ts, reverse=True)


def find(root: Path, line: LogLine) -> dict[str, Any] | None:
    """This line as its file has it, with every field; None when it is not found near the end.

    Raises:
        OSError: the folder cannot be read.
    """
    stamp = line.ts.encode()
    read = 0
    for path in files(root).get(line.service, ())[:2]:
        for raw in backwards(path):
            read += len(raw)
            if read > FIND_BYTES:
                return None
            if stamp in raw and _same(raw, line):
                whole = msgspec.json.decode(raw)
                return whole if isinstance(whole, dict) else None
    return None


def _same(raw: bytes, line: LogLine) -> bool:
    return any(found == line for found, _ in parsed([raw]))
