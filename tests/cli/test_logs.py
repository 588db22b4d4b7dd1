"""`kitsu logs`: the files backwards, the running show followed, and nothing that is ugly."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import jsonschema
import msgspec
import pytest

from engines.wire import control, show
from engines.wire.logline import LogLine, stamp
from tests.conftest import Sandbox
from tests.support.scripted_show import START, ScriptedShow, log_lines, script

THEN = 1_700_000_000.0
"""2023-11-14T22:13:20Z."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and ptys")


def write(folder: Path, name: str, lines: list[LogLine]) -> None:
    folder.mkdir(exist_ok=True)
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    (folder / name).write_bytes(text)


def kitsu(kitsu_bin: Path, *args: str, tz: str = "UTC") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [kitsu_bin, "logs", *args],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "TZ": tz},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def files(sandbox: Sandbox) -> Path:
    """A hundred lines of two days, in the files of five services."""
    for service in ("show", "audio", "asr", "policy", "tts"):
        lines = [line for line in log_lines(100, THEN) if line.service == service]
        write(sandbox.logs, f"{service}.2023-11-13.log", lines[:10])
        write(sandbox.logs, f"{service}.log", lines[10:])
    return sandbox.logs


def messages(done: subprocess.CompletedProcess[str]) -> list[int]:
    return [int(row.partition(" line ")[2].partition(":")[0]) for row in done.stdout.splitlines()]


@pytest.mark.usefixtures("files")
def test_without_a_show_the_files_are_read_in_order(kitsu_bin: Path) -> None:
    done = kitsu(kitsu_bin)
    assert done.returncode == 0
    assert messages(done) == list(range(100))
    assert done.stderr == ""
    first = done.stdout.splitlines()[0]
    assert first == (
        "2023-11-14 22:13:20.000 info    show     line 0: the quick brown fox is at it again"
    )
    assert messages(kitsu(kitsu_bin, "-n", "3")) == [97, 98, 99]
    silent = kitsu(kitsu_bin, "-e", "metrics")
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
    chosen = kitsu(kitsu_bin, "-e", "tts_worker", "--engine", "asr", "--level", "warn", "-n", "4")
    wanted = [n for n in range(100) if n % 5 in (2, 4) and n % 7 in (4, 6)]
    assert messages(chosen) == wanted[-4:]
    assert messages(kitsu(kitsu_bin, "--grep", "LINE 1?3:")) == []
    assert messages(kitsu(kitsu_bin, "--grep", "line 1?3:")) == [3, 13]
    assert len(messages(kitsu(kitsu_bin, "--grep", "line 1?3:", "--invert"))) == 98


