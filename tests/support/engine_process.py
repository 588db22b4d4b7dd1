"""A real engine process under a test: its wire over real pipes.

async with engine_process("audio", {"backend": "null"}) as engine:
    answer = await engine.peer.request(audio.LIST, Empty())
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from msgspec import Struct

from engines.wire.codec import decode, encode
from engines.wire.envelope import Event, Frame, Response
from engines.wire.message import EventKind, Traffic
from engines.wire.peer import Peer

B = TypeVar("B", bound=Struct)


class EngineProcess:
    """One engine.

    Attributes:
        peer: asks it.
        said: every frame that it sent, in order.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[Frame] = []
        self.stderr = b""
        self.peer = Peer(self.send)
        self._arrived = asyncio.Event()
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._read_log())]

    def send(self, frame: Frame, traffic: Traffic = Traffic.CONTROL, key: str = "") -> None:
        """Send a frame."""
        assert self.process.stdin is not None
        self.process.stdin.write(encode(frame))

    def events(self, kind: EventKind[B]) -> list[B]:
        """All events of a kind so far, decoded."""
        return [
            kind.decode(frame.data)
            for frame in self.said
            if isinstance(frame, Event) and frame.name == kind.name
        ]

    async def wait_event(self, kind: EventKind[B], count: int = 1, timeout: float = 30.0) -> B:
        """Wait until `count` events of a kind have come and return the last of them."""
        async with asyncio.timeout(timeout):
            while len(found := self.events(kind)) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return found[count - 1]

    async def leave(self) -> int:
        """End its input and wait until it is gone."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except TimeoutError:
            self.process.kill()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.peer.close("test over")
        return self.process.returncode if self.process.returncode is not None else -1

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            frame = decode(line)
            self.said.append(frame)
            if isinstance(frame, (Response, Event)):
                self.peer.receive(frame)
            self._arrived.set()

    async def _read_log(self) -> None:
        assert self.process.stderr is not None
        while data := await self.process.stderr.read(4096):
            self.stderr = (self.stderr + data)[-65536:]


@asynccontextmanager
async def engine_process(
    name: str, config: Mapping[str, Any], env: Mapping[str, str] | None = None
) -> AsyncIterator[EngineProcess]:
    """Start an engine with a configuration of its own, and end it afterwards."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kitsu_tui.cli", "engine", name, "--config", json.dumps(config)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(env or {})},
        limit=2 << 20,
    )
    engine = EngineProcess(process)
    try:
        yield engine
    finally:
        await engine.leave()
