"""The picture of a show, changed by one event after the other.

`reduce` does nothing else: no clock, no input, no output. A replay of a journal gives the same
picture again.
"""

from __future__ import annotations

from engines.wire import show
from kitsu_tui.model import turns
from kitsu_tui.model.notes import note
from kitsu_tui.model.state import (
    AlertView,
    EngineChange,
    EngineView,
    MarkView,
    OperatorView,
    PanicView,
    PersonaView,
    ReviewView,
    ShowState,
    SwitchView,
)
from kitsu_tui.model.surfaces import superseded

CHANGES_KEPT = 8
"""Last changes of each engine's state."""
ALERTS_KEPT = 100
INCIDENTS_KEPT = 100
NOTES_KEPT = 200


def reduce(state: ShowState, told: show.Told) -> None:
    """Change the picture by one event."""
    state.n, state.t = told.n, told.t
    event = told.event
    handler = _HANDLERS.get(type(event))
    if handler is not None:
        handler(state, event, told.t)
    note(state.notes, told.n, told.t, event, NOTES_KEPT)


def _started(state: ShowState, event: show.ShowStarted, t: float) -> None:
    state.profile, state.live, state.pid = event.profile, event.live, event.pid
    state.title = event.title
    state.version, state.epoch, state.started = event.version, event.epoch, t
    state.console = event.console
    state.log_root, state.journal = event.log_root, event.journal
    state.stopping = False
    state.engines = {name: EngineView(name=name, since=t) for name in event.engines}


def _stopping(state: ShowState, event: show.ShowStopping, t: float) -> None:
    state.stopping = True


def _engine(state: ShowState, event: show.EngineChanged, t: float) -> None:
    view = state.engines.setdefault(event.engine, EngineView(name=event.engine))
    if view.state != event.state:
        view.since = t
        view.history = _changes(view.history, event, t)
    view.state, view.detail, view.pid = event.state, event.detail, event.pid
    view.restarts, view.exit, view.retry_at = event.restarts, event.exit, event.retry_at
    view.by = event.by
    if event.last_words:
        view.last_words = list(event.last_words)
    if not event.pid:
        view.cpu, view.memory, view.queue, view.ping_ms = 0, 0, 0, 0
    if event.engine == "obs" and event.state not in _TELLS:
        state.obs.state = state.obs.figures = None  # nobody knows any more


def _changes(
    history: list[EngineChange], event: show.EngineChanged, t: float
) -> list[EngineChange]:
    ended = event.exit if event.state in ("backoff", "failed") else ""
    why = "; ".join(part for part in (ended, event.detail) if part)
    change = EngineChange(t=t, state=event.state, why=why, by=event.by)
    if history and history[-1].state in ("starting", "loading") and event.state in _UP:
        change.by = change.by or history[-1].by
        return [*history[:-1], change]
    return [*history, change][-CHANGES_KEPT:]


_UP = ("loading", "ready", "degraded")
_TELLS = ("ready", "degraded", "unresponsive", "stopping")


def _figures(state: ShowState, event: show.EngineFigures, t: float) -> None:
    view = state.engines.get(event.engine)
    if view is not None and view.pid:
        view.queue, view.dropped, view.stale = event.queue, event.dropped, event.stale
        view.cpu, view.memory, view.ping_ms = event.cpu, event.memory, event.ping_ms


def _own_figures(state: ShowState, event: show.ShowFigures, t: float) -> None:
    state.figures = event


def _review(state: ShowState, event: show.ReviewMode, t: float) -> None:
    state.review = ReviewView(on=event.on, wait_s=event.wait_s, then=event.then, by=event.by)


def _blocked(state: ShowState, event: show.Blocked, t: float) -> None:
    state.blocked = event.count


def _levels(state: ShowState, event: show.Levels, t: float) -> None:
    state.levels = event


def _devices(state: ShowState, event: show.DeviceState, t: float) -> None:
    state.devices = event


def _muted(state: ShowState, event: show.Muted, t: float) -> None:
    state.mic_muted, state.voice_muted = event.mic, event.voice


def _panicked(state: ShowState, event: show.Panicked, t: float) -> None:
    since = state.panic.since if state.panic.latched else t
    state.epoch = event.epoch
    state.panic = PanicView(
        latched=True,
        by=event.by,
        since=since,
        surfaces=dict(event.surfaces),
        why=dict(event.why),
        waits=list(event.waits),
        done=event.done,
    )


def _resumed(state: ShowState, event: show.Resumed, t: float) -> None:
    state.epoch = event.epoch
    state.panic = PanicView(by=event.by, since=t)


def _gate(state: ShowState, event: show.GateState, t: float) -> None:
    state.rules, state.rule_problems, state.blocked = event.rules, event.problems, event.blocked
    state.gate_error = event.error or ("" if event.rules else "no rule is in force")


def _operators(state: ShowState, event: show.Operators, t: float) -> None:
    state.operators = list(event.names)