@pytest.mark.usefixtures("files")
def test_since_a_moment(kitsu_bin: Path) -> None:
    done = kitsu(kitsu_bin, "--since", "2023-11-14T22:13:25")
    assert messages(done) == list(range(50, 100))
    assert done.stderr == ""
    some = kitsu(kitsu_bin, "--since", "2023-11-14T22:13:25", "-n", "5")
    assert messages(some) == list(range(95, 100))
    assert "only the last 5 lines" in some.stderr


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--grep", "(a"], "missing )"),
        (["--level", "loud"], "level 'loud': expected one of"),
        (["--since", "5"], "time '5'"),
        (["--since", "2999-01-01T00:00"], "yet to come"),
        (["--invert"], "--invert needs --grep"),
        (["-e", "tss"], "no lines of 'tss' (did you mean tts?); there are: asr, audio, echo"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_options_are_one_line_and_exit_2(kitsu_bin: Path, args: list[str], says: str) -> None:
    done = kitsu(kitsu_bin, *args)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("kitsu logs: ")
    assert says in line


def test_no_files_are_said_to_be_none(kitsu_bin: Path, sandbox: Sandbox) -> None:
    done = kitsu(kitsu_bin)
    assert done.returncode == 1
    assert str(sandbox.logs) in done.stderr
    sandbox.logs.mkdir()
    done = kitsu(kitsu_bin)
    assert (done.returncode, done.stdout) == (1, "")
    assert "there are no log files in" in done.stderr


def test_json_is_the_line_as_its_file_has_it_and_fits_its_schema(
    kitsu_bin: Path, sandbox: Sandbox
) -> None:
    raw = {**msgspec.to_builtins(log_lines(1)[0]), "turn": 7, "text": "\x9b狐"}
    sandbox.logs.mkdir()
    (sandbox.logs / "show.log").write_bytes(msgspec.json.encode(raw) + b"\n")
    done = kitsu(kitsu_bin, "--json")
    assert json.loads(done.stdout) == raw
    command = [str(kitsu_bin), "schema", "logs"]
    schema = subprocess.run(command, capture_output=True, text=True, timeout=60)
    jsonschema.validate(json.loads(done.stdout), json.loads(schema.stdout))


@pytest.mark.parametrize("as_json", [False, True])
def test_a_terminal_is_given_nothing_that_has_power_over_it(
    kitsu_bin: Path, sandbox: Sandbox, as_json: bool
) -> None:
    evil = LogLine(
        ts="\x1b[2J",
        service="s\x1bc",
        level="in\x07fo",
        message="a\x1b]0;x\x07 \x9b31m \u202e",
        exception="E: \x1b[31m",
    )
    write(sandbox.logs, "show.log", [evil])
    main, side = pty.openpty()
    args = [str(kitsu_bin), "logs", *(["--json"] if as_json else [])]
    child = subprocess.Popen(args, stdout=side, stderr=side, stdin=side)
    os.close(side)
    got = b""
    try:
        while data := os.read(main, 4096):
            got += data
    except OSError:
        pass
    os.close(main)
    assert child.wait(30) == 0
    text = got.decode()
    assert text.strip()
    assert not set(text) & set("\x1b\x07\x9b\u202e")
    if as_json:
        assert json.loads(text) == msgspec.to_builtins(evil)


def test_a_closed_pipe_is_no_traceback(kitsu_bin: Path, sandbox: Sandbox) -> None:
    write(sandbox.logs, "show.log", log_lines(20_000))
    command = f"{kitsu_bin} logs -n 20000 | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    first, code = done.stdout.splitlines()
    assert "line 0:" in first
    assert code == "0"


# Following


@pytest.fixture
async def server(sandbox: Sandbox) -> AsyncIterator[ScriptedShow]:
    async with ScriptedShow(sandbox.environ, script(), log_lines(40), clock=lambda: START) as one:
        yield one


Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def start(kitsu_bin: Path) -> AsyncIterator[Start]:
    """Starts `kitsu logs -f`; what is left of it at the end of a test is killed."""
    children: list[asyncio.subprocess.Process] = []

    async def start(*args: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            kitsu_bin, "logs", "-f", *args, stdout=pipe, stderr=pipe
        )
        children.append(child)
        return child

    yield start
    for child in children:
        if child.returncode is None:
            child.kill()
            await child.communicate()


async def row(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await asyncio.wait_for(stream.readline(), 30)).decode()


async def end(child: asyncio.subprocess.Process) -> str:
    """ctrl+c; what it still said."""
    child.send_signal(signal.SIGINT)
    _, said = await asyncio.wait_for(child.communicate(), 30)
    assert child.returncode == 130
    return said.decode()


async def test_it_begins_with_the_last_lines_that_pass_and_follows(
    start: Start, server: ScriptedShow
) -> None:
    child = await start("-e", "tts", "-n", "2")
    assert "line 34:" in await row(child.stdout)
    assert "line 39:" in await row(child.stdout)
    server.log(log_lines(10, START + 60))
    assert "line 4:" in await row(child.stdout)
    assert "line 9:" in await row(child.stdout)
    server.log([], dropped=5)
    assert "5 lines were too many at once" in await row(child.stderr)
    assert await end(child) == ""


async def test_it_is_no_operator_and_may_only_read(start: Start, server: ScriptedShow) -> None:
    asked: list[control.Watch] = []
    watch = server._watch

    def note(request: object, params: control.Watch, writer: object) -> None:
        asked.append(params)
        watch(request, params, writer)  # type: ignore[arg-type]

    server._watch = note  # type: ignore[method-assign]
    child = await start("-n", "7")
    await row(child.stdout)
    assert [(one.operator, one.read_only, one.backlog) for one in asked] == [(False, True, 7)]
    assert await end(child) == ""


async def test_it_waits_for_a_show_and_for_the_one_after_it(start: Start, sandbox: Sandbox) -> None:
    child = await start("--json", "--level", "error")
    assert "no show is running; waiting for one" in await row(child.stderr)
    errors = [line for line in log_lines(20) if line.level == "error"]
    async with ScriptedShow(sandbox.environ, script(), errors[:1]):
        assert json.loads(await row(child.stdout)) == msgspec.to_builtins(errors[0])
    assert "the show has gone; waiting for one" in await row(child.stderr)
    # The next one has a line that was printed already, and one that was not.
    async with ScriptedShow(sandbox.environ, script(), errors[:2]):
        assert json.loads(await row(child.stdout)) == msgspec.to_builtins(errors[1])
    await end(child)


async def test_an_engine_that_the_show_has_not_is_exit_2(
    start: Start, server: ScriptedShow
) -> None:
    child = await start("-e", "twitch")
    _, said = await asyncio.wait_for(child.communicate(), 30)
    assert child.returncode == 2
    assert "no lines of 'twitch'; there are: asr, audio, metrics" in said.decode()


async def test_who_reads_no_more_ends_it(kitsu_bin: Path, server: ScriptedShow) -> None:
    command = f"{kitsu_bin} logs -f | head -1; echo ${{PIPESTATUS[0]}}"
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec("bash", "-c", command, stdout=pipe, stderr=pipe)
    assert "line 20:" in await row(child.stdout)

    async def talk() -> None:
        while True:
            server.log(log_lines(10, START + 60))
            await asyncio.sleep(0.1)

    talking = asyncio.create_task(talk())
    out, said = await asyncio.wait_for(child.communicate(), 30)
    talking.cancel()
    assert (out, said) == (b"0\n", b"")


async def test_a_running_show_s_own_folder_is_read(
    kitsu_bin: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    write(other, "show.log", [LogLine(ts=stamp(START), service="show", level="info", message="hi")])
    events = [
        show.ShowStarted(
            profile="x", live=False, pid=1, version="0", epoch=0, engines=[], log_root=str(other)
        )
    ]
    async with ScriptedShow(sandbox.environ, events):
        done = await asyncio.to_thread(kitsu, kitsu_bin)
    assert done.stdout.endswith("info    show     hi\n")
