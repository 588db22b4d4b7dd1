"""Scenes, rehearsals of panic, profiles, and that somebody is there: by keys."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engines.wire import control, show
from kitsu_tui.config import profile as profiles
from kitsu_tui.console import presence
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.presence import Presence
from kitsu_tui.console.screens.confirm import Confirm
from kitsu_tui.console.screens.pick import Pick, near
from kitsu_tui.console.screens.sheet import Sheet
from tests.conftest import Sandbox
from tests.console.conftest import console, text_of, until
from tests.support.scripted_show import START, ScriptedShow, script
from tests.support.stage_script import DRILL, STATE, stage

Attached = tuple[ConsoleApp, Pilot[Any], ScriptedShow]
OFF_AIR = msgspec.structs.replace(STATE, streaming=False, recording=False)
PLAN = control.Plan(
    profile="calm",
    before="starter",
    changes=[
        control.KeyChange(key="persona.preset", before="kawaii", after="calm"),
        control.KeyChange(key="obs.password", before="(not set)", after="(set)"),
        control.KeyChange(key="tts.threads", before=2, after=4),
    ],
    at_once=["persona", "keys"],
    reconfigured=["policy"],
    restarts=["tts"],
    later=["show.journal_mb"],
    problems=["scenes.moods.angry: OBS has no scene 'Closeup'"],
)


@pytest.fixture
async def attached(sandbox: Sandbox) -> AsyncIterator[Attached]:
    """A console on a show with OBS, off air."""
    events = [*script(), *stage(OFF_AIR, None)]
    async with ScriptedShow(sandbox.environ, events, clock=lambda: START) as server:
        app = console()
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: app.link.attached)
            yield app, pilot, server


def notices(app: ConsoleApp) -> str:
    return " | ".join(app.desk.notices_shown)


# Scenes


async def test_a_scene_is_typed_in_part_and_taken(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("S")
    await until(pilot, lambda: isinstance(app.screen, Pick))
    assert "● Talk" in text_of(app)
    assert "Starting soon  (the one before)" in text_of(app)
    await pilot.press(*"clos", "enter")
    asked = await server.until_asked("show.scene")
    assert (asked.scene, asked.cut, asked.by) == ("Close-up", False, "console:ana@test")
    await until(pilot, lambda: "scene Close-up" in notices(app))


async def test_enter_alone_goes_back_to_the_scene_before(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("S")
    await until(pilot, lambda: isinstance(app.screen, Pick))
    await pilot.press("enter")
    assert (await server.until_asked("show.scene")).scene == "Starting soon"


async def test_the_pane_has_a_key_for_the_scene_before(attached: Attached) -> None:
    _, pilot, server = attached
    await pilot.press("O", "N")
    assert (await server.until_asked("show.scene")).scene == "Starting soon"


async def test_what_is_called_otherwise_is_offered_by_likeness(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("S")
    await until(pilot, lambda: isinstance(app.screen, Pick))
    await pilot.press(*"clsoeup")
    await until(pilot, lambda: "these are near" in text_of(app))
    await pilot.press("enter")
    assert (await server.until_asked("show.scene")).scene == "Close-up"


async def test_only_what_the_profile_wants_offered_is_and_in_its_order(attached: Attached) -> None:
    app, pilot, server = attached
    server.tell(show.ObsState(state=STATE, offers=["Close-up", "Talk"]))
    await until(pilot, lambda: app.link.state.obs.offers)
    await pilot.press("S")
    await until(pilot, lambda: isinstance(app.screen, Pick))
    text = text_of(app)
    assert text.index("Close-up") < text.rindex("Talk")
    assert "Starting soon  (the one before)" not in text


def test_near_names() -> None:
    choices = [(name, name) for name in STATE.scenes]
    assert near("bbr", choices)[0][0] == "BRB"
    assert near("tak", choices)[0][0] == "Talk"
    assert near("strating", choices)[0][0] == "Starting soon"
    assert near("xqzw", choices) == []


async def test_during_panic_no_scene_is_offered_and_a_recording_still_is(
    attached: Attached,
) -> None:
    app, pilot, server = attached
    server.tell(show.Panicked(by="x", epoch=4))
    await until(pilot, lambda: app.link.state.panic.latched)
    await pilot.press("S")
    await until(pilot, lambda: "panic holds OBS as it is; o resumes" in notices(app))
    assert app.screen is app.desk
    await pilot.press("O", "W")
    await server.until_asked("show.obs")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (show.ObsState(state=msgspec.structs.replace(STATE, link="closed")), "OBS is closed"),
        (show.ObsState(state=msgspec.structs.replace(STATE, link="refused")), "refuses the pass"),
        (show.EngineChanged(engine="obs", state="failed"), "the obs engine is failed"),
        (show.EngineChanged(engine="obs", state="off"), "this profile has no OBS"),
    ],
)
async def test_why_no_scene_can_be_had_is_said(
    attached: Attached, event: show.ShowEvent, words: str
) -> None:
    app, pilot, server = attached
    server.tell(event)
    await until(pilot, lambda: app.link.state.n == server.state.n)
    await pilot.press("S")
    await until(pilot, lambda: words in notices(app))
    assert server.asked == []


# Rehearsals of panic


async def test_a_rehearsal_asks_and_shows_its_figures(attached: Attached) -> None:
    app, pilot, server = attached
    server.answers["show.drill"] = control.Drilled(drill=DRILL)
    await pilot.press("R")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    assert "Last: " in text_of(app)
    await pilot.press("y")
    assert (await server.until_asked("show.drill")).on_air is False
    await until(pilot, lambda: isinstance(app.screen, Sheet))
    await until(pilot, lambda: "NOT ALL WAS REACHED" in text_of(app))
    assert "obs.scene" in text_of(app)
    assert "62 ms" in text_of(app)
    await until(pilot, lambda: "NOT reached: obs.filter" in notices(app))
    await pilot.press("enter")
    await until(pilot, lambda: app.screen is app.desk)


async def test_before_an_audience_a_rehearsal_asks_twice(attached: Attached) -> None:
    app, pilot, server = attached
    server.tell(show.ObsState(state=STATE))
    await until(pilot, lambda: app.link.state.n == server.state.n)
    await pilot.press("R", "y")
    await until(pilot, lambda: "STREAMS and RECORDS" in text_of(app))
    await pilot.press("n")
    assert server.asked == []
    await pilot.press("R", "y")
    await until(pilot, lambda: "STREAMS and RECORDS" in text_of(app))
    await pilot.press("y")
    assert (await server.until_asked("show.drill")).on_air is True


async def test_a_refusal_for_the_audience_s_sake_asks_too(attached: Attached) -> None:
    app, pilot, server = attached
    server.refuse["show.drill"] = "whether OBS streams cannot be told; say --on-air"
    await pilot.press("R", "y")
    await until(pilot, lambda: "Rehearse all the same" in text_of(app))
    del server.refuse["show.drill"]
    await pilot.press("y")
    await server.until(lambda: len(server.asked) == 2)
    assert server.asked[1][1].on_air is True


async def test_nothing_is_rehearsed_while_panic_is_latched(attached: Attached) -> None:
    app, pilot, server = attached
    server.tell(show.Panicked(by="x", epoch=4))
    await until(pilot, lambda: app.link.state.panic.latched)
    await pilot.press("R")
    await until(pilot, lambda: "panic itself is latched" in notices(app))


# Profiles


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Profiles of this test: one good, one live with keys that cannot be, one broken."""
    for name in ("base", "starter"):
        real = profiles.profiles_folder() / f"{name}.yaml"
        (tmp_path / real.name).write_text(real.read_text())
    (tmp_path / "calm.yaml").write_text("extends: starter\ntitle: A calm evening\n")
    (tmp_path / "loud.yaml").write_text(
        "extends: starter\ntitle: loud\nlive: true\nconsole: {keys: {interrupt: [m]}}\n"
    )
    (tmp_path / "odd.yaml").write_text("extends: starter\npersonna: {}\n")
    monkeypatch.setattr(profiles, "profiles_folder", lambda: tmp_path)
    return tmp_path


