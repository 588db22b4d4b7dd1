"""Writes how the starter's voice reads what is listened for: kitsu_tui/show/safety/data/readings.

To be run where the rules or the ordinary words have changed by much, or the synthesizer reads
otherwise: `python -m kitsu_tui.bench.readings`. What a stale list lacks is asked for at a start.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from engines.wire import tts
from kitsu_tui.show import readings
from kitsu_tui.show.listening import allowed_by
from kitsu_tui.show.readings import Ask
from kitsu_tui.show.safety import Gate, sound

PROFILE = "starter"
TIMEOUT_S = 120.0


class _Answer(msgspec.Struct):
    type: str
    data: msgspec.Raw = msgspec.Raw()


@asynccontextmanager
async def reader() -> AsyncIterator[tuple[Ask, list[str]]]:
    """The starter's voice, in an engine of its own: to be asked, and its name at the end of the
    list when it has answered.

    Raises:
        RuntimeError: it answers with something else.
        TimeoutError: all of it takes too long.
    """
    command = [sys.executable, "-m", "kitsu_tui.cli", "engine", "tts", "--profile", PROFILE]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 24
    )
    given, told = process.stdin, process.stdout
    if given is None or told is None:
        raise RuntimeError("no pipes")
    voices: list[str] = []

    async def ask(texts: list[str]) -> list[str]:
        request = {"type": "request", "id": "1", "name": tts.PRONOUNCE.name}
        given.write(msgspec.json.encode({**request, "data": {"texts": texts}}) + b"\n")
        await given.drain()
        while line := await told.readline():
            answer = msgspec.json.decode(line, type=_Answer)
            if answer.type == "response":
                data = msgspec.json.decode(answer.data, type=tts.Pronounced)
                voices[:] = [data.voice]
                return data.phonemes
            if answer.type == "error":
                raise RuntimeError(line.decode())
        raise RuntimeError("the engine has ended")

    try:
        async with asyncio.timeout(TIMEOUT_S):
            yield ask, voices
    finally:
        given.close()
        await process.wait()


async def made(rules: Path) -> tuple[str, dict[str, str]]:
    """The voice and the readings of all rules of a folder; see `reader` for what it raises."""
    async with reader() as (ask, voices):
        gate = Gate.load(rules)
        listened = [text for term in sound.terms(gate.rules) for text in sound.readings_of(term)]
        listened += [sound.bare(text) for text in allowed_by(gate)]
        words = sound.candidates(sound.terms(gate.rules), readings.ordinary())
        ordinary = await readings.words(ask, words, {})
        read = await readings.texts(ask, list(dict.fromkeys(listened)), ordinary)
        return voices[-1], {**ordinary, **read}


def main() -> None:
    """Write the file."""
    voice, read = asyncio.run(made(Path(__file__).parents[2] / "profiles" / "safety"))
    lines = [voice, *(f"{text}\t{read[text]}" for text in sorted(read) if text)]
    readings.FILE.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
    sys.stdout.write(f"{len(read)} readings of {voice}: {readings.FILE.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
