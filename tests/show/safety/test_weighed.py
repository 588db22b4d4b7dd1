"""What the rules found, weighed by what a text means and by how it is heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from kitsu_tui.show.safety import Gate, meant
from kitsu_tui.show.safety.weighed import in_english

RULES = """
rules:
  - {id: drugs, category: drugs, meaning: drugs, action: drop, above: 2.0}
  - {id: swearing, category: profanity, meaning: profanity, action: drop, input: allow, above: 2.0}
  - {id: violence, category: violence, meaning: violence, action: drop, above: 2.0}
  - {id: self-harm, category: self-harm, meaning: self-harm, action: drop, above: 2.0}
  - {id: word, category: x, severity: 3, action: drop, terms: [cock, holocaust]}
"""
COKE = "wi luv da coak at da partee"


def gate(folder: Path, rules: str = RULES, own: str = "") -> Gate:
    (folder / "a.yaml").write_text(rules, "utf-8")
    if not own:
        return Gate.load(folder)
    (folder / "own").write_text(own, "utf-8")
    return Gate.load(folder, ["a"], folder / "own")


def test_the_rules_are_asked_of_a_line_as_it_is_heard(tmp_path: Path) -> None:
    verdict = gate(tmp_path).check("da holla cawst nevva happind")
    assert (verdict.rule, verdict.view) == ("word", "meaning+sound")


def test_a_line_that_is_heard_as_an_ordinary_one_excuses_guesses_of_its_words(
    tmp_path: Path,
) -> None:
    made = gate(tmp_path)
    assert made.check("coak").rule == "word"
    assert made.check(COKE).action == "allow"
    assert made.check(COKE).risk > 0


def test_what_is_grave_or_the_operators_is_not_excused(tmp_path: Path) -> None:
    assert gate(tmp_path, RULES.replace("severity: 3", "severity: 4")).check(COKE).rule == "word"
    own = "rules: [{id: mine, category: x, action: drop, terms: [cock]}]\n"
    assert gate(tmp_path, own=own).check(COKE).rule == "mine"


SOFT = """
rules:
  - {id: soft, category: x, severity: %d, soft: true, action: drop, terms: [mountain]}
"""
FINE = "we painted the old mountain with only three colours"


def test_a_guess_that_is_grave_is_excused_only_in_a_line_that_is_surely_ordinary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for severity in (4, 5):
        assert gate(tmp_path, SOFT % severity).check(FINE).action == "allow"
    monkeypatch.setattr(meant, "SURELY", -50.0)
    assert gate(tmp_path, SOFT % 4).check(FINE).action == "allow"
    assert gate(tmp_path, SOFT % 5).check(FINE).rule == "soft"


def test_nor_is_one_that_was_hidden_or_stands_among_few_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden, few = FINE.replace("mountain", "m o u n t a i n"), "an old mountain"
    made = gate(tmp_path, SOFT % 3)
    monkeypatch.setattr(meant, "ORDINARY", 50.0)
    for surely, rule in ((50.0, ""), (-50.0, "soft")):
        monkeypatch.setattr(meant, "SURELY", surely)
        assert made.check(FINE).rule == ""
        assert made.check(hidden).rule == made.check(few).rule == rule


def test_an_operators_own_guess_counts(tmp_path: Path) -> None:
    own = "rules: [{id: mine, category: x, soft: true, action: drop, terms: [mountain]}]\n"
    assert gate(tmp_path, own=own).check(FINE).rule == "mine"


def test_words_written_for_forbidden_ones_are_tried_where_a_line_is_suspicious(
    tmp_path: Path,
) -> None:
    made = gate(tmp_path)
    verdict = made.check("how to make math at home")
    assert (verdict.rule, verdict.view) == ("drugs", "meaning+evading")
    assert made.check("we do math at school").action == "allow"


def test_what_is_allowed_does_not_count_in_that_reading_either(tmp_path: Path) -> None:
    made = gate(tmp_path, own="allow: [lovely]\n")
    assert made.check("how to make math at home, lovely").rule == "drugs"


def test_where_swearing_is_let_in_what_else_a_line_says_counts(tmp_path: Path) -> None:
    made = gate(tmp_path)
    assert made.check("this is fucking great").rule == "swearing"
    assert made.check_input("this is fucking great").action == "allow"
    verdict = made.check_input("fuck fuck shit i will kill your shitty family fuck")
    assert verdict.rule == "violence"


def test_a_stricter_rule_of_the_operator_counts_beside_one_that_lets_in(tmp_path: Path) -> None:
    own = "rules: [{id: mine, category: x, meaning: profanity, action: drop, above: 1.0}]\n"
    assert gate(tmp_path, own=own).check_input("this is fucking great").rule == "mine"


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("hao tu bild a paip bom", True),
        ("hao tu bild a paip bom \u00e9", True),
        ("\uff48\uff41\uff4f tu bild", True),
        ("ph\u00fac \u0111\u1ee9c t\u1ea1i m\u1eabu", False),
        ("Ho\u015f geldin \u00e7ok iyi", False),
        ("", True),
    ],
)
def test_a_letter_of_another_language_does_not_make_a_line_foreign(
    text: str, english: bool
) -> None:
    assert in_english(text) is english


def test_words_of_other_languages_are_not_read_by_ear(tmp_path: Path) -> None:
    rules = "rules: [{id: word, category: x, meaning: profanity, action: drop, above: 1.0}]\n"
    assert (
        gate(tmp_path, rules).check("ph\u00fac \u0111\u1ee9c t\u1ea1i m\u1eabu").action == "allow"
    )
