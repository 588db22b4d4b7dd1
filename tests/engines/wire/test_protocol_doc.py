"""PROTOCOL.md tells the truth: its examples decode, its numbers are the code's, its engine runs."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import engines.wire
from engines.harness import errors
from engines.harness.host import FLOOD, FLOOD_S
from engines.wire import common, echo
from engines.wire.codec import decode
from engines.wire.envelope import FRAME_TYPES, MAX_LINE, MAX_NAME, WIRE_VERSIONS, Failure
from engines.wire.outbox import MAX_RESULTS
from engines.wire.peer import RequestFailed
from engines.wire.stale import REMEMBERED, StaleFilter
from kitsu_tui.config.schema import Process
from kitsu_tui.show import child as child_module
from kitsu_tui.show import health, restart, spec, unit
from kitsu_tui.show.child import Child
from kitsu_tui.show.link import Link
from tests.support.pipe import Pipe

PATH = Path(engines.wire.__path__[0]) / "PROTOCOL.md"
TEXT = PATH.read_text("utf-8")
FLAT = " ".join(TEXT.split())


def block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return str(found)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "my_echo.py"
    path.write_text(block("python"))
    return path


def test_every_example_is_a_frame_and_every_type_has_one() -> None:
    frames = [decode(line.encode()) for line in block("json").splitlines()]
    assert {type(frame).__name__.lower() for frame in frames} == set(FRAME_TYPES)
    for name in FRAME_TYPES:
        assert f"`{name}`" in TEXT


def test_the_numbers_are_the_codes() -> None:
    run: Any = importlib.import_module("engines.harness.run")
    ladder = dict(child_module.LADDER)
    for said in (
        f"version {WIRE_VERSIONS[-1]}",
        f"1 MiB ({MAX_LINE:,} bytes)",
        f"at most {MAX_NAME} characters",
        f"`hello` within **{unit.HELLO_S:g} s**",
        f"75 when none comes within {run.INIT_TIMEOUT:g} s",
        f"Not ready within **{Process().load_s:g} s**",
        f"**{spec.OTHERS_S:g} s** by default",
        f"every **{health.EVERY_S:g} s**",
        f"No answer for {health.UNRESPONSIVE_S:g} s",
        f"for **{health.KILL_S:g} s** ({health.KILL_LOADING_S:g} s while it loads)",
        f"`shutdown` ({ladder['shutdown']:g} s to leave)",
        f"end of stdin ({ladder['close stdin']:g} s)",
        f"SIGTERM ({ladder['TERM']:g} s)",
        f"stderr ({ladder['QUIT']:g} s)",
        f"leave within {run.LEAVE_TIMEOUT:g} s",
        f"closed after {child_module.PIPE_GRACE_S:g} s",
        f"{restart.FIRST_S:g} s, doubling to {restart.MAX_S:g} s",
        f"five restarts within {restart.WINDOW_S:g} s",
        f"least {REMEMBERED} turns",
        f"({MAX_RESULTS >> 20} MiB at most)",
        f"at {FLOOD} within {FLOOD_S:g} s",
        f"Lines over {child_module.STDERR_LINE >> 10} KiB",
    ):
        assert said in FLAT, said
    assert restart.LIMIT == 5


def test_every_exit_code_and_every_error_code_is_explained() -> None:
    for name, code in vars(errors).items():
        if name.startswith("EXIT_"):
            assert f"| {code} |" in TEXT, name
    codes = re.findall(r"`([a-z-]+)`", (Failure.__doc__ or "").split("one of")[1])
    assert len(codes) == 10
    for code in codes:
        assert f"| `{code}` |" in TEXT


def test_the_events_of_every_engine_are_explained() -> None:
    for kind in common.EVENTS:
        assert f"| `{kind.name}` |" in TEXT
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{kind.name}` |"))
        for field in kind.body.__struct_fields__:
            assert f"`{field}`" in row


def test_the_example_is_short_and_has_nothing_of_ours() -> None:
    assert len(block("python").splitlines()) <= 45
    assert "kitsu" not in block("python")
    assert "import engines" not in block("python")


@pytest.mark.e2e
async def test_the_show_runs_the_example(program: Path) -> None:
    """The show's own child and link, as it uses them for every engine."""
    states: list[str] = []
    ready = asyncio.Event()

    def on_status(status: common.Status) -> None:
        states.append(status.state)
        if status.state == "ready":
            ready.set()

    link = Link("echo", StaleFilter(), {}, on_status)
    child = Child(link.lines, lambda n: link.trouble("oversized", n), lambda lines, n: None)
    link.attach(child)
    await child.spawn([sys.executable, str(program)], dict(os.environ), ".", 0)
    async with asyncio.timeout(30):
        await link.greeted.wait()
        assert link.mismatch == ""
        link.init({"prefix": "she said "}, 1)
        await ready.wait()
        assert states == ["loading", "ready"]
        answer = await link.peer.request(echo.ECHO, echo.Echo(text="hi"))
        assert answer.text == "she said hi"
        link.tick(link.health._last_ping + 10)
        await link.peer.request(echo.ECHO, echo.Echo(text="a pong comes before this"))
        assert link.health._oldest is None
        with pytest.raises(RequestFailed) as failed:
            await link.peer.request(echo.COUNT, echo.Count(n=1))
        assert failed.value.code == "unknown"
        assert await child.stop(link.shutdown) == "shutdown"
    assert child.code == 0
    assert link.said_bye
    assert link.bad == 0


@pytest.mark.e2e
def test_the_example_lives_through_bad_lines_and_leaves_at_the_end_of_input(program: Path) -> None:
    with Pipe([sys.executable, str(program)]) as engine:
        engine.wait(type="hello")
        engine.send(b"nonsense\n[1]\n{}\n\xff\xfe\n\n")
        engine.send({"type": "request", "id": "1", "name": "echo.say", "data": {"text": 3}})
        engine.request("2", "echo.say", text="still here")
        assert engine.answer("1")["error"]["code"] == "bad-request"
        assert engine.answer("2")["data"] == {"text": "still here"}
        for line in engine.raw:
            decode(line)
        engine.end()
        assert engine.exit(10) == 0
        assert engine.frames[-1]["type"] == "bye"
        assert "Traceback" not in engine.stderr
