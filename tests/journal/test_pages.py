"""A journal in pages: complete from both ends, and as far as it can be read whatever it holds."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest

from engines.wire import show
from kitsu_tui.journal import FILE, LONGEST
from kitsu_tui.journal.lines import Skipped, backward, chunks_forward, forward
from kitsu_tui.journal.pages import Item, Journal
from kitsu_tui.journal.search import Wanted, find_newer, find_older
from kitsu_tui.model.notes import NoteView
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ShowState, TurnView
from tests.support.long_journal import Hand, write


def turns(items: Iterable[Item]) -> list[int]:
    return [item.what.turn for item in items if isinstance(item.what, TurnView)]


def notes(items: Iterable[Item]) -> list[str]:
    return [item.what.text for item in items if isinstance(item.what, NoteView)]


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty minutes with some of everything."""
    return write(tmp_path_factory.mktemp("long"), hours=0.7, rate=4, seed=11)


def everything(path: Path) -> ShowState:
    """All of a journal, as a console that had been attached from the start would have had it."""
    state = ShowState()
    turns: dict[int, TurnView] = {}
    for line in path.read_bytes().splitlines():
        reduce(state, msgspec.json.decode(line, type=show.Told))
        turns |= {view.turn: view for view in state.turns}
    state.turns = list(turns.values())
    return state


def test_pages_backwards_are_what_was_told(long: Path) -> None:
    items: list[Item] = []
    with Journal(long) as journal:
        before = None
        while True:
            page = journal.older(before, 37)
            items = page.items + items
            before = page.first
            if page.start:
                break
    told = everything(long)
    assert [item.what for item in items if isinstance(item.what, TurnView)] == told.turns
    assert notes(items)[-len(told.notes) :] == [note.text for note in told.notes]
    assert len(told.turns) > 200


def test_pages_forwards_are_the_same(long: Path) -> None:
    items: list[Item] = []
    with Journal(long) as journal:
        place = 0
        while True:
            page = journal.newer(place, 23)
            items += page.items
            place = page.last
            if page.end:
                break
        assert turns(items) == list(range(1, len(turns(items)) + 1))
        assert journal.newer(items[50].place, 5).items[0] == items[50]
        assert journal.place_of(items[80].what.n) == items[80].place
        assert [item.what for item in items if isinstance(item.what, TurnView)] == everything(
            long
        ).turns


def test_a_turn_is_whole_though_others_began_meanwhile(tmp_path: Path) -> None:
    hand = Hand()
    lines = [
        hand.line(show.TurnStarted(turn=n, source="api", who="a", text=f"t{n}")) for n in (1, 2)
    ]
    lines += [hand.line(show.Panicked(by="ana", epoch=4))]
    for n in (3, 4):
        lines.append(hand.line(show.TurnStarted(turn=n, source="api", who="a", text=f"t{n}")))
    lines += [
        hand.line(show.TurnDone(turn=n, rev=0, status="panic", answer=f"a{n}"))
        for n in (4, 3, 2, 1)
    ]
    surfaces: dict[str, float | None] = {"audio": 4.0, "tts": None}
    done = show.Panicked(by="ana", epoch=4, surfaces=surfaces, done=True)
    (tmp_path / FILE).write_bytes(b"".join([*lines, hand.line(done)]))
    with Journal(tmp_path) as journal:
        page = journal.newer(0, 2)
        assert [
            (v.what.turn, v.what.answer) for v in page.items if isinstance(v.what, TurnView)
        ] == [
            (1, "a1"),
            (2, "a2"),
        ]
        rest = journal.newer(page.last, 1)
        assert notes(rest.items) == ["PANIC: audio 4 ms, tts FAILED"]
        assert turns(journal.older(None, 2).items) == [3, 4]


def damage(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> Path:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))
    return path


def small(folder: Path) -> Path:
    """Twelve turns."""
    hand = Hand(3)
    lines = [*hand.begin("somewhere")]
    for _ in range(12):
        lines += hand.talk(1)
    path = folder / FILE
    path.write_bytes(b"".join(lines))
    return path


NEWER = b'{"ts":"x","t_ns":1,"n":99,"t":1795000001.0,"event":{"kind":"hologram","size":3}}\n'
EXTRA = (
    b'{"ts":"x","t_ns":1,"n":98,"t":1795000001.0,"colour":1,'
    b'"event":{"kind":"mark","by":"ana","text":"with more","shape":{"a":[1]}}}\n'
)


