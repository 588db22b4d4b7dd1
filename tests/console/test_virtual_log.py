"""The virtual log: bounded, follows its end, and never moves under a reader."""

from textual.app import App, ComposeResult

from engines.wire.logline import LogLine
from kitsu_tui.console.widgets.virtual_log import VirtualLog, format_line
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
