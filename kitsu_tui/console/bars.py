"""The rows that are always in sight, as pure functions of the state: status, levels, tabs, keys."""

from __future__ import annotations

from collections.abc import Iterable

from kitsu_tui.console.actions import ACTIONS, DEFAULT_KEYS, key_word
from kitsu_tui.console.keymap import Keys
from kitsu_tui.console.lines import Line, Span, bar, between, clip, visible, width_of
from kitsu_tui.console.link import Link
from kitsu_tui.console.words import clock, span
from kitsu_tui.model.state import ShowState

QUIETEST = -60.0
"""dB at the left end of a level's bar."""
STEPS = 10


def air(state: ShowState) -> Span:
    """Whether she can be heard, and if not why, in words."""
    if state.stopping:
        return "STOPPING", "warn"
    if state.panic.latched:
        return "PANIC: off the air", "bad"
    why = visible(state.why_unheard())
    if not why:
        return ("ON AIR", "strong") if state.live else ("ready", "good")
    if why in _SAID_ALONE:
        return why.upper(), "bad" if why == "no safety rules" else "warn"
    return f"NOT READY: {why}", "warn"


_SAID_ALONE = ("voice muted", "no safety rules", "no sound device", "sound device lost")


def _deaf(state: ShowState) -> Line:
    """Why she does not hear, where nothing else in the row says it."""
    why = state.why_deaf()
    if state.stopping or not why or why in ("microphone muted", state.why_unheard()):
        return ()
    return (("│ ", "dim"), (f"DEAF: {visible(why)} ", "warn"))


def status(link: Link, now: float, width: int) -> Line:
    """Profile, live or rehearsal, on air, mutes, mood, operators."""
    state = link.state
    if not state.profile:
        return ((" kitsu ", "strong"), (_phase(link), ""))
    kind: Span = (" ● LIVE ● ", "strong") if state.live else (" rehearsal ", "dim")
    shown = state.title or state.profile
    name = "" if shown.casefold() == kind[0].strip() else f" {visible(shown)} "
    left: list[Span] = [("│ ", "dim")]
    muted_voice = state.voice_muted
    if not link.attached:
        left.append((f"{_phase(link)} ", "bad"))
    elif link.silent:
        left.append((f"THE SHOW DOES NOT ANSWER for {link.silent:.0f} s ", "bad"))
    else:
        heard = air(state)
        left += [(f"{heard[0]} ", heard[1]), *_deaf(state)]
        muted_voice = muted_voice and heard[0] != "VOICE MUTED"
    if state.mic_muted or width >= 100:
        left += [("│ ", "dim"), _mute("mic", state.mic_muted)]
    if muted_voice or (width >= 100 and not state.voice_muted):
        left += [("│ ", "dim"), _mute("voice", state.voice_muted)]
    mood: Line = (("│ ", "dim"), (visible(state.mood), "")) if state.mood else ()
    called: Line = ((name, ""),) if name else ()
    up = now - state.started if state.started else 0
    # How the show is comes before who else is there, and both before its name.
    choices: list[tuple[Line, Line]] = [
        ((kind, *called, *left, *mood), _operators(state.operators, up, width)),
        ((kind, *called, *left, *mood), _operators(state.operators, 0, 0)),
        ((kind, *called, *left, *mood), ()),
        ((kind, *called, *left), ()),
        ((kind, *left), ()),
    ]
    for whole, right in choices:
        if width_of(whole) + bool(right) + width_of(right) <= width:
            return between(whole, right, width)
    return clip((kind, *left), width)


def _mute(name: str, muted: bool) -> Span:
    return (f"{name} MUTED ", "warn") if muted else (f"{name} open ", "")


