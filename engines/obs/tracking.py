"""What is known of OBS: read whole once, then kept by its events. Pure.

Events that carry the new value change it here; those that change a list (of scenes, inputs,
filters, items) only mark it as to be read anew, so that an OBS of another version, which says more
or less in them, leaves nothing wrong. Unknown events and fields are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from engines.obs.names import lacking
from engines.wire import obs

Part = Literal["all", "scenes", "inputs", "filters", "items", "transition"]
Data = dict[str, Any]

TEXT_KINDS = ("text_ft2_source", "text_gdiplus", "text_pango")
OUTPUT_PAUSED = "OBS_WEBSOCKET_OUTPUT_PAUSED"
OUTPUT_ON = ("OBS_WEBSOCKET_OUTPUT_STARTED", "OBS_WEBSOCKET_OUTPUT_RESUMED", OUTPUT_PAUSED)
OUTPUT_OFF = "OBS_WEBSOCKET_OUTPUT_STOPPED"

_LISTS: dict[str, tuple[Part, ...]] = {
    "SceneCreated": ("scenes",),
    "SceneRemoved": ("scenes", "filters"),
    "SceneNameChanged": ("scenes", "filters", "items"),
    "SceneListChanged": ("scenes",),
    "InputCreated": ("inputs", "filters"),
    "InputRemoved": ("inputs", "filters", "items"),
    "InputNameChanged": ("inputs", "filters", "items"),
    "SourceFilterListReindexed": ("filters",),
    "SourceFilterCreated": ("filters",),
    "SourceFilterRemoved": ("filters",),
    "SourceFilterNameChanged": ("filters",),
    "SceneItemCreated": ("items",),
    "SceneItemRemoved": ("items",),
    "SceneItemListReindexed": ("items",),
    "CurrentProgramSceneChanged": ("items",),
    "CurrentSceneCollectionChanged": ("all",),
}


TEXT = 1000
"""Characters of a text source that are told: the state must fit on a line of the wire."""


def makes_text(kind: str) -> bool:
    """True for the kind of a text source, on any system and of any version."""
    return kind.startswith(TEXT_KINDS)


@dataclass
class Tracker:
    """See the module. Lists are in OBS's order from top to bottom."""

    obs_version: str = ""
    websocket_version: str = ""
    offers: frozenset[str] = frozenset()
    """Requests that this OBS knows."""
    scene: str = ""
    """In program, as OBS's events tell: during a fade still the one before."""
    preview: str = ""
    studio: bool = False
    transition: str = ""
    cut: str = ""
    """Name of the transition that cuts: it is another in each language. Empty: not known."""
    scenes: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    inputs: dict[str, obs.Input] = field(default_factory=dict)
    filters: dict[tuple[str, str], obs.Filter] = field(default_factory=dict)
    items: list[obs.Item] = field(default_factory=list)
    streaming: bool = False
    recording: bool = False
    record_paused: bool = False
    replay: bool = False
    virtual_camera: bool = False
    # What is not for the show.
    stale: set[Part] = field(default_factory=set)
    """To be read anew."""
    holding: bool = False
    """The scene collection is being exchanged: OBS must not be asked anything."""
    leaving: bool = False
    """OBS said that it ends."""
    moving: bool = False
    """A transition is under way."""
    guessed: bool = False
    """`scene` is what OBS answers, though no event told that it is there."""
    switches: int = 0
    """Times that another scene came to the audience."""
    replays: int = 0
    """Times that the replay buffer was saved."""

    def apply(self, kind: str, data: Data) -> bool:
        """Take an event in; True when it meant something. One that makes no sense is ignored."""
        known = False
        if parts := _LISTS.get(kind):
            self.stale.update(parts)
            known = True
        change = _CHANGES.get(kind)
        if change is not None:
            try:
                change(self, data)
            except (KeyError, TypeError, ValueError, AttributeError):
                self.stale.add("all")
            known = True
        return known

    def state(self, link: obs.Link, detail: str, retry_s: float, **more: Any) -> obs.State:
        """All of it, bounded, for the show."""
        most = obs.MOST
        return obs.State(
            link=link,
            detail=detail,
            retry_s=retry_s,
            obs_version=self.obs_version,
            websocket_version=self.websocket_version,
            scene=self.scene,
            preview=self.preview if self.studio else "",
            studio=self.studio,
            transition=self.transition,
            scenes=self.scenes[:most],
            items=self.items[:most],
            inputs=[_short(each) for each in list(self.inputs.values())[:most]],
            filters=list(self.filters.values())[:most],
            streaming=self.streaming,
            recording=self.recording,
            record_paused=self.record_paused,
            replay=self.replay,
            virtual_camera=self.virtual_camera,
            **more,
        )

    def sounding(self) -> list[str]:
        """Inputs that make sound."""
        return [each.name for each in self.inputs.values() if each.muted is not None]

    def named(self, filter_: str, source: str = "") -> list[obs.Filter]:
        """Filters of that name; without a source also by `SOURCE/FILTER`."""
        whole = [
            each
            for each in self.filters.values()
            if each.name == filter_ and source in ("", each.source)
        ]
        if whole or source:
            return whole
        return [each for each in self.filters.values() if f"{each.source}/{each.name}" == filter_]

    def missing(self, config: obs.Config) -> list[str]:
        """What the configuration names and this OBS does not have."""
        found = [
            lacking("scene", name, self.scenes)
            for name in config.scenes
            if name not in self.scenes and name != config.brb_scene
        ]
        if config.brb_scene not in self.scenes:
            found.append(lacking("scene", config.brb_scene, self.scenes) + " (brb_scene)")
        if config.panic_filter:
            many = len(self.named(config.panic_filter))
            names = {each.name for each in self.filters.values()}
            if not many:
                found.append(lacking("filter", config.panic_filter, names) + " (panic_filter)")
            elif many > 1:
                found.append(f"filter {config.panic_filter!r}: {many} sources have one, say which")
        sounding = self.sounding()
        found += [
            lacking("input with sound", name, sounding) + " (panic_mutes)"
            for name in config.panic_mutes
            if name != "all" and name not in sounding
        ]
        texts = [each.name for each in self.inputs.values() if makes_text(each.kind)]
        if config.caption and config.caption not in texts:
            found.append(lacking("text source", config.caption, texts) + " (caption)")
        return list(dict.fromkeys(found))

    def put_input(self, name: str, **changes: Any) -> None:
        """Change what is known of an input; one that is not known is ignored."""
        if name in self.inputs:
            self.inputs[name] = msgspec.structs.replace(self.inputs[name], **changes)

    def put_filter(self, source: str, name: str, on: bool) -> None:
        """The same for a filter."""
        if (source, name) in self.filters:
            known = self.filters[source, name]
            self.filters[source, name] = msgspec.structs.replace(known, on=on)

    def put_item(self, scene: str, id_: int, on: bool) -> None:
        """The same for a source in a scene."""
        self.items = [
            msgspec.structs.replace(each, on=on) if each.scene == scene and each.id == id_ else each
            for each in self.items
        ]


