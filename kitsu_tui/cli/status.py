"""`kitsu status` for people."""

from __future__ import annotations

from kitsu_tui.model.latency import stages
from kitsu_tui.model.state import EngineView, PanicView, ShowState

DAY_S = 86_400.0


def report(state: ShowState, now: float) -> str:
    """The show in a few lines. What engines and people said has no power over a terminal."""
    from kitsu_tui.cli.obs_report import line as obs_line
    from kitsu_tui.console.lines import visible
    from kitsu_tui.console.words import STAGE_WORDS, clock, who

    kind = "LIVE" if state.live else "not live"
    lines = [f"profile {state.profile} ({kind}), up {_span(now - state.started)}, pid {state.pid}"]
    if state.panic.latched:
        lines.append(f"PANIC latched by {state.panic.by}: kitsu resume")
    lines += _surfaces(state.panic)
    if state.drill is not None:
        how = "all reached, all put back" if state.drill.ok else "NOT all reached and put back"
        days = int((now - state.drill.at) / DAY_S)
        day = f"{days} d ago, " if days else ""
        lines.append(f"last drill: {day}{clock(state.drill.at)} by {who(state.drill.by)}: {how}")
    why = state.why_unheard()
    lines.append(f"she can NOT be heard: {why}" if why else "she can be heard")
    deaf = state.why_deaf()
    lines.append(f"she does NOT hear: {deaf}" if deaf else "she hears")
    if state.devices is not None and state.devices.state != "null":
        device = state.devices
        lines.append(f"audio: {device.state}, in {device.input!r}, out {device.output!r}")
    if words := obs_line(state.obs):
        lines.append(words)
    if state.persona.preset:
        held = f", held in the mood {state.persona.mood}" if state.persona.mood else ""
        lines.append(f"persona: {state.persona.preset}{held}")
    if state.operator.gone:
        did = {"brb": ": the BRB scene was brought", "panic": ": panic was pressed"}
        lost = state.operator
        lines.append(f"nobody is there ({lost.why}){did.get(lost.did, '')}")
    if state.operators:
        lines.append(f"attached: {', '.join(map(who, state.operators))}")
    lines.append("")
    lines += [_engine(view, now) for view in state.engines.values()]
    figures = stages(state.marks)
    if figures:
        lines.append("")
        lines.append(f"{'stage, ms':<16}{'p50':>8}{'p95':>8}{'p99':>8}{'turns':>7}")
        lines += [
            f"{STAGE_WORDS[f.stage]:<16}{f.p50:>8.0f}{f.p95:>8.0f}{f.p99:>8.0f}{f.samples:>7}"
            for f in figures
        ]
    if state.alerts:
        lines.append("")
        new = sum(not (alert.acked_by or alert.mended) for alert in state.alerts)
        if new:
            lines.append(f"alerts that nobody has seen: {new}; kitsu acknowledge")
        for alert in state.alerts[-5:]:
            seen = f"  seen by {who(alert.acked_by)}" if alert.acked_by else ""
            seen = "  mended" if alert.mended else seen
            lines.append(f"{clock(alert.t)} {alert.level}: {alert.text}{seen}")
    return "\n".join(visible(line) for line in lines)


def _surfaces(panic: PanicView) -> list[str]:
    """What panic, or the resume after it, has not reached."""
    what = "panic" if panic.latched else "putting back"
    told = panic.done or not panic.latched
    failed = [name for name, ms in panic.surfaces.items() if told and ms is None]
    lines = [f"{what} did NOT reach {name}: {panic.why.get(name, '')}" for name in failed]
    return lines + [f"{what} waits for {name}: {panic.why.get(name, '')}" for name in panic.waits]


def _engine(view: EngineView, now: float) -> str:
    parts = [f"{view.name:<9}{view.state:<13}"]
    if view.pid:
        parts.append(f"pid {view.pid:<7} up {_span(now - view.since)}")
    if view.restarts:
        parts.append(f"restarts {view.restarts}")
    if view.retry_at:
        parts.append(f"again in {max(0.0, view.retry_at - now):.1f} s")
    if view.exit and view.state not in ("ready", "degraded"):
        parts.append(f"last {view.exit}")
    if view.detail:
        parts.append(view.detail)
    return "  ".join(parts).rstrip()


def _span(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


SCHEMAS = {"status": ShowState}
