"""Lines that cannot be used, sent to a real engine process: told once, skipped, counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.pipe import ENGINE, Pipe, faulty, supervised

pytestmark = pytest.mark.e2e

MALFORMED = b"{nonsense\n"
BINARY = bytes(range(256)).replace(b"\n", b"") + b"\n"
HUGE = (
    b'{"type":"request","id":"9","name":"echo.say","data":{"text":"' + b"x" * (2 << 20) + b'"}}\n'
)
DEEP = b'{"type":"event","name":"a","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"


def troubles(engine: Pipe) -> list[dict[str, Any]]:
    return [frame["data"] for frame in engine.find(type="event", name="trouble")]


@pytest.mark.parametrize(
    ("line", "kind", "says"),
    [
        (MALFORMED, "malformed", "the line begins '{nonsense'"),
        (BINARY, "malformed", "the line begins"),
        (DEEP, "malformed", "recursion"),
        (b"[1,2]\n", "malformed", "Expected `object`, got `array`"),
        (b'{"type":"ping","n":NaN}\n', "malformed", "malformed"),
        (b'{"type":"teapot"}\n', "malformed", "teapot"),
        (HUGE, "oversized", "over 1 MiB"),
        (b'{"type":"request","id":"7","name":"no.such"}\n', "unknown", "no.such"),
        (b'{"type":"event","name":"no.such"}\n', "unknown", "no.such"),
        (b'{"type":"bye"}\n', "unknown", "bye"),
        (b'{"type":"init"}\n', "unknown", "already configured"),
        (b'{"type":"request","id":"' + b"i" * 300 + b'","name":"echo.say"}\n', "malformed", "256"),
        (
            b'{"type":"request","id":"8","name":"echo.say","data":{"text":3}}\n',
            "bad-body",
            "$.text",
        ),
    ],
    ids=[
        "malformed",
        "binary",
        "deep",
        "array",
        "nan",
        "type",
        "huge",
        "request",
        "event",
        "frame",
        "init",
        "long id",
        "body",
    ],
)
def test_a_bad_line_is_told_and_the_next_request_served(line: bytes, kind: str, says: str) -> None:
    with supervised() as engine:
        engine.send(line)
        engine.request("after", "echo.say", text="still here")
        assert engine.answer("after")["data"] == {"text": "still here"}
        told = engine.wait(type="event", name="trouble")["data"]
        assert (told["kind"], told["count"]) == (kind, 1)
        assert says in told["detail"]
        assert len(told["detail"]) < 400


def test_many_bad_lines_are_told_once_with_their_number() -> None:
    with supervised() as engine:
        engine.send(MALFORMED * 40)
        engine.request("after", "echo.say", text="on")
        engine.answer("after")
        first = engine.wait(type="event", name="trouble")["data"]
        assert first["count"] == 1
        # The rest comes in one line with the figures, a second later at the latest.
        second = engine.wait(2, type="event", name="trouble")["data"]
        assert (second["kind"], second["count"]) == ("malformed", 39)
        assert len(troubles(engine)) == 2


def test_a_flood_makes_it_degraded_and_it_goes_on() -> None:
    with supervised() as engine:
        engine.send(MALFORMED * 150)
        flooded = engine.wait(2, type="event", name="status")  # after ready; loading came before
        statuses = [f["data"]["state"] for f in engine.find(type="event", name="status")]
        assert statuses[:2] == ["loading", "ready"]
        while flooded["data"]["state"] != "degraded":
            flooded = engine.wait(3, type="event", name="status")
        assert "flooded" in flooded["data"]["detail"]
        engine.request("after", "echo.say", text="on")
        assert engine.answer("after")["ok"] is True


def test_an_unfinished_last_line_is_still_a_line() -> None:
    with Pipe([*ENGINE, "echo"]) as engine:
        engine.send(b'{"type":"request","id":"1","name":"echo.say","data":{"text":"no newline"}}')
        engine.end()
        assert engine.exit() == 0
        assert engine.answer("1")["data"] == {"text": "no newline"}


def test_a_line_in_pieces_is_one_line() -> None:
    with supervised() as engine:
        text = "schnörkel \U0001f98a"
        line = json.dumps(
            {"type": "request", "id": "1", "name": "echo.say", "data": {"text": text}},
            ensure_ascii=False,
        ).encode()
        for byte in line + b"\n":
            engine.send(bytes([byte]))
        assert engine.answer("1")["data"] == {"text": text}


def test_what_is_printed_on_stdout_does_not_reach_the_wire() -> None:
    with faulty("prints") as engine:
        engine.wait(type="hello")
        engine.send({"type": "init"})
        engine.ready()
        engine.request("1", "echo.count", n=50, pause_ms=1)
        assert engine.answer("1")["data"] == {"sent": 50}
        engine.send({"type": "shutdown"})
        assert engine.exit() == 0
        assert len(engine.raw) == len(engine.frames), engine.raw
        assert all("type" in frame for frame in engine.frames)
        # print, sys.stdout, fd 1, a child, and C's stdout: all of them went to stderr instead.
        assert engine.stderr.count("not for the wire") >= 5


def test_an_answer_too_long_for_a_line_is_an_error_and_costs_nothing_else() -> None:
    with supervised(config={"prefix": "p" * 200}) as engine:
        text = "x" * ((1 << 20) - 100)
        engine.send(
            {"type": "request", "id": "1", "name": "echo.say", "data": {"text": text}},
            {"type": "request", "id": "2", "name": "echo.say", "data": {"text": "short"}},
        )
        assert engine.answer("2")["ok"] is True
        refused = engine.answer("1")
        assert refused["error"]["code"] == "failed"
        assert "over the limit" in refused["error"]["message"]
        assert len(engine.find(type="response", id="1")) == 1
