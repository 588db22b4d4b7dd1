"""Every action of the console, once: its name, words, keys, risk and what it asks of the show.

Keys, the footer, the help screen and the command palette are made from this registry. It knows no
screen: `ask` builds a control request, and an action without one is the desk's own (`do_NAME`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from engines.wire import control
from engines.wire.message import RequestKind


class Risk(Enum):
    """When an action asks before it acts."""

    FREE = "never"
    LIVE = "while live"
    ALWAYS = "always"


class Unfit(Exception):
    """The action cannot be asked for now; the message says why, for the operator."""


@dataclass(frozen=True)
class Context:
    """What a request is built from.

    Attributes:
        by: who asks.
        engines: names in the order of their numbers.
        selected: the engine that is selected, empty when none is.
        key: the key that was pressed, for an action that depends on it.
        epoch: of the panic that is in sight.
    """

    by: str
    engines: tuple[str, ...] = ()
    selected: str = ""
    key: str = ""
    epoch: int = 0


Asking: TypeAlias = tuple[RequestKind[Any, Any], Any, str]
"""Kind, parameters and the words for it ("restart tts")."""


@dataclass(frozen=True)
class Action:
    """One thing that an operator can do.

    Attributes:
        name: stable; what profiles and verbs will call it.
        keys: in Textual's spelling, the first is the one that is shown.
        label: a word for the footer, empty to leave it out.
        verb: the `kitsu` verb of the same meaning.
        keyed: the pressed key is part of the request.
    """

    name: str
    title: str
    help: str
    keys: tuple[str, ...]
    group: str
    label: str = ""
    risk: Risk = Risk.FREE
    verb: str = ""
    ask: Callable[[Context], Asking] | None = None
    keyed: bool = False


def _toggle(context: Context) -> Asking:
    number = 10 if context.key == "0" else int(context.key)
    if number > len(context.engines):
        raise Unfit(f"there is no engine {number}")
    name = context.engines[number - 1]
    return control.TOGGLE, control.Toggle(engine=name, by=context.by), f"toggle {name}"


def _restart(context: Context) -> Asking:
    if not context.selected:
        raise Unfit("no engine is selected: choose one in the engines pane")
    params = control.OneEngine(engine=context.selected, by=context.by)
    return control.RESTART, params, f"restart {context.selected}"


def _mute_mic(context: Context) -> Asking:
    return control.MUTE, control.Mute(what="mic", by=context.by), "mute mic"


def _mute_voice(context: Context) -> Asking:
    return control.MUTE, control.Mute(what="voice", by=context.by), "mute voice"


# The chord is ctrl+o, "off the air". Textual's inputs bind a, c, d, e, f, k, u, v, w, x, y, z and
# its app p and q; tmux takes b, screen a; terminal drivers c, d, q, s, z and backslash; editors'
# terminals keep g, j and p to themselves, and browsers n, t and w. Of the letters that are left, r
# and l are habits of a shell and h, i, j, m are other keys (backspace, tab, enter). zellij takes
# ctrl+o by default; its lock mode, or F9, is the way there.
PANIC_KEYS = ("f9", "ctrl+o")
"""Keys of panic: recognised in the input thread, before any screen sees them."""

_SHOW, _PANES, _CONSOLE = "Show", "Panes", "Console"

ACTIONS: tuple[Action, ...] = (
    Action(
        "panic",
        "PANIC: off the air, now",
        "Silences her at once and latches: she stays silent until somebody resumes. Works in every "
        "screen, also while the terminal's output stands still.",
        ("ctrl+o", "f9"),
        _SHOW,
        "PANIC",
        verb="panic",
    ),
    Action(
        "resume",
        "On the air again",
        "Releases the panic latch, after a question.",
        ("o", "f7"),
        _SHOW,
        risk=Risk.ALWAYS,
        verb="resume",
        ask=lambda on: (control.RESUME, control.Resume(by=on.by, epoch=on.epoch), "resume"),
    ),
    Action(
        "say",
        "Type to her",
        "Puts the cursor on the line below. Enter sends, Escape leaves.",
        ("slash", "i"),
        _SHOW,
        "type",
        verb="say",
    ),
    Action(
        "interrupt",
        "Interrupt her",
        "Ends what she is saying and thinking; she listens again.",
        ("x", "space"),
        _SHOW,
        "interrupt",
        verb="interrupt",
        ask=lambda on: (control.INTERRUPT, control.Interrupt(by=on.by), "interrupt"),
    ),
    Action(
        "mute_mic",
        "Mute or open the microphone",
        "She does not hear you while it is muted.",
        ("m",),
        _SHOW,
        "mic",
        verb="mute mic",
        ask=_mute_mic,
    ),
    Action(
        "mute_voice",
        "Mute or open her voice",
        "She is not heard while it is muted.",
        ("v",),
        _SHOW,
        "voice",
        verb="mute voice",
        ask=_mute_voice,
    ),
    Action(
        "toggle",
        "Switch an engine on or off",
        "The digit is the engine's number in the engines pane, 0 is the tenth.",
        tuple("1234567890"),
        _SHOW,
        risk=Risk.LIVE,
        verb="toggle",
        ask=_toggle,
        keyed=True,
    ),
    Action(
        "restart",
        "Restart the selected engine",
        "Also starts one that has failed.",
        ("r",),
        _SHOW,
        risk=Risk.LIVE,
        verb="restart",
        ask=_restart,
    ),
    Action(
        "start",
        "Start a show",
        "When none is running.",
        ("s",),
        _SHOW,
        verb="run --detach",
    ),
    Action(
        "stop",
        "Stop the show",
        "Ends it for everybody, after a question. Quitting (q) leaves it on.",
        ("Q",),
        _SHOW,
        risk=Risk.ALWAYS,
        verb="stop",
        ask=lambda on: (control.STOP, control.Ask(by=on.by), "stop the show"),
    ),
    Action("transcript", "Transcript", "Who said what, and what she answers.", ("t",), _PANES),
    Action("engines", "Engines", "State, figures and last words of each.", ("e",), _PANES),
    Action("logs", "Logs", "Lines of the show and its engines.", ("l",), _PANES),
    Action("latency", "Latency", "How long each stage of a turn takes.", ("y",), _PANES),
    Action("host", "Host and GPU", "What the machine is doing.", ("h",), _PANES),
    Action("next_pane", "Next pane", "To the pane after this one.", ("tab",), _PANES),
    Action(
        "previous_pane", "Previous pane", "To the pane before this one.", ("shift+tab",), _PANES
    ),
    Action("zoom", "Zoom the pane", "One pane alone, or all of them again.", ("z",), _PANES),
    Action(
        "follow",
        "Follow the end",
        "Back to the newest line, after scrolling away from it.",
        ("end", "G"),
        _PANES,
    ),
    Action("help", "Help", "This list.", ("question_mark",), _CONSOLE, "help"),
    Action(
        "palette",
        "Find an action",
        "Every action by its name, and the theme.",
        ("ctrl+p",),
        _CONSOLE,
    ),
    Action(
        "quit",
        "Quit the console",
        "Asks: detach, stop the show, or stay.",
        ("q", "ctrl+q", "ctrl+c"),
        _CONSOLE,
        "quit",
    ),
)

BY_NAME = {action.name: action for action in ACTIONS}

_KEY_WORDS = {
    "slash": "/",
    "question_mark": "?",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "end": "End",
}


def key_word(key: str) -> str:
    """A key as people write it."""
    if key in _KEY_WORDS:
        return _KEY_WORDS[key]
    if key.startswith("f") and key[1:].isdigit():
        return key.upper()
    modifier, plus, letter = key.rpartition("+")
    return f"{modifier.capitalize()}+{letter.upper()}" if plus else key


def keys_words(action: Action) -> str:
    """An action's keys as people write them."""
    if action.keyed:
        return "1 to 9, 0"
    return ", ".join(map(key_word, action.keys))
