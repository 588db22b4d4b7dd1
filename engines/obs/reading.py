"""Reads what OBS is like, whole or in parts, in a few round trips."""

from __future__ import annotations

from typing import Any

from engines.obs.client import Fault
from engines.obs.session import NOT_READY, Answer, Asked, Session
from engines.obs.tracking import Data, makes_text
from engines.wire import obs

CUT = "cut_transition"
TRIES = 3
"""Times to read before one believes an OBS whose names change meanwhile."""


def read_all(session: Session) -> None:
    """Everything anew, into the session's tracker.

    Raises:
        Fault: the connection is no good, or what answers there is no OBS.
    """
    tracker = session.tracker
    version = session.batch([("GetVersion", None)])[0]
    if version.code == NOT_READY:
        raise Fault("closed", "OBS is still starting")
    offers = version.data.get("availableRequests")
    if not version.ok or not isinstance(offers, list):
        raise Fault("foreign", "what answers there is no OBS")
    tracker.offers = frozenset(str(each) for each in offers)
    tracker.obs_version = str(version.data.get("obsVersion", ""))
    tracker.websocket_version = str(version.data.get("obsWebSocketVersion", ""))
    tracker.stale.add("all")
    read_stale(session)


def read_stale(session: Session) -> None:
    """What the tracker knows to be out of date.

    Raises:
        Fault: the connection is no good.
    """
    for _ in range(TRIES):
        stale = set(session.tracker.stale)
        if not stale or session.held:
            return
        session.tracker.stale.clear()
        session.changed = True
        everything = "all" in stale
        if everything:
            _outputs(session)
        if everything or "transition" in stale:
            _transition(session)
        if everything or "scenes" in stale:
            _scenes(session, whole=everything)
        if everything or "inputs" in stale:
            _inputs(session)
        if everything or "filters" in stale:
            _filters(session)
        if stale & {"all", "items", "scenes"}:
            _items(session)


def _all(session: Session, *asked: str | Asked) -> dict[str, Data]:
    """Answers by request, of those that this OBS knows and does not refuse."""
    known = [each if isinstance(each, tuple) else (each, None) for each in asked]
    known = [each for each in known if session.knows(each[0])]
    answers = session.batch(known)
    if any(answer.code == NOT_READY for answer in answers):
        session.tracker.stale.add("all")  # it loads something: once more, later
    return {
        request: answer.data
        for (request, _), answer in zip(known, answers, strict=True)
        if answer.ok
    }


def _outputs(session: Session) -> None:
    found = _all(
        session,
        "GetStreamStatus",
        "GetRecordStatus",
        "GetReplayBufferStatus",
        "GetVirtualCamStatus",
    )
    tracker = session.tracker
    tracker.streaming = _active(found.get("GetStreamStatus"))
    tracker.recording = _active(found.get("GetRecordStatus"))
    record = found.get("GetRecordStatus", {})
    tracker.record_paused = bool(record.get("outputPaused", record.get("ouputPaused")))  # 5.0
    tracker.replay = _active(found.get("GetReplayBufferStatus"))
    tracker.virtual_camera = _active(found.get("GetVirtualCamStatus"))


def _active(data: Data | None) -> bool:
    return bool(data and data.get("outputActive"))


def _transition(session: Session) -> None:
    found = _all(session, "GetSceneTransitionList").get("GetSceneTransitionList", {})
    session.tracker.transition = str(found.get("currentSceneTransitionName") or "")
    session.tracker.cut = next(
        (
            str(each["transitionName"])
            for each in _dicts(found.get("transitions"))
            if each.get("transitionKind") == CUT and "transitionName" in each
        ),
        "",
    )


