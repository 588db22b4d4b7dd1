"""The control socket's server, with real sockets and clients that behave badly."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from engines.wire import control, show
from engines.wire.logline import LogLine
from engines.wire.message import Empty
from kitsu_tui import client as client_module
from kitsu_tui.config import endpoint, paths
from kitsu_tui.show import control as server_module
from kitsu_tui.show.bus import SNAPSHOT_BYTES, Bus
from kitsu_tui.show.control import Client, Server
from tests.conftest import Sandbox


class Desk:
    """A server with a few verbs."""

    def __init__(self) -> None:
        self.bus = Bus(lambda told: None)
        self.done: list[str] = []
        self.slow = asyncio.Event()
        self.server = Server(
            self.bus,
            {
                control.WATCH: self.never,
                control.STATUS: self.status,
                control.PANIC: self.panic,
                control.TALK: self.talk,
                control.PING: self.ping,
            },
        )

    async def never(self, ask: Any, client: Client) -> Struct:
        raise AssertionError

    async def status(self, ask: Any, client: Client) -> Struct:
        return control.Snapshot(state=self.bus.state)

    async def ping(self, ask: Any, client: Client) -> Struct:
        return Empty()

    async def panic(self, ask: Any, client: Client) -> Struct:
        await asyncio.sleep(0.05)
        self.done.append("panic")
        return control.Done(detail="panic")

    async def talk(self, ask: Any, client: Client) -> Struct:
        await self.slow.wait()
        return control.Done()


@pytest.fixture
async def desk(sandbox: Sandbox) -> AsyncIterator[Desk]:
    desk = Desk()
    server = await endpoint.serve(sandbox.environ, desk.server.handle)
    yield desk
    server.close()
    desk.server.close()
    endpoint.remove(sandbox.environ)
    await asyncio.sleep(0.05)


class Raw:
    """A client that sends what it likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def open(self) -> Raw:
        self.reader, self.writer = await endpoint.open_connection()
        await self.frame("hello")
        return self

    def ask(self, id_: str, name: str, **data: Any) -> None:
        line = {"type": "request", "id": id_, "name": name, "data": data}
        self.writer.write(msgspec.json.encode(line) + b"\n")

    async def frame(self, kind: str, timeout: float = 5.0) -> dict[str, Any]:
        """The next frame of this type; empty at the end."""
        while line := await asyncio.wait_for(self.reader.readline(), timeout):
            found: dict[str, Any] = msgspec.json.decode(line)
            if found["type"] == kind:
                return found
        return {}

    async def ended(self, timeout: float = 5.0) -> bool:
        try:
            while await asyncio.wait_for(self.reader.read(1 << 20), timeout):
                pass
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        self.writer.close()


@pytest.fixture
async def raw(desk: Desk) -> AsyncIterator[Raw]:
    found = await Raw().open()
    yield found
    found.close()


async def until(what: Any, timeout: float = 5.0) -> None:
    end = asyncio.get_running_loop().time() + timeout
    while not what():
        assert asyncio.get_running_loop().time() < end, "it did not come to that"
        await asyncio.sleep(0.01)


async def test_the_socket_and_its_folder_are_the_users_alone(desk: Desk, sandbox: Sandbox) -> None:
    path = paths.socket_path(sandbox.environ)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_who_says_all_and_closes_its_side_is_still_served(desk: Desk, raw: Raw) -> None:
    """`echo … | nc -U`: once the request was cancelled before it had begun, a panic too."""
    raw.ask("1", "show.panic", by="nc")
    raw.writer.write_eof()
    answer = await raw.frame("response")
    assert answer["ok"] is True
    assert desk.done == ["panic"]
    assert await raw.ended()


async def test_what_was_asked_is_done_though_the_asker_has_gone(desk: Desk, raw: Raw) -> None:
    raw.ask("1", "show.panic", by="gone")
    await raw.writer.drain()
    raw.writer.transport.abort()
    await until(lambda: desk.done == ["panic"])


async def test_a_request_cancelled_at_once_is_answered(desk: Desk, raw: Raw) -> None:
    raw.ask("1", "show.talk", text="hi")
    raw.writer.write(b'{"type":"cancel","scope":"request","id":"1"}\n')
    answer = await raw.frame("response")
    assert answer["error"]["code"] == "cancelled"
    raw.ask("1", "show.ping")
    assert (await raw.frame("response"))["ok"] is True


