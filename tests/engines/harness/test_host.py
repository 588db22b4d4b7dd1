"""The harness without its pipes: what needs a clock or a full outbox."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from engines.echo.engine import EchoEngine
from engines.harness import Call, Cancelled, Engine, Host, Refused, handles
from engines.harness.call import Link
from engines.harness.host import FLOOD, FLOOD_S
from engines.testing import Clock
from engines.wire import common, echo
from engines.wire.codec import decode, encode
from engines.wire.envelope import (
    At,
    Cancel,
    Event,
    Frame,
    Pong,
    Request,
    Response,
    Shutdown,
)
from engines.wire.message import Traffic

BAD = b"{bad"


class Desk:
    """A host whose lines are kept, and whose outbox is full when `full` is set."""

    def __init__(self, engine: type[Engine[Any]]) -> None:
        self.clock = Clock()
        self.said: list[Frame] = []
        self.classes: list[Traffic] = []
        self.full = False
        self.host = Host(engine, self._out, clock=self.clock)

    def _out(self, line: bytes, traffic: Traffic, key: str) -> bool:
        self.said.append(decode(line))
        self.classes.append(traffic)
        return self.full

    def send(self, *frames: Frame) -> None:
        self.host.lines([encode(frame) for frame in frames])

    def states(self) -> list[tuple[str, str]]:
        return [(s.state, s.detail) for s in self.events(common.STATUS)]

    def events(self, kind: Any) -> list[Any]:
        return [
            kind.decode(frame.data)
            for frame in self.said
            if isinstance(frame, Event) and frame.name == kind.name
        ]

    def responses(self) -> list[Response]:
        return [frame for frame in self.said if isinstance(frame, Response)]

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk(EchoEngine)
    await desk.host.start(echo.Config())
    yield desk
    await desk.host.stop("test over")


def say(id_: str, text: str = "", at: At | None = None) -> Request:
    return Request(id=id_, name="echo.say", data=echo.ECHO.encode(echo.Echo(text=text)), at=at)


def count(id_: str, n: int, *, credit: int | None = None, pause_ms: float = 0) -> Request:
    body = echo.COUNT.encode(echo.Count(n=n, pause_ms=pause_ms))
    return Request(id=id_, name="echo.count", data=body, credit=credit)


async def test_a_flood_degrades_and_ten_quiet_seconds_recover(desk: Desk) -> None:
    desk.host.lines([BAD] * (FLOOD - 1))
    assert desk.states()[-1] == ("ready", "")
    desk.host.lines([BAD])
    assert desk.states()[-1][0] == "degraded"
    desk.clock.advance(FLOOD_S - 1)
    desk.host.figures(0)
    assert desk.states()[-1][0] == "degraded"
    desk.clock.advance(1)
    desk.host.figures(0)
    assert desk.states()[-1] == ("ready", "")


async def test_slow_bad_lines_are_no_flood(desk: Desk) -> None:
    for _ in range(FLOOD * 2):
        desk.host.lines([BAD])
        desk.clock.advance(FLOOD_S / (FLOOD - 10))
    assert desk.states()[-1] == ("ready", "")


async def test_after_a_flood_the_engines_own_state_is_told_again(desk: Desk) -> None:
    desk.host.status("degraded", "no microphone")
    desk.host.lines([BAD] * FLOOD)
    state, detail = desk.states()[-1]
    assert state == "degraded"
    assert "no microphone" in detail
    assert "flooded" in detail
    desk.clock.advance(FLOOD_S)
    desk.host.figures(0)
    assert desk.states()[-1] == ("degraded", "no microphone")


async def test_a_flood_while_it_loads_is_not_taken_for_ready() -> None:
    gate = asyncio.Event()

    class Slow(EchoEngine):
        async def start(self) -> None:
            await gate.wait()

    desk = Desk(Slow)
    starting = asyncio.ensure_future(desk.host.start(echo.Config()))
    await desk.settle()
    desk.host.lines([BAD] * FLOOD)
    assert {state for state, _ in desk.states()} == {"loading"}
    gate.set()
    await starting
    assert desk.states()[-1][0] == "degraded"  # ready now, and flooded still
    desk.clock.advance(FLOOD_S)
    desk.host.figures(0)
    assert desk.states()[-1] == ("ready", "")


async def test_trouble_of_each_kind_is_told_once_a_second(desk: Desk) -> None:
    desk.host.lines([BAD] * 5)
    desk.host.trouble("oversized", "a line was over 1 MiB", 3)
    told = [(t.kind, t.count) for t in desk.events(common.TROUBLE)]
    assert told == [("malformed", 1), ("oversized", 3)]
    desk.clock.advance(1.0)
    desk.host.lines([BAD])
    told = [(t.kind, t.count) for t in desk.events(common.TROUBLE)]
    assert told[2:] == [("malformed", 5)]


async def test_a_full_outbox_makes_senders_wait_until_there_is_room(desk: Desk) -> None:
    desk.full = True
    desk.send(count("1", 5))
    await desk.settle()
    assert len(desk.events(echo.NUMBER)) == 1
    desk.send(say("2", "made at once, this would be one more that waits"))
    [refused] = desk.responses()
    assert refused.error is not None
    assert (refused.id, refused.error.code, refused.error.retry) == ("2", "busy", True)
    desk.full = False
    desk.host.room.set()
    await desk.settle()
    assert [r.id for r in desk.responses()] == ["2", "1"]
    desk.send(say("3", "served again"))
    assert desk.responses()[-1].ok
    assert len(desk.events(echo.NUMBER)) == 5


async def test_one_that_waits_for_room_can_be_cancelled(desk: Desk) -> None:
    desk.full = True
    desk.send(count("1", 5))
    await desk.settle()
    desk.send(Cancel(scope="request", id="1", reason="enough"))
    await desk.settle()
    [response] = desk.responses()
    assert response.error is not None
    assert (response.error.code, response.error.message) == ("cancelled", "enough")


async def test_control_is_control_and_results_are_results(desk: Desk) -> None:
    desk.said.clear()
    desk.classes.clear()
    desk.send(count("1", 1))
    await desk.settle()
    desk.host.figures(0)
    desk.host.lines([BAD])
    desk.host.lines([b'{"type":"ping","n":4}'])
    desk.host.bye("over")
    classes = dict(
        zip(
            [getattr(f, "name", type(f).__name__) for f in desk.said],
            desk.classes,
            strict=True,
        )
    )
    assert classes == {
        "echo.number": Traffic.RESULT,
        "Response": Traffic.RESULT,
        "figures": Traffic.LATEST,
        "trouble": Traffic.CONTROL,
        "Pong": Traffic.CONTROL,
        "Bye": Traffic.RESULT,  # behind the last answers
    }
    assert Pong(n=4) in desk.said


async def test_shutdown_is_heard(desk: Desk) -> None:
    desk.send(Shutdown())
    assert desk.host.stopping.is_set()


async def test_a_handler_may_refuse_fail_and_finish_late() -> None:
    class Fussy(EchoEngine):
        @handles(echo.ECHO)
        def say(self, params: echo.Echo, call: Call) -> echo.Echoed:
            if params.text == "refuse":
                raise Refused("busy", "not now", retry=True)
            if params.text == "surrogate":
                return echo.Echoed(text="\udcff")
            raise KeyError("k" * 5000)

    desk = Desk(Fussy)
    await desk.host.start(echo.Config())
    desk.send(say("1", "refuse"), say("2", "surrogate"), say("3", "fail"))
    errors = [r.error for r in desk.responses()]
    assert [e.code for e in errors if e] == ["busy", "failed", "failed"]
    assert [e.retry for e in errors if e] == [True, True, True]
    assert errors[2] is not None
    assert len(errors[2].message) <= 2000
    await desk.host.stop("over")


async def test_an_engine_whose_cancelled_raises_does_not_lose_the_next_line() -> None:
    class Broken(EchoEngine):
        def cancelled(self, cancel: Cancel) -> None:
            raise RuntimeError("oh")

    desk = Desk(Broken)
    await desk.host.start(echo.Config())
    desk.send(Cancel(scope="turn", at=At(turn=1)), say("1", "on"))
    assert desk.responses()[0].ok


async def test_a_worker_thread_learns_of_a_cancel_at_its_next_emit() -> None:
    ended = threading.Event()

    class Threaded(EchoEngine):
        @handles(echo.COUNT)
        async def count(self, params: echo.Count, call: Call) -> echo.Counted:
            def work() -> int:
                try:
                    for value in range(params.n):
                        call.emit(echo.NUMBER, echo.Number(value=value))
                except Cancelled:
                    ended.set()
                    raise
                return params.n

            return echo.Counted(sent=await asyncio.to_thread(work))

    desk = Desk(Threaded)
    await desk.host.start(echo.Config())
    desk.send(count("1", 3))
    async with asyncio.timeout(10):
        while not desk.responses():
            await asyncio.sleep(0.001)
    assert [n.value for n in desk.events(echo.NUMBER)] == [0, 1, 2]
    desk.send(count("2", 1_000_000, credit=2))
    async with asyncio.timeout(10):
        while len(desk.events(echo.NUMBER)) < 5:
            await asyncio.sleep(0.001)
    desk.send(Cancel(scope="request", id="2"))
    assert await asyncio.to_thread(ended.wait, 10)
    assert [r.id for r in desk.responses()] == ["1", "2"]
    assert len(desk.events(echo.NUMBER)) == 5
    await desk.host.stop("over")


async def test_what_is_fed_arrives_in_order_and_too_much_of_it_ends_the_call() -> None:
    got: list[int] = []
    gate = asyncio.Event()
    kind = type(echo.COUNT)("echo.sum", echo.Count, echo.Counted, feeds=(echo.NUMBER,))

    class Summing(EchoEngine):
        @handles(kind)
        async def total(self, params: echo.Count, call: Call) -> echo.Counted:
            call.grant(4)
            await gate.wait()
            async for _, body in call.feeds():
                assert isinstance(body, echo.Number)
                got.append(body.value)
                if len(got) == params.n:
                    break
            return echo.Counted(sent=sum(got))

    desk = Desk(Summing)
    await desk.host.start(echo.Config())

    def number(id_: str, value: int) -> Event:
        return Event(name="echo.number", data=echo.NUMBER.encode(echo.Number(value=value)), id=id_)

    def ask(id_: str) -> Request:
        return Request(id=id_, name="echo.sum", data=echo.COUNT.encode(echo.Count(n=3)))

    desk.send(ask("1"), number("1", 5), number("1", 7), number("1", 9))
    gate.set()
    await desk.settle()
    assert got == [5, 7, 9]
    assert echo.COUNT.decode_result(desk.responses()[0].data).sent == 21
    grant = next(f for f in desk.said if isinstance(f, Event) and f.name == "credit")
    assert (grant.id, common.CREDIT.decode(grant.data).n) == ("1", 4)

    gate.clear()
    desk.send(ask("2"))
    await desk.settle()
    desk.send(*(number("2", 1) for _ in range(4097)))
    await desk.settle()
    error = desk.responses()[1].error
    assert error is not None
    assert "busy" in error.message
    await desk.host.stop("over")


async def test_a_stale_event_is_not_said(desk: Desk) -> None:
    link = Link(desk.host)
    desk.send(Cancel(scope="turn", at=At(turn=4)))
    before = len(desk.said)
    link.send(echo.NUMBER, echo.Number(value=1), At(turn=4))
    assert len(desk.said) == before
    link.send(echo.NUMBER, echo.Number(value=1), At(turn=5))
    assert len(desk.said) == before + 1
    desk.host.figures(0)
    assert desk.events(common.FIGURES)[-1].stale == 1
