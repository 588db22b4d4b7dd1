"""The control client, against a real socket."""

from __future__ import annotations

import os
import sys
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from engines.wire import control, show
from engines.wire.codec import decode, encode
from engines.wire.envelope import Event, Hello, Request, Response
from engines.wire.peer import RequestFailed
from kitsu_tui.client import NoShow, connect
from kitsu_tui.config import endpoint
from tests.conftest import Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")

HELLO = encode(Hello(wire=[1], engine="show", version="1", pid=7))


@asynccontextmanager
async def listening(handler: Callable[[Reader, Writer], Awaitable[None]]) -> AsyncIterator[None]:
    async def handle(reader: Reader, writer: Writer) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await endpoint.serve(os.environ, handle)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


async def answering(reader: Reader, writer: Writer) -> None:
    writer.write(HELLO)
    while line := await reader.readline():
        request = decode(line)
        assert isinstance(request, Request)
        data = control.MUTE.encode_result(control.Done(detail=f"did {request.name}"))
        # What a newer show may say, and what is no line at all, is left alone.
        writer.write(b'{"type":"event","name":"from.the.future","id":"1","data":{}}\n{rubbish\n')
        writer.write(encode(Response(id=request.id, ok=True, data=data)))


async def test_it_asks_and_is_answered(sandbox: Sandbox) -> None:
    async with listening(answering), connect() as client:
        assert client.hello is not None
        assert client.hello.engine == "show"
        done = await client.ask(control.MUTE, control.Mute(what="mic", by="test"))
        assert done.detail == "did show.mute"


async def test_it_watches(sandbox: Sandbox) -> None:
    async def telling(reader: Reader, writer: Writer) -> None:
        writer.write(HELLO)
        request = decode(await reader.readline())
        assert isinstance(request, Request)
        for n in range(3):
            told = show.Told(n=n, t=1.0, event=show.Muted(mic=True, voice=False, by="x"))
            event = Event(name=show.TOLD.name, data=show.TOLD.encode(told), id=request.id)
            line = encode(event)
            writer.write(line[:10])
            await writer.drain()
            writer.write(line[10:])
        await reader.read()

    async with listening(telling), connect() as client:
        seen = []
        async for event in client.open(control.WATCH, control.Watch()).events(5.0):
            assert isinstance(event, show.Told)
            seen.append(event.n)
            if len(seen) == 3:
                break
        assert seen == [0, 1, 2]


async def test_no_show_says_what_to_do(sandbox: Sandbox) -> None:
    with pytest.raises(NoShow, match="no show is running; start one with: kitsu run --detach"):
        async with connect():
            pass


async def test_something_that_says_no_hello_is_no_show(sandbox: Sandbox) -> None:
    async def mute(reader: Reader, writer: Writer) -> None:
        await reader.read()

    async with listening(mute):
        with pytest.raises(NoShow, match="no show says hello"):
            async with connect(timeout=0.05):
                pass


async def test_one_that_hangs_up_at_once_is_no_show(sandbox: Sandbox) -> None:
    async def curt(reader: Reader, writer: Writer) -> None:
        return None

    async with listening(curt):
        with pytest.raises(NoShow):
            async with connect():
                pass


async def test_a_show_that_dies_fails_what_was_asked(sandbox: Sandbox) -> None:
    async def dying(reader: Reader, writer: Writer) -> None:
        writer.write(HELLO)
        await reader.readline()

    async with listening(dying), connect() as client:
        with pytest.raises(RequestFailed) as failed:
            await client.ask(control.STATUS, control.Ask(by="test"))
        assert failed.value.code == "gone"
        await client.closed.wait()
        with pytest.raises(ConnectionError):
            await client.ask(control.STATUS, control.Ask(by="test"))


async def test_a_show_that_does_not_answer_is_a_timeout(sandbox: Sandbox) -> None:
    async def slow(reader: Reader, writer: Writer) -> None:
        writer.write(HELLO)
        await reader.read()

    async with listening(slow), connect() as client:
        with pytest.raises(RequestFailed) as failed:
            await client.ask(control.STATUS, control.Ask(by="test"), timeout=0.05)
        assert failed.value.code == "timeout"
