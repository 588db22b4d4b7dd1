"""Who she is: the same bytes every time, and clear words for a mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kitsu_tui.config import ConfigError
from kitsu_tui.config.persona import load_persona
from kitsu_tui.config.profile import profiles_folder

KITSU = profiles_folder() / "personas" / "kitsu.yaml"
SMALL = """
name: Small
system: "You are a {style} fox. {energy} {chaos} {family}"
moods: [happy]
chaos: {0.0: Calm., 0.5: Silly.}
energy: {0.4: Awake.}
family: Be kind.
presets:
  low: {style: quiet, chaos: 0.0, energy: 0.0}
  mid: {style: lively, chaos: 0.5, energy: 0.4}
  high: {style: wild, chaos: 1.0, energy: 1.0}
preset: mid
"""
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "who.yaml"
        path.write_text(text)
        return path

    return write


def test_levels_pick_the_last_line_that_they_reach(write: Write) -> None:
    persona = load_persona(write(SMALL))
    assert persona.system_text("low", family=False) == "You are a quiet fox. Calm."
    assert persona.system_text("mid", family=True) == (
        "You are a lively fox. Awake. Silly. Be kind."
    )
    assert persona.system_text("high", family=False) == "You are a wild fox. Awake. Silly."


def test_the_prompts_beginning_is_the_same_to_the_byte() -> None:
    def beginning(preset: str) -> bytes:
        persona = load_persona(KITSU)
        return (
            persona.system_text(preset, family=True)
            + "".join(f"{m.role}{m.text}{m.mood}" for m in persona.opening())
        ).encode()

    for preset in load_persona(KITSU).presets:
        assert beginning(preset) == beginning(preset)
        assert b"{" not in beginning(preset)
        assert b"  " not in beginning(preset)
    assert beginning("kawaii") != beginning("calm")


def test_the_examples_open_the_conversation_in_her_moods() -> None:
    persona = load_persona(KITSU)
    opening = persona.opening()
    assert [m.role for m in opening] == ["user", "assistant"] * len(persona.examples)
    assert {m.mood for m in opening if m.role == "assistant"} <= set(persona.moods)
    assert {"kawaii", "chaotic", "calm", "hype"} <= set(persona.presets)


def test_a_preset_that_is_none_names_the_nearest() -> None:
    persona = load_persona(KITSU)
    assert persona.check_preset("calm") == "calm"
    with pytest.raises(ConfigError, match=r"no preset 'kalm' \(did you mean calm\?\); Kitsu has:"):
        persona.check_preset("kalm")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name: Small\n", "", "name"),
        ("moods: [happy]", "moods: []", "moods: found none, expected at least one"),
        ("moods: [happy]", "mods: [happy]", "mods"),
        ("preset: mid", "preset: middle", "preset: no preset 'middle' (did you mean mid?)"),
        ("{family}", "{famly}", "famly"),
        ("{family}", "{}", "known: style, chaos, energy, family"),
        ("{family}", "{family", "known: style, chaos, energy, family"),
        ("{family}", "{family.x}", "known: style, chaos, energy, family"),
        ("{family}", "{family:d}", "known: style, chaos, energy, family"),
        ("style: quiet", "stile: quiet", "stile"),
        ("{0.0: Calm.", "{often: Calm.", "chaos"),
    ],
)
def test_a_mistake_names_the_file_and_what_is_wrong(
    write: Write, old: str, new: str, says: str
) -> None:
    assert old in SMALL
    path = write(SMALL.replace(old, new))
    with pytest.raises(ConfigError) as bad:
        load_persona(path)
    assert str(bad.value).startswith(f"{path}:")
    assert says in str(bad.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nobody.yaml: cannot be read"):
        load_persona(tmp_path / "nobody.yaml")
