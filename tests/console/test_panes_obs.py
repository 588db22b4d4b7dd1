"""The OBS pane: the link in words, what can be switched over, and five hundred inputs."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from engines.wire import obs, show
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.arrangement import LAYOUTS, in_sight
from kitsu_tui.console.lines import Line, width_of
from kitsu_tui.console.link import Link
from kitsu_tui.console.obs_rows import act, body, top
from kitsu_tui.console.screens.confirm import Confirm
from kitsu_tui.console.screens.pick import Pick
from kitsu_tui.console.trends import Trends
from kitsu_tui.model.reduce import reduce
from kitsu_tui.model.state import ShowState
from tests.conftest import Sandbox
from tests.console.conftest import console, text_of, until
from tests.support.scripted_show import START, ScriptedShow, script
from tests.support.stage_script import DRILL, FIGURES, STATE, stage

Attached = tuple[ConsoleApp, Pilot[Any], ScriptedShow]


def made(*events: show.ShowEvent) -> ShowState:
    state = ShowState()
    for event in [*script(), *events]:
        reduce(state, show.Told(n=state.n + 1, t=START, event=event))
    return state


def text(line: Line) -> str:
    return "".join(text for text, _ in line).replace("\u00a0", " ")


def shown(state: ShowState, width: int = 100, trends: Trends | None = None) -> str:
    rows = [*top(state, trends or Trends(), START + 60, width), *body(state, width)]
    assert all(width_of(line) <= width for _, line in rows)
    return "\n".join(text(line) for _, line in rows)


def state(**changes: Any) -> obs.State:
    return msgspec.structs.replace(STATE, **changes)


@pytest.mark.parametrize(
    ("link", "words", "todo"),
    [
        ("connecting", "connecting to OBS", ""),
        ("closed", "OBS is closed", "start OBS"),
        ("hung", "OBS does not answer", "tried again"),
        ("refused", "OBS refuses the password", "OBS_WS_PASSWORD"),
        ("foreign", "something else answers", "obs.url"),
    ],
)
def test_every_state_of_the_link_says_what_to_do(link: obs.Link, words: str, todo: str) -> None:
    said = shown(made(*stage(obs.State(link=link, detail="why so", retry_s=4), None)))
    assert words in said
    assert "why so" in said
    assert "next try within 4 s" in said
    assert todo in said
    assert "inputs" not in said


def test_a_closed_obs_is_calm_and_a_wrong_password_is_not() -> None:
    styles = {}
    for link in ("closed", "refused"):
        event = stage(obs.State(link=link), None)
        _, line = top(made(*event), Trends(), START, 80)[0]
        styles[link] = {style for _, style in line}
    assert not {"bad", "warn"} & styles["closed"]
    assert "bad" in styles["refused"]


def test_scene_stream_and_outputs_are_told_in_words() -> None:
    said = shown(made(*stage()))
    for words in (
        "scene Talk  for 60 s by show (mood happy)  before: Starting soon",
        "LIVE 1:23:55",
        "6,012 kbit/s",
        "dropped 412 (0.1 %)",
        "skipped 3",
        "lagged 17",
        "congestion 4.0 %",
        "REC 1:23:10",
        "replay on",
        "OBS 30.1.2",
        "! missing: scene 'Closeup'",
        "NOT reached: obs.filter",
    ):
        assert words in said, words


def test_in_studio_mode_the_preview_is_told() -> None:
    said = shown(made(*stage(state(studio=True, preview="Game"))))
    assert "preview Game (studio mode)" in said
    assert "preview" not in shown(made(*stage()))


def test_the_bitrate_has_a_trend() -> None:
    trends = Trends()
    for n in range(12):
        figures = msgspec.structs.replace(FIGURES, bitrate_kbps=1000.0 * (n % 4))
        trends.take(show.Told(n=n, t=START + 5 * n, event=show.ObsFigures(figures=figures)))
    assert "▆" in shown(made(*stage()), 100, trends)


def test_not_streaming_is_said_and_no_losses_of_a_stream() -> None:
    figures = msgspec.structs.replace(FIGURES, live_s=None, frames=0, dropped=0)
    said = shown(made(*stage(state(streaming=False, recording=False), figures)))
    assert "stream off" in said
    assert "recording off" in said
    assert "dropped" not in said


def test_inputs_sources_and_filters_say_how_they_are() -> None:
    rows = shown(made(*stage())).splitlines()
    (desktop,) = [row for row in rows if "Desktop" in row]
    assert "MUTED" in desktop
    assert "-12.0 dB" in desktop
    assert any("Mic" in row and "open" in row for row in rows)
    assert any("Kitsu says" in row and "Of foxes" in row for row in rows)
    assert any("Camera" in row and row.endswith("off") for row in rows)
    assert any("Glow" in row and "on Kitsu" in row for row in rows)
    assert any("filters: 1 of 2 on" in row for row in rows)


def test_the_last_rehearsal_is_told_surface_by_surface() -> None:
    rows = shown(made(*stage())).splitlines()
    (scene,) = [row for row in rows if row.startswith(" obs.scene")]
    assert scene.split() == ["obs.scene", "62", "ms", "71", "ms"]
    assert any(row.startswith(" obs.filter") and "FAILED" in row for row in rows)
    without = [event for event in stage() if event is not DRILL]
    assert "panic was never rehearsed" in shown(made(*without))


def test_while_panic_is_latched_each_surface_of_obs_is_told() -> None:
    panic = show.Panicked(
        by="x",
        epoch=4,
        surfaces={"audio": 4.0, "obs.scene": 61.0, "obs.filter": None},
        waits=["obs.mutes"],
        why={"obs.mutes": "OBS is closed"},
        done=True,
    )
    said = shown(made(*stage(), panic))
    assert "obs.scene after 61 ms" in said
    assert "obs.filter FAILED" in said
    assert "obs.mutes WAITS (OBS is closed)" in said


@pytest.mark.parametrize("width", [24, 30, 38, 56, 80, 196])
def test_no_row_is_wider_than_the_pane(width: int) -> None:
    shown(made(*stage()), width)
    shown(made(*stage(obs.State(link="foreign", detail="x" * 90), None)), width)


def test_names_from_obs_cannot_act_on_the_terminal() -> None:
    evil = state(scene="a\x1b[2Jb", inputs=[obs.Input(name="\x9b31mred", muted=False)])
    assert "\x1b" not in shown(made(*stage(evil)))
    assert "\x9b" not in shown(made(*stage(evil)))


def test_switching_a_row_over_says_which_way() -> None:
    assert act(("input", "Mic"), STATE) == (obs.SetMute(input="Mic", on=True), "mute Mic")
    assert act(("input", "Desktop"), STATE) == (
        obs.SetMute(input="Desktop", on=False),
        "open Desktop",
    )
    assert act(("item", "Talk", "Camera", "3"), STATE) == (
        obs.SetSource(source="Camera", on=True, scene="Talk"),
        "show Camera",
    )
    assert act(("filter", "Kitsu", "Glow"), STATE) == (
        obs.SetFilter(filter="Glow", source="Kitsu", on=False),
        "filter Glow off",
    )
    assert act(("input", "gone"), STATE) is None


def many() -> obs.State:
    return state(
        inputs=[obs.Input(name=f"Input {n}", muted=False, volume_db=0) for n in range(500)],
        items=[obs.Item(scene="Talk", source=f"Source {n}", on=True, id=n) for n in range(500)],
        filters=[obs.Filter(source="Kitsu", name=f"Filter {n}", on=True) for n in range(500)],
    )


@pytest.fixture
async def attached(sandbox: Sandbox) -> AsyncIterator[Attached]:
    events = [*script(), *stage()]
    async with ScriptedShow(sandbox.environ, events, clock=lambda: START) as server:
        app = console()
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.link.attached)
            yield app, pilot, server


async def test_five_hundred_inputs_are_made_once_and_not_every_second(attached: Attached) -> None:
    app, pilot, server = attached
    server.tell(show.ObsState(state=many()))
    await pilot.press("O")
    await until(pilot, lambda: "inputs (500)" in text_of(app))
    app.desk.repaint()  # with the scrollbar that it has now
    await pilot.pause()
    pane = app.desk.obs
    made_once = pane._body
    assert len(made_once) > 1500
    server.tell(show.ObsFigures(figures=FIGURES))
    app.desk._tick()
    app.desk.flush()
    await pilot.press("down", "down", "down")
    assert pane._body is made_once
    for _ in range(40):
        await pilot.press("down")
    await until(pilot, lambda: ">● Input 40" in text_of(app))


async def test_enter_switches_the_selected_row_over(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("O", "down", "down", "down", "down", "enter")
    asked = await server.until_asked("show.obs")
    assert asked.change == obs.SetMute(input="Desktop", on=False)
    assert asked.by == "console:ana@test"
    await until(pilot, lambda: "open Desktop: done" in " ".join(app.desk.notices_shown))


async def test_enter_on_the_scene_opens_the_list_of_scenes(attached: Attached) -> None:
    app, pilot, _ = attached
    await pilot.press("O", "enter")
    await until(pilot, lambda: isinstance(app.screen, Pick))


async def test_ending_the_recording_asks_and_starting_does_not(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("O", "W")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    await pilot.press("n")
    await pilot.press("down", "enter")  # the row of the recording
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    await pilot.press("y")
    assert (await server.until_asked("show.obs")).change == obs.SetRecord(do="stop")
    server.tell(show.ObsState(state=state(recording=False)))
    await until(pilot, lambda: "recording off" in text_of(app))
    await pilot.press("W")
    await server.until(lambda: len(server.asked) == 2)
    assert server.asked[1][1].change == obs.SetRecord(do="start")


async def test_the_replay_is_saved_and_its_buffer_begun_when_it_is_off(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("O", "b")
    assert (await server.until_asked("show.obs")).change == obs.SetReplay(do="save")
    server.tell(show.ObsState(state=state(replay=False)))
    await until(pilot, lambda: "replay off" in text_of(app))
    await pilot.press("b")
    await server.until(lambda: len(server.asked) == 2)
    assert server.asked[1][1].change == obs.SetReplay(do="start")


async def test_a_refusal_of_the_show_is_said(attached: Attached) -> None:
    app, pilot, server = attached
    server.refuse["show.obs"] = "OBS says no"
    await pilot.press("O", "b")
    await until(pilot, lambda: "save the replay: OBS says no" in " ".join(app.desk.notices_shown))


async def test_a_console_that_only_reads_switches_nothing(sandbox: Sandbox) -> None:
    events = [*script(), *stage()]
    async with ScriptedShow(sandbox.environ, events, clock=lambda: START) as server:
        app = console(Link(by="console:mod@test", clock=lambda: START, read_only=True))
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.link.attached)
            for key in ("enter", "W", "b", "N", "S", "p", "R"):
                await pilot.press("O", key)
                await until(pilot, lambda: "only reads" in " ".join(app.desk.notices_shown))
                app.desk.notices_shown.clear()
            await pilot.press("down", "enter")
            assert server.asked == []
            assert server.touches == 0


async def test_a_profile_without_obs_has_a_line_and_no_place_for_it(scripted: ScriptedShow) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.link.attached)
        assert not app.desk.obs.display or "obs" not in app.desk.visible_panes
        await pilot.press("Z", "Z", "Z")
        assert "O OBS" not in text_of(app)
        await pilot.press("O")
        await until(pilot, lambda: "no OBS in this profile" in text_of(app))
        assert app.desk.obs.line_count() == 1


async def test_with_obs_it_has_a_place_from_the_moment_that_it_is_there(
    scripted: ScriptedShow,
) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.link.attached)
        assert "obs" not in app.desk.visible_panes
        for event in stage():
            scripted.tell(event)
        await until(pilot, lambda: "obs" in app.desk.visible_panes)
        await until(pilot, lambda: "scene Talk  for" in text_of(app))
        for size in ((120, 40), (200, 50)):
            await pilot.resize_terminal(*size)
            for layout in ("desk", "watch"):
                app.desk.use_layout(layout)
                await pilot.pause()
                assert "obs" in app.desk.visible_panes
                sizes = {name: app.desk.panes[name].size for name in app.desk.visible_panes}
                assert all(one.height >= 3 and one.width > 15 for one in sizes.values()), sizes


def test_no_layout_loses_its_active_pane_when_there_is_obs() -> None:
    for layout in LAYOUTS:
        for size in ("small", "medium", "large"):
            for active in ("transcript", "obs", "alerts", "host", "logs"):
                panes = in_sight(size, layout, active, obs=True)
                assert active in panes
                assert len(set(panes)) == len(panes)
    assert "obs" in in_sight("medium", "watch", "logs", obs=True)
    assert "obs" not in in_sight("medium", "watch", "logs")
