"""A sentence of hers on its way from `tts` to `audio`: where it stands, who may stop it, and what
was heard of it.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Protocol

from engines.wire import audio, tts
from engines.wire.peer import Exchange
from kitsu_tui.show.history import clipped
from kitsu_tui.show.line import Line
from kitsu_tui.show.turn import SpokenLine

CHARS_A_SECOND = 14.0
AROUND_S = 0.35
"""Where a sentence was cut is known within so much: its words are not equally long,"""
PACE, PACE_UNMADE = 0.1, 0.3
"""and such a share of what was heard; the second where the length of the whole was never known."""
ENDS = 24
"""Words at whose end it may have been cut, at most; its beginning and its end come on top."""


class Stops(Protocol):
    """Whoever may stop a sentence on its way."""

    async def read(self, line: Line, reading: tts.Reading) -> None:
        """It is about to be pronounced like this. RequestFailed: it must not be heard."""

    def kept(self, line: Line) -> None:
        """It is made and could be heard, were it not for what it waits for."""

    def airs(self, line: Line) -> None:
        """It is audible."""

    def ended(self, line: Line) -> None:
        """It was heard, or is not going to be."""


@dataclass(eq=False)
class Voice:
    """A sentence on its way from `tts` to `audio`."""

    line: Line
    before: asyncio.Event | None
    opened: asyncio.Event
    """`audio` has it, or never will: the next may be handed over."""
    text: str = ""
    """What is being made; an operator may want another text by now."""
    making: Exchange[tts.Spoken] | None = None
    play: Exchange[audio.Played] | None = None
    fed: int = 0
    """Bytes handed to `audio`."""
    again: bool = False
    """It was taken back: once nothing is left of it, it is made again."""


def heard_text(line: SpokenLine) -> str:
    """What of a sentence was heard, cut back to whole words."""
    if line.status == "muted":
        return ""
    # Cut before it was made to its end: its length is not known, but speech has a usual pace.
    whole = line.samples or max(len(line.text) / CHARS_A_SECOND * line.rate, line.heard_samples)
    return clipped(line.text, line.heard_samples, whole)


def in_ears(line: Line) -> list[str]:
    """What of a line an audience has in its ears, or will have: all of it as long as it may yet be
    heard. Where it was cut is known only nearly: each beginning of it that may have been heard,
    the likeliest first; an empty one where it may be that nothing was.
    """
    text = line.text
    if not line.ended.is_set():
        return [text]
    if not line.heard_samples and not line.audible_ns:
        return [""]
    rate = max(line.rate, 1)
    whole = line.samples or max(len(text) / CHARS_A_SECOND * rate, line.heard_samples)
    heard = min(line.heard_samples, whole)
    around = AROUND_S * rate + heard * (PACE if line.samples else PACE_UNMADE)
    if line.status == "muted" or not heard:  # nobody knows which part, or how much
        around = whole
    elif heard >= whole * 0.98:
        return [text]
    at, least, most = (len(text) * part / whole for part in (heard, heard - around, heard + around))
    words = [found.span() for found in re.finditer(r"\S+", text)]
    ends = [end for start, end in words if least <= end and start <= most]
    if not ends:  # of slow speech all that may be lies between two words
        ends = [end for _, end in words if end <= at][-1:]
    if least <= 0:
        ends.append(0)
    ends.sort(key=lambda end: abs(end - at))
    likely, rest = ends[:ENDS], ends[ENDS:]
    likely += [end for end in rest if end in (0, len(text))]  # nothing of it, or all
    return [text[:end] for end in likely]


def contexts(lines: list[Line], most: int) -> list[str]:
    """What an audience has in its ears after these lines: the last `most` characters of it. More
    than one text where a line was cut; of two that were, the last one counts in all its ways.
    """
    found = [""]
    for line in reversed(lines):
        said = in_ears(line) if len(found) == 1 else in_ears(line)[:1]
        found = [f"{one} {after}".strip() for after in found for one in said]
        if min(map(len, found)) >= most:
            break
    return [text[-most:] for text in found]
