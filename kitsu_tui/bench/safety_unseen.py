"""How the gate does on lines of writers who knew neither its rules nor what its model learnt from.

`tests/data/safety/unseen`: each file by another writer, with a policy in hand and nothing else.
These lines are only measured with; whoever mends the gate writes others like them instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct, field

from kitsu_tui.bench import meaning_lines
from kitsu_tui.bench.meaning_lines import Line
from kitsu_tui.bench.report import Figure
from kitsu_tui.bench.safety_corpora import FALSE_ALARMS, RECALL, Share, percent
from kitsu_tui.show.safety import Gate
from kitsu_tui.show.safety.verdict import RANK, Verdict

PLAIN = "plain"
MIXED = "mixed"


class Unseen(Struct):
    """One writer's lines, judged.

    Attributes:
        stopped: unsafe lines that do not pass unchanged, of all.
        kinds: the same by kind, of those that are not disguised.
        disguises: the same by disguise.
        alarms: ordinary lines that do not pass unchanged, of all.
        unheard: ordinary lines that are not answered, or not said, of all: those that are only
            said in milder words, or without a link, are not counted.
    """

    stopped: Share = field(default_factory=Share)
    kinds: dict[str, Share] = field(default_factory=dict)
    disguises: dict[str, Share] = field(default_factory=dict)
    alarms: Share = field(default_factory=Share)
    unheard: Share = field(default_factory=Share)


def judged(gate: Gate, text: str) -> Verdict:
    """The graver of what is said of a text that is said to her and of one that she says."""
    said, asked = gate.check(text), gate.check_input(text)
    return asked if RANK[asked.action] > RANK[said.action] else said


def measure(gate: Gate, folder: Path = meaning_lines.UNSEEN) -> dict[str, Unseen]:
    """Every file of a folder, by its name.

    Raises:
        BenchFailed: there is none.
    """
    return {name: _measured(gate, lines) for name, lines in meaning_lines.read(folder).items()}


def _measured(gate: Gate, lines: Iterable[Line]) -> Unseen:
    found = Unseen()
    for line in lines:
        action = judged(gate, line.text).action
        if not line.unsafe:
            _count(action != "allow", found.alarms)
            _count(RANK[action] >= RANK["hold"], found.unheard)
            continue
        disguise = MIXED if ":" in line.disguise else line.disguise
        shares = [found.stopped, found.disguises.setdefault(disguise, Share())]
        if disguise == PLAIN:
            shares.append(found.kinds.setdefault(line.kind, Share()))
        _count(action != "allow", *shares)
    return found


def _count(found: bool, *shares: Share) -> None:
    for share in shares:
        share.of += 1
        share.found += found


def figures(gate: Gate) -> Iterator[Figure]:
    """What `kitsu bench safety` shows of it, in percent."""
    for name, found in measure(gate).items():
        yield percent(f"unseen, {name}: unsafe lines stopped", found.stopped, least=RECALL)
        yield percent(f"unseen, {name}: false alarms", found.alarms, most=FALSE_ALARMS)
        yield percent(f"unseen, {name}: of these not said", found.unheard)
        for kind in sorted(found.kinds):
            yield percent(f"unseen, {name}: {kind}", found.kinds[kind])
        if len(found.disguises) > 1:
            for disguise in sorted(found.disguises):
                yield percent(f"unseen, {name}: {disguise}", found.disguises[disguise])
