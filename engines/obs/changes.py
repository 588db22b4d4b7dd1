"""Each change of `obs.change`, done and read back.

A change gives in words what stands now. One that OBS takes its time for is a generator that yields
while it waits, so that panic and others go first; it is gone on with after each event.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from engines.harness import Refused
from engines.obs.cutting import cut_and_back, standing
from engines.obs.names import unknown
from engines.obs.reading import read_inputs, read_stale, scene_items
from engines.obs.session import Session
from engines.obs.tracking import makes_text
from engines.wire import obs

Work = Generator[None, None, str]

CLOSE_DB = 0.1
"""How far a volume may be read back from what was set: OBS keeps a factor."""


def work(session: Session, change: obs.Change) -> str | Work:
    """Make a change, or begin to.

    Raises:
        Refused: a name that is not there, or OBS's state does not allow it.
        Denied: OBS says no.
        Fault: OBS did not answer.
    """
    if session.tracker.stale:
        read_stale(session)
    if isinstance(change, obs.SetScene):
        return _scene(session, change)
    if isinstance(change, obs.SetSource):
        return _source(session, change)
    if isinstance(change, obs.SetFilter):
        return _filter(session, change)
    if isinstance(change, obs.SetMute):
        return _mute(session, change)
    if isinstance(change, obs.SetVolume):
        return _volume(session, change)
    if isinstance(change, obs.SetText):
        return _text(session, change)
    if isinstance(change, obs.SetRecord):
        return _record(session, change)
    return _replay(session, change)


def allowed(change: obs.Change, config: obs.Config) -> str:
    """Empty, or why a change may not be made while panic is held: it would show or sound."""
    if isinstance(change, obs.SetScene):
        right = change.scene == config.brb_scene
    elif isinstance(change, obs.SetMute):
        right = change.on is True
    elif isinstance(change, obs.SetSource):
        right = change.on is False
    elif isinstance(change, obs.SetFilter):
        name = config.panic_filter
        right = change.on is True or change.filter != name.rpartition("/")[2]
    else:
        right = True
    return "" if right else "panic is held: resume first"


# -- the changes ---------------------------------------------------------------------------------


def _scene(session: Session, change: obs.SetScene) -> str:
    tracker, scene = session.tracker, change.scene
    if scene not in tracker.scenes:
        raise _unknown("scene", scene, tracker.scenes)
    if change.cut:
        if why := cut_and_back(session, scene):
            raise Refused("refused", why)
        return f"scene {scene}"
    now = standing(session, scene)
    if now.scene != scene:  # set again while a transition goes there, OBS 29 loses its way
        session.ask("SetCurrentProgramScene", sceneName=scene)
    read = session.ask("GetCurrentProgramScene").get("currentProgramSceneName")
    if read != scene:
        raise Refused("refused", f"OBS stays on {read}")
    if tracker.scene == scene:
        return f"scene {scene}"
    by = now.override or now.transition
    ms = now.override_ms if now.override else now.duration
    if by == tracker.cut or not by:
        return f"scene {scene}"
    return f"scene {scene} ({by}{f', {ms} ms' if ms else ''})"


def _source(session: Session, change: obs.SetSource) -> str:
    tracker = session.tracker
    scene = change.scene or tracker.scene
    if change.scene and scene not in tracker.scenes:
        raise _unknown("scene", scene, tracker.scenes)
    items = scene_items(session, scene)
    for group in [each.source for each in items if each.source in tracker.groups]:
        items += scene_items(session, group)
    chosen = [each for each in items if each.source == change.source]
    if not chosen:
        names = list(dict.fromkeys(each.source for each in items))
        raise _unknown(f"source in {scene}", change.source, names)
    on = not chosen[0].on if change.on is None else change.on
    for each in chosen:
        about = {"sceneName": each.scene, "sceneItemId": each.id}
        session.ask("SetSceneItemEnabled", **about, sceneItemEnabled=on)
        read = session.ask("GetSceneItemEnabled", **about).get("sceneItemEnabled")
        _same(read, on, f"{change.source} stays {'hidden' if on else 'shown'}")
        tracker.put_item(each.scene, each.id, on)
    session.changed = True
    return f"{change.source} {'shown' if on else 'hidden'} in {scene}"


def _filter(session: Session, change: obs.SetFilter) -> str:
    tracker = session.tracker
    sources = [*tracker.scenes, *tracker.groups, *tracker.inputs]
    if change.source and change.source not in sources:
        raise _unknown("source", change.source, sources)
    found = tracker.named(change.filter, change.source)
    if not found:
        known = [
            each.name for each in tracker.filters.values() if change.source in ("", each.source)
        ]
        of = f"filter of {change.source}" if change.source else "filter"
        raise _unknown(of, change.filter, list(dict.fromkeys(known)))
    if len(found) > 1:
        names = ", ".join(each.source for each in found)
        raise Refused("unknown-name", f"filter {change.filter!r} is on {names}: say which")
    about: dict[str, Any] = {"sourceName": found[0].source, "filterName": found[0].name}
    read = session.ask("GetSourceFilter", **about)
    on = not read.get("filterEnabled") if change.on is None else change.on
    session.ask("SetSourceFilterEnabled", **about, filterEnabled=on)
    read = session.ask("GetSourceFilter", **about)
    word = "on" if on else "off"
    _same(read.get("filterEnabled"), on, f"{found[0].name} does not go {word}")
    tracker.put_filter(found[0].source, found[0].name, on)
    session.changed = True
    return f"filter {found[0].name} of {found[0].source} {word}"


def _mute(session: Session, change: obs.SetMute) -> str:
    name = _sounding(session, change.input)
    now = session.ask("GetInputMute", inputName=name).get("inputMuted")
    on = not now if change.on is None else change.on
    session.ask("SetInputMute", inputName=name, inputMuted=on)
    read = session.ask("GetInputMute", inputName=name).get("inputMuted")
    _same(read, on, f"{name} stays {'sounding' if on else 'muted'}")
    session.tracker.put_input(name, muted=on)
    session.changed = True
    return f"{name} {'muted' if on else 'sounding'}"


def _volume(session: Session, change: obs.SetVolume) -> str:
    name = _sounding(session, change.input)
    session.ask("SetInputVolume", inputName=name, inputVolumeDb=change.db)
    read = session.ask("GetInputVolume", inputName=name).get("inputVolumeDb")
    now = float(read) if isinstance(read, (int, float)) else float("nan")
    if not abs(now - change.db) <= CLOSE_DB:
        raise Refused("refused", f"{name} is at {now:.1f} dB, not at {change.db:.1f}")
    session.tracker.put_input(name, volume_db=round(now, 2))
    session.changed = True
    return f"{name} at {now:.1f} dB"


def _text(session: Session, change: obs.SetText) -> str:
    tracker, name = session.tracker, change.input
    texts = [each.name for each in tracker.inputs.values() if makes_text(each.kind)]
    if name not in tracker.inputs:
        raise _unknown("text source", name, texts)
    if name not in texts:
        kind = tracker.inputs[name].kind
        raise Refused("refused", f"{name!r} shows no text, it is a {kind or 'source'}")
    session.ask(
        "SetInputSettings", inputName=name, inputSettings={"text": change.text}, overlay=True
    )
    settings = session.ask("GetInputSettings", inputName=name).get("inputSettings")
    read = settings.get("text") if isinstance(settings, dict) else None
    _same(read, change.text, f"{name} shows another text")
    tracker.put_input(name, text=change.text)
    session.changed = True
    return f"{name} shows {_short(change.text)!r}" if change.text else f"{name} is empty"


def _record(session: Session, change: obs.SetRecord) -> Work:
    status = session.ask("GetRecordStatus")
    active, paused = _recording(status)
    request, want = {
        "start": ("StartRecord", (True, False)),
        "stop": ("StopRecord", (False, False)),
        "pause": ("PauseRecord", (True, True)),
        "resume": ("ResumeRecord", (True, False)),
    }[change.do]
    if change.do != "start" and not active:
        raise Refused("refused", "OBS is not recording")
    if change.do == "start" and active:
        raise Refused("refused", "OBS is recording already")
    if (active, paused) != want:
        session.ask(request)
        while _recording(session.ask("GetRecordStatus")) != want:
            yield
    session.tracker.recording, session.tracker.record_paused = want
    session.changed = True
    return {"start": "recording", "stop": "recording ended", "pause": "recording paused"}.get(
        change.do, "recording goes on"
    )


def _replay(session: Session, change: obs.SetReplay) -> Work:
    active = bool(session.ask("GetReplayBufferStatus").get("outputActive"))
    if change.do == "save":
        if not active:
            raise Refused("refused", "the replay buffer is not running")
        saved = session.tracker.replays
        session.ask("SaveReplayBuffer")
        while session.tracker.replays == saved:
            yield
        return "replay saved"
    on = change.do == "start"
    if active != on:
        session.ask("StartReplayBuffer" if on else "StopReplayBuffer")
        while bool(session.ask("GetReplayBufferStatus").get("outputActive")) != on:
            yield
    session.tracker.replay = on
    session.changed = True
    return f"replay buffer {'running' if on else 'ended'}"


# -- helpers -------------------------------------------------------------------------------------


def _recording(status: dict[str, Any]) -> tuple[bool, bool]:
    active = bool(status.get("outputActive"))
    # obs-websocket 5.0 has a slip of the pen in it.
    return active, active and bool(status.get("outputPaused", status.get("ouputPaused")))


def _sounding(session: Session, name: str) -> str:
    known = session.tracker.inputs
    if name not in known:
        raise _unknown("input with sound", name, session.tracker.sounding())
    if known[name].muted is None:
        # It may have been given sound since (a media source that loaded its file).
        known[name] = read_inputs(session, {name: known[name].kind})[name]
        if known[name].muted is None:
            raise Refused("refused", f"{name!r} makes no sound")
    return name


def _unknown(what: str, name: str, known: list[str]) -> Refused:
    return Refused("unknown-name", unknown(what, name, known))


def _same(read: object, wanted: object, words: str) -> None:
    if read != wanted:
        raise Refused("refused", words)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
