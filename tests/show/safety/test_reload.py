"""Gates made of gates: what is the same is taken over, and verdicts are those of a gate anew."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest

from kitsu_tui.show.safety import Gate, Keeper, lexicon, match, patterns, terms
from kitsu_tui.show.safety.kept import Kept
from kitsu_tui.show.safety.lexicon import Lexicon

ROOT = Path(__file__).parents[3]
BASE = """\
allow: [kitten heels, "blue tit*"]
rules:
- {id: one, category: test, severity: 4, terms: [badword, fox den, wicked], endings: [s]}
- {id: two, category: test, severity: 3, match: stem, terms: [fiend], phrases: [(eat|bite) you]}
- {id: far, category: test, severity: 3, languages: [de], terms: [schlimmling]}
- {id: own, category: test, severity: 5, terms: [otter], allow: [sea otter], patterns: ['x{9}']}
"""
OTHER = "rules:\n- {id: three, category: test, severity: 2, terms: [gloomy, wicked]}\n"
LINES = [
    "A badword, bad words and b4dw0rds.", "the foxden", "f o x d e n", "kitten heels",
    "a kitten", "k1tten!", "kit ten", "blue tits", "blue tit", "wicked fiends", "wick3d", "w.icked",
    "will you bite you", "schlimmling", "sch1immling", "a sea otter", "ott3r", "gloomier gloomy",
    "fiend otter badword kitten", "nettik", "kittenbadword", "sllimmling", "xxxxxxxxx", "deoxfn",
]  # fmt: skip
OWN = """\
rules:
- id: blocklist
  category: blocked
  severity: 5
  squeeze: true
  endings: [s, es]
  terms:
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "rules"
    made.mkdir()
    (made / "base.yaml").write_text(BASE, "utf-8")
    (made / "other.yaml").write_text(OTHER, "utf-8")
    return made


def verdicts(gate: Gate, lines: list[str]) -> list[object]:
    return [
        (line, one.timed(0.0))
        for line in lines
        for one in (gate.check(line), gate.check_input(line, context="badword and"))
    ]


OWN_RULES = [
    OWN + "  - kitten\n",
    OWN + "  - kitten\n  - blue tit\n  - wicked\n  - foxden\n  - fox den\n",
    OWN + "  - schlimmling\n  - bad\n  - fiendish\n  - otter\n",
    OWN.replace("squeeze", "match: stem\n  squeeze") + "  - foxden\n  - kit ten\n  - gloom\n",
    OWN + "  - kitten\n  phrases: [eat a (fox|den)]\n",
    OWN + "  - kitten\n  patterns: ['kit+en']\n  allow: [kitten heel]\n",
    OWN.replace("severity", "languages: [de]\n  severity") + "  - bade\n  - schlimm\n",
]


@pytest.mark.parametrize("own", OWN_RULES)
def test_with_other_rules_of_ones_own_it_judges_as_one_that_is_made_anew(
    folder: Path, tmp_path: Path, own: str
) -> None:
    blocklist, kept = tmp_path / "blocklist.yaml", Kept()
    gate = Gate.load(folder, None, blocklist, kept=kept)
    for text in (own, *OWN_RULES[:2], own):
        blocklist.write_text(text, "utf-8")
        gate = Gate.load(folder, None, blocklist, kept=kept, past=gate)
        anew = Gate.load(folder, None, blocklist)
        assert [rule.id for rule in gate.rules] == [rule.id for rule in anew.rules]
        assert verdicts(gate, LINES) == verdicts(anew, LINES)
    blocklist.unlink()
    gate = Gate.load(folder, None, blocklist, kept=kept, past=gate)
    assert verdicts(gate, LINES) == verdicts(Gate.load(folder), LINES)


def test_with_the_rules_that_come_along_it_judges_as_one_that_is_made_anew(tmp_path: Path) -> None:
    blocklist, kept = tmp_path / "blocklist.yaml", Kept()
    gate = Gate.load(ROOT / "profiles/safety", kept=kept)
    own = ["banana bread", "kitsune", "blue tit", "raid", "ass", "gamer", "schei", "great ape"]
    blocklist.write_text(OWN + "".join(f"  - {text}\n" for text in own), "utf-8")
    gate = Gate.load(ROOT / "profiles/safety", None, blocklist, kept=kept, past=gate)
    anew = Gate.load(ROOT / "profiles/safety", None, blocklist)
    lines = [
        line.split("\t")[0]
        for path in sorted((ROOT / "tests/data/safety").glob("*.txt"))
        for line in path.read_text("utf-8").splitlines()
    ]
    dice = random.Random(3)
    lines = dice.sample(lines, 500)
    lines += [f"{line} {dice.choice(own)} {line[::-1]}" for line in lines[:100]]
    assert verdicts(gate, lines) == verdicts(anew, lines)


