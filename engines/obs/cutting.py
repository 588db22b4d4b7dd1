"""Brings a scene to the audience by a cut, whatever transition is set or runs.

What OBS 29 does, measured: a cut goes through a running transition, except, outside studio mode,
where the scene is one of the two that the transition joins: then OBS stands still between them and
tells nothing more. Studio mode on and off again puts the program there by force (16 ms), and shows
the audience nothing else; that is done then, and where the cut's event does not come.
`GetCurrentProgramScene` answers with where a transition goes to, at once; only the event
`CurrentProgramSceneChanged` comes when it is there.
"""

from __future__ import annotations

from typing import NamedTuple

from engines.obs.client import Fault
from engines.obs.names import unknown
from engines.obs.session import Answer, Asked, Session

EVENT_S = 0.15
"""A cut's event comes half a frame and 8 ms after it; this is four frames at 30 a second."""
FORCED_S = 2.0
SET_S = 0.5
"""OBS answers to a transition that is set before it is."""


class Standing(NamedTuple):
    """What OBS shows, and how it changes over; read, not tracked."""

    scene: str
    """In program, or where the running transition goes to."""
    studio: bool
    preview: str
    transition: str
    duration: int | None
    """Milliseconds; None: it has none of its own."""
    override: str
    """Transition by which OBS changes over to the scene in question whatever is set; empty: none.
    """
    override_ms: int | None
    running: bool
    """A transition is under way."""


def standing(session: Session, scene: str) -> Standing:
    """Read it, with the override of `scene`.

    Raises:
        Fault: no answer.
    """
    return look(session, scene, [])[0]


def look(session: Session, scene: str, also: list[Asked]) -> tuple[Standing, list[Answer]]:
    """`standing`, and the answers to what is asked beside it, in one round trip.

    Raises:
        Fault: no answer.
    """
    asked: list[Asked] = [
        ("GetCurrentProgramScene", None),
        ("GetCurrentSceneTransition", None),
        ("GetCurrentSceneTransitionCursor", None),
        ("GetSceneSceneTransitionOverride", {"sceneName": scene}),
        ("GetStudioModeEnabled", None),
        ("GetCurrentPreviewScene", None),
    ]
    known = [each for each in asked if session.knows(each[0])]
    answers = session.batch([*known, *also])
    found = {request: answer.data for (request, _), answer in zip(known, answers, strict=False)}
    tracker = session.tracker
    transition = found.get("GetCurrentSceneTransition", {})
    override = found.get("GetSceneSceneTransitionOverride", {})
    cursor = found.get("GetCurrentSceneTransitionCursor", {}).get("transitionCursor")
    between = isinstance(cursor, (int, float)) and 0 < cursor < 1
    studio = found.get("GetStudioModeEnabled", {}).get("studioModeEnabled", tracker.studio)
    preview = found.get("GetCurrentPreviewScene", {}).get("currentPreviewSceneName")
    program = found.get("GetCurrentProgramScene", {}).get("currentProgramSceneName")
    now = Standing(
        scene=str(program or tracker.scene),
        studio=bool(studio),
        preview=str(preview or "") if studio else "",
        transition=str(transition.get("transitionName") or tracker.transition),
        duration=_whole(transition.get("transitionDuration")),
        override=str(override.get("transitionName") or ""),
        override_ms=_whole(override.get("transitionDuration")),
        running=tracker.moving or between,
    )
    return now, answers[len(known) :]


def is_there(session: Session, now: Standing, scene: str) -> bool:
    """True when the audience sees the scene, and nothing leads away from it."""
    tracker = session.tracker
    return now.scene == scene == tracker.scene and not (now.running or tracker.guessed)


def cut(session: Session, scene: str, now: Standing) -> str:
    """Do it, and wait until OBS tells that it is there; the transition stays on the cut, and the
    override off.

    Returns:
        Empty, or why it is not there.

    Raises:
        Fault: no answer.
    """
    tracker = session.tracker
    joined = (now.running or tracker.guessed) and scene in (now.scene, tracker.scene)
    # A scene whose coming was never told, and nothing runs: OBS stands still between two already.
    stuck = not now.running and now.scene != tracker.scene
    force = not now.studio and (joined or stuck or not tracker.cut)
    seen = tracker.switches
    asked: list[Asked] = []
    if now.override:
        asked.append(_override(scene, "", None))
    if tracker.cut:  # even where it seems to be set: OBS answers before it sets one
        asked.append(("SetCurrentSceneTransition", {"transitionName": tracker.cut}))
    asked.append(("SetCurrentProgramScene", {"sceneName": scene}))
    place = len(asked) - 1
    answers = session.batch([*asked, *(_force() if force else ())])
    if not answers[place].ok:
        if scene not in tracker.scenes:
            return unknown("scene", scene, tracker.scenes)
        return answers[place].comment or f"OBS refuses (code {answers[place].code})"

    def told() -> bool:
        return tracker.switches > seen and tracker.scene == scene

    if session.until(told, EVENT_S):
        return ""
    if not now.studio and not force:
        session.batch(_force())
    if session.until(told, FORCED_S):
        return ""
    return f"OBS takes {scene}, but does not tell that it is there"


def put_back(
    session: Session, scene: str, transition: str, duration: int | None, override: Asked | None
) -> str:
    """The transition (if the cut is still set) and the override of `scene`; words for what was
    done or left.
    """
    tracker = session.tracker
    now = standing(session, scene)
    asked: list[Asked] = []
    words: list[str] = []
    if transition and transition != tracker.cut:
        if now.transition == tracker.cut:
            asked.append(("SetCurrentSceneTransition", {"transitionName": transition}))
            if duration is not None:
                asked.append(
                    ("SetCurrentSceneTransitionDuration", {"transitionDuration": duration})
                )
            words.append(f"transition {transition}")
        elif now.transition != transition:
            words.append(f"transition left on {now.transition}, chosen since")
    if override is not None and not now.override:
        asked.append(override)
        words.append(f"its own transition for {scene}")
    if asked:
        for (request, _), answer in zip(asked, session.batch(asked), strict=True):
            if not answer.ok and request != "SetCurrentSceneTransitionDuration":
                words.append(f"{request}: {answer.comment or answer.code}")
        if asked[0][0] == "SetCurrentSceneTransition":
            session.until(lambda: tracker.transition == transition, SET_S)
    return ", ".join(words)


def _override(scene: str, transition: str, ms: int | None) -> Asked:
    data = {"sceneName": scene, "transitionName": transition or None, "transitionDuration": ms}
    return ("SetSceneSceneTransitionOverride", data)


def override_of(scene: str, transition: str, ms: int | None) -> Asked | None:
    """The request that puts a scene's own transition back; None where it had none."""
    return _override(scene, transition, ms) if transition else None


def cut_and_back(session: Session, scene: str) -> str:
    """`cut`, and the transition as it was; empty, or why it is not there.

    Raises:
        Fault: no answer.
    """
    now = standing(session, scene)
    if is_there(session, now, scene):
        return ""
    try:
        return cut(session, scene, now)
    finally:
        try:
            override = override_of(scene, now.override, now.override_ms)
            put_back(session, scene, now.transition, now.duration, override)
        except Fault:
            pass  # the next request finds out as well


def _force() -> list[Asked]:
    return [("SetStudioModeEnabled", {"studioModeEnabled": on}) for on in (True, False)]


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, (int, float)) else None
