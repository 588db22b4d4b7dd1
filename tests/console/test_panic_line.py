"""Panic's own way to the show."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kitsu_tui.console import panic_line as module
from kitsu_tui.console.panic_line import PanicLine
from tests.conftest import Sandbox
from tests.support.scripted_show import ScriptedShow, script


class Told:
    """What the line reported."""

    def __init__(self) -> None:
        self.words: list[tuple[str, bool]] = []

    def __call__(self, words: str, ok: bool) -> None:
        self.words.append((words, ok))

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.words) < count:
                await asyncio.sleep(0.005)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def line(sandbox: Sandbox, told: Told) -> AsyncIterator[PanicLine]:
    line = PanicLine("console:ana@test", told, sandbox.environ)
    line.start()
    yield line
    line.close()


async def test_a_press_reaches_the_show_with_its_actor(
    scripted: ScriptedShow, line: PanicLine, told: Told
) -> None:
    await scripted.until(lambda: scripted.connections == 1)
    line.press()
    params = await scripted.until_asked("show.panic")
    assert params.by == "console:ana@test"
    await told.until(1)
    assert told.words[0][1]
    assert scripted.state.panic.latched


async def test_a_press_without_a_show_arrives_when_one_comes(
    sandbox: Sandbox, line: PanicLine, told: Told
) -> None:
    line.press()
    async with ScriptedShow(sandbox.environ, script()) as show:
        await show.until_asked("show.panic")
        await told.until(1)
        assert told.words[0][1]


async def test_a_press_into_a_connection_that_dies_is_made_again(
    scripted: ScriptedShow, line: PanicLine, told: Told
) -> None:
    await scripted.until(lambda: scripted.connections == 1)
    scripted.deaf = True
    line.press()
    await scripted.until_asked("show.panic")
    await scripted.vanish()
    scripted.asked.clear()
    scripted.deaf = False
    await scripted.listen()
    await scripted.until_asked("show.panic")
    await told.until(1)
    assert told.words[0][1]


async def test_how_long_a_press_waits_is_known_until_it_is_answered(
    scripted: ScriptedShow, line: PanicLine, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_WITHIN", 0.1)  # then it is said again
    await scripted.until(lambda: scripted.connections == 1)
    assert line.waiting == 0
    scripted.deaf = True
    line.press()
    await scripted.until_asked("show.panic")
    assert line.waiting > 0
    scripted.deaf = False
    await told.until(1)
    assert line.waiting == 0


async def test_a_refusal_and_a_press_that_never_arrives_are_said_loudly(
    scripted: ScriptedShow, line: PanicLine, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scripted.until(lambda: scripted.connections == 1)
    scripted.refuse["show.panic"] = "not you"
    line.press()
    await told.until(1)
    assert told.words[0] == ("PANIC WAS REFUSED: not you", False)
    monkeypatch.setattr(module, "TRY_FOR", 0.1)
    await scripted.vanish()
    line.press()
    await told.until(2)
    assert "PANIC DID NOT ARRIVE" in told.words[1][0]


async def test_a_key_that_is_held_down_is_one_press(
    scripted: ScriptedShow, line: PanicLine, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REPEAT_AFTER", 3600.0)
    await scripted.until(lambda: scripted.connections == 1)
    scripted.deaf = True
    for _ in range(50):
        line.press()
    await scripted.until_asked("show.panic")
    await asyncio.sleep(0)
    assert len(scripted.asked) == 1
