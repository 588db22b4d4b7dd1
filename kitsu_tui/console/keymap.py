"""Which keys do what: the registry's own, and what a profile says instead. Pure."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping, Sequence

from kitsu_tui.console.action import Action

# Textual's names for what Unicode calls otherwise.
_NAMES = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_NAMED = "tab enter escape space backspace insert delete home end pageup pagedown"
_WORDS = frozenset((*_NAMED.split(), "up", "down", "left", "right"))
_WORDS |= {f"f{n}" for n in range(1, 25)}
_MODIFIERS = frozenset(("ctrl", "shift", "alt"))
NEVER_LOST = {"panic": ("ctrl+o", "f9")}
"""Keys that no profile takes away."""
FIXED = frozenset(("toggle", "next_pane", "previous_pane", "palette"))
"""Actions that keep their keys."""

Keys = Mapping[str, tuple[str, ...]]


class BadKeys(ValueError):
    """What a profile says of keys cannot be; names the action, what was found and what would do."""


def key_name(said: str) -> str:
    """A key in Textual's spelling: `>` is `greater_than_sign`, `F5` is `f5`.

    Raises:
        BadKeys: no key is called so.
    """
    key = said.strip()
    if len(key) == 1:
        return key if key.isalnum() else sign_name(key)
    *modifiers, last = key.lower().split("+")
    if key.endswith("++"):
        modifiers, last = key.lower()[:-2].split("+"), "+"
    if set(modifiers) <= _MODIFIERS and last:
        if last in _WORDS:
            return "+".join((*modifiers, last))
        if len(last) == 1:
            name = last if last.isalnum() else sign_name(last)
            return "+".join((*modifiers, name)) if modifiers else name
        if not modifiers and last.replace("_", "").isalpha() and _is_sign(last):
            return last
    raise BadKeys(f"found {said!r}, expected a key such as r, R, >, f5 or ctrl+g")


def sign_name(char: str) -> str:
    """Textual's name of a key that is a sign: `/` is `slash`.

    Raises:
        BadKeys: it is no sign.
    """
    name = unicodedata.name(char, "").lower().replace("-", "_").replace(" ", "_")
    if not name:
        raise BadKeys(f"found {char!r}, expected a key such as r, R, >, f5 or ctrl+g")
    return _NAMES.get(name, name)


def _is_sign(name: str) -> bool:
    return name in {sign_name(chr(code)) for code in range(33, 127) if not chr(code).isalnum()}


def keymap(actions: Sequence[Action], wishes: Mapping[str, Sequence[str]]) -> Keys:
    """The keys of every action.

    Args:
        actions: the registry.
        wishes: for some actions, other keys; an empty list leaves one without a key.

    Raises:
        BadKeys: an unknown action or key, or one key for two actions.
    """
    by_name = {action.name: action for action in actions}
    found = {action.name: action.keys for action in actions}
    for name, keys in wishes.items():
        if name not in by_name:
            near = difflib.get_close_matches(name, by_name, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(by_name)}"
            raise BadKeys(f"console.keys.{name}: no such action{hint}")
        if name in FIXED:
            raise BadKeys(f"console.keys.{name}: keeps its keys")
        try:
            wanted = tuple(dict.fromkeys(key_name(key) for key in keys))
        except BadKeys as error:
            raise BadKeys(f"console.keys.{name}: {error}") from None
        kept = NEVER_LOST.get(name, ())
        found[name] = (*kept, *(key for key in wanted if key not in kept))
    _clashes(by_name, found)
    return found


def _clashes(by_name: Mapping[str, Action], found: Keys) -> None:
    taken: dict[tuple[str, str], str] = {}
    for name in sorted(found, key=lambda name: bool(by_name[name].pane)):
        for key in found[name]:
            pane = by_name[name].pane
            other = taken.get((key, "")) or taken.get((key, pane))
            if other is not None and other != name:
                raise BadKeys(f"console.keys: {key!r} is a key of both {other} and {name}")
            taken[key, pane] = name