def test_another_blocklist_makes_nothing_anew_but_itself(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocklist = tmp_path / "blocklist.yaml"
    keeper = Keeper(folder, None, blocklist)
    assert keeper.refresh()
    before = keeper.gate
    assert before is not None
    assert before.check("a kitten").action == "allow"
    made: list[int] = []
    plain = terms.Terms.__init__

    def counted(self: terms.Terms, rules: object, *more: object, **named: object) -> None:
        plain(self, rules, *more, **named)  # type: ignore[arg-type]
        made.append(len(self.rules))

    def never(*_: object) -> None:
        raise AssertionError("all is made again")

    monkeypatch.setattr(terms.Terms, "__init__", counted)
    monkeypatch.setattr(match, "Patterns", never)
    monkeypatch.setattr(lexicon, "_made", never)
    blocklist.write_text(OWN + "  - kitten\n", "utf-8")
    assert keeper.refresh()
    assert made == [1]
    assert keeper.gate is not None
    assert keeper.gate is not before
    assert keeper.gate.check("a kitten").rule == "blocklist"
    assert keeper.gate.check("badword").rule == "one"
    assert keeper.gate.check("xxxxxxxxx").rule == "own"
    assert before.check("a kitten").action == "allow", "a gate never changes"
    blocklist.unlink()
    assert keeper.refresh()
    assert made == [1]
    assert keeper.gate.check("a kitten").action == "allow"
    assert keeper.gate.check("badword").rule == "one"


def test_of_several_files_only_the_one_that_changed_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper(folder)
    assert keeper.refresh()
    assert keeper.gate is not None
    first = {rule.id: rule for rule in keeper.gate.rules}
    compiled = first["own"].patterns[0].compile()
    (folder / "other.yaml").write_text(OTHER.replace("gloomy", "gloomier"), "utf-8")
    assert keeper.refresh(force=True)
    second = {rule.id: rule for rule in keeper.gate.rules}
    assert second["one"] is first["one"]
    assert second["three"] is not first["three"]
    assert second["own"].patterns[0].compile() is compiled
    anew = Gate.load(folder)
    assert verdicts(keeper.gate, LINES) == verdicts(anew, LINES)
    assert keeper.gate.check("gloomier").rule == "three"
    (folder / "base.yaml").unlink()
    assert keeper.refresh(force=True)
    assert verdicts(keeper.gate, LINES) == verdicts(Gate.load(folder), LINES)


def test_words_are_found_in_all_tables_however_they_came_there() -> None:
    dice = random.Random(8)
    letters = "abcdeillkkmnoprsstuy"

    def some(count: int) -> dict[str, bool]:
        return {
            "".join(dice.choices(letters, k=dice.randint(2, 7))): dice.random() < 0.6
            for _ in range(count)
        }

    base = some(600)
    known = Lexicon(base, set(list(base)[::9]))
    for _ in range(6):
        words = dict(known.words)
        for word in dice.sample(list(words), 30):
            del words[word]
        for word in dice.sample(list(words), 30):
            words[word] = not words[word]
        words |= some(40)
        if dice.random() < 0.5:
            pairs = list(words.items())
            dice.shuffle(pairs)
            words = dict(pairs)
        foreign = set(dice.sample(list(words), 50))
        changed, made = Lexicon(words, foreign, known), Lexicon(words, foreign)
        for name in ("thin", "merged", "sound", "blur", "bones", "bare", "shapes"):
            assert getattr(changed, name) == getattr(made, name), name
        known = changed


def test_rules_that_change_in_the_middle_of_a_line_do_not_judge_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is judged to its end by the gate that it began with, which is not touched."""
    blocklist = tmp_path / "blocklist.yaml"
    keeper = Keeper(folder, None, blocklist)
    keeper.refresh()
    gate = keeper.gate
    assert gate is not None
    inside, changed = threading.Event(), threading.Event()
    plain = patterns.Patterns.likely

    def slow(self: patterns.Patterns, *given: Any) -> list[int]:
        if threading.current_thread() is judging:
            inside.set()
            assert changed.wait(10)
        return plain(self, *given)

    monkeypatch.setattr(patterns.Patterns, "likely", slow)
    found = []
    judging = threading.Thread(target=lambda: found.append(gate.check("kitten, or fiends?")))
    judging.start()
    assert inside.wait(10)
    blocklist.write_text(OWN + "  - kitten\n", "utf-8")
    (folder / "base.yaml").write_text(BASE.replace("fiend", "friend"), "utf-8")
    assert keeper.refresh()
    changed.set()
    judging.join(10)
    assert [one.rule for one in found] == ["two"]
    assert keeper.gate is not None
    assert keeper.gate.check("kitten, or fiends?").rule == "blocklist"
    assert keeper.gate.check("a friend").rule == "two"


def test_a_gate_is_in_force_only_with_all_its_patterns_compiled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper(folder)
    seen = []
    complete = Gate.complete

    def looked(self: Gate) -> None:
        seen.append(keeper.gate)
        complete(self)

    monkeypatch.setattr(Gate, "complete", looked)
    assert keeper.refresh()
    assert seen == [None]
    assert keeper.gate is not None
    assert keeper.gate.rules[-2].patterns[0].compiled
