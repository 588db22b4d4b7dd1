"""Another profile in mid-show: a whole show in this process, its engines the smallest there are."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from engines.wire import control, echo, show
from engines.wire.logline import Masker
from kitsu_tui.config import ConfigError, load_profile
from kitsu_tui.config.profile import ALWAYS
from kitsu_tui.show.director import Refusal
from kitsu_tui.show.drill import drill
from kitsu_tui.show.logfiles import LogFiles
from kitsu_tui.show.main import Running
from kitsu_tui.show.switch import Switch
from tests.support.rig import command, until
from tests.support.show import QUIET

SURFACE = "tests.support.surface_engine"


def tiny(name: str, *flags: str, **more: Any) -> dict[str, Any]:
    """How the smallest engine is run under a name."""
    return {"enabled": True, "command": [*command(*flags), f"--name={name}"], **more}


def slowly(name: str) -> list[str]:
    """The smallest engine, half a second later."""
    return ["sh", "-c", f"sleep 0.5; exec {shlex.join([*command(), f'--name={name}'])}"]


class Live:
    """A show that runs in this process, and the profiles it may go over to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[show.ShowEvent] = []
        self.running: Running
        self._task: asyncio.Task[None]

    def profile(self, name: str, **sections: Any) -> str:
        """Write a profile; `engines` are added to those of a show without any."""
        data = yaml.safe_load(QUIET)
        data["engines"] |= sections.pop("engines", {})
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(data | sections))
        return str(path)

    async def start(self, name: str, **sections: Any) -> None:
        """Start with a profile, and wait until its engines are ready."""
        environ = dict(os.environ) | {
            "KITSU_RUNTIME_DIR": str(self.folder / "r"),
            "KITSU_STATE_DIR": str(self.folder / "s"),
        }
        (self.folder / "r").mkdir(mode=0o700)
        loaded = load_profile(self.profile(name, **sections), environ)
        mask = Masker(environ)
        logs = LogFiles(self.folder / "l", keep_days=1, mask=mask)
        self.running = Running(loaded, logs, mask, self.folder, self.folder / "l")
        self.running.bus.hook(self.told.append)
        self._task = asyncio.create_task(self.running.run())
        wanted = [unit for unit in self.units.values() if unit.wanted]
        await until(lambda: all(unit.ready.is_set() for unit in wanted))

    async def stop(self) -> None:
        """End it; nothing of it is left."""
        self.running.stop("test")
        await asyncio.wait_for(self._task, 15)
        left = [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]
        assert not left

    async def use(self, path: str, by: str = "cli:me", **more: Any) -> control.Switched:
        """Go over to another profile."""
        ask = control.UseProfile(profile=path, by=by, **more)
        return await asyncio.wait_for(self.running.switcher.use(ask), 30)

    @property
    def units(self) -> dict[str, Any]:
        """The engines."""
        return self.running.supervisor.units

    @property
    def state(self) -> Any:
        """The picture."""
        return self.running.bus.state

    def of(self, kind: type[Any]) -> list[Any]:
        """What was told of a kind."""
        return [event for event in self.told if isinstance(event, kind)]


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    found = Live(tmp_path)
    yield found
    await found.stop()


async def test_what_is_the_shows_own_changes_at_once(live: Live) -> None:
    await live.start("one", engines={"echo": tiny("echo")})
    pid = live.units["echo"].pid
    live.running.stage.history.add("hi", "hello there")
    other = live.profile(
        "other",
        title="Other",
        live=True,
        engines={"echo": tiny("echo")},
        persona={"preset": "calm", "family_friendly": False},
        conversation={"operator_name": "Mika", "history_turns": 3},
        console={"layout": "watch"},
        operator={"no_console_s": 5},
    )
    done = await live.use(other)
    assert done.done
    assert live.units["echo"].pid == pid
    state = live.state
    assert (state.profile, state.title, state.live) == ("other", "Other", True)
    assert state.console.layout == "watch"
    assert state.persona.preset == "calm"
    assert not state.switching.phase
    stage = live.running.stage
    assert stage.profile.conversation.operator_name == "Mika"
    assert len(stage.history) == 1, "what she remembers stays"
    changed = live.of(show.ProfileChanged)[-1]
    assert (changed.profile, changed.before, changed.by) == ("other", "one", "cli:me")
    assert changed.restarted == []
    assert "persona.preset" in changed.changed
    assert [a.name for a in live.of(show.Acted)] == ["profile"]
    rules = len(stage.judge.keeper.gate.rules)  # type: ignore[union-attr]
    await until(lambda: live.state.rules == rules)
    assert live.running.gate is stage.judge.keeper


