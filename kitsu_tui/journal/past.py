"""The picture of a session that is over (or still written), out of its journal.

Its last turns are as a console that was attached would have had them; what is older is read when it
is looked at. Of what lies between the beginning and the end only the last word about each engine,
mute and the like counts: `settled` looks for those in all of a long journal.
"""

from __future__ import annotations

import re
from pathlib import Path

from kitsu_tui.journal.lines import Skipped, chunks_backward, decode, forward
from kitsu_tui.journal.pages import Journal
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ShowState

HEAD = 128 * 1024
"""Bytes from the beginning: how the show came up."""
TAIL = 1 << 20
"""Bytes to the end: its last turns."""

_LAST_WORD = re.compile(
    rb'"event":\{"kind":"(mute|panic|resume|gate|devices|persona|engine","engine":"[^"]+'
    rb"|panic\.reached|resume\.done|drill|scene|obs\.link|operator\.gone|operator\.back"
    rb'|profile)"'
)


def read_past(path: Path) -> tuple[ShowState, Skipped]:
    """The picture at the end of a journal, from its beginning and its end.

    Raises:
        OSError: it cannot be read.
    """
    return _read(path, settle=False)


def settled(path: Path) -> tuple[ShowState, Skipped]:
    """As `read_past`, with the last word about everything, wherever it stands."""
    return _read(path, settle=True)


def _read(path: Path, *, settle: bool) -> tuple[ShowState, Skipped]:
    state, skipped = ShowState(), Skipped()
    with Journal(path) as journal:
        size = journal.size
        start = _line_at(journal, size - TAIL) if size > HEAD + TAIL else 0
        if start:
            _reduce(journal, state, 0, HEAD, skipped)
            if settle:
                for place in sorted(_last_words(journal, HEAD, start)):
                    _reduce(journal, state, place, place + 1, Skipped())
            state.turns, state.notes, state.alerts = [], [], []
        _reduce(journal, state, start, size, skipped)
    if start and state.turns:
        state.turn_count = max(state.turn_count, state.turns[-1].turn, len(state.turns) + 1)
    state.journal = str(path)
    return state, skipped


def _reduce(journal: Journal, state: ShowState, start: int, stop: int, skipped: Skipped) -> None:
    for line in forward(journal.file, start):
        if line.place >= stop:
            break
        told = decode(line.raw, skipped)
        if told is not None:
            reduce(state, told)


def _line_at(journal: Journal, place: int) -> int:
    """Where the first line that begins after `place` begins."""
    for line in forward(journal.file, place):
        return line.place + len(line.raw)
    return place


def _last_words(journal: Journal, start: int, stop: int) -> list[int]:
    """The places of the last event of each kind (of each engine) between two places."""
    found: dict[bytes, int] = {}
    for place, data in chunks_backward(journal.file, stop):
        if place + len(data) < start:
            break
        here: dict[bytes, int] = {}
        for match in _LAST_WORD.finditer(data):
            subject = b"panic" if match[1] == b"resume" else match[1]
            here[subject] = place + data.rfind(b"\n", 0, match.start()) + 1
        found = here | found
    return list(found.values())