async def test_half_a_line_a_huge_line_and_garbage_spoil_nothing(
    desk: Desk, raw: Raw, caplog: pytest.LogCaptureFixture
) -> None:
    raw.writer.write(b"no json\n" + b"\xff\x00\n" + b'{"type":"request"}\n')
    raw.writer.write(b"x" * (8 << 20) + b"\n")
    raw.writer.write(b'{"type":"request","id":"1",')
    await raw.writer.drain()
    assert (await raw.frame("event"))["name"] == "trouble"
    raw.writer.write(b'"name":"show.ping"}\n')
    assert (await raw.frame("response"))["ok"] is True
    assert len([r for r in caplog.records if "cannot be used" in r.message]) == 1


async def test_a_flood_of_garbage_is_hung_up_on(
    desk: Desk, raw: Raw, caplog: pytest.LogCaptureFixture
) -> None:
    raw.writer.write(b"no json\n" * 100_000)
    assert await raw.ended()
    assert len(caplog.records) <= 3
    other = await Raw().open()
    other.ask("1", "show.ping")
    assert (await other.frame("response"))["ok"] is True
    other.close()


async def test_answers_that_nobody_reads_are_bounded(desk: Desk, raw: Raw) -> None:
    for n in range(300):
        desk.bus.tell(show.Alert(level="info", text="x" * 3000, about=str(n)))
    raw.reader._transport.pause_reading()  # type: ignore[attr-defined]
    (client,) = desk.server._clients
    peak = 0

    async def ask() -> None:
        for n in range(3000):
            raw.ask(str(n), "show.status")
            await raw.writer.drain()

    asking = asyncio.create_task(ask())
    for _ in range(100):
        await asyncio.sleep(0.01)
        peak = max(peak, client.waiting)
    asking.cancel()
    size = len(bytes(memoryview(desk.bus.snapshot())))
    assert 2 << 20 < peak < (server_module.BEHIND * 2) + (server_module.AT_ONCE + 2) * size
    raw.writer.transport.abort()


async def test_a_watcher_that_does_not_read_gets_a_new_picture_afterwards(
    desk: Desk, raw: Raw
) -> None:
    raw.ask("1", "show.watch", by="slow", backlog=0)
    await raw.frame("event")
    raw.reader._transport.pause_reading()  # type: ignore[attr-defined]
    (client,) = desk.server._clients
    line = LogLine(ts="2026-01-01T00:00:00.000Z", service="x", level="info", message="m" * 500)
    peak = 0
    for n in range(20_000):
        desk.bus.tell(show.Acted(name="say", by="cli:me", detail=f"{n} " + "x" * 200))
        if n % 200 == 0:
            desk.bus.log_lines([line] * 1000)
            desk.bus.flush_logs()
            await asyncio.sleep(0)
        peak = max(peak, client.waiting)
    assert server_module.BEHIND < peak < 3 * server_module.BEHIND
    raw.reader._transport.resume_reading()  # type: ignore[attr-defined]

    async def read() -> int:
        while (event := await raw.frame("event"))["name"] != "show.snapshot":
            pass
        return int(event["data"]["state"]["n"])

    reading = asyncio.create_task(read())
    while not reading.done():
        desk.bus.tell(show.Acted(name="say", by="cli:me"))
        await asyncio.sleep(0.01)
    assert reading.result() >= 20_000
    desk.bus.log_lines([line])
    desk.bus.flush_logs()
    while (event := await raw.frame("event"))["name"] != "show.logs":
        pass
    assert event["data"]["dropped"] > 50_000


async def test_one_connection_watches_once_and_a_cancelled_watch_is_over(
    desk: Desk, raw: Raw
) -> None:
    raw.ask("1", "show.watch", by="me", backlog=0)
    raw.ask("2", "show.watch", by="me", backlog=0)
    assert (await raw.frame("response"))["error"]["code"] == "refused"
    assert desk.bus.state.operators == ["me"]
    raw.writer.write(b'{"type":"cancel","scope":"request","id":"1"}\n')
    assert (await raw.frame("response"))["error"]["code"] == "cancelled"
    assert desk.bus.state.operators == []
    assert desk.bus._watchers == []
    raw.ask("3", "show.watch", by="me again", backlog=0)
    await until(lambda: desk.bus.state.operators == ["me again"])


async def test_a_console_that_goes_is_no_operator_any_more(desk: Desk, raw: Raw) -> None:
    raw.ask("1", "show.watch", by="me", backlog=0)
    raw.ask("2", "show.talk", text="hi")  # goes on for a while
    await until(lambda: desk.bus.state.operators == ["me"])
    raw.writer.transport.abort()
    await until(lambda: desk.bus.state.operators == [] and not desk.bus._watchers)


