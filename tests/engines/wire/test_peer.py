"""The asking side: one response, credit, late events, time limits and ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engines.wire import common, echo
from engines.wire.envelope import At, Cancel, Event, Failure, Frame, Request, Response
from engines.wire.message import BadBody, RequestKind, Traffic
from engines.wire.peer import MAX_WAITING, Exchange, Peer, RequestFailed

FED = RequestKind("echo.sum", echo.Count, echo.Counted, feeds=(echo.NUMBER,))


class Line:
    """The other end: keeps what is sent, answers by hand."""

    def __init__(self) -> None:
        self.sent: list[tuple[Frame, Traffic, str]] = []
        self.peer = Peer(self._send, prefix="p")

    def _send(self, frame: Frame, traffic: Traffic, key: str) -> None:
        self.sent.append((frame, traffic, key))

    @property
    def frames(self) -> list[Frame]:
        return [frame for frame, _, _ in self.sent]

    def number(self, exchange: Exchange[Any], value: int) -> bool:
        data = echo.NUMBER.encode(echo.Number(value=value))
        return self.peer.receive(Event(name="echo.number", data=data, id=exchange.id))

    def credit(self, exchange: Exchange[Any], n: int) -> bool:
        data = common.CREDIT.encode(common.Credit(n=n))
        return self.peer.receive(Event(name="credit", data=data, id=exchange.id))

    def done(self, exchange: Exchange[Any], sent: int = 0) -> bool:
        data = echo.COUNT.encode_result(echo.Counted(sent=sent))
        return self.peer.receive(Response(id=exchange.id, ok=True, data=data))

    def grants(self) -> list[int]:
        return [
            common.CREDIT.decode(f.data).n
            for f in self.frames
            if isinstance(f, Event) and f.name == "credit"
        ]


@pytest.fixture
async def line() -> Line:
    return Line()


async def values(exchange: Exchange[Any], timeout: float = 5.0) -> list[int]:
    found = []
    async for event in exchange.events(timeout):
        assert isinstance(event, echo.Number)
        found.append(event.value)
    return found


async def test_a_request_goes_out_and_its_events_and_result_come_back(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=2), at=At(turn=3), traffic=Traffic.RESULT)
    [(request, traffic, _)] = line.sent
    assert isinstance(request, Request)
    assert (request.id, request.name, request.at) == ("p1", "echo.count", At(turn=3))
    assert traffic is Traffic.RESULT
    assert len(line.peer) == 1
    assert line.number(asked, 1)
    assert line.number(asked, 2)
    assert line.done(asked, 2)
    assert asked.done
    assert await values(asked) == [1, 2]
    assert (await asked.result(1.0)).sent == 2
    assert len(line.peer) == 0


async def test_ids_are_never_used_twice(line: Line) -> None:
    ids = {line.peer.open(echo.COUNT, echo.Count(n=0)).id for _ in range(100)}
    assert len(ids) == 100


async def test_what_comes_after_the_response_belongs_to_nobody(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=2))
    assert line.done(asked, 1)
    assert not line.done(asked, 2)
    assert not line.number(asked, 3)
    assert not line.peer.receive(Response(id="p99", ok=True))
    assert not line.peer.receive(Event(name="status"))
    assert (await asked.result(1.0)).sent == 1


async def test_a_refusal_has_its_code_and_retry(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=2))
    failure = Failure(code="busy", message="later", retry=True)
    line.peer.receive(Response(id=asked.id, ok=False, error=failure))
    with pytest.raises(RequestFailed) as failed:
        await asked.result(1.0)
    assert (failed.value.code, failed.value.detail, failed.value.retry) == ("busy", "later", True)
    assert await values(asked) == []


async def test_a_refusal_without_reason_and_a_result_that_does_not_fit_fail(line: Line) -> None:
    first = line.peer.open(echo.COUNT, echo.Count(n=2))
    second = line.peer.open(echo.COUNT, echo.Count(n=2))
    line.peer.receive(Response(id=first.id, ok=False))
    line.peer.receive(Response(id=second.id, ok=True))
    for asked, says in ((first, "no reason"), (second, "sent")):
        with pytest.raises(RequestFailed, match=says) as failed:
            await asked.result(1.0)
        assert failed.value.code == "failed"


async def test_credit_is_granted_again_at_half(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=9), credit=4)
    got: list[int] = []
    for n in range(4):
        line.number(asked, n)
    assert line.grants() == [], "what was not read is not granted again"
    events = asked.events(5.0)
    for expected in ([], [2], [2], [2, 2]):
        event = await anext(events)
        assert isinstance(event, echo.Number)
        got.append(event.value)
        assert line.grants() == expected
    assert got == [0, 1, 2, 3]


async def test_credit_is_granted_for_what_waited_before_a_callback_came(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=9), credit=2)
    line.number(asked, 0)
    line.number(asked, 1)
    seen: list[object] = []
    asked.on_event(seen.append)
    assert len(seen) == 2
    assert sum(line.grants()) == 2
    line.number(asked, 2)
    assert len(seen) == 3


async def test_without_credit_unread_events_end_it_at_a_bound(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=9))
    for n in range(MAX_WAITING):
        assert line.number(asked, n)
    line.number(asked, -1)
    with pytest.raises(RequestFailed) as failed:
        await asked.result(1.0)
    assert failed.value.code == "busy"
    assert not line.number(asked, 5)


async def test_no_answer_in_time_is_a_cancel_and_is_forgotten(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=9))
    with pytest.raises(RequestFailed) as failed:
        await asked.result(0.01)
    assert (failed.value.code, failed.value.retry) == ("timeout", True)
    cancel = line.frames[-1]
    assert cancel == Cancel(scope="request", id=asked.id, reason="timeout")
    assert line.sent[-1][1] is Traffic.CONTROL
    assert len(line.peer) == 0
    assert not line.done(asked)


async def test_silence_between_events_is_a_timeout_too(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=9))
    line.number(asked, 1)
    with pytest.raises(RequestFailed, match="silent"):
        await values(asked, 0.01)
    assert isinstance(line.frames[-1], Cancel)
    with pytest.raises(RequestFailed):
        await asked.result(1.0)


async def test_a_cancel_is_sent_once_it_is_asked_and_not_after_the_end(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=9))
    asked.cancel("enough")
    assert line.frames[-1] == Cancel(scope="request", id=asked.id, reason="enough")
    line.done(asked)
    before = len(line.sent)
    asked.cancel()
    assert len(line.sent) == before


async def test_the_end_of_the_connection_fails_everything_with_gone(line: Line) -> None:
    asked = [line.peer.open(echo.COUNT, echo.Count(n=9)) for _ in range(3)]
    reading = asyncio.ensure_future(values(asked[0]))
    await asyncio.sleep(0)
    line.peer.close("echo has gone")
    for one in asked:
        with pytest.raises(RequestFailed, match="echo has gone") as failed:
            await one.result(1.0)
        assert failed.value.code == "gone"
    assert await reading == []
    assert len(line.peer) == 0


async def test_an_event_that_does_not_fit_is_told_and_the_request_goes_on(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=9))
    with pytest.raises(BadBody, match="value"):
        line.peer.receive(Event(name="echo.number", id=asked.id))
    with pytest.raises(BadBody, match="not an event of"):
        line.peer.receive(Event(name="tts.audio", id=asked.id))
    line.done(asked, 4)
    assert (await asked.result(1.0)).sent == 4


async def test_one_that_cannot_be_sent_is_not_under_way() -> None:
    def broken(frame: Frame, traffic: Traffic, key: str) -> None:
        raise ConnectionError("gone")

    peer = Peer(broken)
    with pytest.raises(ConnectionError):
        peer.open(echo.COUNT, echo.Count(n=1))
    assert len(peer) == 0


async def test_feeding_waits_for_room(line: Line) -> None:
    asked = line.peer.open(FED, echo.Count(n=3), at=At(turn=1))
    assert asked.room == 0
    assert not await asked.wait_room(0.01)
    waiting = asyncio.ensure_future(asked.wait_room(5.0))
    await asyncio.sleep(0)
    line.credit(asked, 2)
    assert await waiting
    asked.feed(echo.NUMBER, echo.Number(value=1))
    asked.feed(echo.NUMBER, echo.Number(value=2))
    assert asked.room == 0
    fed = line.frames[-1]
    assert isinstance(fed, Event)
    assert (fed.id, fed.at) == (asked.id, At(turn=1))
    ended = asyncio.ensure_future(asked.wait_room(5.0))
    await asyncio.sleep(0)
    line.done(asked)
    assert not await ended, "its end is no room"


async def test_one_may_wait_for_room_while_another_waits_for_events(line: Line) -> None:
    both = RequestKind(
        "echo.both", echo.Count, echo.Counted, events=(echo.NUMBER,), feeds=(echo.NUMBER,)
    )
    asked = line.peer.open(both, echo.Count(n=3))
    room = asyncio.ensure_future(asked.wait_room(5.0))
    await asyncio.sleep(0)
    events = asyncio.ensure_future(values(asked))
    await asyncio.sleep(0)
    line.credit(asked, 1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert room.done(), "the later waiter took the earlier one's place"
    line.number(asked, 4)
    line.done(asked)
    assert await events == [4]


async def test_a_request_that_nobody_awaits_ends_quietly(line: Line) -> None:
    asked = line.peer.open(echo.COUNT, echo.Count(n=1))
    seen: list[object] = []
    asked.on_done(seen.append)
    line.peer.close("over")
    await asyncio.sleep(0)
    assert len(seen) == 1
    del asked
