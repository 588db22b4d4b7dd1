"""Every action of the console, once: its name, words, keys, risk and what it asks of the show.

Keys, the footer, the help screen and the command palette are made from this registry. It knows no
screen: `ask` builds a control request, and an action without one is the desk's own (`do_NAME`).
"""

from __future__ import annotations

from engines.wire import control
from kitsu_tui.console.action import Action, Asking, Context, Risk, Unfit
from kitsu_tui.console.keymap import Keys, sign_name
from kitsu_tui.console.line_actions import LINES
from kitsu_tui.console.pane_actions import PANE_ACTIONS
from kitsu_tui.console.stage_actions import STAGE


def _toggle(context: Context) -> Asking:
    number = 10 if context.key == "0" else int(context.key)
    if number > len(context.engines):
        raise Unfit(f"there is no engine {number}")
    name = context.engines[number - 1]
    # Which way is said: what was asked about is done, whatever another operator did meanwhile.
    on = name in context.off
    words = f"switch {name} {'on' if on else 'off'}"
    return control.TOGGLE, control.Toggle(engine=name, on=on, by=context.by), words


def _selected(context: Context) -> control.OneEngine:
    if not context.selected:
        raise Unfit("no engine is selected: choose one in the engines pane")
    return control.OneEngine(engine=context.selected, by=context.by)


def _restart(context: Context) -> Asking:
    return control.RESTART, _selected(context), f"restart {context.selected}"


def _start_engine(context: Context) -> Asking:
    return control.START, _selected(context), f"start {context.selected}"


def _stop_engine(context: Context) -> Asking:
    name = _selected(context).engine
    return control.TOGGLE, control.Toggle(engine=name, on=False, by=context.by), f"stop {name}"


def _kill_engine(context: Context) -> Asking:
    return control.KILL, _selected(context), f"kill {context.selected}"


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
        changes=True,
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
        "skip",
        "Skip the sentence",
        "Ends the sentence that is on air; she goes on with the next.",
        ("greater_than_sign",),
        _SHOW,
        verb="skip",
        ask=lambda on: (control.SKIP, control.Ask(by=on.by), "skip"),
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
        "The digit is the engine's number in the engines pane, 0 is the tenth. Only switching off "
        "asks.",
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
        "restart",
        risk=Risk.LIVE,
        verb="restart",
        ask=_restart,
        engine=True,
    ),
    Action(
        "start_engine",
        "Start the selected engine",
        "Switches it on; also one that has failed or was killed.",
        ("u",),
        _SHOW,
        "start",
        verb="start",
        ask=_start_engine,
        engine=True,
    ),
    Action(
        "stop_engine",
        "Stop the selected engine",
        "Ends it in order and leaves it off.",
        ("U",),
        _SHOW,
        "stop",
        risk=Risk.LIVE,
        verb="stop ENGINE",
        ask=_stop_engine,
        engine=True,
    ),
    Action(
        "kill_engine",
        "Kill the selected engine",
        "Ends its process at once, and leaves it off: for one that hangs.",
        ("K",),
        _SHOW,
        "kill",
        risk=Risk.ALWAYS,
        verb="kill",
        ask=_kill_engine,
        engine=True,
    ),
    Action(
        "persona",
        "Her persona",
        "Another of her presets, such as calm or chaotic, for all answers from now on.",
        ("c",),
        _SHOW,
        verb="persona",
        changes=True,
    ),
    Action(
        "mood",
        "Her mood",
        "Holds her in one mood, or lets her have her own again.",
        ("d",),
        _SHOW,
        verb="mood",
        changes=True,
    ),
    *STAGE,
    Action(
        "mark",
        "Mark this moment",
        "Writes an incident mark, with a few words if you like, into journal, transcript and logs.",
        ("exclamation_mark",),
        _SHOW,
        "mark",
        verb="mark",
        changes=True,
    ),
    Action(
        "acknowledge",
        "Acknowledge all alerts",
        "Says that they were seen, to every console.",
        ("A",),
        _SHOW,
        verb="acknowledge",
        ask=lambda on: (control.ACKNOWLEDGE, control.Acknowledge(by=on.by), "alerts"),
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
    *LINES,
    Action("transcript", "Transcript", "Who said what, and what she answers.", ("t",), _PANES),
    Action("engines", "Engines", "State, figures and last words of each.", ("e",), _PANES),
    Action("logs", "Logs", "Lines of the show and its engines.", ("l",), _PANES),
    Action("latency", "Latency", "How long each stage of a turn takes.", ("y",), _PANES),
    Action("host", "Host and GPU", "What the machine is doing.", ("h",), _PANES),
    Action("obs", "OBS", "Scene, stream, inputs, the last rehearsal of panic.", ("O",), _PANES),
    Action("alerts", "Alerts", "What you should know, and who has seen it.", ("a",), _PANES),
    Action("next_pane", "Next pane", "To the pane after this one.", ("tab",), _PANES),
    Action(
        "previous_pane", "Previous pane", "To the pane before this one.", ("shift+tab",), _PANES
    ),
    Action("zoom", "Zoom the pane", "One pane alone, or all of them again.", ("z",), _PANES),
    Action(
        "layout",
        "Next layout",
        "desk: everything; talk: her words and the engines; watch: logs and figures; focus: one "
        "pane and nothing around it.",
        ("Z",),
        _PANES,
    ),
    Action(
        "pause",
        "Pause drawing",
        "The picture stands still to be read, until pressed again; status and panic go on.",
        ("P",),
        _PANES,
    ),
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
    Action("bell", "Bell on or off", "Rings for a new warning or error.", ("B",), _CONSOLE),
    Action("theme", "Next theme", "Other colours, or none.", ("T",), _CONSOLE),
    Action(
        "quit",
        "Quit the console",
        "Asks: detach, stop the show, or stay.",
        ("q", "ctrl+q", "ctrl+c"),
        _CONSOLE,
        "quit",
    ),
    *PANE_ACTIONS,
)

BY_NAME = {action.name: action for action in ACTIONS}
DEFAULT_KEYS: Keys = {action.name: action.keys for action in ACTIONS}

_KEY_WORDS = {
    **{sign_name(chr(code)): chr(code) for code in range(33, 127) if not chr(code).isalnum()},
    "space": "Space",
    "shift+tab": "Shift+Tab",
    "shift+up": "Shift+Up",
    "shift+down": "Shift+Down",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}


def key_word(key: str) -> str:
    """A key as people write it."""
    if key in _KEY_WORDS:
        return _KEY_WORDS[key]
    if key.islower() and len(key) > 1 and "+" not in key and not key[1:].isdigit():
        return key.capitalize()
    if key.startswith("f") and key[1:].isdigit():
        return key.upper()
    modifier, plus, letter = key.rpartition("+")
    return f"{modifier.capitalize()}+{letter.upper()}" if plus else key


def keys_words(action: Action, keys: Keys = DEFAULT_KEYS) -> str:
    """An action's keys as people write them."""
    if action.keyed:
        return "1 to 9, 0"
    return ", ".join(map(key_word, keys[action.name]))