async def test_another_voice_reads_what_is_listened_for_before_it_is_used(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live.start("one", engines={"tts": tiny("tts")})
    old, seen = live.units["tts"], list[tuple[bool, bool]]()

    async def prepare(link: Any, gate: Any) -> None:
        in_use = live.units["tts"]
        seen.append((link is not in_use.link, in_use is old and gate is not None))

    monkeypatch.setattr(live.running.sounds, "prepare", prepare)
    await live.use(live.profile("other", engines={"tts": tiny("tts", nice=3)}))
    assert live.units["tts"] is not old
    assert seen == [(True, True)]


async def test_a_changed_engine_is_replaced_by_one_that_is_ready(live: Live) -> None:
    await live.start("one", engines={"echo": tiny("echo"), "tts": tiny("tts")})
    old, voice = live.units["echo"], live.units["tts"].pid
    before = old.pid
    other = live.profile(
        "other", engines={"echo": tiny("echo", "slow", nice=3), "tts": tiny("tts")}
    )
    done = await live.use(other)
    new = live.units["echo"]
    assert new is not old
    assert new.pid not in (0, before)
    assert live.units["tts"].pid == voice
    assert (new.state, new.restarts, new.spec.nice) == ("ready", 1, 3)
    assert done.detail == "echo beside the old one"
    assert live.of(show.ProfileChanged)[-1].restarted == ["echo"]
    assert live.state.engines["echo"].pid == new.pid
    assert live.state.engines["echo"].by == "cli:me"
    states = [e.state for e in live.of(show.EngineChanged) if e.engine == "echo"]
    assert states == ["starting", "starting", "loading", "ready", "ready"], "never not ready"
    said = await live.running.supervisor.request("echo", echo.ECHO, echo.Echo(text="hi"))
    assert said.text == "hi"
    await until(lambda: not psutil.pid_exists(before))
    new.restart("cli:me")
    await until(lambda: new.restarts == 2 and new.ready.is_set())
    assert psutil.Process(new.pid).nice() == 3, "the next start is by the new profile, too"


async def test_what_the_old_one_has_under_way_goes_on_to_its_end(live: Live) -> None:
    await live.start("one", engines={"echo": tiny("echo", "deaf")})
    old = live.units["echo"]
    asked = live.running.supervisor.open("echo", echo.ECHO, echo.Echo(text="hi"))
    await live.use(live.profile("other", engines={"echo": tiny("echo")}))
    assert live.units["echo"] is not old
    await asyncio.sleep(0.2)
    assert not asked.done
    assert psutil.pid_exists(old.pid), "it is not stopped while something is under way"
    os.kill(old.pid, 9)
    with pytest.raises(Exception, match="gone"):
        await asked.result(5)
    await asyncio.sleep(0.2)
    assert live.units["echo"].restarts == 1, "whose place was taken has no next start"
    assert live.state.engines["echo"].state == "ready"


async def test_a_new_engine_that_is_of_no_use_changes_nothing(live: Live) -> None:
    await live.start("one", title="One", engines={"echo": tiny("echo"), "tts": tiny("tts")})
    pids = {name: unit.pid for name, unit in live.units.items()}
    other = live.profile(
        "other",
        title="Other",
        engines={
            "echo": {"enabled": True, "command": ["sh", "-c", "echo woe >&2; exit 1"]},
            "tts": tiny("tts", "slow"),
        },
    )
    with pytest.raises(Refusal, match=r"the new echo is of no use: exit 1.*woe.*one goes on"):
        await live.use(other)
    assert {name: unit.pid for name, unit in live.units.items()} == pids
    assert (live.state.profile, live.state.title) == ("one", "One")
    assert live.running.loaded.name == "one"
    assert live.state.switching.phase == "failed"
    assert [a.about for a in live.of(show.Alert)] == ["profile"]
    assert [a.ok for a in live.of(show.Acted)] == [False]
    assert {e.state for e in live.of(show.EngineChanged) if e.pid} == {
        "starting",
        "loading",
        "ready",
    }, "nobody hears of those that stood by in vain"
    children = [p.pid for p in psutil.Process().children() if p.status() != "zombie"]
    assert sorted(children) == sorted(pid for pid in pids.values() if pid)
    await live.use(live.profile("third", title="Third", engines={"echo": tiny("echo")}))
    assert (live.state.title, live.state.switching.phase) == ("Third", "")


async def test_a_new_engine_that_dies_while_another_loads_changes_nothing(live: Live) -> None:
    await live.start("one", engines={"echo": tiny("echo"), "tts": tiny("tts")})
    pids = {name: unit.pid for name, unit in live.units.items()}
    other = live.profile(
        "other",
        engines={"echo": tiny("echo", "dies"), "tts": tiny("tts") | {"command": slowly("tts")}},
    )
    with pytest.raises(Refusal, match=r"echo: exit 9.*; profile one goes on|echo is of no use"):
        await live.use(other)
    assert {name: unit.pid for name, unit in live.units.items()} == pids


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"tts": {"speed": 9}}, "tts.speed: found 9"),
        ({"persona": {"file": "nobody"}}, "persona.file: found 'nobody'"),
        ({"persona": {"preset": "nobody"}}, "no preset 'nobody'"),
        ({"safety": {"files": ["nothing"]}}, "no rule file"),
        ({"engines": {"echo": {"needs": ["tea"]}}}, "engines.echo.needs: found 'tea'"),
        (
            {"tts": {"model": "no-such-voice"}, "engines": {"tts": {"enabled": True}}},
            "no-such-voice",
        ),
    ],
)
async def test_a_profile_that_cannot_be_used_is_refused_in_one_message(
    live: Live, sections: dict[str, Any], words: str
) -> None:
    await live.start("one", engines={"echo": tiny("echo")})
    before = len(live.told)
    with pytest.raises(ConfigError, match=words) as refused:
        await live.use(live.profile("other", **sections))
    assert "\n" not in str(refused.value)
    assert not [e for e in live.told[before:] if not isinstance(e, show.FLEETING)]
    assert live.running.loaded.name == "one"
    with pytest.raises(ConfigError, match="no such profile file"):
        await live.use(str(live.folder / "none.yaml"))


