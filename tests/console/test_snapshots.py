"""What the console looks like, as pictures: run with --snapshot-update after looking at them."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from engines.wire import show
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.link import Link
from kitsu_tui.model.state import reduce
from tests.console.conftest import console
from tests.support.scripted_show import START, log_lines, script


def still(*, live: bool = False, more: list[show.ShowEvent] | None = None) -> ConsoleApp:
    """A console with a fixed state and no connection."""
    link = Link(by="console:ana@test", clock=lambda: START)
    for event in [*script(live=live), *(more or [])]:
        reduce(link.state, show.Told(n=link.state.n + 1, t=START, event=event))
    link.state.operators = ["console:ana@pts/1", "console:bob@pts/7"]
    link.phase = "attached"
    link.lines.extend(log_lines(60))
    return console(link, connect=False)


async def settle(pilot: Pilot[object]) -> None:
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    await pilot.pause()
    app.desk.flush()
    app.desk.repaint()
    await pilot.pause()


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}")
def test_desk(snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    assert snap_compare(still(), terminal_size=size, run_before=settle)


@pytest.mark.usefixtures("utc")
def test_live_in_panic(snap_compare: Callable[..., bool]) -> None:
    surfaces: dict[str, float | None] = {"audio": 4.0, "policy": 11.0, "obs": None}
    pressed = show.Panicked(by="console:bob@pts/7", epoch=4, surfaces=surfaces, done=True)
    app = still(live=True, more=[pressed])
    assert snap_compare(app, terminal_size=(80, 24), run_before=settle)


@pytest.mark.usefixtures("utc")
def test_quit(snap_compare: Callable[..., bool]) -> None:
    async def ask(pilot: Pilot[object]) -> None:
        await settle(pilot)
        await pilot.press("q")

    assert snap_compare(still(), terminal_size=(80, 24), run_before=ask)