def _operators(names: list[str], up: float, width: int) -> Line:
    count = len(names)
    words = f"{count} operator{'' if count == 1 else 's'}"
    if width >= 110:
        shown = ", ".join(visible(name.removeprefix("console:")) for name in names[:3])
        words += f": {shown}" if names else ""
    if width >= 100 and up:
        words += f" │ up {span(up)}"
    return clip(((f"{words} ", "dim"),), max(14, width // 3))


def _phase(link: Link) -> str:
    if link.phase == "looking":
        return "looking for a show"
    if link.phase == "starting":
        return "starting a show"
    return "NO SHOW"


def banner(link: Link, now: float) -> Line | None:
    """A row for what must not be overlooked: panic, or no show. None when all is well."""
    panic = link.state.panic
    if link.phase in ("gone", "failed"):
        why = visible(link.detail)
        how = "s to start one" if link.launch is not None else "start one with: kitsu run --detach"
        return ((f" NO SHOW: {why} · looking for it again · {how}", "bad"),)
    if not panic.latched:
        return None
    by = visible(panic.by.removeprefix("console:"))
    spans: list[Span] = [
        (f" PANIC since {clock(panic.since)} by {by} ", "bad"),
        (" o resumes │ ", "strong"),
    ]
    # What has failed comes first: a narrow row must not hide it.
    for name, ms in sorted(panic.surfaces.items(), key=lambda item: item[1] is not None):
        if ms is not None:
            spans.append((f"{visible(name)} {ms:.0f} ms  ", ""))
        elif panic.done:
            spans.append((f"{visible(name)} FAILED  ", "bad"))
        else:
            spans.append((f"{visible(name)} …  ", "dim"))
    return tuple(spans)


def level(db: float) -> str:
    """A level's bar."""
    return bar((db - QUIETEST) / -QUIETEST, STEPS)


def _db(db: float) -> str:
    return " quiet" if db <= QUIETEST else f"{db:3.0f} dB"


def levels(state: ShowState, width: int) -> Line:
    """Microphone and output, the light that says she hears, and the devices."""
    now = state.levels
    mic = "MUTED " if state.mic_muted else _db(now.mic_db)
    light: Span = ("● hearing you", "good") if now.hearing else ("○ no speech  ", "dim")
    voice: Span = ("▶ speaking", "accent") if now.speaking else ("· silent  ", "dim")
    left: Line = (
        (" mic ", "dim"),
        (level(now.mic_db), "warn" if state.mic_muted else ""),
        (f" {mic} ", "warn" if state.mic_muted else "dim"),
        light,
        (" out " if width < 90 else "   out ", "dim"),
        *_out(state),
        voice,
    )
    return between(left, _devices(state, width - width_of(left) - 2), width)


def _out(state: ShowState) -> Line:
    """The level of what she says, or why it goes nowhere."""
    if state.devices is not None and state.devices.state in ("null", "lost"):
        lost = state.devices.state == "lost"
        # As wide as the bar and its figure.
        return ((f"{'DEVICE LOST' if lost else 'no sound device':<18}", "bad" if lost else "warn"),)
    style = "warn" if state.voice_muted else ""
    words = "MUTED " if state.voice_muted else _db(state.levels.out_db)
    return ((level(state.levels.out_db), style), (f" {words} ", style or "dim"))


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
    text = full if len(full) <= room else short
    return ((text, "dim"),) if len(text) <= room else ()


def tabs(names: Iterable[tuple[str, str, str]], active: str, marked: set[str], width: int) -> Line:
    """One row of panes (name, key, title); `marked` ones have something new.

    Where there is no room for all titles, only the active pane has one.
    """
    spans: list[Span] = []
    for short in (False, True):
        spans = []
        for name, key, title in names:
            mark = "*" if name in marked and name != active else " "
            if name == active:
                spans.append((f" [{key} {title}] ", "selected"))
            elif short:
                spans.append((f" {key}{mark}", "dim"))
            else:
                spans.append((f"  {key} {title}{mark} ", "dim"))
        if width_of(tuple(spans)) <= width:
            break
    return tuple(spans)


def footer(width: int, keys: Keys = DEFAULT_KEYS) -> Line:
    """The keys that are worth a place in sight, from the registry."""
    spans: list[Span] = []
    order = sorted(
        (action for action in ACTIONS if action.label),
        key=lambda action: (action.name != "help", action.name == "quit"),
    )
    for action in order:
        urgent = action.name == "panic"
        key = " ".join(key_word(key) for key in keys[action.name][: 2 if urgent else 1])
        spans.append((f" {key}", "bad" if urgent else "strong"))
        spans.append((f" {action.label} ", "bad" if urgent else "dim"))
    return clip(tuple(spans), width)
