"""The link against a scripted show: attaches, follows, loses it and comes back."""

import asyncio
from collections.abc import Callable

import pytest

from engines.wire import control, show
from engines.wire.codec import encode
from engines.wire.envelope import Hello
from engines.wire.logline import LogLine
from engines.wire.peer import RequestFailed
from kitsu_tui.config import endpoint
from kitsu_tui.console import link as module
from kitsu_tui.console.bars import banner
from kitsu_tui.console.link import Link
from tests.conftest import Sandbox
from tests.support.scripted_show import ScriptedShow, log_lines, script


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_FIRST", 0.02)
    monkeypatch.setattr(module, "RETRY_MOST", 0.05)


async def wait(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


class Running:
    """A link at work, ended at the end."""

    def __init__(self, link: Link) -> None:
        self.link = link

    async def __aenter__(self) -> Link:
        self._task = asyncio.create_task(self.link.run())
        return self.link

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


def made(**more: object) -> Link:
    return Link(by="console:ana@test", **more)  # type: ignore[arg-type]


async def test_it_attaches_and_its_picture_is_the_show_s(scripted: ScriptedShow) -> None:
    async with Running(made()) as link:
        await wait(lambda: link.attached and link.state == scripted.state)
        scripted.tell(show.Muted(mic=True, voice=False, by="x"))
        await wait(lambda: link.state.mic_muted)
        assert link.state == scripted.state
        assert len(link.take_lines()[0]) == 40


async def test_without_a_show_it_says_so_and_finds_one_that_comes(sandbox: Sandbox) -> None:
    async with Running(made()) as link:
        await wait(lambda: link.phase == "gone")
        assert link.detail == "no show is running"
        with pytest.raises(RequestFailed, match="no show is attached"):
            await link.ask(control.PANIC, control.Ask(by="x"))
        async with ScriptedShow(sandbox.environ, script()):
            await wait(lambda: link.attached)


async def test_coming_back_shows_no_line_twice_and_loses_none(scripted: ScriptedShow) -> None:
    async with Running(made()) as link:
        await wait(lambda: len(link.lines) == 40)
        await scripted.vanish()
        await wait(lambda: not link.attached)
        assert link.state.profile == "starter"
        scripted.logs = log_lines(45)
        await scripted.listen()
        await wait(lambda: link.attached and len(link.lines) >= 47)
        lines, _ = link.take_lines()
    messages = [line.message for line in lines if not isinstance(line, str)]
    assert messages == [line.message for line in log_lines(45)]
    marks = [line for line in lines if isinstance(line, str)]
    assert ["no longer attached" in mark for mark in marks] == [True, False]
    assert "attached again" in marks[1]


async def test_a_show_that_ends_and_one_that_vanishes_are_told_apart(
    scripted: ScriptedShow,
) -> None:
    async with Running(made()) as link:
        await wait(lambda: link.attached)
        await scripted.vanish()
        await wait(lambda: link.phase == "gone")
        marks = [line for line in link.lines if isinstance(line, str)]
        assert "the show has gone" in marks[-1]
        await scripted.listen()
        await wait(lambda: link.attached)
        scripted.tell(show.ShowStopping(by="x"))
        await wait(lambda: link.state.stopping)
        await scripted.vanish()
        await wait(lambda: link.phase == "gone")
        marks = [line for line in link.lines if isinstance(line, str)]
        assert "the show has ended" in marks[-1]


async def test_it_starts_a_show_once_and_says_why_it_could_not(sandbox: Sandbox) -> None:
    starts = 0

    async def launch() -> str:
        nonlocal starts
        starts += 1
        return "profile starter: no such model"

    async with Running(made(launch=launch)) as link:
        await wait(lambda: link.phase == "failed")
        assert link.detail == "profile starter: no such model"
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert (starts, link.phase) == (1, "failed")
        assert link.start_show()
        await wait(lambda: starts == 2)


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "vanished"])
async def test_a_show_that_ran_already_is_not_replaced_when_it_ends(
    scripted: ScriptedShow, *, stopped: bool
) -> None:
    starts = 0

    async def launch() -> str:
        nonlocal starts
        starts += 1
        return ""

    async with Running(made(launch=launch)) as link:
        await wait(lambda: link.attached)
        if stopped:
            scripted.tell(show.ShowStopping(by="x"))
            await wait(lambda: link.state.stopping)
        await scripted.vanish()
        await wait(lambda: link.detail == "no show is running")
        assert (starts, link.phase) == (0, "gone")
        line = banner(link, 0)
        assert line is not None
        assert "s to start one" in line[0][0]
        assert link.start_show()
        await wait(lambda: starts == 1)


