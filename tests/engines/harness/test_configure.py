"""A running engine takes a new configuration over, or says why not and goes on as it was."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from engines.harness import Call, ConfigError, Engine, handles
from engines.testing import Bench, lab
from engines.wire import audio, common, echo
from engines.wire.live import LIVE, SECRET, differing, marked
from engines.wire.peer import RequestFailed
from kitsu_tui.cli.engine import ENGINES, description, load
from tests.support.pipe import ENGINE, Pipe, supervised


async def configure(bench: Bench, config: Any) -> None:
    await bench.peer.request(common.CONFIGURE, common.Configure(config=config))


async def refused(bench: Bench, config: Any) -> str:
    with pytest.raises(RequestFailed) as refusal:
        await configure(bench, config)
    assert refusal.value.code == "bad-request"
    return str(refusal.value)


@pytest.mark.e2e
def test_a_process_takes_it_over_from_its_answer_on() -> None:
    with supervised("echo", {"prefix": "a "}) as engine:
        engine.request("1", "echo.say", text="hi")
        engine.request("2", "engine.configure", config={"prefix": "b "})
        assert engine.answer("1")["data"] == {"text": "a hi"}
        assert engine.answer("2")["ok"]
        engine.request("3", "echo.say", text="hi")
        assert engine.answer("3")["data"] == {"text": "b hi"}
        engine.request("4", "engine.configure", config={"prefx": "c "})
        assert "prefx" in engine.answer("4")["error"]["message"]
        engine.request("5", "echo.say", text="hi")
        assert engine.answer("5")["data"] == {"text": "b hi"}


@pytest.mark.e2e
def test_what_comes_while_it_loads_is_done_when_it_is_ready() -> None:
    with Pipe([*ENGINE, "echo", "--supervised"]) as engine:
        engine.wait(type="hello")
        engine.request("1", "engine.configure", config={"prefix": "b "})
        engine.send({"type": "init", "config": {"prefix": "a "}})
        assert engine.answer("1")["ok"]
        engine.request("2", "echo.say", text="hi")
        assert engine.answer("2")["data"] == {"text": "b hi"}


class Picky(Engine[audio.Config]):
    """Wants a second for each change, and no silence of 66 ms."""

    name = "picky"
    Config = audio.Config

    def __init__(self, config: audio.Config, link: Any) -> None:
        super().__init__(config, link)
        self.go = asyncio.Event()
        self.at_work = 0
        self.most = 0

    async def reconfigure(self, config: audio.Config) -> None:
        if config.silence_ms == 66:
            raise ConfigError("audio.silence_ms is 66, of all numbers")
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        await self.go.wait()
        self.at_work -= 1
        self.config = config

    @handles(echo.ECHO)
    def say(self, params: echo.Echo, call: Call) -> echo.Echoed:
        """The silence that it goes by."""
        return echo.Echoed(text=str(self.config.silence_ms))


async def test_what_differs_without_being_live_is_named_and_nothing_is_taken() -> None:
    async with lab(Picky, audio.Config()) as bench:
        said = await refused(bench, {"silence_ms": 400, "frame_ms": 10, "backend": "null"})
        assert "backend, frame_ms: cannot change while picky runs" in said
        assert "silence_ms" in said.partition("what can:")[2]
        assert "silence_ms" in await refused(bench, {"silence_ms": 7})
        assert "of all numbers" in await refused(bench, {"silence_ms": 66})
        assert "object" in await refused(bench, 7)
        answer = await bench.peer.request(echo.ECHO, echo.Echo(text=""))
        assert answer.text == "300"
        await configure(bench, msgspec.to_builtins(audio.Config()))  # no difference: no wait


async def test_one_at_a_time_and_the_last_one_holds() -> None:
    async with lab(Picky, audio.Config()) as bench:
        engine = bench.host.engine
        assert isinstance(engine, Picky)
        asked = [asyncio.ensure_future(configure(bench, {"silence_ms": n})) for n in (400, 500)]
        answer = await bench.peer.request(echo.ECHO, echo.Echo(text=""))  # nothing else waits
        assert answer.text == "300"
        engine.go.set()
        await asyncio.gather(*asked)
        assert engine.most == 1
        assert engine.config.silence_ms == 500


@pytest.mark.parametrize("name", list(ENGINES))
def test_each_engine_describes_what_is_live(name: str) -> None:
    cls = load(name)
    said = description(cls)
    assert "engine.configure" in said["requests"]
    assert said["live"] == sorted(marked(cls.Config, LIVE))
    assert said["live"]
    loaded = {"model", "backend", "threads", "url", "password"}
    if name == "guard":
        loaded.remove("model")  # a name that its server is asked by, nothing that is loaded
    assert not loaded & set(said["live"])


def test_marks_and_differences() -> None:
    assert marked(load("obs").Config, SECRET) == {"password"}
    assert differing(echo.Config(), echo.Config(prefix="a")) == {"prefix"}
    assert not differing(audio.Config(), audio.Config())
