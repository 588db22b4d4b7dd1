"""The ways of reading a text, each by its name, and what none of them may touch."""

from __future__ import annotations

import pytest

from kitsu_tui.show.safety import Gate

RULES = """\
rules:
  - {id: bird, category: test, severity: 4, match: stem, terms: [wizzock, plimbard]}
  - id: phrase
    category: test
    severity: 5
    terms: [vex the gorblin]
    phrases: ["(vex|hex) (all|my) mirlocks"]
  - {id: german, category: test, severity: 4, languages: [de], terms: [knurbel]}
  - {id: quiet, category: test, severity: 4, sounds: false, without: [reversed], terms: [phabbik]}
  - {id: own, category: test, severity: 4, terms: [zonker], allow: [zonker harris]}
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    folder = tmp_path_factory.mktemp("views")
    (folder / "mine.yaml").write_text(RULES, encoding="utf-8")
    return Gate.load(folder, languages=["en"])


@pytest.mark.parametrize(
    ("line", "view"),
    [
        ("a wizzock here", "plain"),
        ("a w\u0456zzock", "folded"),
        ("w1zz0ck", "leet"),
        ("|>limbard and p1imb@rd", "leet"),
        ("w.i-z_z.o-c.k", "joined"),
        ("w i z z o c k", "spaced"),
        ("wiz zock", "squeezed"),
        ("wiiizzzooock", "repeats"),
        ("w*zzock", "masked"),
        ("kcozziw", "reversed"),
        ("wizzcok", "swapped"),
        ("wyzzock", "sound"),
        ("double wizzockwizzock", "plain"),
        ("<b>wiz</b>zock", "markup+plain"),
        ("&#119;izzock", "markup+plain"),
        ("%77izzock", "markup+plain"),
        ("v3x the g0rblin", "leet"),
        ("vexthegorblin", "joined"),
        ("nilbrog eht xev", "reversed"),
        ("h3x all mirlocks", "leet"),
        ("hex all mirlocks", "plain"),
        ("StupidWizzock", "joined"),
        ("hexallmirlocks", "plain"),
        ("theyvexthegorblin", "joined"),
        ("h e x a l l m i r l o c k s", "spaced"),
        ("h3x_@ll_m1r10ck$", "leet"),
        ("h^e^x a^l^l m^1^r^l^o^c^k^s", "joined"),
        ("hex all mirlock-", "masked"),
        ("hex all mairleeks", "sound"),
    ],
)
def test_each_view_is_named(gate: Gate, line: str, view: str) -> None:
    verdict = gate.check(line)
    assert verdict.action == "drop"
    assert verdict.view == view


def test_words_grown_together_count_as_a_phrase_only(gate: Gate) -> None:
    """A name that happens to be made of two words is none of them."""
    assert gate.check("hexwizzo").action == "allow"
    assert gate.check("gorblinvex").action == "allow"
    assert gate.check("vexthegorblinnow").action == "drop"


def test_switches_of_a_rule(gate: Gate) -> None:
    assert gate.check("phabbik").action == "drop"
    for line in ("fabbik", "kibbahp", "knurbel", "hi zonker harris"):
        assert gate.check(line).action == "allow", line
    assert gate.check("zonker").action == "drop"


def test_risk_is_nothing_for_ordinary_lines(gate: Gate) -> None:
    for line in (
        "Hello there, 1080p at 60fps!",
        "caf\u00e9 \u2764 na\u00efve",
        "I can't, we're late.",
    ):
        assert gate.check(line).risk == 0
    assert 0 < gate.check("h\u0435llo there").risk < 1
    assert 0 < gate.check("h\u200bello").risk < 1
    assert gate.check("vex the gorblin").risk == 1
