"""The committed corpora: what the shipped rules stop of the one and leave alone of the other."""

from __future__ import annotations

import difflib
import itertools
from collections import Counter
from pathlib import Path

import pytest

from kitsu_tui.bench import safety_corpora as corpora
from kitsu_tui.bench.place import BenchFailed
from kitsu_tui.config import load_profile
from kitsu_tui.show.safety import Gate

LOADED = load_profile("starter", {})
BAD = corpora.unsafe()
GOOD = corpora.ordinary()


@pytest.fixture(scope="module")
def measured() -> dict[corpora.Half, corpora.Measured]:
    gate = Gate.load(LOADED.safety_folder(), LOADED.safety_files())
    assert gate.problems == ()
    return corpora.measure(gate)


@pytest.mark.parametrize("name", corpora.HALVES)
def test_unsafe_lines_are_stopped(
    name: corpora.Half, measured: dict[corpora.Half, corpora.Measured]
) -> None:
    found = measured[name]
    # Of the half that rules are not written from only the figure is told.
    missed = [line.text for line in found.missed] if name == "dev" else len(found.missed)
    assert found.unsafe.share >= corpora.RECALL, missed
    assert found.kinds["plain"].share == 1


@pytest.mark.parametrize("name", corpora.HALVES)
def test_ordinary_lines_pass(
    name: corpora.Half, measured: dict[corpora.Half, corpora.Measured]
) -> None:
    found = measured[name]
    assert found.ordinary.share < corpora.FALSE_ALARMS, found.alarms


def test_sizes_and_kinds() -> None:
    assert len({line.text for line in BAD}) >= 1_200
    assert len({line.base for line in BAD if line.kind == "plain"}) >= 250
    kinds = Counter(line.kind for line in BAD)
    assert len(kinds) >= 13
    assert min(kinds.values()) >= 60
    assert len({line.category for line in BAD}) >= 10
    assert len(GOOD) >= 2_400
    for name in corpora.HALVES:
        assert sum(corpora.half(line.base) == name for line in BAD) >= 500
        assert sum(corpora.half(line) == name for line in GOOD) >= 1_000


def test_no_line_is_in_both_halves() -> None:
    dev, held = ({b.text.lower() for b in BAD if corpora.half(b.base) == h} for h in corpora.HALVES)
    assert dev & held == set()
    dev, held = ({line.lower() for line in GOOD if corpora.half(line) == h} for h in corpora.HALVES)
    assert dev & held == set()


def test_ordinary_lines_are_not_one_line_over_and_over() -> None:
    """Neighbours in order of their letters share most of their beginning, if any two do."""
    long = sorted(line.lower() for line in GOOD if len(line) > 24)
    near = [
        (one, two)
        for one, two in itertools.pairwise(long)
        if difflib.SequenceMatcher(None, one, two, autojunk=False).ratio() > 0.9
    ]
    assert len(near) < len(long) / 50, near


def test_a_gate_that_finds_nothing_or_everything_is_told(tmp_path: Path) -> None:
    rules = "rules: [{id: a, category: b, terms: [xyzzyplugh]}, {id: c, category: d, match: inside"
    (tmp_path / "none.yaml").write_text(rules + ", terms: [xyzzyplover]}]\n")
    none = corpora.measure(Gate.load(tmp_path, ["none"]))["held-out"]
    assert (none.unsafe.found, none.ordinary.found) == (0, 0)
    assert len(none.missed) == none.unsafe.of
    (tmp_path / "all.yaml").write_text("rules: [{id: a, category: b, patterns: ['.']}]\n")
    every = corpora.measure(Gate.load(tmp_path, ["all"]))["held-out"]
    assert every.unsafe.share == every.ordinary.share == 1


def test_without_the_source_tree_it_is_said(tmp_path: Path) -> None:
    for read in (corpora.unsafe, corpora.ordinary):
        with pytest.raises(BenchFailed, match="only the source tree"):
            read(tmp_path)
    (tmp_path / "unsafe.jsonl").write_text("{}\n")
    with pytest.raises(BenchFailed, match=r"unsafe\.jsonl:1: "):
        corpora.unsafe(tmp_path)
