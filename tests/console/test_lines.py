"""Foreign text has no power over the terminal, and every width is the one that was asked for."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitsu_tui.console.lines import (
    between,
    cells,
    clip,
    fit,
    fit_right,
    visible,
    width_of,
    wrap,
)

HOSTILE = {
    "\x1b[2Jgone": "␛[2Jgone",
    "\x1b]52;c;c2VjcmV0\x07": "␛]52;c;c2VjcmV0␇",
    "\x9b31m": "<U+009B>31m",
    "a\r\nb\x00": "a␍␊b␀",
    "\tx": "    x",
    "del\x7f": "del␡",
    "\u202egnp.exe": "<U+202E>gnp.exe",
    "\ud800 lone": "<U+D800> lone",
    "zero\u200bwidth": "zero<U+200B>width",
    "[bold red]markup[/]": "[bold red]markup[/]",
    "日本語 🦊": "日本語 🦊",
    "Grüße, señor": "Grüße, señor",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown(text: str) -> None:
    assert visible(text) == HOSTILE[text]


@given(st.text(alphabet=st.characters(), max_size=60))
def test_nothing_invisible_is_left_and_it_can_be_written(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in shown)


_text = st.text(
    alphabet=st.sampled_from("ab cdéß 日本🦊ｗ́"),
    max_size=40,
)


@given(_text, st.integers(1, 30))
def test_fit_gives_exactly_the_width(text: str, width: int) -> None:
    assert cells(fit(text, width)) == width
    assert cells(fit_right(text, width)) == width


@given(_text, _text, st.integers(2, 60))
def test_clip_and_between_never_pass_the_width(left: str, right: str, width: int) -> None:
    assert width_of(clip(((left, ""), (right, "x")), width)) <= width
    assert width_of(between(((left, ""),), ((right, ""),), width)) <= width


@given(st.lists(_text, min_size=1, max_size=4), st.integers(4, 40), st.integers(0, 10))
def test_wrap_loses_no_letter_and_never_passes_the_width(
    texts: list[str], width: int, indent: int
) -> None:
    lines = wrap([(text, str(n)) for n, text in enumerate(texts)], width, indent)
    assert all(width_of(line) <= width for line in lines)
    kept = "".join(text for line in lines for text, _ in line)
    assert kept.replace(" ", "") == "".join(texts).replace(" ", "")


def test_wrap_breaks_between_words_and_indents() -> None:
    lines = wrap([("12:00 ", "t"), ("one two three four", "")], 13, 6)
    assert ["".join(text for text, _ in line) for line in lines] == [
        "12:00 one two",
        "      three ",
        "      four",
    ]


def test_a_word_that_ends_with_the_line_leaves_no_space_on_the_next() -> None:
    lines = wrap([("aaaa bbbb cccc", "")], 9, 2)
    assert ["".join(text for text, _ in line) for line in lines] == ["aaaa bbbb", "  cccc"]


def test_what_hides_is_named_and_what_only_looks_odd_is_not() -> None:
    assert visible("\u3164\uffa0\u115f") == "<U+3164><U+FFA0><U+115F>"
    assert visible("oui\u202f! 日本\u3000語 a\xa0b") == "oui ! 日本  語 a b"
    assert visible("🇩🇪 👍🏽 👩🏽\u200d🚀 ❤\ufe0f") == "DE 👍 👩🚀 ❤"


def test_a_heap_of_marks_is_bounded() -> None:
    assert visible("a" + "\u0341\u0323" * 5000 + "b") == "a" + "\u0341\u0323" * 4 + "b"
    assert visible("e\u0302\u0303x") == "e\u0302\u0303x"


def test_a_very_long_word_of_wide_characters() -> None:
    """In time that grows as its length: it once took minutes."""
    rows = wrap((("日" * 300_000, ""),), 73, 2)
    assert len(rows) == 1 + -(-(300_000 - 36) // 35)
    assert "".join(text for row in rows for text, _ in row).count("日") == 300_000
