"""An incident as one zip file: what the show told around a moment, its logs of that time, versions.

    events.jsonl       the journal's lines of that time, and its first one
    transcript.txt     the turns that began then, as the console shows them
    logs/NAME.log      log lines of that time, by service
    about.json         session, profile, versions, the moment, and what is missing

Journal and logs hold no secrets (they are masked when they are written), but they hold what people
said.
"""

from __future__ import annotations

import platform
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

import kitsu_tui
from engines.wire import show
from engines.wire.logline import stamp
from kitsu_tui.config import logread
from kitsu_tui.journal import FILE
from kitsu_tui.journal.lines import At, Skipped, decode, forward
from kitsu_tui.journal.pages import Item, Journal
from kitsu_tui.journal.sessions import Session, look_at
from kitsu_tui.model.notes import NoteView
from kitsu_tui.model.surfaces import is_drill

_T = re.compile(rb'"n":\d{1,18},"t":(\d+(?:\.\d+)?)')
LOG_BYTES = 200_000_000
"""Of log lines; what is older is left out, and said."""


class Moment(Struct, frozen=True):
    """What an incident is about."""

    t: float
    """Wall time."""
    what: str


class NoMoment(LookupError):
    """There is no such moment in the session; the message says what there is."""


def moments(path: Path) -> list[Moment]:
    """The marks and panics of a session, in their order. OSError when it cannot be read."""
    found = []
    with Journal(path) as journal:
        for line in forward(journal.file, 0):
            if b'"kind":"mark"' not in line.raw and b'"kind":"panic"' not in line.raw:
                continue
            told = decode(line.raw, Skipped())
            if told is None:
                continue
            if isinstance(told.event, show.Marked):
                found.append(Moment(told.t, f"mark by {told.event.by}: {told.event.text}"))
            elif isinstance(told.event, show.Panicked) and not told.event.done:
                what = "rehearsal of panic" if is_drill(told.event.by) else "panic"
                found.append(Moment(told.t, f"{what} by {told.event.by}"))
    return found


def pick(path: Path, session: Session, number: int | None, around: str) -> Moment:
    """The moment that is asked for: a time, the mark or panic of a number (from 1), the last one.

    Raises:
        NoMoment: there is none.
    """
    if around:
        return Moment(_time(around, session), f"the time {around}")
    found = moments(path)
    if number is None:
        return found[-1] if found else Moment(session.ended, "the end of the session")
    if not 1 <= number <= len(found):
        have = f"1 to {len(found)}" if found else "none"
        raise NoMoment(f"no mark or panic {number} in {session.name}: there are {have}")
    return found[number - 1]


def _time(text: str, session: Session) -> float:
    """A wall time: ISO, or a time of day of the session (its first that is not before it began)."""
    try:
        if "T" in text or " " in text.strip():
            return datetime.fromisoformat(text).astimezone().timestamp()
        hour, minute, *rest = (int(part) for part in text.split(":"))
        began = datetime.fromtimestamp(session.began).astimezone()
        at = began.replace(hour=hour, minute=minute, second=rest[0] if rest else 0).timestamp()
    except (ValueError, IndexError, OverflowError):
        raise NoMoment(
            f"--around: found {text!r}, expected 21:30, 21:30:05 or an ISO time"
        ) from None
    return at if at >= session.began - 60 else at + 86400


def lines_between(journal: Journal, start: float, stop: float) -> Iterator[At]:
    """The first line of a journal, and those that were told between two wall times."""
    for line in forward(journal.file, 0):
        match = _T.search(line.raw, 0, 400)
        if not line.place or (match is not None and start <= float(match[1]) <= stop):
            yield line


def export(
    path: Path,
    target: Path,
    moment: Moment,
    *,
    seconds: float,
    text_of: Callable[[Item], str],
) -> dict[str, Any]:
    """Write the bundle to `target`, which must not be there yet; returns its about.json.

    Args:
        path: the session's journal.
        seconds: that are taken before and after the moment.
        text_of: a turn or note as text.

    Raises:
        OSError: something cannot be read or written; FileExistsError: `target` is there.
    """
    session = look_at(path)
    start, stop = moment.t - seconds, moment.t + seconds
    target.touch(mode=0o600, exist_ok=False)
    try:
        with Journal(path) as journal, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
            about = _about(session, moment, start, stop)
            head = after = None
            # Written as it is read: a long session must fit beside a show that runs.
            with bundle.open(FILE, "w", force_zip64=True) as out:
                for about["events"], line in enumerate(lines_between(journal, start, stop), 1):
                    head = head or line
                    after = after or (line if line.place else None)
                    out.write(line.raw)
            with bundle.open("transcript.txt", "w", force_zip64=True) as out:
                items = _items(journal, after or head, start, stop)
                for about["turns_and_notes"], item in enumerate(items, 1):
                    out.write(f"{text_of(item)}\n\n".encode())
            about["logs"] = _logs(bundle, head, start, stop)
            bundle.writestr("about.json", msgspec.json.format(msgspec.json.encode(about)))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return about


def _about(session: Session, moment: Moment, start: float, stop: float) -> dict[str, Any]:
    return {
        # Not where it lies: a path names the user and the machine.
        "session": msgspec.to_builtins(msgspec.structs.replace(session, path="")),
        "moment": {"at": stamp(moment.t), "what": moment.what},
        "from": stamp(start),
        "to": stamp(stop),
        "profile": session.profile,
        "kitsu": {"session": session.version, "export": kitsu_tui.__version__},
        "python": platform.python_version(),
        "system": platform.platform(),
        "exported": datetime.now(UTC).isoformat(timespec="seconds"),
        "events": 0,
        "turns_and_notes": 0,
    }


def _items(journal: Journal, first: At | None, start: float, stop: float) -> Iterator[Item]:
    """The turns and notes of that time, which begin at `first` or after it."""
    place = first.place if first is not None else journal.size
    while True:
        page = journal.newer(place)
        for item in page.items:
            t = item.what.t if isinstance(item.what, NoteView) else item.what.started
            if t > stop:
                return
            if t >= start:
                yield item
        if page.end:
            return
        place = page.last


def _logs(bundle: zipfile.ZipFile, head: At | None, start: float, stop: float) -> dict[str, Any]:
    """Put the log lines of that time in; returns how many of each service, or what is missing."""
    told = decode(head.raw, Skipped()) if head is not None else None
    root = told.event.log_root if told and isinstance(told.event, show.ShowStarted) else ""
    if not root:
        return {"missing": "the journal does not say where the logs are"}
    first, last = stamp(start), stamp(stop)
    kept: dict[str, list[bytes]] = {}
    size = 0
    result: dict[str, Any] = {}
    try:
        for line, raw in logread.newest_first(Path(root)):
            if line.ts < first:
                break
            if line.ts <= last:
                kept.setdefault(line.service, []).append(raw)
                size += len(raw)
            if size > LOG_BYTES:
                result["missing"] = f"lines before {line.ts}: too many"
                break
    except OSError as error:
        return {"missing": f"{root}: {error.strerror or error}"}
    for service, raws in sorted(kept.items()):
        name = re.sub(r"[^\w-]", "_", service)
        bundle.writestr(f"logs/{name}.log", b"\n".join(reversed(raws)) + b"\n")
        result[name] = len(raws)
    return result
