"""OBS in words, for `kitsu status`, `kitsu scene` and `kitsu obs status`."""

from __future__ import annotations

from msgspec import Struct

from engines.wire import obs
from kitsu_tui.model.state import ObsView, ShowState


class SceneList(Struct, frozen=True, kw_only=True):
    """The scenes of OBS, as they were when it was last reached."""

    link: str
    """As in `kitsu obs status --json`; anything but `open`: they may be others by now."""
    scene: str
    """In program: what the audience sees."""
    scenes: list[str]
    """Those that the profile wants offered, in its order; then the others, as OBS lists them from
    top to bottom."""
    offered: int
    """How many of them the profile wants offered."""


SCHEMAS = {"scene": SceneList, "obs": ObsView}
"""What `kitsu scene --json` and `kitsu obs status --json` print."""

LINKS = {
    "connecting": "not connected yet",
    "closed": "closed",
    "open": "open",
    "hung": "does not answer",
    "refused": "refuses the password",
    "foreign": "no OBS there",
}


def line(view: ObsView) -> str:
    """One line on it; empty when nothing is known."""
    state = view.state
    if state is None:
        return ""
    if state.link != "open":
        words = state.detail or LINKS[state.link]
        return words if words.startswith("OBS") else f"OBS: {words}"
    parts = [f"scene {state.scene!r}"]
    if state.streaming:
        parts.append(_stream(view.figures))
    if state.recording:
        parts.append("recording is paused" if state.record_paused else "recording")
    return f"OBS: {', '.join(parts)}"


def _stream(figures: obs.Figures | None) -> str:
    if figures is None or figures.live_s is None:
        return "streaming"
    parts = [f"streaming for {_clock(figures.live_s)}"]
    if figures.reconnecting:
        parts.append("reconnecting")
    share = f" ({100 * figures.dropped / figures.frames:.1f} %)" if figures.frames else ""
    parts.append(f"{figures.dropped} frames dropped{share}")
    if figures.bitrate_kbps is not None:
        parts.append(f"{figures.bitrate_kbps:.0f} kbit/s")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def scenes(view: ObsView) -> SceneList | None:
    """The scenes; None when nothing is known."""
    if (state := view.state) is None:
        return None
    others = [name for name in state.scenes if name not in view.offers]
    return SceneList(
        link=state.link,
        scene=state.scene,
        scenes=[*view.offers, *others],
        offered=len(view.offers) or len(others),
    )


def why_unknown(picture: ShowState) -> str:
    """Why nothing is known of OBS, in words."""
    engine = picture.engines.get("obs")
    if engine is None:
        return "this show has no obs"
    more = f": {engine.detail}" if engine.detail else ""
    todo = "; kitsu start obs" if engine.state in ("off", "stopped", "failed") else ""
    return f"obs is {engine.state}{more}{todo}"


def report(view: ObsView) -> str:
    """All of it that an operator may want to see."""
    state = view.state
    if state is None:
        return ""
    if state.link != "open":
        return line(view)
    versions = f"OBS {state.obs_version}, obs-websocket {state.websocket_version}"
    lines = [line(view), versions if state.obs_version else ""]
    if state.studio:
        lines.append(f"studio mode, {state.preview!r} in preview")
    lines.append(f"transition: {state.transition}" if state.transition else "")
    outputs = {"replay buffer": state.replay, "virtual camera": state.virtual_camera}
    lines += [f"{name} runs" for name, on in outputs.items() if on]
    if (figures := view.figures) is not None:
        lines.append(
            f"{figures.fps:.1f} frames/s, {figures.cpu:.0f} % of the processor, "
            f"{figures.skipped} frames skipped by the encoder, {figures.lagged} missed by rendering"
        )
        if figures.record_s is not None:
            lines.append(f"recording for {_clock(figures.record_s)}")
    lines += [f"missing: {words}" for words in state.missing]
    lines += _listed("sources in it", [f"{i.source}{_off(i.on)}" for i in state.items])
    lines += _listed("inputs with sound", [_sound(i) for i in state.inputs if i.muted is not None])
    lines += _listed("filters", [f"{f.source}/{f.name}{_off(f.on)}" for f in state.filters])
    return "\n".join(filter(None, lines))


def _listed(title: str, names: list[str]) -> list[str]:
    return [f"{title}: {', '.join(names)}"] if names else []


def _off(on: bool) -> str:
    return "" if on else " (off)"


def _sound(found: obs.Input) -> str:
    volume = f" {found.volume_db:.1f} dB" if found.volume_db is not None else ""
    return f"{found.name}{volume}{' (muted)' if found.muted else ''}"
