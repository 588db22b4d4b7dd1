"""One response to each request, credit, cancellation and pings, on real processes."""

from __future__ import annotations

import json
import subprocess

import psutil
import pytest

from tests.support.pipe import ENGINE, ROOT, Pipe, faulty, supervised

pytestmark = pytest.mark.e2e


def count(engine: Pipe, id_: str, n: int, **more: object) -> None:
    engine.send(
        {"type": "request", "id": id_, "name": "echo.count", "data": {"n": n, "pause_ms": 20}}
        | more
    )


def settle(engine: Pipe) -> None:
    """Everything sent before this was acted on, everything said before it is here."""
    n = 1000 + len(engine.frames)
    engine.send({"type": "ping", "n": n})
    engine.wait(type="pong", n=n)


def test_a_request_and_its_cancel_in_one_write_are_answered_once() -> None:
    with supervised() as engine:
        for n in range(20):
            engine.send(
                b'{"type":"request","id":"%d","name":"echo.count","data":{"n":5}}\n'
                b'{"type":"cancel","scope":"request","id":"%d","reason":"changed my mind"}\n'
                % (n, n)
            )
        for n in range(20):
            error = engine.answer(str(n))["error"]
            assert (error["code"], error["message"]) == ("cancelled", "changed my mind")
        count(engine, "next", 1)
        engine.answer("next")
        assert all(len(engine.find(type="response", id=str(n))) == 1 for n in range(20))


@pytest.mark.parametrize(
    "cancel",
    [
        {"scope": "request", "id": "1"},
        {"scope": "turn", "at": {"epoch": 3, "turn": 7}},
        {"scope": "rev", "at": {"epoch": 3, "turn": 7, "rev": 2}},
        {"scope": "sentence", "at": {"epoch": 3, "turn": 7, "rev": 1, "seq": 4}},
        {"scope": "epoch", "at": {"epoch": 4}},
    ],
    ids=lambda cancel: cancel["scope"],
)
def test_each_scope_of_cancel_is_answered_exactly_once(cancel: dict[str, object]) -> None:
    with supervised(epoch=3) as engine:
        count(engine, "1", 1_000_000, at={"epoch": 3, "turn": 7, "rev": 1, "seq": 4})
        count(engine, "other", 8, at={"epoch": 4, "turn": 8})  # none of them hits this one
        if cancel["scope"] != "epoch":
            engine.wait(type="event", id="other")
        engine.send({"type": "cancel", **cancel})
        engine.send({"type": "cancel", **cancel})
        assert engine.answer("1")["error"]["code"] == "cancelled"
        assert engine.answer("other")["data"] == {"sent": 8}
        settle(engine)
        assert len(engine.find(type="response", id="1")) == 1
        last = engine.frames.index(engine.find(type="response", id="1")[0])
        assert not [f for f in engine.frames[last:] if f["type"] == "event" and f.get("id") == "1"]


def test_what_was_cancelled_stays_cancelled() -> None:
    with supervised() as engine:
        at = {"epoch": 0, "turn": 3}
        engine.send({"type": "cancel", "scope": "turn", "at": at})
        count(engine, "1", 1, at=at)
        assert engine.answer("1")["error"]["code"] == "stale"
        engine.send({"type": "request", "id": "2", "name": "echo.say", "at": at | {"rev": 9}})
        assert engine.answer("2")["error"]["code"] == "stale"


def test_a_newer_epoch_seen_in_passing_ends_older_work() -> None:
    with supervised() as engine:
        count(engine, "old", 1_000_000, at={"epoch": 1, "turn": 1})
        engine.wait(type="event", id="old")
        count(engine, "new", 1, at={"epoch": 2, "turn": 2})
        assert engine.answer("old")["error"]["code"] == "cancelled"
        assert engine.answer("new")["ok"] is True


def test_an_id_in_use_is_told_of_and_does_not_disturb_the_first() -> None:
    with supervised() as engine:
        count(engine, "1", 10)
        engine.wait(type="event", id="1")
        count(engine, "1", 3)
        told = engine.wait(type="event", name="trouble")["data"]
        assert told["kind"] == "bad-body"
        assert "in use" in told["detail"]
        assert engine.answer("1")["data"] == {"sent": 10}
        settle(engine)
        assert len(engine.find(type="response", id="1")) == 1
        count(engine, "1", 2)  # free again
        engine.wait(2, type="response", id="1")


