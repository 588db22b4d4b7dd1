"""How texts are read aloud: asked of the voice in use, as far as it is not known beforehand.

Shipped is how the starter's language is read (data/readings.txt.gz, written by
`python -m kitsu_tui.bench.readings`): the terms of the rules that come along and the ordinary
words near to them, some 40,000 texts that nobody needs to ask for at a first start.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from kitsu_tui.show.safety import ordinary as english
from kitsu_tui.show.safety.sound import MORE_ORDINARY

log = logging.getLogger("show.sounds")

FILE = Path(__file__).parent / "safety" / "data" / "readings.txt.gz"
BATCH = 200
"""Texts in one question: `tts` takes no more."""
TOGETHER = 12
"""Ordinary words read as one text, a comma between them: five times as fast as one by one."""
PROBES = 40
"""Shipped readings that a voice is asked for, to see whether it reads as they say."""

Ask = Callable[[list[str]], Awaitable[list[str]]]
"""Phonemes of up to `BATCH` texts."""


class Shipped(Struct, frozen=True):
    """Readings that come along.

    Attributes:
        voice: who reads so: `tts.Pronounced.voice`.
        read: phonemes of each text.
    """

    voice: str
    read: Mapping[str, str]

    def probes(self) -> dict[str, str]:
        """Some of them, from all over the list."""
        every = list(self.read)
        return {text: self.read[text] for text in every[:: max(1, len(every) // PROBES)][:PROBES]}


@cache
def shipped() -> Shipped:
    """Those that come along; none where their file cannot be read: then all is asked for."""
    try:
        lines = gzip.decompress(FILE.read_bytes()).decode("utf-8").splitlines()
        parts = (line.partition("\t") for line in lines[1:])
        return Shipped(lines[0], {text: phonemes for text, _, phonemes in parts})
    except (OSError, EOFError, ValueError, IndexError) as err:
        log.warning("%s cannot be read (%s): every sound is asked for", FILE.name, err)
        return Shipped("", {})


def ordinary() -> frozenset[str]:
    """The words that anybody may say; see `sound.candidates` for those that are asked for."""
    return english.words() | MORE_ORDINARY


async def texts(ask: Ask, wanted: list[str], known: Mapping[str, str]) -> dict[str, str]:
    """How texts are read; only those that are not known are asked for."""
    found = {text: known[text] for text in wanted if text in known}
    for part in _parts([text for text in wanted if text not in known], BATCH):
        found.update(zip(part, await ask(part), strict=True))
    return found


async def words(ask: Ask, wanted: list[str], known: Mapping[str, str]) -> dict[str, str]:
    """The same of single words, asked for some at a time."""
    found = {word: known[word] for word in wanted if word in known}
    groups = list(_parts([word for word in wanted if word not in known], TOGETHER))
    read = await texts(ask, [", ".join(group) for group in groups], {})
    alone: list[str] = []
    for group in groups:
        heard = read[", ".join(group)].split()
        if len(heard) == len(group):
            found.update(zip(group, heard, strict=True))
        else:
            alone += group  # one of them is read as two words, or as none
    found.update(await texts(ask, alone, {}))
    return found


def _parts(every: list[str], size: int) -> Iterator[list[str]]:
    for at in range(0, len(every), size):
        yield every[at : at + size]
