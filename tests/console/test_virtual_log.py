"""The virtual log: bounded, follows its end, and never moves under a reader."""

from textual.app import App, ComposeResult

from engines.wire.logline import LogLine
from kitsu_tui.console.widgets.virtual_log import Mark, VirtualLog, format_line
from kitsu_tui.model.logfilter import Filter, Pattern, Term
from tests.support.scripted_show import log_lines


class Alone(App[None]):
    """A log and nothing else."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.view = VirtualLog(capacity=capacity)

    def compose(self) -> ComposeResult:
        yield self.view


def top(view: VirtualLog) -> str:
    """The topmost row in sight, without the sign of the cursor."""
    return rows(view)[view.scroll_offset.y][1:]


def rows(view: VirtualLog) -> list[str]:
    """Every row, also those out of sight."""
    lines = [view.line_at(y) for y in range(view.line_count())]
    return ["".join(text for text, _ in line).rstrip() for line in lines]


async def test_it_follows_the_end_and_keeps_no_more_than_its_bound() -> None:
    app = Alone(100)
    async with app.run_test(size=(60, 20)) as pilot:
        app.view.extend(log_lines(250))
        await pilot.pause()
        assert len(app.view.entries) == 100
        assert app.view.scroll_offset.y == app.view.max_scroll_y
        last = app.view.render_line(app.view.scrollable_content_region.height - 1)
        assert "line 249" in last.text


async def test_the_view_does_not_move_under_a_reader_whatever_comes() -> None:
    app = Alone(100)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.extend(log_lines(100))
        await pilot.pause()
        view.focus()
        await pilot.press("pageup")
        read = top(view)
        for _ in range(10):
            view.extend(log_lines(70))
            await pilot.pause()
            assert top(view) == read
        assert (view.following, view.behind) == (False, 700)
        assert len(view.entries) == 200
        view.follow()
        await pilot.pause()
        assert (view.following, view.behind) == (True, 0)
        assert len(view.entries) == 100
        assert [e.message for e in view.entries if isinstance(e, LogLine)] == [
            line.message for line in (log_lines(70) * 2)[-100:]
        ]


async def test_scrolling_down_to_the_end_follows_again() -> None:
    app = Alone(100)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.extend(log_lines(60))
        await pilot.pause()
        view.focus()
        await pilot.press("pageup")
        view.extend(log_lines(5))
        await pilot.press("pagedown", "pagedown")
        assert view.following
        view.extend(log_lines(30))
        await pilot.pause()
        assert view.scroll_offset.y == view.max_scroll_y


async def test_rows_of_a_traceback_stay_together() -> None:
    app = Alone(100)
    async with app.run_test(size=(60, 20)) as pilot:
        line = LogLine(
            ts="2027-01-15T08:00:00.000Z",
            service="tts",
            level="error",
            message="it broke\nbadly",
            exception="Traceback:\n  File x\nValueError: no\n",
        )
        app.view.extend([line])
        await pilot.pause()
        assert len(app.view.entries) == 1
        assert rows(app.view)[1:] == [
            "     badly",
            "     Traceback:",
            "       File x",
            "     ValueError: no",
        ]


async def test_a_long_and_wide_line_can_be_scrolled_sideways_in_whole_cells() -> None:
    app = Alone(100)
    async with app.run_test(size=(40, 10)) as pilot:
        line = LogLine(
            ts="2027-01-15T08:00:00.000Z", service="show", level="info", message="狐" * 60
        )
        app.view.extend([line, *log_lines(3)])
        await pilot.pause()
        app.view.focus()
        for _ in range(5):
            await pilot.press("right")
            assert app.view.render_line(0).cell_length == app.view.size.width


def test_a_line_s_level_stands_in_words_and_its_text_is_harmless() -> None:
    line = LogLine(
        ts="2027-01-15T08:00:00.000Z", service="t\x1b[1m", level="error", message="\x1b]0;x\x07"
    )
    text = "".join(part for part, _ in format_line(line))
    assert " ERROR " in text
    assert "\x1b" not in text
    assert "␛]0;x␇" in text
    odd = LogLine(ts="\x1bnot a time", service="s", level="verbose\n", message="m")
    assert "\x1b" not in "".join(part for part, _ in format_line(odd))


def said(view: VirtualLog) -> str:
    """The message at the cursor."""
    assert view.cursor is not None
    entry = view.store.entry(view.cursor)
    return entry.message.partition(":")[0] if isinstance(entry, LogLine) else str(entry)


def only(text: str, *, inverse: bool = False) -> Filter:
    return Filter(terms=(Term(text, inverse),))


async def test_the_cursor_comes_when_the_reader_moves_and_goes_at_the_end() -> None:
    app = Alone(1000)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.extend(log_lines(100))
        await pilot.pause()
        view.focus()
        assert view.cursor is None
        await pilot.press("down")
        assert (view.cursor, view.following) == (None, True)
        await pilot.press("up")
        assert (said(view), view.following) == ("line 99", False)
        assert rows(view)[99].startswith("▸")
        y = view.scroll_offset.y
        await pilot.press("up", "up", "up")
        assert (said(view), view.scroll_offset.y) == ("line 96", y)
        await pilot.press("pageup")
        assert (said(view), view.scroll_offset.y) == ("line 77", y - 19)
        await pilot.press("home")
        assert (said(view), view.scroll_offset.y) == ("line 0", 0)
        view.extend(log_lines(10))
        assert (said(view), view.scroll_offset.y, view.behind) == ("line 0", 0, 10)
        await pilot.press("end")
        assert (view.cursor, view.following, view.behind) == (None, True, 0)
        await pilot.press("up", "down")
        assert (view.cursor, view.following) == (None, True)


async def test_every_row_of_a_tall_line_can_be_read() -> None:
    app = Alone(1000)
    async with app.run_test(size=(60, 10)) as pilot:
        view = app.view
        view.toggle_wrap()
        tall = LogLine(
            ts="2027-01-15T08:00:00.000Z", service="s", level="info", message="0123456789" * 200
        )
        view.extend([*log_lines(5), tall, *log_lines(20)])
        await pilot.pause()
        view.focus()
        await pilot.press("home")
        seen: set[int] = set()
        for _ in range(200):
            seen |= set(range(view.scroll_offset.y, view.scroll_offset.y + 10))
            if view.following:
                break
            await pilot.press("down")
        assert view.following
        assert seen == set(range(view.line_count()))


async def test_a_filter_holds_while_lines_come_and_costs_the_reader_no_place() -> None:
    app = Alone(1000)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.extend(log_lines(200))
        view.use(only("[37]:"))
        view.extend(log_lines(50))
        await pilot.pause()
        shown = [row.split("line ")[1].partition(":")[0] for row in rows(view)]
        assert shown == [str(n) for n in (*range(200), *range(50)) if n % 10 in (3, 7)]
        view.focus()
        await pilot.press("pageup", "up")
        here, row = said(view), view.store.row_of(view._at(0)) - view.scroll_offset.y
        view.use(Filter())
        await pilot.pause()
        assert said(view) == here
        assert view.store.row_of(view._at(0)) - view.scroll_offset.y == row
        assert not view.following
        # The line under the cursor does not pass: the next one that does takes its place.
        view.use(only(here, inverse=True))
        await pilot.pause()
        number = int(here.split()[1])
        assert said(view) == f"line {number + 1}"


async def test_a_filter_that_leaves_a_reader_less_than_a_page_does_not_take_them_to_the_end() -> (
    None
):
    app = Alone(1000)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.extend(log_lines(200))
        await pilot.pause()
        view.focus()
        await pilot.press("home")
        view.use(only("line 1[57]:"))
        await pilot.pause()
        assert view.line_count() == 2
        assert not view.following
        view.use(only("nothing like it"))
        await pilot.pause()
        assert view.line_count() == 0
        await pilot.press("up", "down", "pageup", "home", "pagedown")
        view.extend(log_lines(3))
        view.use(Filter())
        await pilot.press("home")
        assert said(view) == "line 0"


async def test_remember_brings_the_reader_back() -> None:
    app = Alone(1000)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.extend(log_lines(200))
        await pilot.pause()
        view.focus()
        await pilot.press("pageup", "pageup", "up")
        here, y = said(view), view.scroll_offset.y
        back = view.remember()
        view.use(only("line 199"))
        await pilot.pause()
        view.use(Filter())
        back()
        await pilot.pause()
        assert (said(view), view.scroll_offset.y, view.following) == (here, y, False)
        await pilot.press("end")
        back = view.remember()
        await pilot.press("pageup")
        back()
        assert view.following


async def test_wrapping_shows_the_end_of_long_lines_and_keeps_the_place() -> None:
    app = Alone(1000)
    async with app.run_test(size=(60, 12)) as pilot:
        view = app.view
        long = [
            LogLine(
                ts="2027-01-15T08:00:00.000Z",
                service="s",
                level="info",
                message=f"{n} " + "x" * 150 + f"END{n}",
            )
            for n in range(40)
        ]
        view.extend(long)
        await pilot.pause()
        view.focus()
        assert not any("END" in view.render_line(y).text for y in range(12))
        await pilot.press("pageup", "up")
        here = view.cursor
        view.toggle_wrap()
        await pilot.pause()
        assert view.cursor == here
        assert view.max_scroll_x == 0
        assert any(f"END{here}" in view.render_line(y).text for y in range(12))
        await pilot.resize_terminal(100, 12)
        await pilot.pause()
        assert view.cursor == here
        assert any(f"END{here}" in view.render_line(y).text for y in range(12))
        view.follow()
        await pilot.pause()
        assert "END39" in view.render_line(11).text


async def test_what_is_found_is_marked_counted_and_gone_to_in_a_circle() -> None:
    app = Alone(1000)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.extend(log_lines(200))
        await pilot.pause()
        y = view.scroll_offset.y
        view.find(Pattern("line .?50:"))
        assert (view.store.hits, view.scroll_offset.y, view.following) == ([50, 150], y, True)
        assert view.seek(view.store.hits, 1) == (1, False)
        assert said(view) == "line 150"
        assert view.seek(view.store.hits, 1) == (0, True)
        assert said(view) == "line 50"
        await pilot.pause()
        page = view.scrollable_content_region.height
        above = view.store.row_of(50) - view.scroll_offset.y
        assert abs(above - page // 2) <= 1, "lines before it, and as many after it"
        line = view.line_at(view.store.row_of(50))
        assert [text for text, style in line if style == "match"] == ["line 50:"]
        assert {style for _, style in line[1:]} == {"selected", "match"}
        assert view.seek(view.store.hits, -1) == (1, True)
        assert view.seek(view.store.hits, -1) == (0, False)
        view.extend(log_lines(200))
        assert view.store.hits == [50, 150, 250, 350]
        assert said(view) == "line 50"
        assert view.seek([], 1) is None


async def test_bookmarks_and_marks_are_gone_to_by_the_same_keys() -> None:
    app = Alone(1000)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.extend([*log_lines(30), "--- attached again ---", *log_lines(30)])
        await pilot.pause()
        view.focus()
        assert view.landmarks() == [30]
        await pilot.press("up", "up")
        assert view.toggle_bookmark() is True
        assert view.landmarks() == [30, 59]
        assert rows(view)[59].startswith("◆")
        view.seek(view.landmarks(), -1)
        assert said(view) == str(Mark("--- attached again ---", view.store.entries[30].t))  # type: ignore[union-attr]
        view.use(only("line 1"))
        await pilot.pause()
        assert view.landmarks() == [30], "marks pass every filter; a hidden line is no place to go"
        view.use(Filter())
        view.seek(view.landmarks(), 1)
        assert view.toggle_bookmark() is False


async def test_a_line_that_goes_on_beyond_the_edge_says_so() -> None:
    app = Alone(100)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        messages = ("short", "x" * 200, "日" * 100)
        view.extend(
            [
                log_lines(1)[0].__class__(ts="", service="a", level="info", message=m)
                for m in messages
            ]
        )
        await pilot.pause()
        ends = [view.render_line(y) for y in range(3)]
        assert [strip.cell_length for strip in ends] == [view.size.width] * 3
        assert ["›" in strip.text for strip in ends] == [False, True, True]
        assert ends[1].text.endswith("x›")
        view.focus()
        await pilot.press(*["right"] * 9)
        await pilot.pause()
        assert "›" not in view.render_line(1).text
        view.toggle_wrap()
        await pilot.pause()
        assert "›" not in "".join(view.render_line(y).text for y in range(8))


async def test_sideways_goes_by_half_of_what_is_in_sight() -> None:
    app = Alone(100)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.extend(["x" * 300])
        await pilot.pause()
        view.focus()
        await pilot.press("right")
        await pilot.pause()
        assert view.scroll_offset.x == view.room // 2
        await pilot.press("right", "left", "left")
        await pilot.pause()
        assert view.scroll_offset.x == 0


async def test_a_range_is_selected_and_let_go() -> None:
    app = Alone(1000)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.extend(log_lines(50))
        await pilot.pause()
        view.focus()
        assert view.chosen() == []
        for _ in range(3):
            view.select(-1)
        chosen = [entry.message[:7] for entry in view.chosen() if isinstance(entry, LogLine)]
        assert chosen == ["line 47", "line 48", "line 49"]
        view.select(1)
        assert len(view.chosen()) == 2
        assert view.leave()
        assert len(view.chosen()) == 1
        assert view.leave()
        assert view.following
        assert not view.leave()


async def test_lines_of_the_last_minutes_leave_as_time_passes() -> None:
    now = [1_800_000_000.0]
    view = VirtualLog(clock=lambda: now[0])

    class Timed(App[None]):
        def compose(self) -> ComposeResult:
            yield view

    async with Timed().run_test(size=(60, 20)) as pilot:
        view.extend(log_lines(600, now[0] - 60))  # ten a second
        view.use(Filter(last=30))
        await pilot.pause()
        assert view.line_count() == 300
        now[0] += 10
        view.extend([])
        assert view.line_count() == 200
        view.focus()
        await pilot.press("up")
        now[0] += 10
        view.extend([])
        view.extend(log_lines(1, now[0]))
        assert view.line_count() == 201, "nothing goes from under a reader"
        await pilot.press("end")
        assert view.line_count() == 101


async def test_out_of_sight_nothing_is_worked_out_until_it_is_shown() -> None:
    app = Alone(1000)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.use(only("line 7:"))
        view.keep(log_lines(50))
        assert view.line_count() == 0
        assert set(view.store.unseen()) <= {"show", "audio", "asr", "policy", "tts"}
        view.extend([])
        await pilot.pause()
        assert view.line_count() == 1
