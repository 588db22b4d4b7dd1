"""What the rows in sight say of OBS and of a switch of profiles. Pure."""

from __future__ import annotations

from engines.wire import obs
from kitsu_tui.console.forms import Item, words
from kitsu_tui.console.lines import visible
from kitsu_tui.model.state import ShowState

FAILED_S = 60.0
"""Seconds for which a switch of profiles that failed is said in the status row."""
AHEAD_S = 10.0
"""Seconds that a running time is counted on by ourselves after the last figures."""
MANY_DROPPED = 1.0
"""Percent of dropped frames from which on viewers see it."""


def has_obs(state: ShowState) -> bool:
    """True when the profile has an `obs` engine (one that was stopped is `stopped`, not off)."""
    view = state.engines.get("obs")
    return view is not None and view.state != "off"


def open_obs(state: ShowState) -> obs.State | None:
    """What OBS is like now; None when nobody can tell."""
    view = state.engines.get("obs")
    known = state.obs.state
    if view is None or view.state not in ("ready", "degraded") or known is None:
        return None
    return known if known.link == "open" else None


def running(seconds: float) -> str:
    """A running time as H:MM:SS."""
    whole = max(0, int(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def ahead(state: ShowState, seconds: float, now: float) -> float:
    """A time of the last figures, as it is now."""
    return seconds + min(max(0.0, now - state.obs.figures_at), AHEAD_S)


def live_time(state: ShowState, now: float) -> str:
    """How long OBS has streamed; empty when it does not."""
    known, figures = open_obs(state), state.obs.figures
    if known is None or not known.streaming or figures is None or figures.live_s is None:
        return ""
    return running(ahead(state, figures.live_s, now))


def dropped(figures: obs.Figures) -> float:
    """Percent of the stream's frames that were dropped."""
    return 100 * figures.dropped / figures.frames if figures.frames else 0.0


def percent(value: float) -> str:
    """With one digit after the point where it matters."""
    if 0 < value < 0.1:
        return "<0.1 %"
    return f"{value:.1f} %" if 0 < value < 10 else f"{value:.0f} %"


_TROUBLE = {
    "hung": ("OBS DOES NOT ANSWER", "OBS hung"),
    "refused": ("OBS REFUSES THE PASSWORD", "OBS refused"),
    "foreign": ("NO OBS AT ITS ADDRESS", "no OBS"),
}


def stage_items(state: ShowState, now: float) -> list[Item]:
    """Stream, recording and link, as far as there is something to say."""
    out = _switching(state, now)
    known = open_obs(state)
    if known is None:
        link = state.obs.state.link if state.obs.state is not None else "connecting"
        if has_obs(state) and link in _TROUBLE:
            out.append(Item("link", words(*_TROUBLE[link], "", style="warn")))
        elif has_obs(state) and link == "closed":
            out.append(Item("closed", words("OBS is closed", "", style="dim")))
        return out
    figures = state.obs.figures
    if known.streaming and not state.live:
        since = live_time(state, now)
        said = f"OBS STREAMS {since}".rstrip()
        out.append(Item("stream", words(said, "OBS STREAMS", "STREAMS", style="warn")))
    if figures is not None and known.streaming:
        if figures.reconnecting:
            out.append(Item("retry", words("STREAM RECONNECTS", "RECONNECTS", "", style="bad")))
        if figures.dropped:
            lost = percent(dropped(figures))
            style = "warn" if dropped(figures) >= MANY_DROPPED else ""
            out.append(Item("drop", words(f"dropped {lost}", f"drop {lost}", "", style=style)))
    if known.recording:
        seconds = figures.record_s if figures is not None else None
        at = "" if seconds is None else f" {running(ahead(state, seconds, now))}"
        whole = "REC paused" if known.record_paused else f"REC{at}"
        out.append(Item("rec", words(whole, "REC", "", style="strong")))
    return out


def _switching(state: ShowState, now: float) -> list[Item]:
    view = state.switching
    if not view.phase:
        return []
    name, detail = visible(view.profile), visible(view.detail)
    if view.phase == "failed":
        if now - view.since > FAILED_S:
            return []
        end = f": {detail}" if detail else ""
        said = (f"profile {name} FAILED{end}", f"profile {name} FAILED", "profile FAILED")
        return [Item("switch", words(*said, style="bad"))]
    phase = {"preparing": "preparing", "waiting": "waits", "switching": "switching"}[view.phase]
    end = f": {detail}" if detail else ""
    said = (f"to {name}: {phase}{end}", f"to {name}: {phase}", phase)
    return [Item("switch", words(*said, style="warn"))]
