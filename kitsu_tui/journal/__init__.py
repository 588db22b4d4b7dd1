"""Reading journals: what a show wrote, one JSON object a line (see `kitsu_tui.show.journal`).

A journal is a session's folder, or the file `events.jsonl` in it. Nothing here ever writes to one,
and nothing trusts one: lines may be torn, damaged, of a newer version, or no journal at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

FILE = "events.jsonl"
LONGEST = 1 << 20
"""Bytes of a line that is read; a journal's own are a quarter of that at most."""

_decoder = msgspec.json.Decoder(dict[str, Any])


class Bad(msgspec.Struct, frozen=True):
    """A line of a journal that could not be read: its number (from 1) and why."""

    line: int
    reason: str


class Reading(msgspec.Struct, frozen=True):
    """A journal as read back."""

    events: list[dict[str, Any]]
    bad: list[Bad]


def file_of(path: Path) -> Path:
    """The file with the lines: `path` itself, or the one in the session's folder `path`."""
    return path / FILE if path.is_dir() else path


def iter_journal(path: Path) -> Iterator[dict[str, Any] | Bad]:
    """A journal's events as they stand in the file (or session folder) `path`, line by line.

    A torn or damaged line comes as `Bad`. OSError when there is no such file.
    """
    with file_of(path).open("rb") as lines:
        number = 0
        while raw := lines.readline(LONGEST):
            number += 1
            if not raw.endswith(b"\n") and len(raw) >= LONGEST:
                while (more := lines.readline(LONGEST)) and not more.endswith(b"\n"):
                    pass
                yield Bad(number, "longer than a journal's line can be")
                continue
            if not raw.strip():
                continue
            try:
                yield _decoder.decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                torn = "" if raw.endswith(b"\n") else "torn: "
                yield Bad(number, f"{torn}{error}")


def read_journal(path: Path) -> Reading:
    """All of a journal at once: its events, and the lines that could not be read."""
    events: list[dict[str, Any]] = []
    bad: list[Bad] = []
    for item in iter_journal(path):
        if isinstance(item, Bad):
            bad.append(item)
        else:
            events.append(item)
    return Reading(events, bad)