def _short(each: obs.Input) -> obs.Input:
    if each.text is None or len(each.text) <= TEXT:
        return each
    return msgspec.structs.replace(each, text=each.text[:TEXT])


# -- what an event changes; source: protocol.md, "Events" ----------------------------------------


def _renamed_scene(tracker: Tracker, data: Data) -> None:
    old, new = data["oldSceneName"], data["sceneName"]
    tracker.scenes = _exchanged(tracker.scenes, old, new)
    if tracker.scene == old:
        tracker.scene = new
    if tracker.preview == old:
        tracker.preview = new


def _renamed_input(tracker: Tracker, data: Data) -> None:
    old, new = data["oldInputName"], data["inputName"]
    tracker.inputs = {
        (new if name == old else name): (
            msgspec.structs.replace(each, name=new) if name == old else each
        )
        for name, each in tracker.inputs.items()
    }


def _exchanged(names: Iterable[str], old: str, new: str) -> list[str]:
    return [new if name == old else name for name in names]


def _switched(tracker: Tracker, data: Data) -> None:
    tracker.scene = str(data["sceneName"])
    tracker.guessed = False
    tracker.switches += 1


def _output(field_: str) -> Callable[[Tracker, Data], None]:
    def change(tracker: Tracker, data: Data) -> None:
        # `outputActive` is false while it still ends, and while it begins.
        state = data.get("outputState")
        if state in OUTPUT_ON:
            setattr(tracker, field_, True)
        elif state == OUTPUT_OFF:
            setattr(tracker, field_, False)

    return change


def _record(tracker: Tracker, data: Data) -> None:
    _output("recording")(tracker, data)
    tracker.record_paused = data.get("outputState") == OUTPUT_PAUSED


def _set(field_: str, key: str, kind: type) -> Callable[[Tracker, Data], None]:
    def change(tracker: Tracker, data: Data) -> None:
        setattr(tracker, field_, kind(data[key]))

    return change


def _be(field_: str, value: bool) -> Callable[[Tracker, Data], None]:
    return lambda tracker, _: setattr(tracker, field_, value)


def _text(tracker: Tracker, data: Data) -> None:
    if "text" in data["inputSettings"]:
        tracker.put_input(data["inputName"], text=str(data["inputSettings"]["text"]))


def _saved(tracker: Tracker, _: Data) -> None:
    tracker.replays += 1


_CHANGES: dict[str, Callable[[Tracker, Data], None]] = {
    "CurrentProgramSceneChanged": _switched,
    "CurrentPreviewSceneChanged": _set("preview", "sceneName", str),
    "StudioModeStateChanged": _set("studio", "studioModeEnabled", bool),
    "CurrentSceneTransitionChanged": _set("transition", "transitionName", str),
    "SceneTransitionStarted": _be("moving", True),
    "SceneTransitionEnded": _be("moving", False),
    "SceneNameChanged": _renamed_scene,
    "InputNameChanged": _renamed_input,
    "InputMuteStateChanged": lambda t, d: t.put_input(d["inputName"], muted=bool(d["inputMuted"])),
    "InputVolumeChanged": lambda t, d: t.put_input(
        d["inputName"], volume_db=round(float(d["inputVolumeDb"]), 2)
    ),
    "InputSettingsChanged": _text,
    "SourceFilterEnableStateChanged": lambda t, d: t.put_filter(
        d["sourceName"], d["filterName"], bool(d["filterEnabled"])
    ),
    "SceneItemEnableStateChanged": lambda t, d: t.put_item(
        d["sceneName"], int(d["sceneItemId"]), bool(d["sceneItemEnabled"])
    ),
    "StreamStateChanged": _output("streaming"),
    "RecordStateChanged": _record,
    "ReplayBufferStateChanged": _output("replay"),
    "ReplayBufferSaved": _saved,
    "VirtualcamStateChanged": _output("virtual_camera"),
    "CurrentSceneCollectionChanging": _be("holding", True),
    "CurrentSceneCollectionChanged": _be("holding", False),
    "ExitStarted": _be("leaving", True),
}
