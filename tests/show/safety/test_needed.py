"""What a text must hold for a pattern: never too much, for then a pattern would not be asked."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import re2

from kitsu_tui.show.safety import Gate, rules
from kitsu_tui.show.safety.compiled import Pattern, pattern_options
from kitsu_tui.show.safety.needed import flat, needed
from kitsu_tui.show.safety.patterns import One, Patterns
from kitsu_tui.show.safety.rule import Rule, spoken_as

ROOT = Path(__file__).parents[3]


def holds(pattern: str, text: str) -> bool:
    bare = flat(text)
    return all(any(some in bare for some in choice) for choice in needed(pattern))


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"red fox", ["a red fox", "RED FOX", "Red FOX!"]),
        (r"\b(?:red|grey|) ?fox(?:es)?\b", ["fox", "redfox", "Grey foxes"]),
        (r"tails?(?: up)?", ["tail", "TAILS UP"]),
        (r"(?:go )*home+", ["home", "go go homeee"]),
        (r"hel{2}o|good\W+bye", ["hello", "good -- bye"]),
        (r"x{0,3}yellow{1,2}", ["yellow", "xxyelloww"]),
        (r"ab{,3}c \{x\}", ["ab{,3}c {x}"]),
        (r"[fx]oxes [^a-z]den", ["foxes 1den", "xoxes -den"]),
        (r"[]x]yellow[-x]", ["]yellow-", "xyellowX"]),
        (r"\d{3}-?\d{4}", ["call 555-1234", "5551234"]),
        (r"call (?:1|one)[0-9]+", ["call 12", "Call one7"]),
        (r"(?i)KITSUNE(?-i:den)", ["kitsuneden", "KiTsunEden"]),
        (r"(?P<who>fox|wolf) den", ["Wolf den"]),
        (r"mask", ["ma\u017f\u212a", "MASK"]),
        ("f\u00fcchse|\u043b\u0438\u0441\u0430", ["F\u00dcCHSE", "\u041b\u0438\u0441\u0430"]),
        ("\u72d0(?:\u72f8|\u706b)", ["a \u72d0\u72f8 b", "\u72d0\u706b"]),
        (r"a\.b\*c\\d", [r"a.b*c\d"]),
        (r"\x66ox|\pLox|\Qf.x\E", ["fox", "f.x"]),
        (r"^\W*(?:fox)$", ["fox", "...fox"]),
        (r"(?:a|b|)(?:c|)", ["c", "x"]),
        ("stra\u00dfe|\u0130stanbul", ["Stra\u00dfe", "\u0130stanbul"]),
    ],
)
def test_what_a_pattern_finds_holds_what_it_needs(pattern: str, texts: list[str]) -> None:
    compiled = re2.compile(pattern, pattern_options())
    for text in texts:
        assert holds(pattern, text) or compiled.search(text) is None, (pattern, text)
        assert compiled.search(text) is not None or pattern == r"(?:a|b|)(?:c|)"


def test_a_pattern_is_asked_for_little() -> None:
    assert needed("(?:grey|red) fox(?:es)?") == [("greyfox", "redfox")]
    assert needed("the .{3}(?:red|grey) .{3}foxes") == [("foxes",), ("grey", "red")]
    assert not holds(r"\b(?:steal|take)\b.{0,20}\b(?:acorns?)\b", "steal a look")
    assert needed(r"\w+") == []


def test_the_rules_that_come_along_find_the_same_as_when_all_are_asked() -> None:
    """Every pattern and phrase, over lines that are stopped and lines that are not."""
    some = [rules.read(path) for path in sorted((ROOT / "profiles/safety").glob("*.yaml"))]
    every = [
        One(pattern, rule)
        for one in some
        for rule in one.rules
        for pattern in (*rule.patterns, *spoken_as(rule))
    ]
    dice = random.Random(5)
    lines = [
        line.split("\t")[0]
        for path in sorted((ROOT / "tests/data/safety").glob("*.txt"))
        for line in path.read_text("utf-8").splitlines()
    ]
    lines = [f" {line} " for line in dice.sample(lines, 250)]
    patterns = Patterns(every)
    found = [list(patterns.find(line, patterns.likely([line], [line]))) for line in lines]
    asked = list(range(len(every)))
    assert found == [list(patterns.find(line, asked)) for line in lines]
    assert sum(map(len, found)) > 20
    assert sum(len(patterns.likely([line], [line])) for line in lines) < 12 * len(lines)


def rule(name: str, **more: object) -> Rule:
    return Rule(
        **{
            "id": name, "category": "test", "severity": 3, "action": "drop", "input": "drop",
            "match": "word", "squeeze": False, "replace": "", "terms": (), "patterns": (),
            "file": "f", "line": 1, **more,
        }  # type: ignore[arg-type]
    )  # fmt: skip


def test_patterns_of_which_nothing_is_known_are_found() -> None:
    every = [One(Pattern(text), rule(text)) for text in (r"\w{5}!", r"^\w+$", "fox")]
    patterns = Patterns(every)

    def names(text: str) -> list[str]:
        return [
            rule.id
            for rule, *_ in patterns.find(
                text, patterns.likely([text, "another"], [text, "another"])
            )
        ]

    assert names("hello!") == [r"\w{5}!"]
    assert names("fox") == [r"^\w+$", "fox"]
    assert names("a b") == []


def test_nothing_is_compiled_for_a_hit_once_all_is_made(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "rules:\n- {id: a, category: t, severity: 3, terms: [badword], phrases: [two (bad|words)],"
        " patterns: ['ninth\\W+word', '\\w{30}']}\n",
        "utf-8",
    )
    gate = Gate.load(tmp_path)
    gate.complete()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(re2, "compile", None)
        assert gate.check("the ninth word").rule == "a"
        assert gate.check("there are two bad ones").rule == "a"
        assert gate.check("x" * 31).rule == "a"
