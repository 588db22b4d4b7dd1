"""The rows that are always in sight, as pure functions of the state: status, levels, tabs, keys."""

from __future__ import annotations

from collections.abc import Iterable

from kitsu_tui.console.actions import ACTIONS, key_word
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
    waiting = [
        f"{name} {state.engines[name].state}" if name in state.engines else f"no {name}"
        for name in ("audio", "policy", "tts")
        if name not in state.engines or state.engines[name].state not in ("ready", "degraded")
    ]
    if waiting:
        return f"NOT READY: {visible(waiting[0])}", "warn"
    if state.voice_muted:
        return "VOICE MUTED", "warn"
    return ("ON AIR", "strong") if state.live else ("ready", "good")


def status(link: Link, now: float, width: int) -> Line:
    """Profile, live or rehearsal, on air, mutes, mood, operators."""
    state = link.state
    if not state.profile:
        return ((" kitsu ", "strong"), (_phase(link), ""))
    kind: Span = (" ● LIVE ● ", "strong") if state.live else (" rehearsal ", "dim")
    shown = state.title or state.profile
    name = "" if shown.casefold() == kind[0].strip() else f" {visible(shown)} "
    left: list[Span] = [kind, (name, ""), ("│ ", "dim")]
    if not link.attached:
        left.append((f"{_phase(link)} ", "bad"))
    elif link.silent:
        left.append((f"THE SHOW DOES NOT ANSWER for {link.silent:.0f} s ", "bad"))
    else:
        left.append((f"{air(state)[0]} ", air(state)[1]))
    for name, muted in (("mic", state.mic_muted), ("voice", state.voice_muted)):
        if muted:
            left += [("│ ", "dim"), (f"{name} MUTED ", "warn")]
        elif width >= 100:
            left += [("│ ", "dim"), (f"{name} open ", "")]
    if state.mood:
        left += [("│ ", "dim"), (visible(state.mood), "")]
    right = _operators(state.operators, now - state.started if state.started else 0, width)
    return between(tuple(left), right, width)


def _operators(names: list[str], up: float, width: int) -> Line:
    count = len(names)
    words = f"{count} operator{'' if count == 1 else 's'}"
    if width >= 110:
        shown = ", ".join(visible(name.removeprefix("console:")) for name in names[:3])
        words += f": {shown}" if names else ""
    if width >= 100 and up:
        words += f" │ up {span(up)}"
    return clip(((f"{words} ", "dim"),), width // 3)


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
    out = "MUTED " if state.voice_muted else _db(now.out_db)
    light: Span = ("● hearing you", "good") if now.hearing else ("○ no speech  ", "dim")
    voice: Span = ("▶ speaking", "accent") if now.speaking else ("· silent  ", "dim")
    left: Line = (
        (" mic ", "dim"),
        (level(now.mic_db), "warn" if state.mic_muted else ""),
        (f" {mic} ", "warn" if state.mic_muted else "dim"),
        light,
        (" out " if width < 90 else "   out ", "dim"),
        (level(now.out_db), "warn" if state.voice_muted else ""),
        (f" {out} ", "warn" if state.voice_muted else "dim"),
        voice,
    )
    return between(left, _devices(state, width - width_of(left) - 2), width)


def _devices(state: ShowState, room: int) -> Line:
    devices = state.devices
    if devices is None:
        return (("no device ", "dim"),) if room > 10 else ()
    if devices.state == "lost":
        detail = f": {visible(devices.detail)}" if devices.detail else ""
        return clip(((f"DEVICE LOST{detail}", "bad"),), max(8, room))
    words = {"open": "", "null": "null device", "file": "file", "fake": "fake audio"}[devices.state]
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


def footer(width: int) -> Line:
    """The keys that are worth a place in sight, from the registry."""
    spans: list[Span] = []
    order = sorted(
        (action for action in ACTIONS if action.label),
        key=lambda action: (action.name != "help", action.name == "quit"),
    )
    for action in order:
        urgent = action.name == "panic"
        key = " ".join(key_word(key) for key in action.keys[: 2 if urgent else 1])
        spans.append((f" {key}", "bad" if urgent else "strong"))
        spans.append((f" {action.label} ", "bad" if urgent else "dim"))
    return clip(tuple(spans), width)
