"""Which sessions there are, and what each was."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from engines.wire import show
from kitsu_tui.journal import FILE, file_of
from kitsu_tui.journal.lines import Skipped, backward, chunks_forward, decode, forward
from kitsu_tui.journal.pages import Journal
from kitsu_tui.model.surfaces import is_drill

LOOK = 2000
"""Lines at either end among which a sound one is looked for."""


class NoJournal(LookupError):
    """There is no such session; the message says what there is."""


class Session(Struct, kw_only=True):
    """One session, as `kitsu journal list` tells it."""

    name: str
    path: str
    profile: str = ""
    version: str = ""
    live: bool = False
    began: float = 0
    """Wall time; 0 when no line could be read."""
    ended: float = 0
    """Wall time of the last line."""
    stopped: bool = False
    """The show ended it; else it runs, or was killed."""
    turns: int = 0
    panics: int = 0
    marks: int = 0
    size: int = 0
    """Bytes."""
    trouble: str = ""
    """Why nothing of it can be read."""


def folders(state: Path) -> list[Path]:
    """The sessions' folders below the state folder, the oldest first.

    Raises:
        OSError: there are some, perhaps, and they cannot be read: another user's.
    """
    root = state / "journal"
    try:
        return sorted(path for path in root.iterdir() if _holds(path))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _holds(path: Path) -> bool:
    try:
        return (path / FILE).is_file()
    except OSError:
        return False  # one that cannot be looked into hides none of the others


def find_session(state: Path, name: str = "") -> Path:
    """A session's file, by its path, its name or the beginning of its name; "" is the newest one.

    Raises:
        NoJournal: there is none, or several begin so.
        OSError: the sessions cannot be read.
    """
    if name and file_of(Path(name)).is_file():
        return file_of(Path(name))
    found = folders(state)
    fits = [path for path in found if path.name.startswith(name)]
    exact = [path for path in found if path.name == name]
    if exact or len(fits) == 1 or (fits and not name):
        return (exact or fits)[-1] / FILE
    if not name:
        raise NoJournal(f"there is no session in {state / 'journal'}; kitsu run makes one")
    if fits:
        names = ", ".join(path.name for path in fits[-5:])
        raise NoJournal(f"{len(fits)} sessions begin with {name}: {names}")
    known = ", ".join(path.name for path in found[-3:]) or "there are none"
    raise NoJournal(f"no session {name}: neither a path nor a name (newest: {known})")


def look_at(path: Path) -> Session:
    """What a session was, from its file. Reads all of it once, as bytes."""
    session = Session(name=path.parent.name, path=str(path))
    try:
        with Journal(path) as journal:
            session.size = journal.size
            _ends(journal, session)
            for chunk in chunks_forward(journal.file, 0):
                session.turns += chunk.raw.count(b'"event":{"kind":"turn",')
                session.marks += chunk.raw.count(b'"event":{"kind":"mark",')
                presses = chunk.raw.count(b'"event":{"kind":"panic",')
                session.panics += presses and _presses(chunk.raw)
    except OSError as error:
        session.trouble = error.strerror or str(error)
    if not session.began and not session.trouble:
        session.trouble = "empty" if not session.size else "no line of a journal in it"
    return session


def _presses(data: bytes) -> int:
    told = (decode(raw, Skipped()) for raw in data.split(b"\n") if b'"kind":"panic"' in raw)
    events = (each.event for each in told if each is not None)
    return sum(
        isinstance(event, show.Panicked) and not event.done and not is_drill(event.by)
        for event in events
    )


def _ends(journal: Journal, session: Session) -> None:
    for count, line in enumerate(forward(journal.file, 0)):
        told = decode(line.raw, Skipped())
        if told is not None:
            session.began = session.began or told.t
            if isinstance(told.event, show.ShowStarted):
                session.profile, session.version = told.event.profile, told.event.version
                session.live = told.event.live
                break
        if count > LOOK:
            break
    last = None
    for count, line in enumerate(backward(journal.file, journal.size)):
        told = decode(line.raw, Skipped())
        if told is not None:
            last = told if last is None else last
            session.stopped = session.stopped or isinstance(told.event, show.ShowStopping)
        if count > 50 and (last is not None or count > LOOK):
            break
    if last is not None:
        session.ended = last.t
