"""The show's end of one engine's wire."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import msgspec
import pytest

from engines.wire import common, echo
from engines.wire.codec import encode
from engines.wire.envelope import At, Cancel, Event, Response
from engines.wire.peer import RequestFailed
from engines.wire.stale import StaleFilter
from kitsu_tui.show import link as link_module
from kitsu_tui.show.link import Link


def line(name: str, body: msgspec.Struct, id_: str | None = None) -> bytes:
    return encode(Event(name=name, data=msgspec.Raw(msgspec.json.encode(body)), id=id_))


async def test_a_listener_that_fails_costs_no_other_line(caplog: pytest.LogCaptureFixture) -> None:
    """Once: the exception went up into the pipe's reader, and the rest of the read was lost."""

    def fail(body: object, at: At | None) -> None:
        raise RuntimeError("a listener's own fault")

    link = Link("echo", StaleFilter(), {"echo.number": (echo.NUMBER, fail)}, lambda s: None)
    asked = link.peer.open(echo.ECHO, echo.Echo(text="hi"))
    answer = encode(Response(id=asked.id, ok=True, data=msgspec.Raw(b'{"text":"hi"}')))
    link.lines([line("echo.number", echo.Number(value=1)), answer])
    assert (await asked.result(1.0)).text == "hi"
    assert "could not be acted on" in caplog.text


async def test_what_comes_after_its_end_is_not_taken() -> None:
    statuses: list[common.Status] = []
    link = Link("echo", StaleFilter(), {}, statuses.append)
    asked = link.peer.open(echo.ECHO, echo.Echo(text="hi"))
    link.lines([line("status", common.Status(state="ready"))])
    link.close("echo has gone")
    link.lines([line("status", common.Status(state="degraded"))])
    assert [status.state for status in statuses] == ["ready"]
    with pytest.raises(RequestFailed) as failed:
        await asked.result(1.0)
    assert failed.value.code == "gone"


async def test_a_request_that_is_stale_is_answered_all_the_same() -> None:
    stale = StaleFilter(3)
    link = Link("echo", stale, {}, lambda s: None)
    with pytest.raises(RequestFailed) as failed:
        await link.peer.request(echo.ECHO, echo.Echo(text="hi"), at=At(epoch=2), timeout=1.0)
    assert failed.value.code == "stale"
    stale.cancel(Cancel(scope="turn", at=At(epoch=3, turn=7)))
    late = link.peer.open(echo.ECHO, echo.Echo(text="hi"), at=At(epoch=3, turn=7))
    link.close("echo has gone")  # between the refusal and its arrival
    with pytest.raises(RequestFailed):
        await late.result(1.0)
    await asyncio.sleep(0)
    assert len(link.peer) == 0


async def test_complaints_are_logged_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    link = Link("echo", StaleFilter(), {}, lambda s: None)
    trouble = line("trouble", common.Trouble(kind="malformed", count=1, detail="no"))
    link.lines([b"no json", trouble] * 500)
    assert link.bad == 500
    assert len(caplog.records) == 2


async def test_a_flood_of_bad_lines_is_known_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(link_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    link = Link("echo", StaleFilter(), {}, lambda s: None)
    link.lines([b"no json"] * (link_module.FLOOD - 1))
    assert not link.flooding(now[0])
    link.trouble("a line over 1 MiB", 10_000)
    assert link.flooding(now[0])
    now[0] += link_module.FLOOD_S
    assert not link.flooding(now[0])