async def test_rules_that_cannot_be_compiled_leave_the_old_ones_in_force(live: Live) -> None:
    await live.start("one")
    rules = live.folder / "rules"
    rules.mkdir()
    for name in (*ALWAYS, "family"):
        (rules / f"{name}.yaml").write_text("rules: [{id: x}]\n")
    gate = live.running.gate
    with pytest.raises(ConfigError, match="safety rules"):
        await live.use(live.profile("other", safety={"folder": str(rules)}))
    assert live.running.judge.keeper is live.running.gate is gate


async def test_one_switch_at_a_time_and_it_goes_on_when_its_asker_hangs_up(live: Live) -> None:
    await live.start("one", engines={"echo": tiny("echo")})
    stuck = live.profile("stuck", engines={"echo": tiny("echo", "loading", load_s=1.0)})
    first = asyncio.create_task(live.use(stuck, by="cli:me"))
    await until(lambda: live.state.switching.phase == "preparing")
    with pytest.raises(Refusal, match=r"a switch to .*stuck.* by cli:me is under way"):
        await live.use(stuck, by="cli:you")
    with pytest.raises(Refusal, match="a switch to .* is under way"):
        await drill(live.running, control.Drill(by="cli:you"))
    dry = await live.use(stuck, dry_run=True)
    assert (dry.done, dry.plan.restarts) == (False, ["echo"])
    first.cancel()
    await until(lambda: live.state.switching.phase == "failed", 30)
    assert "not ready within 1 s" in live.state.switching.detail
    await live.use(live.profile("other", title="Other", engines={"echo": tiny("echo")}))
    assert live.state.title == "Other"


async def test_engines_start_and_stop_by_the_new_profile(live: Live) -> None:
    await live.start("one", engines={"echo": tiny("echo")})
    told = len(live.told)
    other = live.profile(
        "other",
        engines={"metrics": tiny("metrics"), "tts": tiny("tts", needs=["metrics"])},
    )
    done = await live.use(other)
    assert (done.plan.starts, done.plan.stops) == (["tts", "metrics"], ["echo"])
    assert live.units["tts"].ready.is_set()
    assert live.units["metrics"].ready.is_set()
    assert live.units["tts"].restarts == 0
    await until(lambda: live.units["echo"].state == "stopped")
    changes = [e for e in live.told[told:] if isinstance(e, show.EngineChanged)]
    order = [(e.engine, e.state) for e in changes]
    assert order.index(("echo", "stopping")) > order.index(("tts", "ready"))
    assert live.state.engines["echo"].detail == "not in this profile"


