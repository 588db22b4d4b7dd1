"""Keys by profile: spelled as people write them, never two actions on one, panic never lost."""

import pytest

from kitsu_tui.console.actions import ACTIONS, BY_NAME, PANIC_KEYS
from kitsu_tui.console.keymap import BadKeys, key_name, keymap


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("r", "r"),
        ("R", "R"),
        (">", "greater_than_sign"),
        ("/", "slash"),
        ("+", "plus"),
        ("_", "underscore"),
        ("F5", "f5"),
        ("Ctrl+G", "ctrl+g"),
        ("ctrl++", "ctrl+plus"),
        ("space", "space"),
        ("question_mark", "question_mark"),
    ],
)
def test_keys_are_written_as_people_do(said: str, name: str) -> None:
    assert key_name(said) == name


@pytest.mark.parametrize("said", ["", "ctl+g", "f99", "enterr", "ctrl+", "\x07", "rr"])
def test_what_is_no_key_is_named_with_what_would_do(said: str) -> None:
    with pytest.raises(BadKeys, match="expected a key such as"):
        key_name(said)


def test_a_profile_changes_keys_and_leaves_the_rest() -> None:
    keys = keymap(ACTIONS, {"interrupt": ["F8", "ctrl+g"], "skip": []})
    assert keys["interrupt"] == ("f8", "ctrl+g")
    assert keys["skip"] == ()
    assert keys["mute_mic"] == BY_NAME["mute_mic"].keys


def test_panic_gains_keys_and_loses_none() -> None:
    keys = keymap(ACTIONS, {"panic": ["f12"]})
    assert set(keys["panic"]) == {*PANIC_KEYS, "f12"}
    assert set(keymap(ACTIONS, {"panic": []})["panic"]) == set(PANIC_KEYS)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"interupt": ["x"]}, "console.keys.interupt: no such action; did you mean 'interrupt'"),
        ({"interrupt": ["m"]}, "'m' is a key of both"),
        ({"resume": ["f9"]}, "'f9' is a key of both"),
        ({"interrupt": ["crtl+x"]}, "console.keys.interrupt: found 'crtl+x'"),
        ({"toggle": ["x"]}, "console.keys.toggle: keeps its keys"),
    ],
)
def test_what_cannot_be_says_why(wishes: dict[str, list[str]], words: str) -> None:
    with pytest.raises(BadKeys) as caught:
        keymap(ACTIONS, wishes)
    assert words in str(caught.value)


def test_two_may_change_keys_with_each_other() -> None:
    keys = keymap(ACTIONS, {"mute_mic": ["v"], "mute_voice": ["m"]})
    assert (keys["mute_mic"], keys["mute_voice"]) == (("v",), ("m",))


def test_no_key_of_a_pane_is_one_of_the_desk() -> None:
    desk = {key for action in ACTIONS if not action.pane for key in action.keys}
    for action in ACTIONS:
        if action.pane:
            assert not desk & set(action.keys), action.name
