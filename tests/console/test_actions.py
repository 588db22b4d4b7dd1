"""The registry: complete, unambiguous, and usable without the function row."""

import re

import pytest

from engines.wire import control
from kitsu_tui.console.action import Context, Unfit
from kitsu_tui.console.actions import (
    ACTIONS,
    BY_NAME,
    PANIC_KEYS,
    key_word,
    keys_words,
)
from kitsu_tui.console.bars import footer
from kitsu_tui.console.screens import help as help_screen

CONTEXT = Context(by="console:ana@pts/1", engines=("audio", "tts"), selected="tts")


def test_names_and_keys_are_unique() -> None:
    assert len(BY_NAME) == len(ACTIONS)
    keys = [(action.pane, key) for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))
    # What a pane has is its own only where the whole desk has nothing on that key.
    desk = {key for pane, key in keys if not pane}
    assert not desk & {key for pane, key in keys if pane}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_has_words_and_a_key_that_every_keyboard_has(action: object) -> None:
    action = BY_NAME[action.name]  # type: ignore[attr-defined]
    assert action.title
    assert action.help
    assert any(not re.fullmatch(r"f\d+", key) for key in action.keys)


def test_the_panic_keys_are_the_registry_s_and_no_input_of_textual_uses_them() -> None:
    from textual.widgets import Input, TextArea

    assert set(BY_NAME["panic"].keys) == set(PANIC_KEYS)
    for widget in (Input, TextArea):
        bound = {key for binding in widget.BINDINGS for key in str(binding.key).split(",")}  # type: ignore[union-attr]
        assert not bound & set(PANIC_KEYS)


@pytest.mark.parametrize(
    "name", [action.name for action in ACTIONS if action.ask and not action.keyed]
)
def test_every_request_says_who_asks_and_fits_its_kind(name: str) -> None:
    ask = BY_NAME[name].ask
    assert ask is not None
    kind, params, words = ask(CONTEXT)
    assert kind in control.REQUESTS
    assert kind.decode(kind.encode(params)).by == CONTEXT.by
    assert words


def test_digits_toggle_engines_by_their_numbers() -> None:
    ask = BY_NAME["toggle"].ask
    assert ask is not None
    _, params, words = ask(Context(by="x", engines=CONTEXT.engines, key="2"))
    assert (params.engine, params.on, words) == ("tts", False, "switch tts off")
    off = Context(by="x", engines=CONTEXT.engines, key="2", off=frozenset({"tts"}))
    _, params, words = ask(off)
    assert (params.engine, params.on, words) == ("tts", True, "switch tts on")
    with pytest.raises(Unfit, match="no engine 3"):
        ask(Context(by="x", engines=CONTEXT.engines, key="3"))
    tenth = Context(by="x", engines=tuple("abcdefghij"), key="0")
    assert ask(tenth)[1].engine == "j"


def test_restart_needs_a_selected_engine() -> None:
    ask = BY_NAME["restart"].ask
    assert ask is not None
    with pytest.raises(Unfit, match="no engine is selected"):
        ask(Context(by="x"))


def test_help_has_every_action_and_the_footer_the_way_out() -> None:
    words = "\n".join("".join(text for text, _ in line) for line in help_screen.lines(300))
    for action in ACTIONS:
        assert action.help in words
        assert keys_words(action) in words
    shown = "".join(text for text, _ in footer(80))
    assert "Ctrl+O F9 PANIC" in shown
    assert "q quit" in shown
    assert not shown.endswith("…")


@pytest.mark.parametrize("width", [30, 60, 100])
def test_help_begins_with_the_pane_and_no_title_is_cut(width: int) -> None:
    shown = ["".join(text for text, _ in line) for line in help_screen.lines(width, pane="logs")]
    assert shown[0] == "Logs"
    assert shown.index("Show") > 20
    words = " ".join(" ".join(shown).split())
    assert "…" not in words
    for action in ACTIONS:
        assert action.title in words, action.name


def test_keys_in_words() -> None:
    assert [key_word(key) for key in ("f9", "ctrl+o", "slash", "Q", "up", "shift+tab")] == [
        "F9",
        "Ctrl+O",
        "/",
        "Q",
        "Up",
        "Shift+Tab",
    ]


def test_whatever_an_action_asks_of_the_show_is_a_verb_of_kitsu_too() -> None:
    from kitsu_tui.cli.app import app

    known = {command.callback.__name__ for command in app.registered_commands if command.callback}
    known |= {str(group.name) for group in app.registered_groups}
    for action in ACTIONS:
        if action.acts and not action.pane:
            assert action.verb, action.name
        if action.verb:
            assert action.verb.split()[0] in known, action.name
