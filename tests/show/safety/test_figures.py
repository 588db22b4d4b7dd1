"""How many figures a pattern asks for: never more than it finds, for then it would not be asked."""

from __future__ import annotations

import pytest
import re2

from kitsu_tui.show.safety.compiled import Pattern, pattern_options
from kitsu_tui.show.safety.figures import figures, held
from kitsu_tui.show.safety.patterns import One, Patterns
from tests.show.safety.test_needed import rule


@pytest.mark.parametrize(
    ("pattern", "least", "text"),
    [
        (r"\d{3}-?\d{4}", 7, "call 5551234"),
        (r"\b(0(?:[ .-]{1,3}\d){6,13})\b", 7, "0 1 2 3 4 5 6"),
        (r"(?:\d\d|a\d)x{2}\d?", 1, "a1xx"),
        (r"[0-9]{2,}(?: ?\d){3}", 5, "12345"),
        (r"fox{2}\d{2}{", 2, "foxx12{"),
        (r"(?i)(?P<one>\d{2}|\d{3})+?\d", 3, "123"),
        (r"(?i-s:fox \d) 12", 3, "fox 1 12"),
        (r"(?:\d{3})?\d+[^\d]", 1, "1a"),
        (r"[]\d][\d-]\d", 1, "]-1"),
        (r"(?:^|\W)\d{2,}?\b", 2, "12"),
        (r"\d{4}|fox", 0, "fox"),
        (r"\x31\d\d", 0, "123"),
        ("\u0661\u0662\\d", 1, "\u0661\u06621"),
        (r"fox", 0, "fox"),
    ],
)
def test_no_more_is_asked_than_is_found(pattern: str, least: int, text: str) -> None:
    assert re2.compile(pattern, pattern_options()).search(text) is not None
    assert figures(pattern) == least
    assert held(text) >= least


def test_a_text_of_fewer_figures_is_not_searched() -> None:
    """Each text counts by itself: two with three figures have no number of six."""
    patterns = Patterns([One(Pattern(r"\d(?:-?\d){5}"), rule("number"))])
    assert patterns.likely(["1-2-3", "4-5-6"], ["1-2-3", "4-5-6"]) == []
    assert patterns.likely(["123-456"], ["fox", "123-456"]) == [0]
