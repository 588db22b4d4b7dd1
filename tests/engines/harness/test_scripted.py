"""The scripted engines do what their names say: others build on it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import psutil
import pytest

from tests.support.engines import BABBLE
from tests.support.pipe import ROOT, Pipe, faulty

pytestmark = pytest.mark.e2e


def begin(engine: Pipe) -> Pipe:
    engine.wait(type="hello")
    engine.send({"type": "init"})
    return engine


def ping(engine: Pipe, n: int) -> None:
    engine.send({"type": "ping", "n": n})


def test_by_its_path_from_any_folder() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/support/engines.py"), "none", "--config", "{}"],
        input=b'{"type":"request","id":"1","name":"echo.say","data":{"text":"hi"}}\n',
        capture_output=True,
        cwd="/",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert b'"data":{"text":"hi"}' in done.stdout


def test_it_may_be_another_engine() -> None:
    with begin(faulty("none", "--engine", "metrics")) as engine:
        assert engine.frames[0]["engine"] == "metrics"
        engine.ready()


def test_silent() -> None:
    with faulty("silent") as engine, pytest.raises(AssertionError, match="too late"):
        engine.wait(type="hello", timeout=1.0)


def test_dies_before_hello() -> None:
    with faulty("dies_before_hello", "--code", "4") as engine:
        assert engine.exit() == 4
        assert engine.frames == []


@pytest.mark.parametrize("code", [1, 2, 75])
def test_dies_at_start(code: int) -> None:
    with begin(faulty("dies_at_start", "--code", str(code))) as engine:
        assert engine.exit() == code
        assert engine.frames[-1]["data"]["state"] == "loading"


def test_blocks_at_start_answers_no_ping_and_hangs_at_start_does() -> None:
    with begin(faulty("hangs_at_start")) as engine:
        engine.wait(type="event", name="status")
        ping(engine, 1)
        engine.wait(type="pong", n=1)
    with begin(faulty("blocks_at_start")) as engine:
        engine.wait(type="event", name="status")
        ping(engine, 1)
        with pytest.raises(AssertionError, match="too late"):
            engine.wait(type="pong", n=1, timeout=0.5)


@pytest.mark.parametrize(("fault", "code"), [("dies_in_answer", 9), ("killed_in_answer", -9)])
def test_dies_with_two_events_of_an_answer_out(fault: str, code: int) -> None:
    with begin(faulty(fault)) as engine:
        engine.ready()
        engine.request("1", "echo.count", n=10)
        assert engine.exit() == code
        assert len(engine.find(type="event", id="1")) == 2
        assert engine.find(type="response") == []


def test_ignores_all_but_the_kill() -> None:
    with begin(faulty("ignores_all")) as engine:
        engine.ready()
        os.kill(engine.process.pid, signal.SIGTERM)
        engine.request("1", "echo.say", text="still here")
        assert engine.answer("1")["ok"]
        engine.send({"type": "shutdown"})
        engine.end()
        with pytest.raises(subprocess.TimeoutExpired):
            engine.exit(3.0)
        os.kill(engine.process.pid, signal.SIGKILL)
        assert engine.exit() == -9


def test_grandchild_holds_the_pipes_after_its_parent_has_gone() -> None:
    with begin(faulty("grandchild", "--hold", "60")) as engine:
        engine.ready()
        found = re.search(r"grandchild (\d+)", engine.stderr)
        while found is None:
            ping(engine, len(engine.frames))
            engine.wait(len(engine.find(type="pong")) + 1, type="pong")
            found = re.search(r"grandchild (\d+)", engine.stderr)
        grandchild = psutil.Process(int(found[1]))
        engine.send({"type": "shutdown"})
        assert engine.process.wait(10) == 0
        assert grandchild.is_running()
        assert engine._threads[0].is_alive(), "the wire is still held"
        grandchild.kill()


def test_floods_stderr_and_serves() -> None:
    with begin(faulty("floods_stderr")) as engine:
        engine.ready(60.0)
        engine.request("1", "echo.say", text="on")
        assert engine.answer("1")["ok"]
        assert sum(map(len, engine._stderr)) > 15 << 20


def test_babbles_and_is_well() -> None:
    with begin(faulty("babbles")) as engine:
        engine.ready()
        assert all(line in engine.raw for line in BABBLE)
        engine.request("1", "echo.say", text="on")
        assert engine.answer("1")["ok"]
