"""What is to be read before a switch of profiles and after a rehearsal of panic, as lines. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from engines.wire import control, show
from kitsu_tui.console.lines import BLANK, Line, Span, cells, clip, fit, fit_right, visible, wrap
from kitsu_tui.console.words import clock, who

_FIELD = 14
_KEYS_MOST = 200
_VALUE_MOST = 300


def _field(name: str, text: str, width: int, style: str = "") -> list[Line]:
    return wrap(((fit(name, _FIELD - 1) + " ", "dim"), (text, style)), width, _FIELD)


def plan_lines(
    plan: control.Plan, problems: Sequence[str], width: int, *, live: bool = False
) -> list[Line]:
    """What another profile would change.

    Args:
        problems: more of them than the show knows of.
        live: the new profile is one to go on air with.
    """
    title = f"{visible(plan.before)} → {visible(plan.profile)}"
    out: list[Line] = [((title, "strong"), ("   a LIVE profile", "strong" if live else "dim"))]
    if not live:
        out = [((title, "strong"),)]
    out.append(BLANK)
    for problem in (*plan.problems, *problems):
        out += _field("! wrong", visible(problem), width, "warn")
    rows = (
        ("at once", plan.at_once, ""),
        ("while it runs", plan.reconfigured, ""),
        ("begin anew", plan.restarts, "strong"),
        ("start", plan.starts, "strong"),
        ("stop", plan.stops, "strong"),
        ("next show", plan.later, "warn"),
    )
    for name, what, style in rows:
        if what:
            out += _field(name, ", ".join(map(visible, what)), width, style)
    if not any(what for _, what, _ in rows):
        out += _field("", "nothing changes", width)
    if plan.changes:
        out += [BLANK, (("keys of the profile", "strong"),)]
    for change in plan.changes[:_KEYS_MOST]:
        out += _change(change, width)
    if len(plan.changes) > _KEYS_MOST:
        out.append(((f"and {len(plan.changes) - _KEYS_MOST} more", "dim"),))
    return out


def _change(change: control.KeyChange, width: int) -> list[Line]:
    spans: list[Span] = [
        (f"{visible(change.key)} ", "accent"),
        (f"{_value(change.before)} ", "dim"),
        ("→ ", "strong"),
        (_value(change.after), ""),
    ]
    return wrap(spans, width, 4)


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) and value else _json(value)
    return visible(text if len(text) <= _VALUE_MOST else text[: _VALUE_MOST - 1] + "…")


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return str(value)


def drill_lines(drill: show.Drilled, width: int) -> list[Line]:
    """How a rehearsal went: each surface, when it was reached and when it was put back."""
    word, style = (
        ("all surfaces were reached", "good") if drill.ok else ("NOT ALL WAS REACHED", "bad")
    )
    out = wrap(
        (
            (f"{'✓' if drill.ok else '✗'} {word}", style),
            (f"  at {clock(drill.at)} by {visible(who(drill.by))}", "dim"),
        ),
        width,
        2,
    )
    return [*out, *surface_lines(drill, width)]


def surface_lines(drill: show.Drilled, width: int) -> list[Line]:
    """Its table."""
    names = list(dict.fromkeys((*drill.surfaces, *drill.put_back, *drill.why)))
    if not names:
        return []
    wide = min(max(8, *(cells(visible(name)) for name in names)), 20)
    heading = f"{fit('surface', wide)} {fit_right('reached', 9)} {fit_right('put back', 9)}"
    out: list[Line] = [clip(((heading, "dim"),), width)]
    for name in names:
        reached, back = drill.surfaces.get(name), drill.put_back.get(name)
        spans: list[Span] = [
            (fit(visible(name), wide), ""),
            *_took(name in drill.surfaces, reached),
            *_took(name in drill.put_back, back),
        ]
        if drill.why.get(name):
            spans.append((f"  {visible(drill.why[name])}", "dim"))
        out += wrap(spans, width, 4)
    return out


def _took(there: bool, ms: float | None) -> list[Span]:
    if not there:
        return [(fit_right("-", 10), "dim")]
    if ms is None:
        return [(fit_right("FAILED", 10), "bad")]
    return [(fit_right(f"{ms:.0f} ms", 10), "")]


def drill_line(drill: show.Drilled) -> str:
    """A rehearsal in a line."""
    failed = [name for name, ms in drill.surfaces.items() if ms is None]
    if failed:
        why = "; ".join(dict.fromkeys(drill.why[name] for name in failed if drill.why.get(name)))
        return f"NOT reached: {', '.join(failed)}{f' ({why})' if why else ''}"
    reached = [ms for ms in drill.surfaces.values() if ms is not None]
    last = f", the last after {max(reached):.0f} ms" if reached else ""
    return f"{len(reached)} surfaces reached{last}" + ("" if drill.ok else "; NOT all put back")
