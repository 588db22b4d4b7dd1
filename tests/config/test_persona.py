"""A persona's refusals are checked when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from kitsu_tui.config import ConfigError
from kitsu_tui.config.persona import load_persona

BASE = """
name: Fox
system: You are {style}.
moods: [happy]
preset: calm
presets: {calm: {style: calm}}
"""


def test_refusals_and_the_nameless_viewer(tmp_path: Path) -> None:
    path = tmp_path / "fox.yaml"
    path.write_text(BASE, "utf-8")
    assert load_persona(path).refusals == {}
    assert load_persona(path).viewer == "a viewer"
    path.write_text(BASE + "refusals: {any: [No!]}\nviewer: a friend\n", "utf-8")
    assert load_persona(path).refusals == {"any": ["No!"]}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("refusals: {slur: []}", "refusals: slur: found no line"),
        ("refusals: {slur: ['']}", "refusals: slur: found a line of 0 characters"),
        (f"refusals: {{slur: ['{'x' * 300}']}}", "300 characters, expected 1 to 200"),
        ("refusals: [no]", "refusals"),
        ("viewer: '!'", "viewer: expected 1 to 40 characters"),
    ],
)
def test_a_bad_refusal_is_named(tmp_path: Path, wrong: str, said: str) -> None:
    path = tmp_path / "fox.yaml"
    path.write_text(BASE + wrong + "\n", "utf-8")
    with pytest.raises(ConfigError, match=r"fox\.yaml") as found:
        load_persona(path)
    assert said in str(found.value)
