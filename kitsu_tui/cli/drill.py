"""`kitsu drill`: panic rehearsed on the live surfaces, with the running show or one of its own."""

from __future__ import annotations

from typing import Annotated

import typer
from msgspec import Struct

from kitsu_tui.cli.ask import EXIT_FAILED, actor, ask
from kitsu_tui.cli.occasion import a_show
from kitsu_tui.cli.tell import tell, warn

DRILL_S = 60.0


class DrillReport(Struct, frozen=True, kw_only=True):
    """What `kitsu drill --json` prints."""

    ok: bool
    """Every surface was reached, and everything put back."""
    by: str
    at: float
    """Wall time in seconds."""
    surfaces: dict[str, float | None]
    """Milliseconds from the press until it was read back; null: not reached."""
    put_back: dict[str, float | None]
    """Milliseconds from the resume until it was read back; null: it is not as before."""
    why: dict[str, str]
    """By surface, what is amiss; `drill`: why it came to nothing."""


SCHEMAS = {"drill": DrillReport}


def drill(
    on_air: Annotated[
        bool, typer.Option("--on-air", help="also while OBS streams or records, in plain sight")
    ] = False,
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="profile, when no show is running")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Rehearse panic on everything it reaches, and put it all back. Exit code 1: not all of it
    was reached, or put back.
    """
    from engines.wire import control

    with a_show("drill", profile) as ours:
        if profile and not ours:
            warn("kitsu drill: a show is running: --profile is not used")
        params = control.Drill(on_air=on_air, by=actor())
        found = ask("drill", control.DRILL, params, DRILL_S).drill
    report = DrillReport(
        ok=found.ok,
        by=found.by,
        at=found.at,
        surfaces=found.surfaces,
        put_back=found.put_back,
        why=found.why,
    )
    if as_json:
        import msgspec

        tell(msgspec.json.encode(report).decode(), as_json=True)
    else:
        tell(table(report))
    if not found.ok:
        raise SystemExit(EXIT_FAILED)


def table(report: DrillReport) -> str:
    """It in a few rows, for people."""
    names = list(dict.fromkeys((*report.surfaces, *report.put_back, *report.why)))
    wide = max(7, *map(len, names)) if names else 7
    rows = [f"{'surface':<{wide}}  {'reached':>10}  {'put back':>10}"]
    for name in names:
        columns = (_took(took, name) for took in (report.surfaces, report.put_back))
        rows.append(f"{name:<{wide}}  {'  '.join(columns)}  {report.why.get(name, '')}".rstrip())
    rows.append("all reached, all put back" if report.ok else "NOT all was reached and put back")
    return "\n".join(rows)


def _took(took: dict[str, float | None], name: str) -> str:
    if name not in took:
        return f"{'':>10}"
    ms = took[name]
    return f"{'FAILED':>10}" if ms is None else f"{ms:>7.1f} ms"
