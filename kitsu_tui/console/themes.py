"""The console's colours. Over SSH the terminal's own sixteen are used instead (`ansi-dark`)."""

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

REMOTE = "ansi-dark"