async def test_an_engine_that_was_switched_off_by_hand_stays_off(live: Live) -> None:
    await live.start("one", engines={"echo": tiny("echo"), "tts": tiny("tts")})
    live.units["echo"].kill("cli:me")
    await until(lambda: live.units["echo"].state == "stopped")
    stuck = live.profile(
        "other", engines={"echo": tiny("echo", nice=4), "tts": tiny("tts", nice=4)}
    )
    done = await live.use(stuck)
    assert done.plan.restarts == ["tts", "echo"]
    assert live.of(show.ProfileChanged)[-1].restarted == ["tts"]
    assert live.units["echo"].pid == 0
    live.units["echo"].start("cli:me")
    await until(live.units["echo"].ready.is_set)
    assert psutil.Process(live.units["echo"].pid).nice() == 4


async def test_one_that_is_switched_off_while_its_successor_loads_stays_off(live: Live) -> None:
    await live.start("one", engines={"echo": tiny("echo"), "tts": tiny("tts")})
    other = live.profile(
        "other", engines={"echo": tiny("echo", nice=4), "tts": tiny("tts", nice=4)}
    )

    def off(event: show.ShowEvent) -> None:
        if isinstance(event, show.Switching) and event.phase == "preparing":
            live.units["echo"].switch(False, "cli:me")

    live.running.bus.hook(off)
    await live.use(other)
    await until(lambda: live.units["echo"].state == "stopped")
    await until(lambda: len(psutil.Process().children()) == 1)
    assert live.units["tts"].ready.is_set()


async def test_audio_begins_anew_in_its_place_and_the_old_one_comes_back_if_it_cannot(
    live: Live,
) -> None:
    await live.start("one", engines={"audio": tiny("audio"), "echo": tiny("echo")})
    first = live.units["audio"]
    pid = first.pid
    done = await live.use(
        live.profile("two", engines={"audio": tiny("audio", nice=1), "echo": tiny("echo")})
    )
    assert done.detail == "audio begins anew in its place (it owns the devices)"
    assert live.units["audio"] is first
    assert first.pid != pid
    assert psutil.Process(first.pid).nice() == 1
    assert live.of(show.ProfileChanged)[-1].restarted == ["audio"]
    echo_pid = live.units["echo"].pid
    bad = live.profile(
        "bad",
        engines={"audio": tiny("audio", "old", nice=2), "echo": tiny("echo", "slow")},
    )
    with pytest.raises(Refusal, match=r"audio did not begin anew: .*two goes on"):
        await live.use(bad)
    assert first.ready.is_set()
    assert psutil.Process(first.pid).nice() == 1, "by the profile that goes on"
    assert live.units["echo"].pid == echo_pid
    assert len(psutil.Process().children()) == 2


async def test_a_new_engine_that_dies_right_away_is_started_again_by_the_new_profile(
    live: Live,
) -> None:
    await live.start("one", engines={"echo": tiny("echo")})
    await live.use(live.profile("other", engines={"echo": tiny("echo", nice=5)}))
    new = live.units["echo"]
    os.kill(new.pid, 9)
    await until(lambda: new.restarts == 2 and new.ready.is_set())
    assert live.units["echo"] is new
    assert psutil.Process(new.pid).nice() == 5


async def test_what_is_live_is_given_to_the_engine_that_runs(live: Live) -> None:
    engines = {"echo": {"enabled": True}}
    await live.start("one", engines=engines, echo={"prefix": "one "})
    pid = live.units["echo"].pid
    done = await live.use(live.profile("other", engines=engines, echo={"prefix": "two "}))
    assert (done.plan.reconfigured, done.plan.restarts) == (["echo"], [])
    assert live.units["echo"].pid == pid
    said = await live.running.supervisor.request("echo", echo.ECHO, echo.Echo(text="hi"))
    assert said.text == "two hi"
    bad = {"tts": {"enabled": True, "command": ["sh", "-c", "exit 1"]}}
    with pytest.raises(Refusal):
        await live.use(live.profile("bad", engines=engines | bad, echo={"prefix": "three "}))
    said = await live.running.supervisor.request("echo", echo.ECHO, echo.Echo(text="hi"))
    assert said.text == "two hi"


