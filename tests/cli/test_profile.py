"""`kitsu profile` as a person meets it, without a show and before a control socket of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from msgspec import Struct

from engines.wire import control, show
from engines.wire.message import RequestKind
from kitsu_tui.cli import profile_report
from kitsu_tui.cli.profile_text import WIDTH, difference
from kitsu_tui.cli.schema import schemas
from kitsu_tui.config import endpoint, load_profile
from kitsu_tui.config.difference import check, plan
from kitsu_tui.config.profile import profiles_folder
from kitsu_tui.console.lines import cells
from kitsu_tui.show.bus import Bus
from kitsu_tui.show.control import Client, Server, Verb
from kitsu_tui.show.director import Refusal
from tests.conftest import Sandbox

pytestmark = pytest.mark.usefixtures("starter_models")

PASSWORD = "hunter2222"


@dataclass
class Ran:
    code: int | None
    out: str
    err: str

    @property
    def error(self) -> str:
        """What it says when that is one line and all there is."""
        assert self.out == ""
        [line] = self.err.splitlines()
        return line


Kitsu = Callable[..., Any]


@pytest.fixture
def kitsu(kitsu_bin: Path, sandbox: Sandbox, tmp_path: Path) -> Kitsu:
    """Runs `kitsu profile` in a folder with a few profiles."""
    (tmp_path / "other.yaml").write_text("extends: starter\ntitle: Other\ntts: {speed: 1.2}\n")
    (tmp_path / "broken.yaml").write_text("extends: starter\ntts: {sped: 1.2}\n")
    (tmp_path / "keys.yaml").write_text("extends: starter\nconsole: {keys: {skipp: [x]}}\n")
    (tmp_path / "poor.yaml").write_text("extends: starter\ntts: {model: /nowhere.onnx}\n")

    async def kitsu(*args: str, **environ: str) -> Ran:
        child = await asyncio.create_subprocess_exec(
            *(str(kitsu_bin), "profile", *args),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=tmp_path,
            env=os.environ | environ,
        )
        async with asyncio.timeout(60):
            out, err = await child.communicate()
        assert b"Traceback" not in err, err
        return Ran(child.returncode, out.decode(), err.decode())

    return kitsu


class Desk:
    """A control socket whose show goes by `starter` and takes what it is told to take."""

    def __init__(self) -> None:
        self.bus = Bus(lambda told: None)
        started = show.ShowStarted(
            profile="starter", live=False, pid=1, version="1", epoch=1, engines=[]
        )
        self.bus.tell(started)
        self.asked: list[control.UseProfile] = []
        self.refuses = ""
        verbs: dict[RequestKind[Any, Any], Verb] = {
            control.STATUS: self.status,
            control.PROFILE: self.use,
        }
        self.server = Server(self.bus, verbs)

    async def status(self, ask: Any, client: Client) -> Struct:
        return control.Snapshot(state=self.bus.state)

    async def use(self, ask: Any, client: Client) -> Struct:
        self.asked.append(ask)
        after = load_profile(ask.profile)
        check(after)
        found = plan(load_profile("starter"), after)
        if self.refuses and not ask.dry_run:
            raise Refusal(self.refuses)
        return control.Switched(plan=found, done=not ask.dry_run, ms=12.3)

    @property
    def runs(self) -> list[bool]:
        """What was asked for, True for dry runs."""
        return [ask.dry_run for ask in self.asked]


@pytest.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[Desk]:
    desk = Desk()
    server = await endpoint.serve(sandbox.environ, desk.server.handle)
    yield desk
    server.close()
    desk.server.close()
    endpoint.remove(sandbox.environ)


def fits(name: str, text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    jsonschema.validate(found, msgspec.json.schema(schemas()[name]))
    return found


def narrow(text: str) -> bool:
    return all(cells(line) <= WIDTH for line in text.splitlines())


# -- list ---------------------------------------------------------------------------------------


async def test_list(kitsu: Kitsu, desk: Desk) -> None:
    ran = await kitsu("list")
    assert (ran.code, ran.err) == (0, "")
    assert narrow(ran.out)
    [current] = [line for line in ran.out.splitlines() if line.startswith("*")]
    assert current.split() == ["*", "starter", "Starter", "on", "base"]
    [live] = [line for line in ran.out.splitlines() if line.split()[0] == "live"]
    assert live.split()[:3] == ["live", "LIVE", "Live"]
    found = fits("profile.list", (await kitsu("list", "--json")).out)
    assert found["show"] == "starter"
    by_name = {item["name"]: item for item in found["profiles"]}
    assert by_name["rehearsal"]["extends"] == ["live", "starter", "base"]
    assert [name for name, item in by_name.items() if item["current"]] == ["starter"]
    assert Path(by_name["live"]["path"]).is_file()


async def test_list_without_a_show_and_with_one_that_goes_by_another_folder(
    kitsu: Kitsu, sandbox: Sandbox
) -> None:
    ran = await kitsu("list")
    assert (ran.code, ran.err) == (0, "")
    assert "*" not in ran.out
    desk = Desk()
    desk.bus.state.profile = "mine\x1b[31m"
    server = await endpoint.serve(sandbox.environ, desk.server.handle)
    last = (await kitsu("list")).out.splitlines()[-1]
    server.close()
    desk.server.close()
    assert last.startswith("* the running show goes by mine")
    assert "\x1b" not in last


def test_a_broken_one_is_listed_with_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "profiles"
    shutil.copytree(profiles_folder(), folder)
    (folder / "mine.yaml").write_text("extends: strater\n")
    for module in ("config.profile", "cli.profile_report"):
        monkeypatch.setattr(f"kitsu_tui.{module}.profiles_folder", lambda: folder)
    monkeypatch.setattr(profile_report, "_current", lambda: "mine")
    profile_report.tell_list(as_json=False)
    out = capsys.readouterr().out
    assert "* mine       BROKEN: profiles/mine.yaml:1: extends: no profile 'strater'" in out
    assert "(did you mean starter?)" in out.replace("\n             ", " ")
    assert "rehearsal" in out
    assert narrow(out)


# -- show ---------------------------------------------------------------------------------------


async def test_show_says_what_differs_from_base_and_where_that_stands(kitsu: Kitsu) -> None:
    ran = await kitsu("show", "other.yaml", TTS_CACHE_DIR="/cache")
    assert (ran.code, ran.err) == (0, "")
    assert narrow(ran.out)
    rows = {line.split()[0]: line.split()[1:] for line in ran.out.splitlines() if line[0] == " "}
    assert rows["title"][0] == "Other"
    assert rows["title"][1] == "other.yaml:2"
    assert rows["tts.speed"][0] == "1.2"
    assert rows["policy.temperature"] == ["0.5", "profiles/starter.yaml:16"]
    assert rows["tts.cache_dir"] == ["/cache", "environment", "variable", "TTS_CACHE_DIR"]
    assert "tts.threads" not in rows
    everything = await kitsu("show", "other.yaml", "--all")
    assert narrow(everything.out)
    assert "tts.threads" in everything.out
    assert len(everything.out.splitlines()) > 90


async def test_show_tells_no_secret_and_what_is_switched_off(kitsu: Kitsu, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        f"title: say {PASSWORD}\n"
        f"engines: {{tts: {{env: {{MY_TOKEN: {PASSWORD}x}}, command: [a, {PASSWORD}x]}}}}\n"
    )
    environ = {"OBS_WS_PASSWORD": PASSWORD, "PIPELINE_DISABLE": "tts_worker"}
    for more in ([], ["--all"], ["--json"]):
        ran = await kitsu("show", "mine.yaml", *more, **environ)
        assert ran.code == 0
        assert PASSWORD not in ran.out
        assert "(set)" in ran.out
    found = fits("profile.show", (await kitsu("show", "mine.yaml", "--json", **environ)).out)
    assert found["disabled"] == {"tts": "tts_worker"}
    values = {item["key"]: item for item in found["values"]}
    assert (values["obs.password"]["value"], values["obs.password"]["base"]) == (
        "(set)",
        "(not set)",
    )
    assert values["engines.tts.env.MY_TOKEN"]["value"] == "(set)"
    assert values["title"]["value"] == "say ***"


async def test_show_without_a_name_is_what_run_takes(kitsu: Kitsu) -> None:
    assert (await kitsu("show")).out.startswith("starter (not live)\n")
    assert (await kitsu("show", KITSU_CONFIG_FILE="live")).out.startswith("live (LIVE)\n")
    base = json.loads((await kitsu("show", "base", "--json")).out)
    assert [item["key"] for item in base["values"]] == ["tts.cache_dir"]  # the sandbox's


# -- use, no show -------------------------------------------------------------------------------


async def test_use_without_a_show(kitsu: Kitsu) -> None:
    ran = await kitsu("use", "rehearsal")
    assert ran.code == 3
    assert ran.error == (
        "kitsu profile use: no show is running; kitsu run --profile rehearsal starts one with it"
    )
    ran = await kitsu("use", "rehearsal", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("starter -> rehearsal\n")
    assert "  policy.temperature   0.5 -> 0.8\n" in ran.out
    assert "\nstart:     obs\n" in ran.out
    assert narrow(ran.out)
    assert "this is against starter" in ran.out
    found = fits("profile.use", (await kitsu("use", "rehearsal", "--dry-run", "--json")).out)
    assert (found["done"], found["plan"]["starts"]) == (False, ["obs"])
    same = await kitsu("use", "starter", "--dry-run")
    assert "nothing differs" in same.out


BAD = [
    ("strater", 2, "no profile 'strater' (did you mean starter?)"),
    (" ", 2, "found ' ', expected a profile's name or path"),
    ("x" * 300, 2, "there are: live, rehearsal, starter"),
    ("x" * 300 + ".yaml", 2, "no such profile file"),
    ("~nobody9/mine.yaml", 2, "~nobody9/mine.yaml: no such profile file"),
    ("./none.yaml", 2, "none.yaml: no such profile file"),
    ("broken.yaml", 2, "broken.yaml:2: unknown key tts.sped (did you mean speed?)"),
    ("keys.yaml", 2, "skipp"),
    ("poor.yaml", 4, "poor.yaml:2: tts.model: found '/nowhere.onnx'"),
]


@pytest.mark.parametrize(("name", "code", "says"), BAD)
async def test_a_bad_profile_is_one_line(kitsu: Kitsu, name: str, code: int, says: str) -> None:
    ran = await kitsu("use", name, "--dry-run")
    assert says in ran.error
    assert ran.code == code


# -- use, with a show ---------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "code", "says"), BAD)
async def test_a_bad_profile_is_one_line_by_the_show_too(
    kitsu: Kitsu, desk: Desk, name: str, code: int, says: str
) -> None:
    ran = await kitsu("use", name)
    assert says in ran.error
    assert ran.code == code
    assert not [dry for dry in desk.runs if not dry], "the switch itself was asked for"


async def test_use_asks_for_the_difference_and_then_for_the_switch(
    kitsu: Kitsu, desk: Desk, tmp_path: Path
) -> None:
    ran = await kitsu("use", "other.yaml", "--dry-run")
    assert (ran.code, ran.err, desk.runs) == (0, "", [True])
    assert "  tts.speed  1.0 -> 1.2\n" in ran.out
    assert "at once:   title, voice\n" in ran.out
    assert "running:   tts (without a restart)" in ran.out
    ran = await kitsu("use", "other.yaml")
    assert (ran.code, ran.err, desk.runs) == (0, "", [True, True, False])
    assert ran.out.endswith("\nthe show goes by other (12 ms)\n")
    assert {ask.profile for ask in desk.asked} == {str(tmp_path / "other.yaml")}
    assert desk.asked[-1].by.startswith("cli:")
    found = fits("profile.use", (await kitsu("use", "live", "--json")).out)
    assert (found["done"], desk.asked[-1].profile) == (True, "live")


async def test_a_show_that_will_not_now(kitsu: Kitsu, desk: Desk) -> None:
    desk.refuses = "another switch is under way"
    ran = await kitsu("use", "other.yaml")
    assert ran.code == 1
    assert ran.err == "kitsu profile use: another switch is under way\n"


PTY = pytest.mark.skipif(not hasattr(os, "openpty"), reason="a pty")


async def on_a_terminal(kitsu_bin: Path, args: list[str], answer: str) -> tuple[int, str]:
    """Run `kitsu profile use` there and answer its question, if there is one."""
    main, side = os.openpty()
    child = await asyncio.create_subprocess_exec(
        *(str(kitsu_bin), "profile", "use", *args), stdin=side, stdout=side, stderr=side
    )
    os.close(side)
    said = b""
    try:
        async with asyncio.timeout(60):
            while data := await asyncio.to_thread(_read, main):
                said += data
                if b"[y/N] " in said and answer:
                    os.write(main, answer.encode())
                    answer = ""
            code = await child.wait()
    finally:
        os.close(main)
    assert not answer, f"it did not ask: {said!r}"
    return code, said.decode()


def _read(main: int) -> bytes:
    try:
        return os.read(main, 4096)
    except OSError:  # Linux's word for the end
        return b""


@PTY
@pytest.mark.parametrize(
    ("args", "answer", "runs", "code"),
    [
        ("rehearsal", "", [True, False], 0),  # nothing that an audience notices
        ("live", "y\n", [True, False], 0),
        ("live", "\n", [True], 1),
        ("live", "\x04", [True], 1),
        ("live --yes", "", [True, False], 0),
        ("live --json", "", [True, False], 0),
    ],
)
async def test_on_a_terminal_it_asks_before_what_is_noticed(
    desk: Desk, kitsu_bin: Path, args: str, answer: str, runs: list[bool], code: int
) -> None:
    ended, said = await on_a_terminal(kitsu_bin, args.split(), answer)
    assert (ended, desk.runs) == (code, runs), said
    assert ("switch now?" in said) == bool(answer)


@PTY
async def test_a_live_show_asks_before_every_switch(desk: Desk, kitsu_bin: Path) -> None:
    desk.bus.state.live = True
    ended, said = await on_a_terminal(kitsu_bin, ["rehearsal"], "\n")
    assert (ended, desk.runs) == (1, [True]), said


# -- words --------------------------------------------------------------------------------------


def test_a_long_difference_stays_within_its_width_and_has_no_power_over_the_terminal() -> None:
    found = control.Plan(
        profile="b\x1b[31m",
        before="a",
        changes=[
            control.KeyChange(key="conversation.refusal_line", before="é" * 90, after="狐 " * 60),
            control.KeyChange(key="engines.tts.env." + "LONG_" * 20, before=None, after=""),
            control.KeyChange(key="obs.scenes", before=[], after=["Main", "Close up\x07"]),
            control.KeyChange(key="live", before=False, after=True),
        ],
        at_once=["goes live", *"abcdefgh" * 9],
        restarts=["tts"],
        later=["show.log_days"],
        problems=["obs.brb_scene: OBS has no scene 'BRB' (did you mean Be right back?)" * 3],
    )
    text = difference(found)
    assert narrow(text)
    assert text.replace("\n", "").isprintable()
    assert "  live                            false -> true\n" in text
    assert "restart:   tts (new one ready first, where it fits)\n" in text
    assert "next show: show.log_days\n" in text
    assert "problem:" in text
    assert ' -> ""' in text