async def plan(pilot: Pilot[Any], app: ConsoleApp, server: ScriptedShow, name: str) -> None:
    server.answers["show.profile"] = control.Switched(plan=PLAN, done=False)
    await pilot.press("p")
    await until(pilot, lambda: isinstance(app.screen, Pick))
    await pilot.press(*name, "enter")
    await until(pilot, lambda: isinstance(app.screen, Sheet))
    await until(pilot, lambda: "starter → calm" in text_of(app))


async def test_a_profile_is_chosen_its_difference_read_and_then_switched_to(
    attached: Attached, folder: Path
) -> None:
    app, pilot, server = attached
    await pilot.press("p")
    await until(pilot, lambda: isinstance(app.screen, Pick))
    said = text_of(app)
    assert "● starter" in said
    assert "calm  A calm evening" in said
    assert "loud  LIVE" in said
    assert "odd  BROKEN:" in said
    await pilot.press("escape")
    await plan(pilot, app, server, "calm")
    said = text_of(app)
    for words in (
        "begin anew    tts",
        "at once       persona, keys",
        "while it runs policy",
        "next show     show.journal_mb",
        "OBS has no scene 'Closeup'",
        "persona.preset kawaii → calm",
        "obs.password (not set) → (set)",
        "tts.threads 2 → 4",
        "Enter switches, Esc leaves",
    ):
        assert words in said, words
    assert [params.dry_run for _, params in server.asked] == [True]
    server.answers["show.profile"] = control.Switched(plan=PLAN, done=True, ms=140)
    await pilot.press("enter")
    await server.until(lambda: len(server.asked) == 2)
    asked = server.asked[1][1]
    assert (asked.profile, asked.dry_run) == ("calm", False)
    await until(pilot, lambda: "profile calm: done after 140 ms" in notices(app))


