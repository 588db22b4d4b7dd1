"""What the gate costs: a verdict by the profile's rules and by many, and the loading of many."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Sequence
from pathlib import Path

from kitsu_tui.bench.report import Figure, below, figure
from kitsu_tui.show.safety import Gate, Keeper
from kitsu_tui.show.safety.kept import Kept

RULES = 5000
VERDICT_MS = 0.3
LOAD_S = 0.5
AGAIN_S = 0.3
_HEADS = ("b", "br", "ch", "cl", "d", "dr", "f", "gl", "gr", "h", "k", "l", "m", "n", "p", "pl")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "oo", "ou")
_TAILS = ("b", "ck", "d", "ff", "g", "lk", "mp", "nd", "ng", "nt", "p", "rk", "sh", "sk", "t", "zz")
_CATEGORIES = ("slur", "sexual", "profanity", "hate", "violence")


def many_rules(count: int, seed: int = 1) -> str:
    """A rule file of `count` rules as people write them: a word or three each, most of them whole
    words, some beginnings or parts, every tenth a phrase, every fiftieth a pattern.
    """
    dice = random.Random(seed)  # noqa: S311 - the same file every time
    lines = ["rules:"]
    for number in range(count):
        words = [_word(dice) for _ in range(dice.randint(1, 3))]
        if number % 10 == 0:
            words = [f"{_word(dice)} {_word(dice)}" for _ in words]
        match = dice.choices(("word", "stem", "inside"), (8, 2, 1))[0]
        lines += [
            f"  - id: many-{number}",
            f"    category: {_CATEGORIES[number % len(_CATEGORIES)]}",
            f"    severity: {dice.randint(2, 5)}",
            "    action: drop",
            f"    match: {match}",
        ]
        if match == "word" and number % 3 == 0:
            lines.append("    endings: [s]")
        if number % 50 == 0:
            lines.append(f"    patterns: ['\\b{words[0]}\\W+\\d{{2,4}}\\b']")
        else:
            lines.append(f"    terms: [{', '.join(words)}]")
    return "\n".join(lines) + "\n"


def _word(dice: random.Random) -> str:
    parts = [
        dice.choice(_HEADS) + dice.choice(_VOWELS) + dice.choice(_TAILS)
        for _ in range(dice.choices((1, 2, 3), (1, 5, 3))[0])
    ]
    return "".join(parts) + ("q" if dice.random() < 0.5 else "x")  # no ordinary word


def verdicts(gate: Gate, lines: Sequence[str], samples: int) -> list[float]:
    """What a verdict takes, in ms, over ordinary lines, each with the one before as its context."""
    taken: list[float] = []
    for line in lines[:50]:
        gate.check(line)  # what is made at first use
    while len(taken) < samples:
        before = ""
        for line in lines:
            began = time.perf_counter_ns()
            gate.check(line, context=before)
            taken.append((time.perf_counter_ns() - began) / 1e6)
            before = line
    return taken[: max(samples, len(lines))]


def measure(
    folder: Path, files: list[str], lines: Sequence[str], scratch: Path, *, quick: bool = False
) -> list[Figure]:
    """The figures.

    Args:
        folder, files: the profile's rules.
        lines: ordinary lines.
        scratch: an empty folder for the file of many rules.
    """
    samples = 1000 if quick else 10_000
    (scratch / "many.yaml").write_text(many_rules(RULES), "utf-8")
    own = _loaded(folder, files, 3)
    many = _loaded(scratch, ["many"], 3)
    for gate in (own[0], many[0]):
        gate.complete()  # as in a show, which also sets apart what stays for its life
    gc.collect()
    gc.freeze()
    return [
        below("verdict, the profile's rules", verdicts(own[0], lines, samples), "ms", VERDICT_MS),
        below(f"verdict, {RULES} rules", verdicts(many[0], lines, samples), "ms", VERDICT_MS),
        figure("load, the profile's rules", own[1], "s"),
        below(
            "load, the profile's rules, read before", _again(folder, files, scratch), "s", AGAIN_S
        ),
        figure("a change of the blocklist", _blocked(folder, files, scratch), "s"),
        below(f"load, {RULES} rules", many[1], "s", LOAD_S),
    ]


def _again(folder: Path, files: list[str], scratch: Path) -> list[float]:
    """What a load takes of files of which there are copies, see kept.py."""
    copies = scratch / "copies"
    Gate.load(folder, files, kept=Kept(copies))
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        Gate.load(folder, files, kept=Kept(copies))
        taken.append(time.perf_counter() - began)
    return taken


def _blocked(folder: Path, files: list[str], scratch: Path) -> list[float]:
    """What it takes until another blocklist of 50 words holds."""
    blocklist = scratch / "blocklist" / "blocklist.yaml"
    blocklist.parent.mkdir()
    keeper = Keeper(folder, files, blocklist)
    keeper.refresh()
    taken = []
    for first in range(5):
        words = ", ".join(f"word{number}x" for number in range(first, first + 50))
        blocklist.write_text(
            f"rules: [{{id: blocklist, category: blocked, severity: 5, terms: [{words}]}}]\n",
            "utf-8",
        )
        began = time.perf_counter()
        keeper.refresh(force=True)
        taken.append(time.perf_counter() - began)
    return taken


def _loaded(folder: Path, files: list[str], times: int) -> tuple[Gate, list[float]]:
    taken = [_load(folder, files)[1] for _ in range(times - 1)]
    gate, last = _load(folder, files)
    return gate, [*taken, last]


def _load(folder: Path, files: list[str]) -> tuple[Gate, float]:
    began = time.perf_counter()
    gate = Gate.load(folder, files)
    return gate, time.perf_counter() - began