def test_credit_is_respected() -> None:
    with supervised() as engine:
        engine.send(
            {
                "type": "request",
                "id": "1",
                "name": "echo.count",
                "data": {"n": 10},
                "credit": 3,
            }
        )
        engine.wait(3, type="event", name="echo.number")
        for n in range(20):  # time enough for a fourth, if it were to come
            settle(engine)
            assert len(engine.find(type="event", name="echo.number")) == 3, n
        engine.send({"type": "event", "name": "credit", "id": "1", "data": {"n": 2}})
        engine.wait(5, type="event", name="echo.number")
        settle(engine)
        assert len(engine.find(type="event", name="echo.number")) == 5
        engine.send({"type": "event", "name": "credit", "id": "1", "data": {"n": 100}})
        assert engine.answer("1")["data"] == {"sent": 10}


def test_one_that_has_no_credit_can_be_cancelled() -> None:
    with supervised() as engine:
        request = {"type": "request", "id": "1", "name": "echo.count", "data": {"n": 10}}
        engine.send(request | {"credit": 0})
        settle(engine)
        engine.send({"type": "cancel", "scope": "request", "id": "1"})
        assert engine.answer("1")["error"]["code"] == "cancelled"
        assert engine.find(type="event", name="echo.number") == []


def test_pings_are_answered_while_a_slow_handler_runs() -> None:
    with faulty("hangs_in_answer") as engine:
        engine.wait(type="hello")
        engine.send({"type": "init"})
        engine.ready()
        engine.request("1", "echo.say", text="hang")
        for n in range(5):
            engine.send({"type": "ping", "n": n})
            engine.wait(type="pong", n=n)
        assert engine.find(type="response") == []


def test_a_cancel_and_a_shutdown_are_heard_in_full_flow() -> None:
    with supervised() as engine:
        engine.send({"type": "request", "id": "1", "name": "echo.count", "data": {"n": 1_000_000}})
        engine.wait(1000, type="event", name="echo.number")
        engine.send({"type": "cancel", "scope": "request", "id": "1"})
        assert engine.answer("1")["error"]["code"] == "cancelled"
        engine.send({"type": "shutdown"})
        assert engine.exit() == 0
        assert engine.frames[-1]["type"] == "bye"


def test_figures_are_told_about_every_second() -> None:
    with supervised() as engine:
        engine.send({"type": "cancel", "scope": "turn", "at": {"turn": 1}})
        engine.send({"type": "request", "id": "1", "name": "echo.say", "at": {"turn": 1}})
        count(engine, "2", 1_000_000)
        figures = engine.wait(2, type="event", name="figures")["data"]
        assert figures == {"queue": 1, "dropped": 0, "stale": 1, "busy": True}


def test_one_that_nobody_reads_refuses_instead_of_filling_memory() -> None:
    process = subprocess.Popen(
        [*ENGINE, "echo", "--supervised"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(b'{"type":"init"}\n')
        process.stdin.flush()
        while b'"ready"' not in process.stdout.readline():
            pass
        before = psutil.Process(process.pid).memory_info().rss
        many, text = 600, b"x" * 100_000
        for n in range(many):  # 60 MB, all of it taken though nothing is read
            process.stdin.write(
                b'{"type":"request","id":"%d","name":"echo.say","data":{"text":"%s"}}\n' % (n, text)
            )
        process.stdin.write(b'{"type":"shutdown"}\n')
        process.stdin.flush()
        assert psutil.Process(process.pid).memory_info().rss - before < 40 << 20
        answers = [f for f in map(json.loads, process.stdout) if f["type"] == "response"]
        assert [int(f["id"]) for f in answers] == list(range(many))
        refused = [f["error"] for f in answers if not f["ok"]]
        assert {(error["code"], error["retry"]) for error in refused} == {("busy", True)}
        assert 0 < len(refused) < many
    finally:
        process.kill()
        process.communicate(timeout=10)
