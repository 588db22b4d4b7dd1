"""The reader's and the writer's threads, on real pipes."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

from engines.harness.stdio import Reader, Writer
from engines.wire.message import Traffic
from engines.wire.outbox import MAX_RESULTS


def nothing() -> None:
    return None


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.001)


async def test_the_last_line_is_written_however_soon_the_end_comes() -> None:
    """`bye` and the last answers are put just before the close."""
    loop = asyncio.get_running_loop()
    for n in range(300):
        reading, writing = os.pipe()
        writer = Writer(writing, loop, nothing, nothing)
        writer.start()
        if n % 3:
            await asyncio.sleep(0.0001 * (n % 7))  # it may be waiting, or just about to
        writer.put(b"answer\n", Traffic.RESULT, "")
        writer.put(b"bye\n", Traffic.RESULT, "")
        assert writer.close(10.0)
        os.close(writing)
        assert os.read(reading, 100) == b"answer\nbye\n", n
        os.close(reading)


async def test_nobody_reads_and_the_end_still_comes() -> None:
    reading, writing = os.pipe()
    broken = threading.Event()
    writer = Writer(writing, asyncio.get_running_loop(), nothing, broken.set)
    writer.start()
    full = [writer.put(b"x" * 999 + b"\n", Traffic.RESULT, "") for _ in range(6000)]
    assert True in full
    assert sum(1000 for was in full if not was) <= MAX_RESULTS + (1 << 20)
    assert not writer.close(0.05)
    os.close(reading)  # the thread sees a broken pipe and ends
    await until(broken.is_set)
    os.close(writing)


async def test_there_is_room_again_when_somebody_reads() -> None:
    reading, writing = os.pipe()
    room = threading.Event()
    writer = Writer(writing, asyncio.get_running_loop(), room.set, nothing)
    writer.start()
    while not writer.put(b"x" * 9999 + b"\n", Traffic.RESULT, ""):
        pass
    assert not room.is_set()
    drained = threading.Thread(
        target=lambda: [None for _ in iter(lambda: os.read(reading, 65536), b"")]
    )
    drained.start()
    await until(room.is_set)
    assert writer.close(10.0)
    os.close(writing)
    await asyncio.to_thread(drained.join, 10)
    os.close(reading)


async def test_the_reader_gives_lines_counts_and_the_end_in_order() -> None:
    reading, writing = os.pipe()
    said: list[object] = []
    eof = threading.Event()
    reader = Reader(
        reading,
        asyncio.get_running_loop(),
        said.append,
        said.append,
        lambda: said.append("end"),
        eof.set,
    )
    reader.start()

    def write() -> None:
        with os.fdopen(writing, "wb") as file:
            file.write(b"one\n" + b"x" * (2 << 20) + b"\ntwo\nlast without newline")

    await asyncio.to_thread(write)
    await until(lambda: "end" in said)
    assert eof.is_set()
    lines = [line for batch in said if isinstance(batch, list) for line in batch]
    assert lines == [b"one", b"two", b"last without newline"]
    assert [count for count in said if isinstance(count, int)] == [1]
    assert said[-1] == "end"
    os.close(reading)
