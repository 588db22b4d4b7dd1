"""A journal's lines with their places, forwards and backwards, in bounded steps.

A place is the offset of a line's first byte. Backwards is how a long journal is opened: what is
looked at first is at its end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import msgspec

from engines.wire import show
from kitsu_tui.journal import LONGEST

CHUNK = 256 * 1024

LATEST = 3.2e10
"""Wall times from here on (about the year 2984) are no times: not every system can show them."""

_BROKEN = b"\0"
"""Stands for a line that is too long: it cannot be decoded either."""

_KIND = re.compile(rb'"event":\{"kind":"([a-z.]+)"')
_NUMBER = re.compile(rb'"n":(\d{1,18}),"t":')
_told = msgspec.json.Decoder(show.Told)


class At(NamedTuple):
    """A line and its place."""

    place: int
    raw: bytes


class _Loose(msgspec.Struct):
    """Just enough of a line to say why it does not fit."""

    event: object = None
    t: object = 0
    n: object = 0


_loose = msgspec.json.Decoder(_Loose)


class Skipped(msgspec.Struct):
    """What could not be read among the lines that were."""

    damaged: int = 0
    """Torn, cut in the middle, not JSON, not UTF-8, too long."""
    unknown: int = 0
    """Sound lines that this version does not know: a newer one wrote them."""
    lost: int = 0
    """Events that the show itself could not write."""

    def add(self, other: Skipped) -> None:
        """Count these as well."""
        self.damaged += other.damaged
        self.unknown += other.unknown
        self.lost += other.lost

    def words(self) -> str:
        """In a few words; empty when nothing was skipped."""
        parts = []
        if self.damaged:
            parts.append(f"{self.damaged} damaged line{'s' * (self.damaged != 1)} skipped")
        if self.unknown:
            parts.append(f"{self.unknown} of a newer version skipped")
        if self.lost:
            parts.append(f"{self.lost} event{'s' * (self.lost != 1)} never written")
        return ", ".join(parts)


def size_of(file: BinaryIO) -> int:
    """Bytes in the file now."""
    return file.seek(0, os.SEEK_END)


def forward(file: BinaryIO, place: int) -> Iterator[At]:
    """Lines from the one that begins at `place`."""
    file.seek(place)
    while raw := file.readline(LONGEST):
        length = len(raw)
        if length >= LONGEST and not raw.endswith(b"\n"):
            raw = _BROKEN
            while more := file.readline(LONGEST):
                length += len(more)
                if more.endswith(b"\n"):
                    break
        yield At(place, raw)
        place += length


def backward(file: BinaryIO, before: int) -> Iterator[At]:
    """Lines that begin before `before` (a line's beginning, or the end), the last one first."""
    for place, data in chunks_backward(file, before):
        end = len(data)
        while end:
            start = data.rfind(b"\n", 0, end - 1) + 1
            yield At(place + start, data[start:end])
            end = start


def chunks_backward(file: BinaryIO, before: int) -> Iterator[At]:
    """Runs of whole lines that begin before `before`, the last one first."""
    rest, place = b"", before
    while place > 0:
        size = min(CHUNK, place)
        place -= size
        file.seek(place)
        data = file.read(size) + rest
        # What stands before the first line's end may have begun earlier.
        head = data.find(b"\n") + 1 if place else 0
        if place and not 0 < head < len(data):
            rest = data if len(data) <= LONGEST else _BROKEN + data[-1:]
            continue
        yield At(place + head, data[head:])
        rest = data[:head]


def chunks_forward(file: BinaryIO, place: int) -> Iterator[At]:
    """Runs of whole lines from the one that begins at `place`."""
    rest = b""
    while True:
        file.seek(place + len(rest))
        data = rest + (more := file.read(CHUNK))
        if not more:
            break
        end = data.rfind(b"\n") + 1
        if not end and len(data) <= LONGEST:
            rest = data
            continue
        end = end or len(data)
        yield At(place, data[:end])
        place, rest = place + end, data[end:]
    if rest:
        yield At(place, rest)


def kind_of(raw: bytes) -> bytes:
    """The kind of the event in a line, from a look at its beginning; empty when that tells not."""
    match = _KIND.search(raw, 0, 400)
    return match[1] if match else b""


def number_of(raw: bytes) -> int | None:
    """The number of the event in a line, from a look at its beginning."""
    match = _NUMBER.search(raw, 0, 400)
    return int(match[1]) if match else None


def decode(raw: bytes, skipped: Skipped) -> show.Told | None:
    """The event in a line. None, and counted in `skipped`, when there is none to be read."""
    if not raw.strip():
        return None
    try:
        told = _told.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    else:
        if 0 <= told.t < LATEST:
            return told
        skipped.damaged += 1
        return None
    try:
        loose = _loose.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        skipped.damaged += 1
        return None
    if loose.event == "journal.lost":
        skipped.lost += 1
    else:
        skipped.unknown += isinstance(loose.event, dict)
        skipped.damaged += not isinstance(loose.event, dict)
    return None
