"""What the console looks like, as pictures: run with --snapshot-update after looking at them."""

from collections.abc import Callable

import msgspec
import pytest
from textual.pilot import Pilot

from engines.wire import control, obs, show
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.link import Link
from kitsu_tui.console.notice_line import NoticeLine
from kitsu_tui.console.screens.blocklist import Blocklist
from kitsu_tui.console.screens.sheet import Sheet
from kitsu_tui.console.sheets import plan_lines
from kitsu_tui.model.reduce import reduce
from tests.console.conftest import console
from tests.support.lines_script import SECOND, held, over, reviewed
from tests.support.scripted_show import START, log_lines, script
from tests.support.stage_script import STATE, stage


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
    app.desk.logs._gather()  # else a timer does it, sooner or later
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


def _closed() -> obs.State:
    return obs.State(link="closed", detail=CLOSED, retry_s=4, scene="Talk")


PLAN = control.Plan(
    profile="live",
    before="starter",
    changes=[
        control.KeyChange(key="live", before=False, after=True),
        control.KeyChange(key="obs.password", before="(not set)", after="(set)"),
        control.KeyChange(key="persona.preset", before="kawaii", after="calm"),
        control.KeyChange(key="scenes.moods.happy", before="Close-up", after=None),
    ],
    at_once=["goes live", "persona", "scenes"],
    reconfigured=["obs"],
    restarts=["tts"],
    problems=["scenes.moods.angry: OBS has no scene 'Closeup'; did you mean 'Close-up'?"],
)
CLOSED = "OBS is not running at 127.0.0.1:4455"
WAITS = show.Panicked(
    by="console:bob@pts/7",
    epoch=4,
    surfaces={"audio": 4.0, "policy": 11.0, "tts": 9.0},
    waits=["obs.scene", "obs.mutes"],
    why={"obs.scene": CLOSED, "obs.mutes": CLOSED},
    done=True,
)
AWAY: list[show.ShowEvent] = [
    show.OperatorGone(since=START - 720, why="no console", did="brb", detail="scene BRB"),
    show.SceneChanged(scene="BRB", before="Talk", by="operator gone"),
    show.ObsState(state=msgspec.structs.replace(STATE, scene="BRB")),
    show.OperatorBack(by="console:ana@test", gone_s=720),
]
STAGE: dict[str, tuple[tuple[int, int], bool, list[show.ShowEvent], list[str]]] = {
    "obs": ((80, 24), True, stage(), ["O"]),
    "obs-desk": ((120, 40), True, stage(), []),
    "obs-watch": ((200, 50), False, stage(), ["Z", "Z"]),
    "scene-near": ((80, 24), True, [*stage(), *AWAY], ["S", *"bbr"]),
    "panic-waits": ((80, 24), True, [*stage(), show.ObsState(state=_closed()), WAITS], ["O"]),
}
"""Size, live, what has happened, keys."""


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("name", STAGE)
def test_stage(snap_compare: Callable[..., bool], name: str) -> None:
    size, live, more, keys = STAGE[name]

    async def go(pilot: Pilot[object]) -> None:
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)

    assert snap_compare(still(live=live, more=more), terminal_size=size, run_before=go)


@pytest.mark.usefixtures("utc")
def test_plan(snap_compare: Callable[..., bool]) -> None:
    app = still(more=stage())

    async def go(pilot: Pilot[object]) -> None:
        await settle(pilot)
        await app.push_screen(
            Sheet(
                "Another profile", lambda width: plan_lines(PLAN, [], width, live=True), "switches"
            )
        )
        await settle(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=go)


LINES: dict[str, tuple[tuple[int, int], list[show.ShowEvent], list[str]]] = {
    **{f"held-{size[0]}": (size, held(), []) for size in ((40, 10), (80, 24), (120, 40))},
    **{f"review-{size[0]}": (size, reviewed(), ["J"]) for size in ((40, 10), (80, 24), (200, 50))},
    **{f"over-{size[0]}": (size, over(), []) for size in ((80, 24), (120, 40))},
    "over-turn": ((80, 40), over(), ["up", "enter"]),
    "unseen": ((80, 24), reviewed(), ["l"]),
    "no-rules": ((80, 24), [show.GateState(rules=0, error="base.yaml: not a list of rules")], []),
}
"""Size, what has happened, keys."""


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("name", LINES)
def test_lines_to_come(snap_compare: Callable[..., bool], name: str) -> None:
    size, more, keys = LINES[name]

    async def go(pilot: Pilot[object]) -> None:
        await settle(pilot)
        await pilot.press(*keys)
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        app.desk._notices = NoticeLine()  # what was said at once has gone
        await settle(pilot)

    assert snap_compare(still(more=more), terminal_size=size, run_before=go)


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 40)], ids=lambda size: f"{size[0]}")
def test_blocklist(snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    app = still(more=held())
    texts = [f"word {number}" for number in range(12)]

    async def ask(what: str, text: str) -> control.Listed:
        return control.Listed(texts=[text, *texts] if text else texts)

    async def go(pilot: Pilot[object]) -> None:
        await settle(pilot)
        app.desk._notices = NoticeLine()
        await app.push_screen(Blocklist(ask, SECOND))
        await pilot.press(*"bobsleigh", "enter")
        await settle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=go)


SCREENS: dict[str, tuple[tuple[int, int], list[str]]] = {
    "engines": ((80, 24), ["e", "down", "down", "down"]),
    "latency": ((80, 24), ["y"]),
    "host": ((80, 24), ["h"]),
    "alerts": ((80, 24), ["a"]),
    "logs-filtered": ((100, 30), ["l", "z", "F", *"level:w", "enter"]),
    "log-line": ((80, 24), ["l", "up", "enter"]),
    "turn": ((80, 24), ["up", "up", "enter"]),
    "talk": ((120, 40), ["Z"]),
    "watch": ((120, 40), ["Z", "Z"]),
    "focus": ((80, 24), ["Z", "Z", "Z"]),
    "help": ((80, 24), ["question_mark"]),
    "palette": ((80, 24), ["ctrl+p"]),
    "pick": ((80, 24), ["c"]),
    "which-engine": ((80, 24), ["K"]),
    "confirm": ((80, 24), ["e", "K"]),
    "quit": ((80, 24), ["q"]),
    "no-colours": ((80, 24), ["T", "T", "T", "T", "T"]),
    "narrow": ((40, 10), []),
}
"""What is seen at this size after these keys."""


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("name", SCREENS)
def test_screens(snap_compare: Callable[..., bool], name: str) -> None:
    size, keys = SCREENS[name]

    async def go(pilot: Pilot[object]) -> None:
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)

    alerts: list[show.ShowEvent] = [
        show.Alert(level="warning", text="tts died (killed by SIGKILL)", about="tts"),
        show.Alert(level="error", text="the panic latch cannot be saved"),
    ]
    assert snap_compare(still(more=alerts), terminal_size=size, run_before=go)
