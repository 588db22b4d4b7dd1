"""What a log view keeps: bounded, filtered in slices, its rows counted right."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from engines.wire.logline import LogLine, stamp
from kitsu_tui.console.lines import width_of
from kitsu_tui.console.widgets.log_rows import (
    INDENT,
    LONGEST,
    TALLEST,
    Entry,
    Layout,
    Mark,
    cuts,
    fold,
    format_line,
)
from kitsu_tui.console.widgets.log_store import ALARMS, LogStore
from kitsu_tui.model.logfilter import Filter, Pattern, Term, sieve

NOW = 1_800_000_000.0


def line(n: int, message: str = "", level: str = "info", service: str = "tts") -> LogLine:
    return LogLine(ts=stamp(NOW + n), service=service, level=level, message=message or f"line {n}")


def messages(entries: list[Entry]) -> list[str]:
    return [entry.message if isinstance(entry, LogLine) else entry.text for entry in entries]


def ticks() -> Iterator[float]:
    return itertools.count(0.0, 1.0)


def only(text: str, *, inverse: bool = False) -> object:
    return sieve(Filter(terms=(Term(text, inverse),)), NOW)


def check(store: LogStore) -> None:
    """What must hold whenever nobody is in the middle of something."""
    assert len(store.shown) == len(store.seqs)
    assert store.seqs == sorted(set(store.seqs))
    row = 0
    for index, (seq, entry) in enumerate(zip(store.seqs, store.shown, strict=True)):
        assert store.entry(seq) is entry
        assert store.row_of(index) == row
        assert store.height(index) == len(store.layout.rows(entry))
        for part in range(store.height(index)):
            assert store.at_row(row + part) == (index, part)
        row += store.height(index)
    assert store.rows == row
    assert set(store.hits) <= set(store.seqs)


# Rows


@given(
    text=st.text(st.sampled_from("ab 狐é\u0301\t\x1b\n…界"), max_size=120),
    exception=st.sampled_from(["", "Traceback:\n  x\nE: 狐\n"]),
    width=st.integers(1, 90),
    wrap=st.booleans(),
)
@settings(max_examples=300)
def test_a_line_takes_as_many_rows_as_its_height_says(
    text: str, exception: str, width: int, wrap: bool
) -> None:
    layout = Layout(width, wrap=wrap)
    entry = LogLine(ts=stamp(NOW), service="s", level="info", message=text, exception=exception)
    rows = layout.rows(entry)
    assert layout.height(entry) == len(rows)
    if wrap:
        assert all(width_of(row) <= layout.width for row in rows)
    plain = "".join(part for row in rows for part, _ in row)
    marked = layout.rows(entry, Pattern("a|狐"))
    assert "".join(part for row in marked for part, _ in row) == plain


def test_wrapping_loses_nothing_and_indents_what_goes_on() -> None:
    text = "0123456789" * 20
    rows = fold(((text, "x"),), 30)
    assert "".join(part for row in rows for part, style in row if style) == text
    assert all(row[0] == (" " * INDENT, "") for row in rows[1:])
    assert cuts("狐" * 10, 5, 3) == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert cuts("", 5, 5) == [0]
    assert cuts("狐", 1, 1) == [1]


def test_a_line_beyond_all_measure_is_bounded_and_says_so() -> None:
    layout = Layout(80, wrap=True)
    long = line(0, "x" * 65_000)
    rows = layout.rows(long)
    assert len(rows) == layout.height(long) < 250
    assert f"{65_000 - LONGEST} more" in "".join(
        part.strip() for row in rows[-2:] for part, _ in row
    )
    tall = line(0, "\n".join(["row"] * 5000))
    assert layout.height(tall) == TALLEST + 1
    assert "more rows" in "".join(part for part, _ in layout.rows(tall)[-1])


def test_what_is_found_is_marked_also_across_a_fold() -> None:
    layout = Layout(60, wrap=True)
    rows = layout.rows(line(0, "x" * 30 + "needle" + "x" * 30), Pattern("needle"))
    assert "".join(part for row in rows for part, style in row if style == "match") == "needle"
    assert len(rows) == 2
    assert format_line(Mark("--- here ---")) == (("--- here ---", "mark"),)


# Keeping


def test_it_keeps_no_more_lines_and_no_more_characters_than_its_bounds() -> None:
    store = LogStore(100, characters=5000)
    store.add([line(n) for n in range(250)])
    store.work(9)
    assert messages(store.entries) == [f"line {n}" for n in range(150, 250)]
    check(store)
    store.add([line(n, "x" * 1000) for n in range(7)])
    store.work(9)
    assert sum(len(text) for text in messages(store.entries)) <= 5000
    assert len(store.entries) >= 4
    check(store)
    store.add([line(1, "y" * 20_000)])
    store.work(9)
    assert store.entries == []
    check(store)


def test_rows_that_are_dropped_at_the_top_are_told() -> None:
    store = LogStore(10)
    store.look(passes=None, search=None, layout=Layout(60, wrap=True))
    store.add([line(n, "x" * 100) for n in range(10)])
    store.work(9)
    assert store.rows == 30
    assert store.add([line(99)] * 2) == 6
    store.work(9)
    check(store)


def test_while_a_reader_holds_it_nothing_is_dropped_and_what_waits_is_bounded() -> None:
    store = LogStore(100, characters=10**6)
    store.add([line(n) for n in range(100)])
    store.work(9)
    store.held = True
    for n in range(100, 1000):
        assert store.add([line(n)]) == 0
    store.work(9)
    assert messages(store.entries) == [f"line {n}" for n in range(200)]
    assert store.waited == 800
    check(store)
    store.release()
    store.work(9)
    assert messages(store.entries) == [f"line {n}" for n in range(900, 1000)]
    check(store)


def test_characters_bound_what_is_held_and_what_waits() -> None:
    store = LogStore(1000, characters=1000)
    store.held = True
    store.add([line(n, "x" * 100) for n in range(100)])
    assert sum(map(len, messages(store.entries))) <= 2100
    store.release()
    assert sum(map(len, messages(store.entries))) <= 1000


# Filtering


def test_a_filter_works_in_slices_from_the_newest_line_back() -> None:
    store = LogStore(5000)
    store.add([line(n) for n in range(3000)])
    store.work(9)
    store.look(passes=only("7"), search=None)  # type: ignore[arg-type]
    clock = ticks()
    above = store.work(1.5, lambda: next(clock))
    assert store.busy
    assert store.seqs[-1] == 2997
    assert above == store.rows > 0
    seen = store.seqs[0]
    check(store)
    for _ in range(20):
        rows = store.rows
        above = store.work(1.5, lambda: next(clock))
        assert store.rows == rows + above
    assert seen in store.seqs
    assert messages(store.shown) == [f"line {n}" for n in range(3000) if "7" in str(n)]
    check(store)


def test_new_lines_come_before_old_ones_and_all_are_looked_at_once() -> None:
    store = LogStore(5000)
    store.add([line(n) for n in range(2000)])
    store.look(passes=None, search=Pattern("99"))
    clock = ticks()
    store.work(0.5, lambda: next(clock))
    store.add([line(n) for n in range(2000, 2100)])
    store.work(0.5, lambda: next(clock))
    assert store.seqs[-1] == 2099
    for _ in range(20):
        store.work(0.5, lambda: next(clock))
    assert store.seqs == list(range(2100))
    assert [store.base + n for n in range(2100) if "99" in str(n)] == store.hits
    check(store)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 30)), max_size=40))
@settings(max_examples=60)
def test_whatever_happens_in_whatever_order_the_rows_add_up(steps: list[tuple[int, int]]) -> None:
    store = LogStore(60, characters=4000)
    clock = ticks()
    n = 0
    for kind, size in steps:
        if kind == 0:
            fresh: list[Entry] = [
                Mark("--- m ---") if (n + k) % 9 == 0 else line(n + k, "z" * ((n + k) % 50))
                for k in range(size)
            ]
            n += size
            store.add(fresh)
        elif kind == 1:
            store.work(size / 10, lambda: next(clock))
        elif kind == 2:
            layout = Layout(40 + size, wrap=bool(size % 2))
            store.look(passes=only("z{9}") if size % 3 else None, search=None, layout=layout)  # type: ignore[arg-type]
        elif kind == 3:
            store.held = True
        else:
            store.release()
        check(store)
    store.release()
    store.work(10**6, lambda: next(clock))
    assert not store.busy
    check(store)


def test_lines_leave_a_window_of_time_from_the_top() -> None:
    store = LogStore(100)
    store.add([line(n, service=f"s{n % 3}") for n in range(50)])
    store.look(passes=None, search=Pattern("line"))
    store.work(9)
    assert store.expire(NOW + 20) == 20
    assert store.seqs == store.hits == list(range(20, 50))
    assert store.expire(NOW + 20) == 0
    check(store)


# What nobody has seen


def test_alarms_out_of_sight_are_counted_until_they_are_shown() -> None:
    store = LogStore(100)
    store.add([line(0, level="error"), line(1, level="warning", service="asr"), line(2)])
    assert store.unseen() == {"tts": (0, 1), "asr": (1, 0)}
    store.work(9)
    assert store.unseen() == {}
    store.look(passes=sieve(Filter(engines=("asr",)), NOW), search=None)
    store.work(9)
    assert store.unseen() == {}, "they were seen before"
    store.add(
        [line(3, level="critical"), line(4, level="warning"), line(5, level="error", service="asr")]
    )
    store.work(9)
    assert store.unseen() == {"tts": (1, 1)}
    store.look(passes=None, search=None)
    store.work(9)
    assert store.unseen() == {}


def test_a_flood_of_alarms_is_bounded() -> None:
    store = LogStore(100)
    for n in range(3 * ALARMS // 100):
        store.add([line(n, level="error")] * 100)
    assert store.unseen() == {"tts": (0, ALARMS)}