def _host(state: ShowState, event: show.Host, t: float) -> None:
    state.host = event.figures


def _alert(state: ShowState, event: show.Alert, t: float) -> None:
    state.alerts.append(
        AlertView(t=t, level=event.level, text=event.text, about=event.about, n=state.n)
    )
    del state.alerts[:-ALERTS_KEPT]


def _acknowledged(state: ShowState, event: show.Acknowledged, t: float) -> None:
    for alert in state.alerts:
        if alert.n <= event.upto and not alert.acked_by:
            alert.acked_by = event.by or "somebody"


def _mended(state: ShowState, event: show.Mended, t: float) -> None:
    for alert in state.alerts:
        if alert.text in event.texts:
            alert.mended = True
            alert.acked_by = alert.acked_by or "show"


def _marked(state: ShowState, event: show.Marked, t: float) -> None:
    state.incidents.append(MarkView(t=t, text=event.text, by=event.by))
    del state.incidents[:-INCIDENTS_KEPT]


def _persona(state: ShowState, event: show.PersonaState, t: float) -> None:
    state.persona = PersonaView(
        name=event.name,
        preset=event.preset,
        presets=list(event.presets),
        moods=list(event.moods),
        mood=event.mood,
    )


def _panic_reached(state: ShowState, event: show.PanicReached, t: float) -> None:
    if state.panic.latched:
        _later(state.panic, event)


def _put_back(state: ShowState, event: show.PutBack, t: float) -> None:
    if not state.panic.latched:
        _later(state.panic, event)


def _later(panic: PanicView, event: show.PanicReached | show.PutBack) -> None:
    """What is told of surfaces replaces what was told of the same, and of their engine whole."""
    old = superseded((*panic.surfaces, *panic.why, *panic.waits), (*event.surfaces, *event.why))
    panic.surfaces = {k: v for k, v in panic.surfaces.items() if k not in old} | event.surfaces
    panic.why = {k: v for k, v in panic.why.items() if k not in old} | event.why
    waits = [name for name in event.why if name not in event.surfaces]
    panic.waits = [name for name in panic.waits if name not in old] + waits


def _drilled(state: ShowState, event: show.Drilled, t: float) -> None:
    state.drill = event


def _obs(state: ShowState, event: show.ObsState, t: float) -> None:
    state.obs.state, state.obs.offers = event.state, list(event.offers)
    if event.state.link != "open":
        state.obs.figures = None


def _obs_figures(state: ShowState, event: show.ObsFigures, t: float) -> None:
    state.obs.figures, state.obs.figures_at = event.figures, t


def _obs_link(state: ShowState, event: show.ObsLink, t: float) -> None:
    state.obs.since = t


def _scene(state: ShowState, event: show.SceneChanged, t: float) -> None:
    view = state.obs
    view.scene_since, view.scene_before = t, event.before
    view.scene_by, view.scene_why = event.by, event.why


def _gone(state: ShowState, event: show.OperatorGone, t: float) -> None:
    state.operator = OperatorView(
        gone=True,
        since=event.since,
        at=state.operator.at if state.operator.gone else t,
        why=event.why,
        did=event.did,
        detail=event.detail,
    )


def _back(state: ShowState, event: show.OperatorBack, t: float) -> None:
    state.operator.gone, state.operator.back_by = False, event.by
    state.operator.gone_s = event.gone_s


def _switching(state: ShowState, event: show.Switching, t: float) -> None:
    state.switching = SwitchView(
        profile=event.profile, by=event.by, phase=event.phase, detail=event.detail, since=t
    )


def _profile(state: ShowState, event: show.ProfileChanged, t: float) -> None:
    state.profile, state.title, state.live = event.profile, event.title, event.live
    state.console, state.switching = event.console, SwitchView()
    state.engines = {
        name: state.engines.get(name, EngineView(name=name, since=t)) for name in event.engines
    }


_HANDLERS = turns.HANDLERS | {
    show.PanicReached: _panic_reached,
    show.PutBack: _put_back,
    show.ReviewMode: _review,
    show.Blocked: _blocked,
    show.Drilled: _drilled,
    show.ObsState: _obs,
    show.ObsFigures: _obs_figures,
    show.ObsLink: _obs_link,
    show.SceneChanged: _scene,
    show.OperatorGone: _gone,
    show.OperatorBack: _back,
    show.Switching: _switching,
    show.ProfileChanged: _profile,
    show.ShowStarted: _started,
    show.ShowStopping: _stopping,
    show.EngineChanged: _engine,
    show.EngineFigures: _figures,
    show.ShowFigures: _own_figures,
    show.Levels: _levels,
    show.DeviceState: _devices,
    show.Muted: _muted,
    show.GateState: _gate,
    show.Panicked: _panicked,
    show.Resumed: _resumed,
    show.Operators: _operators,
    show.Host: _host,
    show.Alert: _alert,
    show.Acknowledged: _acknowledged,
    show.Mended: _mended,
    show.Marked: _marked,
    show.PersonaState: _persona,
}
