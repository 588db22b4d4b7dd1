"""From hello to the exit code, on real processes."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

import pytest

from tests.support.pipe import ENGINE, Pipe, faulty, supervised

pytestmark = pytest.mark.e2e
LEAVE_S = 10.0
"""Far more than the 2 s that a supervised engine has; a test of an end, not of its speed."""


def test_hello_is_the_first_line_and_says_who_it_is() -> None:
    with Pipe([*ENGINE, "echo", "--supervised"]) as engine:
        engine.wait(type="hello", timeout=10.0)
        assert engine.frames[0] == {
            "type": "hello",
            "wire": [1],
            "engine": "echo",
            "version": "1",
            "pid": engine.process.pid,
            "capabilities": [],
        }
        # Nothing loads before init: it is not even `loading`.
        engine.send({"type": "ping", "n": 1})
        engine.wait(type="pong", n=1)
        assert engine.find(type="event") == []


@pytest.mark.parametrize("name", ["audio", "asr", "policy", "tts", "metrics", "echo"])
def test_hello_comes_before_anything_heavy_is_imported(name: str) -> None:
    heavy = "numpy onnxruntime ctranslate2 faster_whisper xllamacpp llama_cpp piper sounddevice"
    spy = (
        "import os, sys\n"
        "from engines.harness import host\n"
        "real = host.Host.hello\n"
        "def hello(self):\n"
        f"    loaded = [m for m in {heavy.split()!r} if m in sys.modules]\n"
        "    sys.stderr.write('LOADED ' + ','.join(loaded) + '.\\n'); sys.stderr.flush()\n"
        "    real(self)\n"
        "host.Host.hello = hello\n"
        f"sys.argv = ['kitsu', 'engine', {name!r}, '--supervised']\n"
        "from kitsu_tui.cli import main\n"
        "main()\n"
    )
    with Pipe([sys.executable, "-c", spy]) as engine:
        engine.wait(type="hello", timeout=10.0)
        engine.end()
        engine.exit(LEAVE_S)
        assert "LOADED .\n" in engine.stderr


def test_a_request_before_ready_is_held_and_served_in_order() -> None:
    with Pipe([*ENGINE, "echo", "--supervised"]) as engine:
        engine.request("1", "echo.say", text="early")
        engine.request("2", "echo.say", text="early too")
        engine.send({"type": "ping", "n": 5})
        engine.wait(type="pong", n=5)
        assert engine.find(type="response") == []
        engine.send({"type": "init", "config": {"prefix": "> "}})
        assert engine.answer("2")["data"] == {"text": "> early too"}
        assert [f["id"] for f in engine.find(type="response")] == ["1", "2"]


def test_a_request_held_is_answered_when_it_is_cancelled_meanwhile() -> None:
    with faulty("hangs_at_start") as engine:
        engine.wait(type="hello")
        engine.send({"type": "init"})
        for n in range(1, 5):
            at = {"epoch": 0, "turn": n}
            engine.send({"type": "request", "id": str(n), "name": "echo.say", "at": at, "data": {}})
        engine.send({"type": "cancel", "scope": "request", "id": "1", "reason": "no more"})
        engine.send({"type": "cancel", "scope": "turn", "at": {"turn": 2}})
        assert engine.answer("1")["error"]["code"] == "cancelled"
        assert engine.answer("2")["error"]["code"] == "cancelled"
        engine.send({"type": "cancel", "scope": "epoch", "at": {"epoch": 1}})
        assert engine.answer("3")["error"]["code"] == "cancelled"
        assert engine.answer("4")["error"]["code"] == "cancelled"
        # Two of one id while it loads: the second is told of, not served twice.
        engine.request("5", "echo.say", text="a")
        engine.request("5", "echo.say", text="b")
        assert "in use" in engine.wait(type="event", name="trouble")["data"]["detail"]
        engine.send({"type": "shutdown"})
        assert engine.exit(LEAVE_S) == 0
        assert len(engine.find(type="response", id="5")) == 1


def test_alone_the_end_of_input_lets_what_is_under_way_finish() -> None:
    with Pipe([*ENGINE, "echo", "--config", '{"prefix": "a "}']) as engine:
        engine.request("1", "echo.count", n=20, pause_ms=10)
        engine.request("2", "echo.say", text="b")
        engine.end()
        assert engine.exit() == 0
        assert engine.answer("1")["data"] == {"sent": 20}
        assert engine.answer("2")["data"] == {"text": "a b"}
        assert engine.frames[-1] == {"type": "bye", "reason": "end of input"}


def test_supervised_the_end_of_input_ends_it_at_once() -> None:
    with supervised() as engine:
        engine.request("1", "echo.count", n=1_000_000, pause_ms=50)
        engine.wait(type="event", name="echo.number")
        engine.end()
        assert engine.exit(LEAVE_S) == 0
        assert engine.answer("1")["error"]["code"] == "cancelled"
        assert engine.frames[-1]["type"] == "bye"


@pytest.mark.parametrize("fault", ["hangs_in_answer", "blocks_in_answer"])
def test_supervised_the_end_of_input_ends_it_though_a_handler_hangs(fault: str) -> None:
    with faulty(fault) as engine:
        engine.wait(type="hello")
        engine.send({"type": "init"})
        engine.ready()
        engine.request("1", "echo.say", text="hang")
        if fault == "hangs_in_answer":
            engine.send({"type": "ping", "n": 1})
            engine.wait(type="pong", n=1)  # a stuck thread does not stop the loop
        engine.end()
        assert engine.exit(LEAVE_S) == 0


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("way", ["TERM", "shutdown"])
def test_told_to_stop_it_cancels_answers_and_says_bye_last(way: str, alone: bool) -> None:
    with Pipe([*ENGINE, "echo"]) if alone else supervised() as engine:
        engine.ready()
        engine.request("1", "echo.count", n=1_000_000, pause_ms=50)
        engine.wait(type="event", name="echo.number")
        if way == "TERM":
            os.kill(engine.process.pid, signal.SIGTERM)
        else:
            engine.send({"type": "shutdown", "reason": "test"})
        assert engine.exit(LEAVE_S) == 0
        assert engine.answer("1")["error"]["code"] == "cancelled"
        assert engine.frames[-1] == {"type": "bye", "reason": "told to stop"}


def test_ctrl_c_is_for_the_show_not_for_its_engines() -> None:
    with supervised() as engine:
        os.kill(engine.process.pid, signal.SIGINT)
        engine.request("1", "echo.say", text="on")
        assert engine.answer("1")["ok"] is True


def test_a_broken_stdout_ends_it() -> None:
    with supervised() as engine:
        assert engine.process.stdout is not None
        # Closed below Python's buffer, whose lock the reading thread holds.
        os.dup2(os.open(os.devnull, os.O_RDONLY), engine.process.stdout.fileno())
        end = time.monotonic() + LEAVE_S
        while engine.process.poll() is None and time.monotonic() < end:
            try:
                engine.send({"type": "ping", "n": 1})
            except BrokenPipeError:
                break
            time.sleep(0.05)
        assert engine.exit(LEAVE_S) == 0
        assert "Traceback" not in engine.stderr


def test_bad_configuration_by_init_is_exit_2_with_one_clear_line() -> None:
    with Pipe([*ENGINE, "echo", "--supervised"]) as engine:
        engine.wait(type="hello")
        engine.send({"type": "init", "config": {"prefix": 3}})
        assert engine.exit() == 2
        [line] = engine.stderr.splitlines()
        said = json.loads(line)
        assert said["level"] == "error"
        assert said["message"] == "init: Expected `str`, got `int` - at `$.prefix`"
        assert engine.frames[-1]["type"] == "bye"
        assert "prefix" in engine.frames[-1]["reason"]


def test_an_unknown_key_in_init_is_exit_2() -> None:
    with Pipe([*ENGINE, "echo", "--supervised"]) as engine:
        engine.wait(type="hello")
        engine.send({"type": "init", "config": {"prefx": ""}})
        assert engine.exit() == 2
        assert "prefx" in engine.stderr


def test_a_missing_model_is_exit_4_with_one_line() -> None:
    with Pipe([*ENGINE, "policy", "--supervised"]) as engine:
        engine.wait(type="hello")
        engine.send({"type": "init", "config": {"model": "/nowhere/at/all.gguf"}})
        assert engine.exit() == 4
        [line] = engine.stderr.splitlines()
        assert "/nowhere/at/all.gguf" in json.loads(line)["message"]
        assert engine.find(type="event", name="status")[-1]["data"]["state"] == "loading"


def test_a_start_that_fails_is_exit_1_and_what_waits_is_answered() -> None:
    with faulty("fails_at_start") as engine:
        engine.wait(type="hello")
        engine.request("1", "echo.say", text="a")
        engine.send({"type": "init"})
        assert engine.exit() == 1
        assert engine.answer("1")["error"]["code"] == "cancelled"
        assert "scripted to fail" in engine.frames[-1]["reason"]
        assert all(line.startswith("{") for line in engine.stderr.splitlines())


def test_a_stack_dump_can_be_asked_for() -> None:
    with supervised() as engine:
        os.kill(engine.process.pid, signal.SIGQUIT)
        engine.request("1", "echo.say", text="on")
        assert engine.answer("1")["ok"] is True
        engine.end()
        engine.exit(LEAVE_S)
        assert "Thread 0x" in engine.stderr