async def test_a_show_of_another_version_is_said_plainly(sandbox: Sandbox) -> None:
    class Newer(ScriptedShow):
        def _watch(self, request, params, writer):  # type: ignore[no-untyped-def]
            self.state.engines = {"audio": "a shape that this console does not know"}  # type: ignore[dict-item]
            super()._watch(request, params, writer)

    async with Newer(sandbox.environ), Running(made()) as link:
        await wait(lambda: link.phase == "failed")
        assert "another version" in link.detail


async def test_another_profile_than_asked_for_is_said(scripted: ScriptedShow) -> None:
    async with Running(made(profile="live")) as link:
        await wait(lambda: link.attached)
        assert "runs the profile starter, not live" in link.notices[-1].text


async def test_waiting_lines_and_notices_are_bounded(
    scripted: ScriptedShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOGS_WAITING", 100)
    async with Running(made()) as link:
        await wait(lambda: link.attached)
        for _ in range(5):
            scripted.log(log_lines(60), dropped=3)
        for n in range(200):
            scripted.tell(show.Alert(level="warning", text=f"alert {n}"))
        await wait(lambda: link.notices and "alert 199" in link.notices[-1].text)
        lines, dropped = link.take_lines()
        assert len(lines) == 100
        assert dropped == 15 + 40 + 5 * 60 - 100  # not sent, and not kept
        assert len(link.notices) <= module.NOTICES_WAITING


async def test_lines_that_wait_are_bounded_by_their_length_too(
    scripted: ScriptedShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOGS_WAITING_CHARS", 50_000)
    async with Running(made()) as link:
        await wait(lambda: link.attached)
        link.take_lines()
        long = [LogLine(ts="", service="tts", level="info", message="x" * 9_000)] * 20
        scripted.log(long)
        await wait(lambda: link.lines_dropped)
        lines, dropped = link.take_lines()
        assert (len(lines), dropped) == (5, 15)


async def test_a_show_that_does_not_answer_is_noticed(
    scripted: ScriptedShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PING_EVERY", 0.02)
    monkeypatch.setattr(module, "PING_WITHIN", 0.02)
    async with Running(made()) as link:
        await wait(lambda: link.attached)
        scripted.deaf = True
        await wait(lambda: link.silent > 0)
        scripted.deaf = False
        await wait(lambda: link.silent == 0)


async def test_a_show_of_another_version_is_named_and_not_replaced(sandbox: Sandbox) -> None:
    starts = 0

    async def launch() -> str:
        nonlocal starts
        starts += 1
        return ""

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode(Hello(wire=[99], engine="show", version="9.9", pid=4711)))
        await reader.read()
        writer.close()

    server = await endpoint.serve(sandbox.environ, other)
    async with Running(made(launch=launch)) as link:
        await wait(lambda: link.phase == "failed")
        assert "another version (9.9, wire [99]; this is" in link.detail
        line = banner(link, 0)
        assert line is not None
        assert "another version" in line[0][0]
        server.close()
        endpoint.remove(sandbox.environ)
        await wait(lambda: link.phase == "gone")
        assert (link.detail, starts) == ("no show is running", 0)


async def test_after_a_show_that_died_it_says_where_its_words_are(scripted: ScriptedShow) -> None:
    scripted.state.journal = "/state/journal/2026-01-01T20-00-00-live"
    async with Running(made()) as link:
        await wait(lambda: link.attached)
        await scripted.vanish()
        await wait(lambda: not link.attached)
        scripted.state.pid += 1
        await scripted.listen()
        await wait(lambda: link.attached)
        lines, _ = link.take_lines()
        assert any("attached to another show" in str(line) for line in lines)
        said = [notice.text for notice in link.notices]
        assert any(text.endswith("kitsu-tui --journal 2026-01-01T20-00-00-live") for text in said)
