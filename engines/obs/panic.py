"""What panic does in OBS, and how it is put back. See `engines.wire.surface`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from engines.obs.cutting import cut, is_there, look, override_of, put_back, standing
from engines.obs.names import unknown
from engines.obs.session import Asked, Session
from engines.wire import obs
from engines.wire.surface import Step

ALL = "all"
TOLD = 6
"""Names that a detail lists at most."""


class Stood(Struct, kw_only=True, omit_defaults=True):
    """What stood before; goes to the show as `surface.before` and comes back."""

    scene: str = ""
    brb: str = ""
    """The scene that panic chose."""
    studio: bool = False
    preview: str = ""
    transition: str = ""
    duration: int | None = None
    override: str = ""
    """Of the scene that panic chose, and its duration."""
    override_ms: int | None = None
    mutes: list[str] = []
    """Inputs that panic muted."""
    filter: tuple[str, str] | None = None
    """Source and name of the filter that panic turned on."""


def stood_of(found: Any) -> Stood | None:
    """What came back from the show; None where it makes no sense."""
    if found is None:
        return None
    try:
        return msgspec.convert(found, Stood, strict=False)
    except msgspec.ValidationError:
        return None


def waiting(config: obs.Config, why: str, *, done: tuple[str, ...] = ()) -> list[Step]:
    """The steps that OBS could not be asked for, but for those that are done."""
    names = ["mutes", "scene", *(["filter"] if config.panic_filter else [])]
    return [Step(name=name, detail=why, waits=True) for name in names if name not in done]


class Applying:
    """Brings OBS to panic, once.

    Args:
        began: `time.perf_counter` of the request's arrival.
        stood: of an earlier panic that was never resumed; only added to.
        tell: takes what stands, before anything is changed; returns when it is on its way.

    Attributes:
        stood: what resume needs.
        steps: those done so far.
    """

    def __init__(
        self,
        session: Session,
        config: obs.Config,
        began: float,
        stood: Stood | None,
        tell: Callable[[Stood], None],
    ) -> None:
        self._session = session
        self._config = config
        self._began = began
        self._tell = tell
        self.stood = stood
        self.steps: list[Step] = []

    def run(self) -> list[Step]:
        """Do it.

        Raises:
            Fault: OBS went away; `steps` has what was done.
        """
        brb = self._config.brb_scene
        names, lacking = self._to_mute()
        asked: list[Asked] = [("GetInputMute", {"inputName": name}) for name in names]
        now, read = look(self._session, brb, asked)
        loud = [
            name
            for name, answer in zip(names, read, strict=True)
            if answer.ok and not answer.data.get("inputMuted")
        ]
        found, trouble = self._filter()
        stood = self.stood
        if stood is None:
            stood = Stood(
                scene=now.scene,
                brb=brb,
                studio=now.studio,
                preview=now.preview,
                transition=now.transition,
                duration=now.duration,
                override=now.override,
                override_ms=now.override_ms,
            )
        elif stood.brb != brb and brb in self._session.tracker.scenes:  # another profile's
            stood.brb, stood.override, stood.override_ms = brb, now.override, now.override_ms
        stood.mutes += [name for name in loud if name not in stood.mutes]
        if found is not None and not found.on:
            stood.filter = (found.source, found.name)
        self.stood = stood
        self._tell(stood)
        self._mute(loud, lacking, len(names))
        self._turn_on(found, trouble)
        if brb not in self._session.tracker.scenes:
            self._step("scene", unknown("scene", brb, self._session.tracker.scenes), failed=True)
        elif is_there(self._session, now, brb):
            self._step("scene", f"{brb} was there")
        else:
            why = cut(self._session, brb, now)
            self._step("scene", why or brb, failed=bool(why))
        return self.steps

    def _to_mute(self) -> tuple[list[str], list[str]]:
        """Inputs to mute, and those that are named but not there."""
        sounding = self._session.tracker.sounding()
        if ALL in self._config.panic_mutes:
            return sounding, []
        named = list(dict.fromkeys(self._config.panic_mutes))
        return (
            [name for name in named if name in sounding],
            [name for name in named if name not in sounding],
        )

    def _mute(self, loud: list[str], lacking: list[str], of: int) -> None:
        still = _set_mutes(self._session, loud, True)
        words = [f"muted {_list(loud)}" if loud else "nothing was loud" if of else "no sound"]
        if still:
            words = [f"not muted: {_list(still)}"]
        if lacking:
            sounding = self._session.tracker.sounding()
            words += [unknown("input", name, sounding) for name in lacking[:2]]
        self._step("mutes", "; ".join(words), failed=bool(still or lacking))

    def _filter(self) -> tuple[obs.Filter | None, str]:
        """The filter that panic turns on, or why there is none."""
        name = self._config.panic_filter
        if not name:
            return None, ""
        tracker = self._session.tracker
        found = tracker.named(name)
        if len(found) == 1:
            return found[0], ""
        if found:
            sources = _list([each.source for each in found])
            return None, f"filter {name!r} is on {sources}: name one as SOURCE/FILTER"
        return None, unknown("filter", name, {each.name for each in tracker.filters.values()})

    def _turn_on(self, found: obs.Filter | None, trouble: str) -> None:
        if found is None:
            if trouble:
                self._step("filter", trouble, failed=True)
            return
        on = _set_filter(self._session, found.source, found.name, True)
        self._step(
            "filter",
            f"{found.name} of {found.source}" if on else f"{found.name} is not on",
            failed=not on,
        )

    def _step(self, name: str, detail: str, *, failed: bool = False) -> None:
        ms = None if failed else round((time.perf_counter() - self._began) * 1000, 2)
        self.steps.append(Step(name=name, ms=ms, detail=detail))


class Resuming:
    """Puts back what panic changed, but for what somebody changed since.

    Args:
        stood: None: panic changed nothing here.
    """

    def __init__(self, session: Session, began: float, stood: Stood | None) -> None:
        self._session = session
        self._began = began
        self._stood = stood
        self.steps: list[Step] = []

    def run(self) -> list[Step]:
        """Do it; the scene first, so that nothing sounds into the pause.

        Raises:
            Fault: OBS went away; `steps` has what was done.
        """
        stood = self._stood
        if stood is None:
            return self.steps
        self._scene(stood)
        self._mutes(stood)
        if stood.filter is not None:
            self._filter(*stood.filter)
        return self.steps

    def _scene(self, stood: Stood) -> None:
        session = self._session
        now = standing(session, stood.scene)
        scenes = session.tracker.scenes
        failed = left = False
        if now.scene != stood.brb:
            words, left = f"left on {now.scene}, chosen since", True
        elif stood.scene == stood.brb:
            words = f"{stood.brb} was there before"
        elif stood.scene not in scenes:
            words, failed = f"left on {now.scene}: {unknown('scene', stood.scene, scenes)}", True
        else:
            words = cut(session, stood.scene, now)
            failed, words = bool(words), words or stood.scene
            if now.override:
                back = override_of(stood.scene, now.override, now.override_ms)
                put_back(session, stood.scene, "", None, back)
            if stood.studio and now.studio and stood.preview in scenes:
                session.batch([("SetCurrentPreviewScene", {"sceneName": stood.preview})])
        back = override_of(stood.brb, stood.override, stood.override_ms)
        if more := put_back(session, stood.brb, stood.transition, stood.duration, back):
            words = f"{words}; {more}"
        self._step("scene", words, failed=failed, left=left)

    def _mutes(self, stood: Stood) -> None:
        known = self._session.tracker.inputs
        there = [name for name in stood.mutes if name in known]
        asked: list[Asked] = [("GetInputMute", {"inputName": name}) for name in there]
        answers = self._session.batch(asked) if asked else []
        muted = [
            name
            for name, answer in zip(there, answers, strict=True)
            if answer.data.get("inputMuted")
        ]
        still = _set_mutes(self._session, muted, False)
        words = [f"sounding: {_list(muted)}" if muted else "nothing to put back"]
        if since := [name for name in there if name not in muted]:
            words.append(f"sounding since before: {_list(since)}")
        if gone := [name for name in stood.mutes if name not in known]:
            words.append(f"no longer there: {_list(gone)}")
        if still:
            words.append(f"still muted: {_list(still)}")
        self._step("mutes", "; ".join(words), failed=bool(still), left=bool(since))

    def _filter(self, source: str, name: str) -> None:
        known = self._session.tracker.filters.get((source, name))
        if known is None:
            self._step("filter", f"{name} of {source} is no longer there")
        elif not known.on:
            self._step("filter", f"{name} was turned off already", left=True)
        else:
            off = not _set_filter(self._session, source, name, False)
            self._step("filter", f"{name} off" if off else f"{name} is still on", failed=not off)

    def _step(self, name: str, detail: str, *, failed: bool = False, left: bool = False) -> None:
        ms = None if failed else round((time.perf_counter() - self._began) * 1000, 2)
        self.steps.append(Step(name=name, ms=ms, detail=detail, left=left))


def _set_mutes(session: Session, names: list[str], on: bool) -> list[str]:
    """Set in one round trip and read back; those that did not take it."""
    asked: list[Asked] = []
    for name in names:
        asked.append(("SetInputMute", {"inputName": name, "inputMuted": on}))
        asked.append(("GetInputMute", {"inputName": name}))
    read = session.batch(asked)[1::2] if asked else []
    left = []
    for name, answer in zip(names, read, strict=True):
        if answer.ok and bool(answer.data.get("inputMuted")) is on:
            session.tracker.put_input(name, muted=on)
            session.changed = True
        else:
            left.append(name)
    return left


def _set_filter(session: Session, source: str, name: str, on: bool) -> bool:
    """Set and read back; what it is now."""
    about = {"sourceName": source, "filterName": name}
    read = session.batch(
        [
            ("SetSourceFilterEnabled", {**about, "filterEnabled": on}),
            ("GetSourceFilter", about),
        ]
    )[1]
    now = bool(read.data.get("filterEnabled")) if read.ok else not on
    session.tracker.put_filter(source, name, now)
    session.changed = True
    return now


def _list(names: list[str]) -> str:
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return ", ".join(names[:TOLD]) + more
