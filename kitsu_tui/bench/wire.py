"""`kitsu bench wire`: the real harness in a real child process, asked by the show's own link."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from engines.wire import common, echo
from engines.wire.message import Traffic
from engines.wire.stale import StaleFilter
from kitsu_tui.bench.report import BenchReport, figure, machine
from kitsu_tui.show.child import Child
from kitsu_tui.show.link import Link
from kitsu_tui.show.unit import child_environ

TEXT = "x" * 40
WINDOW = 1000
ROUNDS = 20
A_ROUND = 20_000
TRIPS = 2000
WAIT_S = 60.0


@asynccontextmanager
async def echo_link() -> AsyncIterator[Link]:
    """The echo engine, started and ready, at the other end of a real pipe."""
    ready = asyncio.Event()

    def on_status(status: common.Status) -> None:
        if status.state == "ready":
            ready.set()

    link = Link("echo", StaleFilter(), {}, on_status)
    child = Child(link.lines, lambda n: link.trouble("oversized", n), lambda lines, n: None)
    link.attach(child)
    command = [sys.executable, "-m", "kitsu_tui.cli", "engine", "echo", "--supervised"]
    await child.spawn(command, child_environ(dict(os.environ)), ".", 0)
    try:
        async with asyncio.timeout(WAIT_S):
            await link.greeted.wait()
        link.init({}, 0)
        async with asyncio.timeout(WAIT_S):
            await ready.wait()
        yield link
    finally:
        await child.stop(link.shutdown)


async def throughput(link: Link, count: int) -> float:
    """Requests a second, with `WINDOW` under way at any time; each is answered and both checked."""
    peer = link.peer
    asked = echo.Echo(text=TEXT)
    window = asyncio.Semaphore(WINDOW)
    left = count
    done = asyncio.Event()

    def answered(_: Any) -> None:
        nonlocal left
        left -= 1
        window.release()
        if not left:
            done.set()

    began = time.perf_counter()
    for _ in range(count):
        await window.acquire()
        peer.open(echo.ECHO, asked, traffic=Traffic.RESULT).on_done(answered)
    async with asyncio.timeout(WAIT_S):
        await done.wait()
    return count / (time.perf_counter() - began)


async def round_trips(link: Link, count: int) -> list[float]:
    """Milliseconds from request to checked result, one at a time."""
    trips = []
    asked = echo.Echo(text=TEXT)
    for _ in range(count):
        began = time.perf_counter()
        await link.peer.open(echo.ECHO, asked).result(WAIT_S)
        trips.append((time.perf_counter() - began) * 1000)
    return trips


async def run(*, quick: bool = False) -> BenchReport:
    """All of it. `quick` takes a tenth of the samples."""
    part = 10 if quick else 1
    async with echo_link() as link:
        await throughput(link, A_ROUND // part)  # warm
        rates = [await throughput(link, A_ROUND // part) for _ in range(ROUNDS // part)]
        idle = await round_trips(link, TRIPS // part)
        busy = await _busy(link, TRIPS // part)
    return BenchReport(
        name="wire",
        method=(
            f"{len(rates)} rounds of {A_ROUND // part} echo requests of "
            f"{len(TEXT)} characters through a real child process, {WINDOW} under way, every "
            "line checked at both ends; a request and its response are two messages. Round trips "
            "one at a time: idle, and busy (a stream of events from the same engine and one busy "
            "process of nice 5 a core)"
        ),
        machine=machine(),
        figures=[
            figure("messages", [2 * r for r in rates], "messages/s", "100,000 or more"),
            figure("requests", rates, "requests/s"),
            figure("round trip, idle", idle, "ms", "p99 under 1"),
            figure("round trip, busy", busy, "ms", "p99 under 5"),
        ],
    )


async def _busy(link: Link, count: int) -> list[float]:
    """Round trips while the engine streams and every core is busy with something less urgent."""
    burn = "import os\nif hasattr(os, 'nice'): os.nice(5)\nwhile True: pass"
    burners = [
        subprocess.Popen([sys.executable, "-c", burn])  # noqa: ASYNC220 -- nothing else runs yet
        for _ in range(os.cpu_count() or 1)
    ]
    stream = link.peer.open(echo.COUNT, echo.Count(n=1_000_000, pause_ms=1), credit=64)
    reading = asyncio.create_task(_read(stream))
    try:
        return await round_trips(link, count)
    finally:
        stream.cancel("measured")
        reading.cancel()
        for burner in burners:
            burner.kill()
            burner.wait()


async def _read(stream: Any) -> None:
    async for _ in stream.events(WAIT_S):
        pass