def _mark_at(t: str) -> bytes:
    return b'{"n":7,"t":%b,"event":{"kind":"mark","by":"ana","text":"when"}}\n' % t.encode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: [*lines, b'{"ts":"2026-11-22T13:0'], "1 damaged line skipped"),
        (lambda lines: [*lines[:9], b'{"ts":"20\n', *lines[9:]], "1 damaged line skipped"),
        (
            lambda lines: [*lines[:9], b'{"n":1,"t":\xff\xfe}\n', *lines[9:]],
            "1 damaged line skipped",
        ),
        (lambda lines: [*lines[:9], NEWER, *lines[9:]], "1 of a newer version skipped"),
        (lambda lines: [*lines[:9], EXTRA, *lines[9:]], ""),
        (lambda lines: [*lines, b"\n", b"  \n"], ""),
        (
            lambda lines: [*lines, b'{"ts":"x","t_ns":1,"event":"journal.lost","dropped":3}\n'],
            "1 event never written",
        ),
        (
            lambda lines: [*lines[:9], b"x" * (LONGEST + 9) + b"\n", *lines[9:]],
            "1 damaged line skipped",
        ),
        (lambda lines: [*lines[:9], b"\0" * 5000 + b"\n", *lines[9:]], "1 damaged line skipped"),
        (lambda lines: [*lines[:9], _mark_at("1e300"), *lines[9:]], "1 damaged line skipped"),
        (lambda lines: [*lines[:9], _mark_at("-1e12"), *lines[9:]], "1 damaged line skipped"),
    ],
    ids=[
        *("torn", "middle", "not utf-8", "newer", "more fields", "blank", "lost", "long", "zeros"),
        *("far future", "before all"),
    ],
)
def test_what_cannot_be_read_is_skipped_and_said(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], words: str
) -> None:
    path = damage(small(tmp_path), change)
    with Journal(path) as journal:
        for page in (journal.older(), journal.newer(0)):
            assert turns(page.items) == list(range(1, 13))
            assert page.skipped.words() == words


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9000, b"x"],
    ids=["empty", "blank", "picture", "letter"],
)
def test_a_file_that_is_no_journal_is_an_empty_one(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    with Journal(tmp_path) as journal:
        for page in (journal.older(), journal.newer(0)):
            assert page.items == []
            assert page.start
            assert page.end
            assert bool(page.skipped.damaged) is bool(data.strip())
        assert journal.place_of(5) in (0, len(data))
    with pytest.raises(OSError, match="No such file"):
        Journal(tmp_path / "gone")


def test_lines_are_the_same_in_both_directions() -> None:
    for data in (
        b"",
        b"a",
        b"a\n",
        b"a\nb",
        b"\n\na\n\n",
        b"x" * 700_000 + b"\ny\n" + b"z" * 300_000,
    ):
        file = io.BytesIO(data)
        there = list(forward(file, 0))
        assert list(backward(file, len(data)))[::-1] == there
        assert b"".join(line.raw for line in there) == data
        assert b"".join(chunk.raw for chunk in chunks_forward(file, 0)) == data


def test_a_search_finds_every_turn_that_holds_the_text(long: Path) -> None:
    told = everything(long)
    wanted = "SNOW IN"
    holds = [
        view.turn
        for view in told.turns
        if "snow in" in "|".join([view.said, *(s.text.lower() for s in view.sentences)])
    ]
    assert len(holds) > 3

    def number(journal: Journal, place: int) -> int:
        what = journal.newer(place, 1).items[0].what
        assert isinstance(what, TurnView)
        return what.turn

    with Journal(long) as journal:
        found, place = [], journal.size
        while (at := find_older(journal, Wanted(wanted), place, lambda: False)) is not None:
            found.append(number(journal, at))
            place = at
        assert found[::-1] == holds
        found, place = [], 0
        while (at := find_newer(journal, Wanted(wanted), place, lambda: False)) is not None:
            found.append(number(journal, at))
            place = at + 1
        assert found == holds
        assert find_older(journal, Wanted(wanted), journal.size, lambda: True) is None


@pytest.mark.parametrize("text", ['say "no"', "back\\slash", "ÜBER ALLE", "貓", "killed by"])
def test_a_search_finds_what_json_writes_otherwise(tmp_path: Path, text: str) -> None:
    hand = Hand()
    said = 'She did say "no" to back\\slash über alle 貓.'
    lines = [
        hand.line(show.TurnStarted(turn=1, source="api", who="a", text="else")),
        hand.line(show.TurnStarted(turn=2, source="api", who="a", text=said)),
        hand.line(show.EngineChanged(engine="tts", state="backoff", exit="killed by signal 9")),
        hand.line(show.TurnStarted(turn=3, source="api", who="a", text="else")),
    ]
    (tmp_path / FILE).write_bytes(b"".join(lines))
    with Journal(tmp_path) as journal:
        place = find_older(journal, Wanted(text), journal.size, lambda: False)
        assert place == len(lines[0]) + (len(lines[1]) if text == "killed by" else 0)


def test_counts_of_what_was_skipped_have_words() -> None:
    skipped = Skipped(damaged=2, unknown=1)
    skipped.add(Skipped(lost=3))
    assert skipped.words() == (
        "2 damaged lines skipped, 1 of a newer version skipped, 3 events never written"
    )
