"""Nobody's words have power over the terminal that a verb prints them on."""

import asyncio
import io
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.wire import control
from engines.wire.message import RequestKind
from kitsu_tui.cli.ask import NO_TEXT
from kitsu_tui.cli.tell import tell
from tests.conftest import Sandbox
from tests.console.pty_console import PtyConsole
from tests.support import hostile
from tests.support.scripted_show import START, ScriptedShow, script


class Stream(io.TextIOWrapper):
    """A stream that is a terminal, or not."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n", write_through=True)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def got(self) -> bytes:
        """What was written."""
        raw = self.detach()
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue()


def told(text: str, *, tty: bool, encoding: str = "utf-8", as_json: bool = False) -> bytes:
    """What a stream gets of a text."""
    stream = Stream(tty=tty, encoding=encoding)
    tell(text, file=stream, as_json=as_json)
    return stream.got


@given(st.text())
def test_on_a_terminal_rows_stay_rows_and_nothing_commands(text: str) -> None:
    out = told(text, tty=True)
    assert hostile.foreign(out.replace(b"\n", b"")) == []
    assert out.count(b"\n") == text.count("\n") + 1


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters())))
def test_json_stays_json(value: dict[str, str]) -> None:
    text = json.dumps(value, ensure_ascii=False)
    out = told(text, tty=True, as_json=True)
    assert hostile.foreign(out.rstrip(b"\n")) == []
    assert json.loads(out) == value


def test_a_pipe_gets_it_as_it_is() -> None:
    assert told(hostile.ALL, tty=False).decode() == hostile.ALL + "\n"


def test_what_an_encoding_lacks_is_no_traceback() -> None:
    assert (
        told("Grüße 日 \udcff", tty=False, encoding="ascii") == b"Gr\\xfc\\xdfe \\u65e5 \\udcff\n"
    )


class Talker(ScriptedShow):
    """A show that answers every request in such words."""

    def _do(self, kind: RequestKind[Any, Any], params: Any) -> Any:
        result = super()._do(kind, params)
        return control.Done(detail=hostile.ALL) if isinstance(result, control.Done) else result


@pytest.fixture
async def talker(sandbox: Sandbox) -> AsyncIterator[ScriptedShow]:
    """A hostile show."""
    async with Talker(
        sandbox.environ, hostile.script(), hostile.log_lines(), clock=lambda: START
    ) as server:
        server.refuse = {"show.skip": hostile.ALL}
        yield server


@pytest.fixture
async def scripted(sandbox: Sandbox) -> AsyncIterator[ScriptedShow]:
    """An ordinary show."""
    async with ScriptedShow(sandbox.environ, script(), clock=lambda: START) as server:
        yield server


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
@pytest.mark.parametrize(
    "args",
    [("status",), ("status", "--json"), ("persona",), ("skip",), ("panic",), ("stop", "\x1b[5m")],
    ids=lambda args: "-".join(args).replace("\x1b[5m", "it"),
)
async def test_a_verb_on_a_terminal(
    talker: ScriptedShow, sandbox: Sandbox, kitsu_bin: Path, args: tuple[str, ...]
) -> None:
    async with PtyConsole(sandbox.environ, command=(str(kitsu_bin), *args)) as terminal:
        await terminal.ended()
        await terminal.until(lambda: terminal.output)
        assert hostile.foreign(terminal.output) == []
        assert b"Traceback" not in terminal.output


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are text there")
@pytest.mark.parametrize("args", [("say",), ("mark",), ("restart",), ("talk", "--text")])
async def test_an_argument_that_is_no_text(
    scripted: ScriptedShow, kitsu_bin: Path, args: tuple[str, ...]
) -> None:
    process = await asyncio.create_subprocess_exec(
        kitsu_bin, *args, b"x\xff", stdout=PIPE, stderr=PIPE, env={**os.environ, **scripted.environ}
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, out) == (2, b"")
    assert err.decode() == f"kitsu {args[0]}: {NO_TEXT}\n"


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
async def test_a_user_whose_name_is_no_text_can_panic(
    scripted: ScriptedShow, sandbox: Sandbox, kitsu_bin: Path
) -> None:
    odd = {"LOGNAME": "e\udcff\x1b[5m"}
    async with PtyConsole({**sandbox.environ, **odd}, "--attach-only") as console:
        await console.shows("favourite snack")
        await scripted.until(lambda: scripted.connections == 2)
        console.keys("\x1b[20~")
        assert (await scripted.until_asked("show.panic")).by.startswith("console:e?")
        assert hostile.foreign(console.output) == []
