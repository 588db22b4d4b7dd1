"""The control client, against a real socket."""

from __future__ import annotations

import os
import subprocess
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
from kitsu_tui.client import NoShow, WrongShow, connect
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


async def test_a_show_of_another_wire_is_named_with_both_versions(sandbox: Sandbox) -> None:
    async def other(reader: Reader, writer: Writer) -> None:
        writer.write(encode(Hello(wire=[7, 8], engine="show", version="9.9", pid=4711)))
        await reader.read()

    async with listening(other):
        with pytest.raises(
            WrongShow, match=r"another version \(9\.9, wire \[7, 8\]; this is"
        ) as wrong:
            async with connect():
                pass
        assert wrong.value.pid == 4711
        assert "kitsu stop" in str(wrong.value)


async def test_a_show_of_another_user_is_not_asked(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def answer(reader: Reader, writer: Writer) -> None:
        asked.append(1)

    async with listening(answer):
        me = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: me + 1)
        with pytest.raises(WrongShow, match="is asked by the user who runs it"):
            async with connect():
                pass
    assert not asked


OTHER_SHOW = """
import asyncio, os, signal, sys
from engines.wire.codec import encode
from engines.wire.envelope import Hello
from kitsu_tui.config import endpoint

async def main():
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async def handle(reader, writer):
        writer.write(encode(Hello(wire=[99], engine="show", version="9.9", pid=os.getpid())))
        await reader.read()
    await endpoint.serve(os.environ, handle)
    print("up", flush=True)
    await ended.wait()

asyncio.run(main())
"""


def test_a_show_of_another_version_is_told_of_and_can_be_stopped(sandbox: Sandbox) -> None:
    command = [sys.executable, "-c", OTHER_SHOW]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as show:
        try:
            assert show.stdout is not None
            assert show.stdout.readline() == "up\n"

            def kitsu(verb: str) -> subprocess.CompletedProcess[str]:
                command = [sys.executable, "-m", "kitsu_tui.cli", verb]
                return subprocess.run(
                    command, capture_output=True, text=True, timeout=60, check=False
                )

            status = kitsu("status")
            assert status.returncode == 3
            assert status.stderr.count("\n") == 1
            assert "the show is of another version (9.9, wire [99]; this is" in status.stderr
            assert show.poll() is None
            stop = kitsu("stop")
            assert (stop.returncode, stop.stderr) == (0, "")
            assert show.wait(10) == 0
        finally:
            show.kill()
