"""The console's colours. Over SSH the terminal's own sixteen are used instead (`ansi`)."""

from __future__ import annotations

from textual.theme import Theme

# All of the 256-colour cube or its greys, so that they look the same without true colour.
KITSU = Theme(
    name="kitsu",
    primary="#5f87af",
    secondary="#87d7ff",
    warning="#ffd75f",
    error="#ff8787",
    success="#87d787",
    accent="#ffaf5f",
    foreground="#e4e4e4",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    dark=True,
)
LIGHT = Theme(
    name="kitsu-light",
    primary="#005f87",
    secondary="#005faf",
    warning="#875f00",
    error="#af0000",
    success="#005f00",
    accent="#af5f00",
    foreground="#121212",
    background="#eeeeee",
    surface="#e4e4e4",
    panel="#d0d0d0",
    dark=False,
)
CONTRAST = Theme(
    name="kitsu-contrast",
    primary="#ffffff",
    secondary="#00ffff",
    warning="#ffff00",
    error="#ff8787",
    success="#00ff00",
    accent="#ffff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
)
# No colour at all: signs, words, bold and reverse say everything.
MONO = Theme(
    name="kitsu-mono",
    primary="#ffffff",
    secondary="#ffffff",
    warning="#ffffff",
    error="#ffffff",
    success="#ffffff",
    accent="#ffffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
)
OURS = (KITSU, LIGHT, CONTRAST, MONO)

_ANSI = "ansi-dark"
NAMES = {
    "auto": "",
    "kitsu": KITSU.name,
    "light": LIGHT.name,
    "contrast": CONTRAST.name,
    "ansi": _ANSI,
    "mono": MONO.name,
}
"""Textual's name of a theme by the name that a profile uses."""


def textual_name(name: str, remote: bool, no_color: bool = False) -> str:
    """The theme to take; over SSH `auto` is the terminal's own colours. With NO_COLOR there is one
    theme only: Textual makes greys of the others, and of the terminal's own black on black.
    """
    if no_color:
        return MONO.name
    return NAMES[name] or (_ANSI if remote else KITSU.name)
