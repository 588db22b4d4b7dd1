"""Actions by their keys: layouts, the prompt, the pick list, themes, pause, and only reading."""

from pathlib import Path

import pytest

from engines.wire import control, show
from kitsu_tui.console import themes
from kitsu_tui.console.app import ConsoleApp
from kitsu_tui.console.arrangement import LAYOUTS
from kitsu_tui.console.link import Link
from kitsu_tui.console.screens.pick import Pick
from kitsu_tui.console.widgets.prompt import Prompt
from kitsu_tui.console.widgets.row import Row
from kitsu_tui.model.reduce import reduce
from tests.console.conftest import console, text_of, until
from tests.support.scripted_show import START, ScriptedShow, script


def asked(server: ScriptedShow, kind: str) -> list[object]:
    """The bodies of what was asked of the show."""
    return [params for name, params in server.asked if name == kind]


async def test_every_layout_shows_its_panes_and_all_of_them_at_the_end(
    scripted: ScriptedShow,
) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.link.attached)
        for name in (*LAYOUTS[1:], LAYOUTS[0]):
            await pilot.press("Z")
            await pilot.pause()
            assert app.desk.layout_name == name
            shown = {n for n, pane in app.desk.panes.items() if pane.display and pane.size.width}
            assert shown == set(app.desk.visible_panes)
            assert app.desk.active in shown
            assert app.focused is app.desk.panes[app.desk.active]


async def test_a_mark_takes_words_and_escape_takes_none(scripted: ScriptedShow) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        await pilot.press("!", *"odd ", "escape")
        assert app.desk.query_one(Prompt).value == ""
        assert app.focused is app.desk.panes["transcript"]
        await pilot.press("!", *"odd", "space", *"hum", "enter")
        await until(pilot, lambda: asked(scripted, control.MARK.name))
        (mark,) = asked(scripted, control.MARK.name)
        assert mark == control.Mark(by="console:ana@test", text="odd hum")


async def test_keys_typed_at_once_after_the_prompts_key_go_to_the_prompt(
    scripted: ScriptedShow,
) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        await pilot.press("!", "x", "m", "q", "1", "enter")
        await until(pilot, lambda: asked(scripted, control.MARK.name))
        assert asked(scripted, control.MARK.name)[0].text == "xmq1"  # type: ignore[attr-defined]
        assert not asked(scripted, control.INTERRUPT.name)
        assert not asked(scripted, control.MUTE.name)


async def test_a_preset_is_picked_by_typing_a_part_of_it(scripted: ScriptedShow) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.state.persona.presets)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        await pilot.press(*"cal", "enter")
        await until(pilot, lambda: asked(scripted, control.PERSONA.name))
        assert asked(scripted, control.PERSONA.name)[0].preset == "calm"  # type: ignore[attr-defined]
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        await pilot.press("down", "enter")
        await until(pilot, lambda: asked(scripted, control.MOOD.name))
        assert asked(scripted, control.MOOD.name)[0].mood == "happy"  # type: ignore[attr-defined]


async def test_a_paused_picture_stands_still_and_catches_up(scripted: ScriptedShow) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        await pilot.press("P")
        scripted.tell(show.TurnStarted(turn=90, source="operator", who="ana", text="unseen"))
        await until(pilot, lambda: app.link.state.find_turn(90))
        app.desk.flush()
        await pilot.pause()
        assert "unseen" not in text_of(app)
        await pilot.press("P")
        await until(pilot, lambda: "unseen" in text_of(app))


async def test_themes_go_round_and_one_has_no_colour(scripted: ScriptedShow) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        seen = [app.theme_name]
        for _ in range(5):
            await pilot.press("T")
            seen.append(app.theme_name)
            await pilot.pause()
        assert seen == ["auto", "kitsu", "light", "contrast", "ansi", "mono"]
        assert app.has_class("-mono")


