"""`kitsu bench show`: how soon a show is ready, what it costs at rest, how late its loop is."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import psutil

from engines.wire import control, show
from engines.wire.message import Empty
from engines.wire.peer import RequestFailed
from kitsu_tui.bench.place import Place, cpu_seconds, picture, watch
from kitsu_tui.bench.report import BenchReport, Figure, figure, machine
from kitsu_tui.bench.starts import Start, can_forget, changes, one_start, restart, stopped
from kitsu_tui.client import Client

WARM_STARTS, RESTARTS = 5, 3
STATUS_TRIPS = 1000
PHASE_S, QUICK_PHASE_S = 65.0, 10.0
"""Longer than the minute that the show's own figures of its loop are about."""
REST_S, QUICK_REST_S = 10.0, 3.0
PROBE_S = 0.02
LATE_S = 15.0
FLOOD = 20_000
QUESTION = "Tell me a long story about a fox and the sea."
TARGETS = {"warm": "under 8", "flood": "p99 under 20"}

_PROFILE = "extends: {profile}\nlive: false\naudio: {{backend: 'null'}}\nsafety: {{repeats: 0}}\n"
_FLOODING = "engines: {{echo: {{enabled: true, command: {command}}}}}\n"

Tell = Callable[[str], None]


async def run(
    *, quick: bool = False, profile: str = "starter", tell: Tell = lambda _: None
) -> BenchReport:
    """All of it.

    Args:
        quick: fewer samples, in less time.
        tell: told how far it is.

    Raises:
        BenchFailed: it cannot be done here.
    """
    text = _PROFILE.format(profile=msgspec.json.encode(profile).decode())
    figures = await _starts(text, 2 if quick else WARM_STARTS, tell)
    notes: list[str] = []
    with Place(text) as place:
        place.profile.write_text(text + _flood_engine(place), "utf-8")
        (place.folder / "rate").write_text("0")
        place.start()
        state = await place.ready()
        async with place.connect() as client:
            await asyncio.sleep(3.0)  # what comes with being ready is over by then
            tell("at rest")
            figures += await _rest(client, QUICK_REST_S if quick else REST_S)
            tell("status")
            trips = [await _trip(client) for _ in range(STATUS_TRIPS // (10 if quick else 1))]
            figures.append(figure("status, round trip", trips, "ms"))
            figures += await _lags(place, client, QUICK_PHASE_S if quick else PHASE_S, notes, tell)
            async with changes(place) as found:
                names = [n for n, v in state.engines.items() if v.pid and n != "echo"]
                for name in names:
                    tell(f"kill -9 {name}")
                    times = [
                        await restart(client, found, name) for _ in range(1 if quick else RESTARTS)
                    ]
                    figures.append(figure(f"kill -9 {name}, ready again", times, "s"))
        stop = await stopped(place, state.pid)
        figures.append(figure("stop, all engines at rest", [stop], "s"))
    return BenchReport(
        name="show",
        method=(
            "starts by `kitsu run --detach`, to the last engine's ready, with a clock for a sound "
            f"device; cold: {_cold()}. CPU and memory by process, one look a second, nothing "
            f"asked. The loop: a ping on the control socket every {PROBE_S * 1000:g} ms, to its "
            "answer. kill -9: the backoff of half a second is in it"
        ),
        machine=machine(),
        figures=figures,
        notes=notes,
    )


def _cold() -> str:
    if can_forget():
        return "code and models dropped from memory before, but for what others have in use"
    return "not measured, for files cannot be dropped from memory here"


def _flood_engine(place: Place) -> str:
    command = [sys.executable, "-m", "kitsu_tui.bench.flood", str(place.folder)]
    return _FLOODING.format(command=msgspec.json.encode(command).decode())


async def _starts(text: str, warm: int, tell: Tell) -> list[Figure]:
    tell("start, warming up")
    await one_start(text)
    figures: list[Figure] = []
    kinds = [("warm", warm)] + ([("cold", 1)] if can_forget() else [])
    for kind, count in kinds:
        starts: list[Start] = []
        for n in range(count):
            tell(f"{kind} start {n + 1} of {count}")
            starts.append(await one_start(text, cold=kind == "cold"))
        name = f"{kind} start"
        figures += [
            figure(f"{name}, all ready", [s.ready for s in starts], "s", TARGETS.get(kind, "")),
            figure(f"{name}, show answers", [s.answers for s in starts], "s"),
        ]
        for engine in starts[0].ready_by:
            hellos = [s.hello[engine] for s in starts if engine in s.hello]
            ready = [s.ready_by[engine] for s in starts if engine in s.ready_by]
            figures.append(figure(f"  {engine} hello", hellos, "s"))
            figures.append(figure(f"  {engine} ready", ready, "s"))
        if kind == "warm":
            figures.append(figure("stop, just ready", [s.stop for s in starts], "s"))
    return figures


async def _rest(client: Client, seconds: float) -> list[Figure]:
    state = await picture(client)
    pids = {"show": state.pid} | {n: v.pid for n, v in state.engines.items() if v.pid}
    pids.pop("echo", None)
    loads: dict[str, list[float]] = {name: [] for name in pids}
    before, began = cpu_seconds(pids.values()), time.perf_counter()
    for _ in range(round(seconds)):
        await asyncio.sleep(1.0)
        after, now = cpu_seconds(pids.values()), time.perf_counter()
        for name, pid in pids.items():
            loads[name].append(100 * (after[pid] - before[pid]) / (now - began))
        before, began = after, now
    figures = []
    for name, pid in pids.items():
        memory = psutil.Process(pid).memory_info().rss / 1e6
        figures.append(figure(f"{name} at rest, CPU", loads[name], "% of a core"))
        figures.append(figure(f"{name} at rest, memory", [memory], "MB"))
    return figures


async def _trip(client: Client) -> float:
    began = time.perf_counter()
    await client.ask(control.STATUS, control.Ask(by="bench"))
    return (time.perf_counter() - began) * 1000


# -- the loop ------------------------------------------------------------------------------------


async def _lags(
    place: Place, client: Client, seconds: float, notes: list[str], tell: Tell
) -> list[Figure]:
    own: list[show.ShowFigures] = []

    def take(told: show.Told) -> None:
        if isinstance(told.event, show.ShowFigures):
            own.append(told.event)

    rate = place.folder / "rate"

    async def idle() -> None:
        await asyncio.sleep(seconds)

    async def talk() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            asked = control.Talk(text=QUESTION, by="bench")
            try:
                await client.ask(control.TALK, asked, max(0.1, end - time.monotonic()))
            except RequestFailed as err:
                if err.code != "timeout":
                    raise

    async def flood() -> None:
        rate.write_text(str(FLOOD))
        try:
            await asyncio.sleep(seconds)
        finally:
            rate.write_text("0")

    phases: tuple[tuple[str, str, Callable[[], Awaitable[None]]], ...] = (
        ("at rest", "", idle),
        ("in talk", "", talk),
        (f"{FLOOD:,} lines/s on stderr", TARGETS["flood"], flood),
    )
    figures = []
    for name, target, work in phases:
        tell(f"the loop, {name}")
        async with _probe(place, take) as trips:
            await work()
        figures.append(figure(f"loop, {name}", trips, "ms", target))
        if own:
            f = own[-1]
            notes.append(
                f"the loop's lateness by its own count, {name}: p50 {f.lag_p50_ms:g}, p99 "
                f"{f.lag_p99_ms:g}, max {f.lag_max_ms:g} ms of {f.samples} looks in a minute"
            )
    return figures


@asynccontextmanager
async def _probe(place: Place, take: Callable[[show.Told], None]) -> AsyncIterator[list[float]]:
    """Round trips of pings meanwhile, in ms; the show's events go to `take`."""
    trips: list[float] = []
    async with place.connect() as client:
        watch(client, take)

        over = False

        async def ping() -> None:
            # A flag and no cancellation: `wait_for` of Python 3.11 loses one that comes just as
            # its answer does.
            while not over:
                await asyncio.sleep(PROBE_S)
                began = time.perf_counter()
                await client.ask(control.PING, Empty())
                trips.append((time.perf_counter() - began) * 1000)

        task = asyncio.create_task(ping())
        try:
            yield trips
        finally:
            over = True
            await asyncio.wait([task], timeout=LATE_S)
            task.cancel()