async def test_escape_leaves_the_profile_as_it_is(attached: Attached, folder: Path) -> None:
    app, pilot, server = attached
    await plan(pilot, app, server, "calm")
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is app.desk)
    assert [params.dry_run for _, params in server.asked] == [True]


async def test_a_profile_that_lies_elsewhere_is_typed_as_a_path(
    attached: Attached, folder: Path, tmp_path: Path
) -> None:
    app, pilot, server = attached
    mine = tmp_path / "mine" / "tonight.yaml"
    mine.parent.mkdir()
    mine.write_text("extends: starter\nlive: true\n", "utf-8")
    server.answers["show.profile"] = control.Switched(plan=PLAN, done=False)

    async def typed(path: Path) -> None:
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        app.screen.query_one(Input).value = str(path)
        await pilot.pause()
        await pilot.press("enter")

    await typed(mine)
    await until(pilot, lambda: "a LIVE profile" in text_of(app))
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is app.desk)
    await typed(mine.with_name("none.yaml"))
    await until(pilot, lambda: "none.yaml: no such profile file" in notices(app))
    ((_, asked),) = server.asked
    assert (asked.profile, asked.dry_run) == (str(mine), True)


async def test_a_broken_profile_says_why_and_asks_nothing(attached: Attached, folder: Path) -> None:
    app, pilot, server = attached
    await pilot.press("p")
    await until(pilot, lambda: isinstance(app.screen, Pick))
    await pilot.press(*"odd", "enter")
    await until(pilot, lambda: "unknown key personna" in notices(app))
    assert server.asked == []


async def test_keys_that_cannot_be_are_told_before_the_switch(
    attached: Attached, folder: Path
) -> None:
    app, pilot, server = attached
    await plan(pilot, app, server, "loud")
    assert "a LIVE profile" in text_of(app)
    assert "its keys are not taken" in text_of(app)


async def test_a_switch_that_is_refused_is_said(attached: Attached, folder: Path) -> None:
    app, pilot, server = attached
    await plan(pilot, app, server, "calm")
    server.refuse["show.profile"] = "tts was not ready within 60 s; starter holds"
    await pilot.press("enter")
    await until(pilot, lambda: "calm: tts was not ready within 60 s" in notices(app))


async def test_while_one_switches_no_other_is_begun(attached: Attached) -> None:
    app, pilot, server = attached
    server.tell(show.Switching(profile="calm", by="console:bob@x", phase="preparing"))
    await until(pilot, lambda: app.link.state.switching.phase)
    await pilot.press("p")
    await until(pilot, lambda: "bob@x switches to calm already" in notices(app))