def _scenes(session: Session, *, whole: bool) -> None:
    found = _all(session, "GetSceneList", "GetStudioModeEnabled", "GetGroupList")
    tracker, scenes = session.tracker, found.get("GetSceneList", {})
    names = [each.get("sceneName") for each in _dicts(scenes.get("scenes"))]
    tracker.scenes = [str(name) for name in reversed(names) if name]  # OBS lists from below
    tracker.groups = [str(name) for name in found.get("GetGroupList", {}).get("groups") or []]
    tracker.studio = bool(found.get("GetStudioModeEnabled", {}).get("studioModeEnabled"))
    tracker.preview = str(scenes.get("currentPreviewSceneName") or "")
    # During a fade OBS answers with where it goes; what the audience sees is told by events.
    if whole or tracker.scene not in tracker.scenes:
        tracker.scene = str(scenes.get("currentProgramSceneName") or "")
        tracker.moving = False


def _inputs(session: Session) -> None:
    listed = _dicts(_all(session, "GetInputList").get("GetInputList", {}).get("inputs"))
    kinds = {
        str(each["inputName"]): str(each.get("inputKind") or "")
        for each in listed
        if each.get("inputName")
    }
    inputs = read_inputs(session, kinds)
    session.tracker.inputs = inputs


def read_inputs(session: Session, kinds: dict[str, str]) -> dict[str, obs.Input]:
    """Inputs as they are now, by name; `kinds` are those to ask for."""
    asked: list[Asked] = []
    for name, kind in kinds.items():
        data = {"inputName": name}
        asked += [("GetInputMute", data), ("GetInputVolume", data)]
        if makes_text(kind):
            asked.append(("GetInputSettings", data))
    found: dict[str, dict[str, Answer]] = {name: {} for name in kinds}
    for (request, about), answer in zip(asked, session.batch(asked), strict=True):
        if answer.ok and about is not None:
            found[about["inputName"]][request] = answer
    return {
        name: _input(name, kind, {request: each.data for request, each in found[name].items()})
        for name, kind in kinds.items()
    }


def _input(name: str, kind: str, data: dict[str, Data]) -> obs.Input:
    muted = data.get("GetInputMute", {}).get("inputMuted")
    volume = data.get("GetInputVolume", {}).get("inputVolumeDb")
    settings = data.get("GetInputSettings", {}).get("inputSettings")
    return obs.Input(
        name=name,
        kind=kind,
        muted=muted if isinstance(muted, bool) else None,
        volume_db=round(float(volume), 2) if isinstance(volume, (int, float)) else None,
        text=str(settings.get("text", "")) if isinstance(settings, dict) else None,
    )


def _filters(session: Session) -> None:
    tracker = session.tracker
    sources = list(dict.fromkeys([*tracker.scenes, *tracker.groups, *tracker.inputs]))
    asked: list[Asked] = [("GetSourceFilterList", {"sourceName": name}) for name in sources]
    found: dict[tuple[str, str], obs.Filter] = {}
    for source, answer in zip(sources, session.batch(asked), strict=True):
        for each in _dicts(answer.data.get("filters")):
            name = str(each.get("filterName") or "")
            found[source, name] = obs.Filter(
                source=source,
                name=name,
                on=bool(each.get("filterEnabled")),
                kind=str(each.get("filterKind") or ""),
            )
    tracker.filters = found


def _items(session: Session) -> None:
    session.tracker.items = scene_items(session, session.tracker.scene)


def scene_items(session: Session, scene: str) -> list[obs.Item]:
    """Sources in a scene (or a group), from top to bottom, as they are now."""
    request = "GetSceneItemList"
    if scene in session.tracker.groups:
        request = "GetGroupSceneItemList"
        if not session.knows(request):
            request = "GetGroupItemList"  # in 5.0
    if not scene or not session.knows(request):
        return []
    answer = session.batch([(request, {"sceneName": scene})])[0]
    return [
        obs.Item(
            scene=scene,
            source=str(each.get("sourceName") or ""),
            on=bool(each.get("sceneItemEnabled")),
            id=int(each.get("sceneItemId") or 0),
        )
        for each in reversed(_dicts(answer.data.get("sceneItems")))
    ]


def _dicts(found: Any) -> list[Data]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