async def test_an_engine_that_does_not_take_what_is_live_begins_anew(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kitsu_tui.show.switch.CONFIGURE_S", 0.2)
    await live.start("one", engines={"echo": tiny("echo")}, echo={"prefix": "one "})
    pid = live.units["echo"].pid
    other = live.profile("other", engines={"echo": tiny("echo")}, echo={"prefix": "two "})
    done = await live.use(other)
    assert done.plan.reconfigured == ["echo"]
    assert live.units["echo"].pid not in (0, pid)
    assert live.of(show.ProfileChanged)[-1].restarted == ["echo"]
    assert live.units["echo"].spec.config()["prefix"] == "two "


async def test_nor_does_it_where_two_of_it_have_no_room(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kitsu_tui.show.switch.CONFIGURE_S", 0.2)
    monkeypatch.setattr("kitsu_tui.show.switch.why_not_beside", lambda *_: "memory: 1 MB free")
    await live.start("one", engines={"echo": tiny("echo")}, echo={"prefix": "one "})
    pid = live.units["echo"].pid
    other = live.profile("other", engines={"echo": tiny("echo")}, echo={"prefix": "two "})
    with pytest.raises(Refusal, match="1 MB free"):
        await live.use(other)
    assert live.units["echo"].pid == pid
    assert live.state.profile == "one"


async def test_one_that_was_just_starting_by_the_old_profile_goes_by_the_new_one(
    live: Live,
) -> None:
    engines = {"echo": {"enabled": True}}
    await live.start("one", engines=engines, echo={"prefix": "one "})
    unit = live.units["echo"]
    unit.restart("cli:me")
    await until(lambda: unit.starts == 2 and unit.pid and not unit.ready.is_set())
    done = await live.use(live.profile("other", engines=engines, echo={"prefix": "two "}))
    assert done.plan.reconfigured == ["echo"]
    await until(unit.ready.is_set)
    said = await live.running.supervisor.request("echo", echo.ECHO, echo.Echo(text="hi"))
    assert said.text == "two hi"


async def test_what_was_given_to_a_running_engine_is_taken_back(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = {"echo": {"enabled": True}}
    await live.start("one", engines=engines, echo={"prefix": "one "})
    monkeypatch.setattr(Switch, "_commit", _fails)
    with pytest.raises(Refusal, match="RuntimeError: no way"):
        await live.use(live.profile("other", engines=engines, echo={"prefix": "two "}))
    said = await live.running.supervisor.request("echo", echo.ECHO, echo.Echo(text="hi"))
    assert said.text == "one hi"
    assert live.state.switching.phase == "failed"


def _fails(*_: object) -> None:
    raise RuntimeError("no way")


async def test_while_panicked_it_goes_over_and_the_new_engine_is_panicked(live: Live) -> None:
    files = [live.folder / "one.json", live.folder / "two.json"]
    for file in files:
        file.write_text('{"scene": "Live", "muted": false}')
    one, two = (
        {"enabled": True, "command": [sys.executable, "-m", SURFACE, str(file)]} for file in files
    )
    await live.start("one", engines={"echo": one})
    await live.running.panic.press("cli:me")
    assert "BRB" in files[0].read_text()
    await live.use(live.profile("other", title="Other", engines={"echo": two}))
    assert live.state.title == "Other"
    assert live.state.panic.latched
    assert live.running.panic.latched
    await until(lambda: "BRB" in files[1].read_text())
    await live.running.panic.resume("cli:me")
    await until(lambda: "Live" in files[1].read_text())


async def test_a_show_that_stops_takes_those_that_stand_by_with_it(live: Live) -> None:
    await live.start("one", engines={"echo": tiny("echo")})
    stuck = live.profile("stuck", engines={"echo": tiny("echo", "loading", load_s=60)})
    asked = asyncio.create_task(live.use(stuck))
    await until(lambda: len(psutil.Process().children()) == 2)
    await live.stop()
    with pytest.raises((Refusal, asyncio.CancelledError)):
        await asked
    with pytest.raises(Refusal, match="stopping"):
        await live.use(stuck)


async def test_secrets_of_the_new_profile_are_masked_before_anything_can_tell_them(
    live: Live,
) -> None:
    await live.start("one", engines={"echo": tiny("echo")})
    secret = "very-secret-indeed"
    other = live.profile(
        "other",
        obs={"password": "another-secret"},
        engines={"echo": tiny("echo", "spills", env={"MY_TOKEN": secret})},
    )
    await live.use(other)
    await until(lambda: "the token is ***" in str(live.running.bus._log))
    live.running.bus.tell(show.Marked(by="me", text="another-secret"))
    assert live.state.incidents[-1].text == "***"
    assert secret not in str(live.running.bus._log)
