"""Pieces of a text that are read together: letters that stand alone ("s l u r"), and two pieces
that only together are a word of the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kitsu_tui.show.safety import ordinary
from kitsu_tui.show.safety.resolve import Reading, Resolver

_HINT = re.compile(r"(?<!\S)\W{0,2}\w\W{0,2}\s+(?:\W{1,3}\s+)?\W{0,2}(?:\w|[@$!|+(])\W{0,2}(?!\S)")
_NOT_ALNUM = re.compile(r"[\W_]+")

Gathered = tuple[int, int, str, Reading]
"""The first of some chunks, the one behind the last, their letters, what these may stand for."""


def runs(low: str, chunks: Sequence[str], resolver: Resolver) -> Iterator[Gathered]:
    """Three or more letters that stand alone; `chunks` are those of `low`."""
    if not _HINT.search(low):
        return
    begin = -1
    count = 0
    last = 0
    for index, chunk in enumerate([*chunks, "end"]):
        letters = _NOT_ALNUM.sub("", chunk)
        if len(letters) == 1 and len(chunk) <= 5:
            alone = True
        elif not letters and len(chunk) <= 5 and begin >= 0:
            alone = True
            if not any(sign in chunk for sign in "@$!|+("):
                continue  # only between them
        elif not letters and chunk in ("@", "$", "!", "("):
            alone = True
        else:
            alone = False
        if alone:
            if begin < 0:
                begin, count = index, 0
            count += 1
            last = index
            continue
        if begin >= 0 and count >= 3:
            yield _run(chunks, begin, last + 1, resolver)
        begin = -1


def _run(chunks: Sequence[str], begin: int, end: int, resolver: Resolver) -> Gathered:
    piece = "".join(
        chunk if len(chunk) == 1 else _NOT_ALNUM.sub("", chunk) or chunk[:1]
        for chunk in chunks[begin:end]
    )
    letters = _NOT_ALNUM.sub("", piece)
    if ordinary.is_word(letters) and letters == piece and len(letters) > 4:
        reading = Reading(letters, True)
        known = resolver.apart(piece, letters)
        if any(word == letters for _, word in known.found):
            reading = known
    else:
        reading = resolver.apart(piece, letters)
    return begin, end, letters, reading


def pairs(readings: Sequence[Reading], resolver: Resolver) -> Iterator[Gathered]:
    """Two pieces that only together are a word of the rules: "death to is rael"."""
    able: list[tuple[bool, int, str]] = []
    strange = [index for index, reading in enumerate(readings) if not reading.plain]
    last = len(readings) - 1
    for index in {at for here in strange for at in (here - 1, here) if 0 <= at < last}:
        one, two = readings[index], readings[index + 1]
        if (one.plain and two.basic) or (two.plain and one.basic):
            continue  # "d!e in"
        letters = one.letters + two.letters
        if one.letters and two.letters and resolver.knows(letters):
            able.append((one.plain or two.plain, index, letters))
    taken: set[int] = set()
    # Of two that share a piece ("a bo mb") the one that is made of no word.
    for _, index, letters in sorted(able):
        if taken.isdisjoint((index, index + 1)):
            taken.update((index, index + 1))
            reading = Reading(letters, False, (("squeezed", letters),))
            yield index, index + 2, letters, reading
