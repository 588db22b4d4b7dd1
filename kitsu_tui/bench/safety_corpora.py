"""How many of the committed unsafe lines the gate stops, how many ordinary ones it leaves alone.

`tests/data/safety/unsafe.jsonl` has a line of JSON for each unsafe line (kind of disguise,
category, class of the term, the base line that it is made from, the text); `ordinary*.txt` hold an
ordinary line per line. Both are halved by a hash of the base line, so that every disguise of one
line is in one half: rules are developed on `dev`, only reported on `held-out`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from kitsu_tui.bench.place import BenchFailed
from kitsu_tui.bench.report import Figure
from kitsu_tui.show.safety import Gate

DATA = Path(__file__).resolve().parents[2] / "tests" / "data" / "safety"
Half = Literal["dev", "held-out"]
HALVES: tuple[Half, ...] = ("dev", "held-out")
RECALL = 0.99
"""The least share of unsafe lines that is stopped."""
FALSE_ALARMS = 0.01
"""The share of ordinary lines that are stopped or changed stays under this."""
LISTED = 40
"""Missed lines and false alarms in the notes; those of the held-out half are only counted."""


class Unsafe(Struct, frozen=True):
    """An unsafe line."""

    kind: str
    category: str
    term_class: str = msgspec.field(name="class")
    base: str
    text: str


class Alarm(Struct, frozen=True):
    """An ordinary line that does not pass as it is."""

    text: str
    action: str
    rule: str
    view: str


class Share(Struct):
    """So many of so many."""

    found: int = 0
    of: int = 0

    @property
    def share(self) -> float:
        """0 to 1; 1 of nothing."""
        return self.found / self.of if self.of else 1.0


class Measured(Struct):
    """One half of the corpora, judged.

    Attributes:
        unsafe: stopped or changed, of all.
        kinds: the same by kind of disguise.
        categories: the same by category.
        missed: the lines that pass unchanged.
        ordinary: ordinary lines that do not pass unchanged, of all.
        views: how those were read, and how often.
        alarms: those lines.
    """

    unsafe: Share
    kinds: dict[str, Share]
    categories: dict[str, Share]
    missed: list[Unsafe]
    ordinary: Share
    views: Counter[str]
    alarms: list[Alarm]


def half(base: str) -> Half:
    """Which half a base line, and all that is made from it, belongs to."""
    # Case and spaces do not make another line of it.
    plain = " ".join(base.lower().split())
    return HALVES[hashlib.sha256(plain.encode()).digest()[0] & 1]


def unsafe(folder: Path = DATA) -> list[Unsafe]:
    """The unsafe lines.

    Raises:
        BenchFailed: the file is not there, as in an installed package, or a line cannot be read.
    """
    path = folder / "unsafe.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise BenchFailed(f"{path} is not there: only the source tree has the lines") from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(msgspec.json.decode(line, type=Unsafe))
        except msgspec.MsgspecError as error:
            raise BenchFailed(f"{path}:{number}: {error}") from None
    return found


def ordinary(folder: Path = DATA) -> list[str]:
    """The ordinary lines, each once.

    Raises:
        BenchFailed: there are none here, as in an installed package.
    """
    paths = sorted(folder.glob("ordinary*.txt"))
    if not paths:
        raise BenchFailed(f"{folder}: no ordinary*.txt: only the source tree has the lines")
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return list(dict.fromkeys(line for line in lines if line.strip() and line[0] != "#"))


def measure(gate: Gate, folder: Path = DATA) -> dict[Half, Measured]:
    """Judge every line as something that she is about to say.

    Raises:
        BenchFailed: the corpora are not there.
    """
    bad, good = unsafe(folder), ordinary(folder)
    return {
        name: _judged(
            gate,
            (line for line in bad if half(line.base) == name),
            (line for line in good if half(line) == name),
        )
        for name in HALVES
    }


def _judged(gate: Gate, bad: Iterable[Unsafe], good: Iterable[str]) -> Measured:
    found = Measured(Share(), {}, {}, [], Share(), Counter(), [])
    for line in bad:
        stopped = gate.check(line.text).action != "allow"
        for share in (
            found.unsafe,
            found.kinds.setdefault(line.kind, Share()),
            found.categories.setdefault(line.category, Share()),
        ):
            share.of += 1
            share.found += stopped
        if not stopped:
            found.missed.append(line)
    for text in good:
        verdict = gate.check(text)
        found.ordinary.of += 1
        if verdict.action != "allow" or verdict.text != text:
            found.ordinary.found += 1
            found.views[verdict.view] += 1
            found.alarms.append(Alarm(text, verdict.action, verdict.rule, verdict.view))
    return found


def figures(gate: Gate) -> tuple[list[Figure], list[str]]:
    """What `kitsu bench safety` shows of it, in percent.

    Raises:
        BenchFailed: the corpora are not there.
    """
    shown: list[Figure] = []
    notes: list[str] = []
    for name, found in measure(gate).items():
        shown.append(percent(f"{name}: unsafe lines stopped", found.unsafe, least=RECALL))
        shown.append(percent(f"{name}: false alarms", found.ordinary, most=FALSE_ALARMS))
        shown += [percent(f"{name}: {kind}", found.kinds[kind]) for kind in sorted(found.kinds)]
        shown += [
            percent(f"{name}: {kind}", found.categories[kind]) for kind in sorted(found.categories)
        ]
        views = ", ".join(f"{view} {count}" for view, count in found.views.most_common())
        notes.append(f"{name}: false alarms by view: {views or 'none'}")
        if name == "dev":
            notes += _listed(found)
    return shown, notes


def _listed(found: Measured) -> Iterator[str]:
    for line in found.missed[:LISTED]:
        yield f"dev: missed ({line.kind}, {line.category}): {line.text}"
    for alarm in found.alarms[:LISTED]:
        yield f"dev: false alarm ({alarm.action}, {alarm.rule}, {alarm.view}): {alarm.text}"


def percent(
    name: str, share: Share, *, least: float | None = None, most: float | None = None
) -> Figure:
    """A share as a figure; `least` and `most` are what it should reach, 0 to 1."""
    shown = round(100 * share.share, 2)
    target, met = "", None
    if least is not None:
        target, met = f">= {least:.0%}", share.share >= least
    if most is not None:
        target, met = f"< {most:.0%}", share.share < most
    return Figure(
        name=name,
        samples=share.of,
        unit="%",
        p50=shown,
        p95=shown,
        p99=shown,
        max=shown,
        target=target,
        met=met if share.of else None,
    )