def changed(**wishes: Any) -> show.ProfileChanged:
    return show.ProfileChanged(
        profile="loud",
        before="starter",
        by="console:bob@x",
        title="Loud",
        live=True,
        engines=["audio", "asr", "policy", "tts", "metrics"],
        restarted=["tts"],
        console=show.ConsoleWishes(**wishes),
    )


async def test_keys_theme_layout_and_the_live_look_follow_a_switch(attached: Attached) -> None:
    app, pilot, server = attached
    assert not app.desk.has_class("-live")
    server.tell(changed(keys={"interrupt": ["f8", "M"]}, theme="light", layout="talk"))
    await until(pilot, lambda: app.desk.has_class("-live"))
    assert (app.theme_name, app.desk.layout_name) == ("light", "talk")
    assert "LIVE" in text_of(app).splitlines()[0]
    await pilot.press("x", "M")
    await server.until_asked("show.interrupt")
    assert [name for name, _ in server.asked] == ["show.interrupt"]
    assert "starter → loud by bob@x" in notices(app)
    assert not app.desk.has_obs


async def test_a_switch_does_not_make_keys_of_what_is_being_typed(attached: Attached) -> None:
    app, pilot, server = attached
    await pilot.press("slash", *"ab")
    server.tell(changed(layout="talk", keys={"interrupt": ["c"], "persona": ["M"]}))
    await until(pilot, lambda: app.desk.layout_name == "talk")
    await pilot.press("c", "enter")
    assert (await server.until_asked("show.say")).text == "abc"
    assert [name for name, _ in server.asked] == ["show.say"]


async def test_keys_that_cannot_be_leave_those_from_before(attached: Attached) -> None:
    app, pilot, server = attached
    server.tell(changed(keys={"interrupt": ["M"], "panic": ["f12"]}))
    await until(pilot, lambda: app.desk.keys["interrupt"] == ("M",))
    assert {"f9", "ctrl+o", "f12"} == app._panic_keys
    server.tell(changed(keys={"interrupt": ["m"], "panic": ["f10"]}))
    await until(pilot, lambda: "the profile's keys are not used" in notices(app))
    await pilot.press("M")
    await server.until_asked("show.interrupt")
    assert {"f9", "ctrl+o", "f12"} == app._panic_keys
    server.tell(changed())
    await until(pilot, lambda: app.desk.keys["interrupt"] == ("x", "space"))
    assert app._panic_keys == {"f9", "ctrl+o"}


# That somebody is there


async def test_a_key_says_that_somebody_is_there_once_in_a_while(
    attached: Attached, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, pilot, server = attached
    now = [100.0]
    monkeypatch.setattr(app, "_presence", Presence(app, app.link, lambda: now[0]))
    await pilot.press("down", "up", "t", "e")
    await server.until(lambda: server.touches == 1)
    now[0] += presence.EVERY_S - 0.1
    await pilot.press("t")
    now[0] += 0.2
    await pilot.press("e", "t")
    await server.until(lambda: server.touches == 2)
    await pilot.pause()
    assert server.touches == 2


async def test_a_refusal_of_the_touch_troubles_nobody(attached: Attached) -> None:
    app, pilot, server = attached
    server.refuse["show.touch"] = "unknown request"
    await pilot.press("down")
    await server.until(lambda: server.touches == 1)
    await pilot.press("m")
    await server.until_asked("show.mute")
    assert "unknown request" not in notices(app)


async def test_the_banner_of_an_absence_goes_with_the_key_for_alerts(attached: Attached) -> None:
    app, pilot, server = attached
    gone = show.OperatorGone(since=START - 720, why="no console for 60 s", did="brb")
    server.tell(gone, show.OperatorBack(by="console:ana@test", gone_s=720))
    await until(pilot, lambda: "You were away 12 min" in text_of(app))
    assert "you were away 12 min" in notices(app)
    await pilot.press("A")
    await until(pilot, lambda: "You were away" not in text_of(app))
    assert server.asked == []  # no alert was new
    server.tell(show.Alert(level="warning", text="x"))
    await until(pilot, lambda: app.link.state.alerts)
    await pilot.press("A")
    await server.until_asked("show.acknowledge")
