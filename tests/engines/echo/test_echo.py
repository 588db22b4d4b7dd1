"""The template engine, through the test kit that is shipped with it."""

from __future__ import annotations

import jsonschema
import pytest
from msgspec import json

from engines.echo.engine import EchoEngine
from engines.testing import Bench, Clock, lab
from engines.wire import common, echo
from engines.wire.envelope import At, Cancel, Event, Ping, Pong, Response
from engines.wire.peer import RequestFailed
from kitsu_tui.cli.engine import ENGINES, description, load
from tests.support.pipe import ENGINE, Pipe


async def test_it_says_back_what_it_hears() -> None:
    async with lab(EchoEngine, echo.Config(prefix="you said ")) as bench:
        answer = await bench.peer.request(echo.ECHO, echo.Echo(text="hi"))
        assert answer.text == "you said hi"


async def test_it_counts_as_credit_allows() -> None:
    async with lab(EchoEngine, echo.Config()) as bench:
        exchange = bench.peer.open(echo.COUNT, echo.Count(n=50), credit=4)
        values = [event.value async for event in exchange.events(5.0)]  # type: ignore[attr-defined]
        assert values == list(range(50))
        assert (await exchange.result(5.0)).sent == 50
        grants = [f for f in bench.said if isinstance(f, Event) and f.name == "credit"]
        assert grants == []  # those are ours to send, not the engine's


async def test_it_is_cancelled_with_its_turn() -> None:
    async with lab(EchoEngine, echo.Config()) as bench:
        asked = bench.peer.open(echo.COUNT, echo.Count(n=9, pause_ms=60_000), at=At(turn=2))
        bench.cancel(Cancel(scope="turn", at=At(turn=2)))
        with pytest.raises(RequestFailed) as failed:
            await asked.result(5.0)
        assert failed.value.code == "cancelled"


async def test_the_bench_sends_raw_lines_and_any_frame() -> None:
    async with lab(EchoEngine, echo.Config()) as bench:
        bench.raw(b"{nonsense")
        assert (await bench.wait_event(common.TROUBLE)).kind == "malformed"
        bench.send(Ping(n=3))
        await bench.peer.request(echo.ECHO, echo.Echo(text=""))
        assert Pong(n=3) in bench.said


def test_the_clock_moves_when_told() -> None:
    clock = Clock(5.0)
    assert clock() == 5.0
    assert clock.advance(0.25) == 5.25
    assert clock.ns() == 5_250_000_000


@pytest.mark.parametrize("name", list(ENGINES))
def test_each_engine_describes_itself_in_valid_schemas(name: str) -> None:
    said = json.decode(json.encode(description(load(name))))
    assert said["hello"]["engine"] == name
    assert said["requests"] or name == "metrics"
    refs = [said["config"]]
    for request in said["requests"].values():
        refs += [request["data"], request["result"]]
        refs += [*request["events"].values(), *request["feeds"].values()]
    refs += [event["data"] for event in said["events"].values()]
    for ref in refs:
        schema = {"$defs": said["$defs"], **ref}
        jsonschema.Draft202012Validator.check_schema(schema)
    for event in said["events"].values():
        assert event["traffic"] in ("control", "result", "latest")


async def test_real_messages_fit_the_schemas_that_describe_them() -> None:
    with Pipe([*ENGINE, "echo", "--describe"]) as program:
        assert program.exit() == 0
        said = json.decode(b"".join(program.raw))
    requests, events = said["requests"], said["events"]

    def check(ref: dict[str, str], data: bytes) -> None:
        schema = {"$defs": said["$defs"], **ref}
        jsonschema.Draft202012Validator(schema).validate(json.decode(data))

    async def exchange(bench: Bench) -> None:
        await bench.peer.request(echo.ECHO, echo.Echo(text="hi"))
        await bench.peer.request(echo.COUNT, echo.Count(n=2))
        bench.raw(b"nonsense")
        bench.host.figures(3)

    async with lab(EchoEngine, echo.Config()) as bench:
        await exchange(bench)
        by_id = {"1": "echo.say", "2": "echo.count"}
        checked = set()
        for frame in bench.said:
            if isinstance(frame, Response):
                check(requests[by_id[frame.id]]["result"], bytes(frame.data))
                checked.add("response")
            elif isinstance(frame, Event):
                ref = (
                    requests[by_id[frame.id]]["events"][frame.name]
                    if frame.id
                    else events[frame.name]["data"]
                )
                check(ref, bytes(frame.data))
                checked.add(frame.name)
        assert checked == {"response", "echo.number", "status", "trouble", "figures"}
    with pytest.raises(jsonschema.ValidationError):
        check(requests["echo.say"]["data"], b'{"text": 3}')