async def test_a_newcomer_takes_the_place_of_the_one_that_is_idle(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "CLIENTS", 2)
    idle, busy = await Raw().open(), await Raw().open()
    busy.ask("1", "show.talk", text="hi")
    await until(lambda: any(c.tasks for c in desk.server._clients))
    async with client_module.connect() as console:
        done = await console.ask(control.PANIC, control.Ask(by="me"))
        assert done.detail == "panic"
        assert await idle.ended()
        console.open(control.TALK, control.Talk(text="hi"))
        await until(lambda: all(c.tasks for c in desk.server._clients))
        with pytest.raises(client_module.NoShow):
            async with client_module.connect():
                pass
    idle.close()
    busy.close()


async def test_a_picture_too_large_for_a_line_leaves_out_what_is_oldest(desk: Desk) -> None:
    for n in range(1, 201):
        desk.bus.tell(show.TurnStarted(turn=n, source="chat", who="x", text="é" * 2000))
        desk.bus.tell(
            show.TurnDone(turn=n, rev=0, status="ok", answer="y" * 4000, mood="", detail="")
        )
    async with client_module.connect() as console:
        found = await console.ask(control.STATUS, control.Ask(by="me"))
        assert found.state["turns"][-1]["turn"] == 200
        assert 10 < len(found.state["turns"]) < 200
        watch = console.open(control.WATCH, control.Watch(by="me", backlog=0))
        async for event in watch.events(5.0):
            assert isinstance(event, control.Snapshot)
            assert event.state["turns"][-1]["turn"] == 200
            break
    assert len(desk.bus.state.turns) == 200
    assert memoryview(desk.bus.snapshot()).nbytes <= SNAPSHOT_BYTES


async def test_a_listener_that_fails_does_not_end_the_clients_connection(desk: Desk) -> None:
    def fail(event: Struct) -> None:
        raise RuntimeError("a pane's own fault")

    async with client_module.connect() as console:
        console.open(control.WATCH, control.Watch(by="me", backlog=0)).on_event(fail)
        done = await console.ask(control.PANIC, control.Ask(by="me"), 5.0)
        assert done.detail == "panic"
        assert not console.closed.is_set()


async def test_who_said_that_it_reads_only_cannot_ask_in_the_same_breath(
    desk: Desk, raw: Raw
) -> None:
    raw.ask("1", "show.watch", by="mod", read_only=True)
    raw.ask("2", "show.talk", text="hello")
    answer = await raw.frame("response")
    assert (answer["id"], answer["error"]["code"]) == ("2", "refused")


async def test_who_said_that_it_reads_only_cannot_take_it_back(desk: Desk, raw: Raw) -> None:
    raw.ask("1", "show.watch", by="mod", read_only=True)
    raw.writer.write(b'{"type":"cancel","scope":"request","id":"1"}\n')
    assert (await raw.frame("response"))["error"]["code"] == "cancelled"
    raw.ask("2", "show.watch", by="mod")
    raw.ask("3", "show.ping")
    assert (await raw.frame("response"))["id"] == "3"  # the second watch has begun
    raw.ask("4", "show.talk", text="hello")
    answer = await raw.frame("response")
    assert (answer["id"], answer["error"]["code"]) == ("4", "refused")
    raw.ask("5", "show.panic", by="mod")
    assert (await raw.frame("response"))["ok"] is True


async def test_who_asks_for_something_is_there_and_who_only_looks_is_not(
    desk: Desk, raw: Raw
) -> None:
    signs: list[str] = []
    desk.server.sign = signs.append
    raw.ask("1", "show.status", by="script")
    raw.ask("2", "show.ping")
    raw.ask("3", "show.panic", by="ana")
    for _ in range(3):
        await raw.frame("response")
    assert signs == ["ana"]
    raw.ask("4", "show.watch", by="bob", logs=False)
    await raw.frame("event")
    assert desk.server.operators() == ["bob"]
    reader = await Raw().open()
    reader.ask("1", "show.watch", by="eve", logs=False, read_only=True)
    await reader.frame("event")
    reader.ask("2", "show.panic", by="eve")
    await reader.frame("response")
    assert (signs, desk.server.operators()) == (["ana"], ["bob"])
    raw.close()
    await until(lambda: not desk.server.operators())
    reader.close()
