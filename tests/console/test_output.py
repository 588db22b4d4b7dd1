"""What the console draws on: a terminal that is slow, stalled or gone."""

import asyncio
import os
import sys
import threading
from collections.abc import Iterator

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from kitsu_tui.console.output import Output
from kitsu_tui.console.pacing import Pacing

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")

MUCH = "x" * 100_000


class Ends:
    """Both ends of a terminal, and what the output told."""

    def __init__(self) -> None:
        self.master, self._slave = os.openpty()
        self.output = Output(os.ttyname(self._slave))
        self.told: list[str] = []
        self.output.on_slow = lambda: self.told.append("slow")
        self.output.on_room = lambda: self.told.append("room")
        self.writer = threading.Thread(target=self._write, daemon=True)

    def _write(self) -> None:
        self.output.write(MUCH)
        self.output.flush()

    def until_slow(self) -> None:
        """Look until it is found slow."""
        for _ in range(1000):
            self.output.look()
            if self.told:
                return
            threading.Event().wait(0.01)
        pytest.fail("it was never slow")

    def read_all(self) -> int:
        """Read until all was written."""
        size = 0
        while size < len(MUCH):
            size += len(os.read(self.master, 1 << 16))
        return size

    def close(self) -> None:
        """Both."""
        self.output.abandon()
        for fd in (self.master, self._slave):
            os.close(fd)


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.close()


def test_what_is_read_at_once_is_not_slow(ends: Ends) -> None:
    ends.output.write("hello")
    ends.output.flush()
    ends.output.look()
    assert os.read(ends.master, 100) == b"hello"
    assert ends.told == []


def test_a_terminal_that_does_not_read_is_found_slow_once_and_told_when_it_has(ends: Ends) -> None:
    ends.writer.start()
    ends.until_slow()
    ends.output.look()
    assert ends.told == ["slow"]
    assert ends.read_all() == len(MUCH)
    ends.writer.join(10)
    assert ends.told == ["slow", "room"]
    ends.output.look()
    assert ends.told == ["slow", "room"]


def test_one_that_is_given_up_waits_no_more(ends: Ends) -> None:
    ends.writer.start()
    ends.until_slow()
    ends.output.abandon()
    ends.writer.join(10)
    assert not ends.writer.is_alive()
    assert ends.told == ["slow", "room"]


class OneLine(App[None]):
    """An app of one line."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self.pacing = Pacing(self, output)

    def compose(self) -> ComposeResult:
        yield Static("old")


async def test_nothing_is_drawn_between_slow_and_room(ends: Ends) -> None:
    app = OneLine(ends.output)
    async with app.run_test() as pilot:
        app.pacing.begin(asyncio.get_running_loop())
        ends.output.on_slow()
        await pilot.pause()
        held = app.pacing.held
        app.query_one(Static).update("new")
        await pilot.pause(0.1)
        assert app.screen._dirty_widgets
        ends.output.on_room()
        await pilot.pause(0.1)
        assert (held, app.pacing.held) == (True, False)
        assert not app.screen._dirty_widgets
        rows = app.screen._compositor.render_strips()
        assert "new" in "".join(segment.text for segment in rows[0])


@pytest.mark.parametrize("lost", [True, False])
async def test_a_frame_that_was_lost_is_made_up_for(
    ends: Ends, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    app = OneLine(ends.output)
    async with app.run_test() as pilot:
        app.pacing.begin(asyncio.get_running_loop())
        await pilot.pause(0.2)
        frames: list[bool] = []
        monkeypatch.setattr(app, "_display", lambda *_: frames.append(True))
        ends.output.on_slow()
        await pilot.pause(0.2)
        if lost:
            app.pacing.drawing()
        ends.output.on_room()
        await pilot.pause(0.2)
        assert bool(frames) == lost