async def test_without_colours_there_is_one_theme_also_over_ssh(
    scripted: ScriptedShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    link = Link(by="console:ana@test", clock=lambda: START)
    app = ConsoleApp(link, remote=True, clock=lambda: START + 60)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        await pilot.press("T")
        await until(pilot, lambda: "NO_COLOR is set" in " ".join(app.desk.notices_shown))
        styles = [
            segment.style
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.text.strip()
        ]
        assert len(styles) > 20
        for style in styles:
            assert style.color != style.bgcolor, style
            assert style.color is not None
            assert style.color.triplet is not None
            assert len(set(style.color.triplet)) == 1, style  # a grey


@pytest.mark.parametrize("theme", [name for name in themes.NAMES if name != "auto"])
async def test_in_every_theme_all_words_of_a_live_show_in_panic_can_be_seen(theme: str) -> None:
    link = Link(by="console:ana@test", clock=lambda: START)
    surfaces: dict[str, float | None] = {"audio": 4.0, "obs": None}
    more: list[show.ShowEvent] = [
        show.Muted(mic=True, voice=False, by="x"),
        show.Panicked(by="x", epoch=4, surfaces=surfaces, done=True),
    ]
    for event in [*script(live=True), *more]:
        reduce(link.state, show.Told(n=link.state.n + 1, t=START, event=event))
    link.phase = "attached"
    app = console(link, connect=False)
    async with app.run_test(size=(120, 40)) as pilot:
        app.use_theme(theme)
        await pilot.pause()
        app.desk.repaint()
        await pilot.pause()
        for name, words in (("status", "mic MUTED"), ("banner", "obs FAILED")):
            row = app.desk.query_one(f"#{name}", Row)
            assert words in row.text
            for segment in row.render_line(0):
                style = segment.style
                assert style is not None
                assert style.color != style.bgcolor, (theme, segment)


async def test_one_who_only_reads_is_asked_whether_to_leave_and_nothing_else(
    scripted: ScriptedShow,
) -> None:
    app = console(Link(by="console:mod@test", clock=lambda: START, read_only=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        assert "this console only reads" in text_of(app)
        await pilot.press("q", "s")
        await until(pilot, lambda: "detach: the show goes on" in text_of(app))
        assert "stop the show" not in text_of(app)
        assert "No show" not in text_of(app)
        await pilot.press("d")
    assert app.return_value == "detached"


async def test_one_pane_without_a_frame_says_in_the_footer_that_more_has_come(
    scripted: ScriptedShow,
) -> None:
    app = console()
    async with app.run_test(size=(60, 12)) as pilot:
        await until(pilot, lambda: app.link.attached)
        await pilot.press("Z", "Z", "Z", "l", "pageup")
        footer = app.desk.query_one("#footer", Row)
        await until(pilot, lambda: footer.text.endswith("new, End follows"))
        await pilot.press("end")
        await until(pilot, lambda: "End follows" not in footer.text)


async def test_a_console_that_only_reads_asks_for_nothing(scripted: ScriptedShow) -> None:
    link = Link(by="console:mod@test", clock=lambda: START, read_only=True)
    app = console(link)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        before = len(scripted.asked)
        for key in ("x", "m", "v", "r", "u", "U", "K", "1", "c", "d", "exclamation_mark", "A"):
            await pilot.press(key)
            await until(pilot, lambda: "only reads" in " ".join(app.desk.notices_shown))
            app.desk.notices_shown.clear()
        await pilot.press("slash")
        assert app.focused is app.desk.panes["transcript"]
        later = [name for name, _ in scripted.asked[before:] if name != control.PING.name]
        assert later == []


async def test_the_profile_s_keys_theme_and_layout_are_taken(scripted: ScriptedShow) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.link.attached)
        app.use_wishes(
            show.ConsoleWishes(
                keys={"interrupt": ["f8"], "panic": ["f12"]}, theme="light", layout="talk"
            )
        )
        await pilot.pause()
        assert (app.theme_name, app.desk.layout_name) == ("light", "talk")
        await until(pilot, lambda: "F8 interrupt" in text_of(app))
        await pilot.press("x")
        await pilot.press("f8")
        await until(pilot, lambda: asked(scripted, control.INTERRUPT.name))
        assert len(asked(scripted, control.INTERRUPT.name)) == 1
        await pilot.press("question_mark")
        await until(pilot, lambda: "F8" in text_of(app))


async def test_keys_that_cannot_be_are_told_and_the_usual_ones_hold(
    scripted: ScriptedShow,
) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.link.attached)
        app.use_wishes(show.ConsoleWishes(keys={"interrupt": ["m"]}))
        await until(pilot, lambda: "'m' is a key of both" in " ".join(app.desk.notices_shown))
        await pilot.press("x")
        await until(pilot, lambda: asked(scripted, control.INTERRUPT.name))


@pytest.mark.parametrize("keys", ["{interupt: [x]}", "{interrupt: [m]}"])
def test_a_show_is_not_begun_with_keys_that_cannot_be(
    keys: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from kitsu_tui.cli.show import run

    profile = tmp_path / "odd.yaml"
    profile.write_text(f"extends: starter\nconsole: {{keys: {keys}}}\n")
    with pytest.raises(SystemExit) as left:
        run(str(profile))
    assert left.value.code == 2
    assert "console.keys" in capsys.readouterr().err


async def test_the_bell_rings_for_a_new_alert_and_not_for_what_stood_there(
    scripted: ScriptedShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.tell(show.Alert(level="error", text="from before"))
    app = console()
    rung: list[str] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append("ding"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.state.alerts)
        app.desk._tick()
        assert rung == []
        scripted.tell(show.Alert(level="info", text="all is well"))
        scripted.tell(show.Alert(level="warning", text="tts died"))
        await until(pilot, lambda: len(app.link.state.alerts) == 3)
        app.desk._tick()
        app.desk._tick()
        assert rung == ["ding"]


async def test_enter_on_an_engine_shows_its_log_lines_alone(scripted: ScriptedShow) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "line 39" in text_of(app))
        await pilot.press("e", "down", "enter")
        assert app.desk.active == "logs"
        await until(pilot, lambda: app.desk.logs.filter.engines == ("asr",))


async def test_the_bell_can_be_switched_off(scripted: ScriptedShow) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        await pilot.press("B")
        assert not app.desk.bell
        await pilot.press("B")
        assert app.desk.bell


async def test_with_no_engine_in_sight_it_is_asked_which_one(scripted: ScriptedShow) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.attached)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        await pilot.press(*"pol", "enter")
        await until(pilot, lambda: asked(scripted, control.RESTART.name))
        assert asked(scripted, control.RESTART.name)[0].engine == "policy"  # type: ignore[attr-defined]
        await pilot.press("e", "down", "r")
        await until(pilot, lambda: len(asked(scripted, control.RESTART.name)) == 2)
        assert asked(scripted, control.RESTART.name)[1].engine == "asr"  # type: ignore[attr-defined]
