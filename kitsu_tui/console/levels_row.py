"""The row of levels: microphone and output, the light that says she hears, and to whom she listens.

Every form of the row is as wide at every moment as at any other, so that nothing moves while people
talk, and over SSH only what has changed is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from kitsu_tui.console.lines import Line, Span, bar, between, cells, clip, fit, visible, width_of
from kitsu_tui.console.words import who
from kitsu_tui.model.state import ShowState

QUIETEST = -60.0
"""dB at the left end of a level's bar."""
STEPS = 10

_BY = {"voice": "voice", "operator": "typed", "chat": "chat", "api": "api"}
_NOBODY = "nobody"


@dataclass(frozen=True)
class _Form:
    steps: int
    figures: bool
    """True: with the levels in dB."""
    long: bool
    """True: the light and her voice in full words, and whom she listens to beside the light; else
    in one with it.
    """
    ear: int
    """Cells for the name of whom she listens to; 0: as many as it takes, and in full words."""


_FORMS = (
    _Form(STEPS, True, True, 0),
    _Form(STEPS, True, True, 14),
    _Form(6, True, True, 14),
    _Form(6, False, True, 12),
    _Form(5, False, False, 12),
    _Form(4, False, False, 8),
    _Form(3, False, False, 6),
)


def level(db: float, steps: int = STEPS) -> str:
    """A level's bar."""
    return bar((db - QUIETEST) / -QUIETEST, steps)


def listens_to(state: ShowState) -> tuple[str, str]:
    """Who has her ear, and how they speak to her; (`nobody`, why or nothing)."""
    if state.panic.latched:
        return _NOBODY, "panic"
    turn = state.turns[-1] if state.turns else None
    if turn is not None and not turn.status:
        return visible(who(turn.who)) or "somebody", _BY[turn.source]
    if state.levels.hearing and not state.mic_muted:
        # Speech whose turn has not begun: the voice that spoke last is the best guess.
        last = next((t.who for t in reversed(state.turns) if t.source == "voice"), "")
        return visible(who(last)) or "somebody", "voice"
    return _NOBODY, "mic muted" if state.mic_muted else ""


def levels(state: ShowState, width: int) -> Line:
    """The row, in the longest form for which there is room."""
    left: Line = ()
    for form in _FORMS:
        left = _row(state, form)
        if width_of(left) <= width:
            break
    return between(left, _devices(state, width - width_of(left) - 2), width)


def _row(state: ShowState, form: _Form) -> Line:
    now = state.levels
    muted = "warn" if state.mic_muted else ""
    mic: list[Span] = [(" mic " if form.figures else "mic ", "dim")]
    if state.mic_muted and not form.figures:
        mic.append((fit("MUTED", max(5, form.steps)), muted))
    else:
        mic.append((level(now.mic_db, form.steps), muted))
    if form.figures:
        mic.append((" MUTED  " if state.mic_muted else f" {_db(now.mic_db)} ", muted or "dim"))
    else:
        mic.append((" ", ""))
    if form.long:
        voice: Span = ("▶ speaking ", "accent") if now.speaking else ("· silent   ", "dim")
    else:
        voice = ("▶ speaks ", "accent") if now.speaking else ("· silent ", "dim")
    return (*mic, *_ear(state, form), ("out ", "dim"), *_out(state, form), voice)


def _ear(state: ShowState, form: _Form) -> Line:
    """The light, and to whom she listens."""
    name, how = listens_to(state)
    style = "dim" if name == _NOBODY else "strong"
    if not form.long:
        hears = state.levels.hearing and name != _NOBODY
        # Words in the place of a bar may be wider than the bar.
        missing = state.devices is not None and state.devices.state in ("null", "lost")
        more = max(0, 5 - form.steps) * (state.mic_muted + (state.voice_muted or missing))
        ear = form.ear + (0 if hears else 6) - more
        short: Span = ("● hears ", "good") if hears else ("○ ", "dim")
        text = name if name == _NOBODY or hears else f"to {name}"
        return (short, (fit(text, max(2, ear)) + " ", style))
    light: Span = ("○ no speech   ", "dim")
    if state.levels.hearing:
        light = ("● hearing you ", "good")
    return (light, *_whom(name, how, style, form))


def _whom(name: str, how: str, style: str, form: _Form) -> Line:
    if form.ear:
        return (("to ", "dim"), (fit(name, form.ear) + " ", style))
    return (
        ("listens to ", "dim"),
        (name, style),
        (f" ({how})" if how else "", "dim"),
        # So that a short name and the next do not move what follows.
        (" " * max(1, 22 - cells(name) - (len(how) + 3 if how else 0)), ""),
    )


def _out(state: ShowState, form: _Form) -> Line:
    """The level of what she says, or why it goes nowhere."""
    width = form.steps + (8 if form.figures else 1)
    if state.devices is not None and state.devices.state in ("null", "lost"):
        lost = state.devices.state == "lost"
        words = "DEVICE LOST" if lost else "no sound device"
        if not form.long:
            words = "LOST" if lost else "none"
        least = 6 if not form.long else len(words) + 1
        return ((fit(words, max(width, least)), "bad" if lost else "warn"),)
    style = "warn" if state.voice_muted else ""
    if state.voice_muted and not form.figures:
        return ((fit("MUTED", max(5, form.steps)) + " ", style),)
    shown: Span = (level(state.levels.out_db, form.steps), style)
    if not form.figures:
        return (shown, (" ", ""))
    words = " MUTED  " if state.voice_muted else f" {_db(state.levels.out_db)} "
    return (shown, (words, style or "dim"))


def _db(db: float) -> str:
    return " quiet" if db <= QUIETEST else f"{max(db, -99):3.0f} dB"


def _devices(state: ShowState, room: int) -> Line:
    devices = state.devices
    if devices is None:
        return (("no device ", "dim"),) if room > 10 else ()
    if devices.state in ("lost", "null"):
        detail = visible(devices.detail) if devices.state == "lost" else ""
        return clip(((f"{detail} ", "bad"),), room) if detail and room > 10 else ()
    words = {"open": "", "file": "file", "fake": "fake audio"}[devices.state]
    names = f"{visible(devices.input)} → {visible(devices.output)}"
    full = f"{words}: {names} " if words else f"{names} "
    if not (devices.input or devices.output):
        full = f"{words or 'open'} "
    short = f"{words or 'open'} "
    text = full if cells(full) <= room else short
    return ((text, "dim"),) if cells(text) <= room else ()
