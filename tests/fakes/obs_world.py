"""What the double of OBS holds, and the requests it serves: see `obs_websocket`.

The scenes are those of a lab's OBS (`kitsu_tui.bench.obs_scenes`), so that both can be asked the
same. Statuses and comments are those that OBS 29 gives to the same mistakes.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.fakes.obs_sources import UUIDS, Asked, Data, No, Outputs, Tell

KINDS = {
    "Cut": "cut_transition",
    "Fade": "fade_transition",
    "Swipe": "swipe_transition",
    "Slide": "slide_transition",
}
NEVER = (99, 99, 99)
SINCE = {
    "GetGroupSceneItemList": (5, 1, 0),
    "GetSourceFilterKindList": (5, 4, 0),
    "GetSceneItemSource": (5, 4, 0),
    "GetCanvasList": (5, 7, 0),
    "GetGroupItemList": (5, 0, 0),
}
UNTIL = {"GetGroupItemList": (5, 1, 0)}
"""Requests that came, and one that went, after 5.0.0 (protocol.json of the releases)."""


class World(Outputs):
    """See the module. Not safe for threads: the server asks it under a lock.

    Args:
        version: of obs-websocket.
        tell: told of each event: the bit of its subscription, its name, its data.
    """

    def __init__(self, version: tuple[int, int, int], tell: Tell) -> None:
        super().__init__(version, tell)
        self.program, self.preview, self.studio = "Main", "", False
        self.transition, self.duration = "Cut", 300

    # -- asked -----------------------------------------------------------------------------------

    def requests(self) -> list[str]:
        """Names of what it serves, in its version."""
        return [
            name
            for name in SERVED
            if SINCE.get(name, (5, 0, 0)) <= self.version < UNTIL.get(name, NEVER)
        ]

    def answer(self, kind: str, data: Data) -> Data | None:
        """The `responseData`, None for none.

        Raises:
            No: it fails.
        """
        if kind not in self.requests():
            raise No(204, "Your request type is not valid.")
        result: Data | None = SERVED[kind](self, Asked(data))
        return result

    def switch(self, scene: str) -> None:
        """What OBS tells when a scene comes to the audience; nothing for the one that is there."""
        if scene == self.program:
            return
        before, self.program = self.program, scene
        changed = self.named("transition", self.transition)
        self.tell(16, "SceneTransitionStarted", changed)
        if self.studio:
            self.preview = before
            self.tell(4, "CurrentPreviewSceneChanged", self.named("scene", before))
        self.tell(16, "SceneTransitionVideoEnded", changed)
        self.tell(4, "CurrentProgramSceneChanged", self.named("scene", scene))
        self.tell(16, "SceneTransitionEnded", changed)

    # -- general ---------------------------------------------------------------------------------

    def get_version(self, asked: Asked) -> Data:
        return {
            "obsVersion": OBS_OF.get(self.version, "28.0.0"),
            "obsWebSocketVersion": ".".join(map(str, self.version)),
            "platform": "double",
            "platformDescription": "a double of OBS",
            "rpcVersion": 1,
            "supportedImageFormats": ["png"],
            "availableRequests": self.requests(),
        }

    def get_stats(self, asked: Asked) -> Data:
        return {
            "activeFps": 30.0,
            "availableDiskSpace": 10_000.0,
            "averageFrameRenderTime": 1.0,
            "cpuUsage": 5.0,
            "memoryUsage": 200.0,
            "outputSkippedFrames": 0,
            "outputTotalFrames": 0,
            "renderSkippedFrames": 0,
            "renderTotalFrames": 100,
            "webSocketSessionIncomingMessages": 1,
            "webSocketSessionOutgoingMessages": 1,
        }

    def get_video(self, asked: Asked) -> Data:
        return {
            "baseHeight": 360,
            "baseWidth": 640,
            "fpsDenominator": 1,
            "fpsNumerator": 30,
            "outputHeight": 360,
            "outputWidth": 640,
        }

    def get_canvases(self, asked: Asked) -> Data:
        flags = {"ACTIVATE": True, "EPHEMERAL": False, "MAIN": True, "MIX_AUDIO": True}
        main = {"canvasName": "Main", "canvasUuid": self.uuid("canvas"), "canvasFlags": flags}
        return {"canvases": [main | {"canvasVideoSettings": self.get_video(asked)}]}

    # -- scenes ----------------------------------------------------------------------------------

    def listed(self) -> list[Data]:
        return [
            self.named("scene", name) | {"sceneIndex": at}
            for at, name in enumerate(reversed(self.scenes))
        ]

    def get_scenes(self, asked: Asked) -> Data:
        preview = self.preview if self.studio else None
        return {
            **self.named("currentProgramScene", self.program),
            **self.named("currentPreviewScene", preview),
            "scenes": self.listed(),
        }

    def _now(self, what: str, name: str) -> Data:
        fields = self.named(what, name)
        return fields | self.named("scene", name) if self.version >= UUIDS else fields

    def get_program(self, asked: Asked) -> Data:
        return self._now("currentProgramScene", self.program)

    def set_program(self, asked: Asked) -> None:
        self.switch(self._scene(asked))

    def get_preview(self, asked: Asked) -> Data:
        self._in_studio()
        return self._now("currentPreviewScene", self.preview)

    def set_preview(self, asked: Asked) -> None:
        self._in_studio()
        self.preview = self._scene(asked)
        self.tell(4, "CurrentPreviewSceneChanged", self.named("scene", self.preview))

    def _in_studio(self) -> None:
        if not self.studio:
            raise No(506)

    def get_studio(self, asked: Asked) -> Data:
        return {"studioModeEnabled": self.studio}

    def set_studio(self, asked: Asked) -> None:
        wanted = asked.yes_no("studioModeEnabled")
        if wanted != self.studio:
            self.studio, self.preview = wanted, self.program
            self.tell(1024, "StudioModeStateChanged", {"studioModeEnabled": wanted})

    def trigger(self, asked: Asked) -> None:
        self._in_studio()
        self.switch(self.preview)

    def create_scene(self, asked: Asked) -> Data | None:
        name = asked.text("sceneName")
        if name in self.scenes or name in self.inputs:
            raise No(601, "A source already exists by that scene name.")
        self.scenes.append(name)
        self.items[name] = []
        self._scene_list()
        self.tell(4, "SceneCreated", self.named("scene", name) | {"isGroup": False})
        return {"sceneUuid": self.uuid(name)} if self.version >= UUIDS else None

    def remove_scene(self, asked: Asked) -> None:
        name = self._scene(asked)
        if len(self.scenes) < 2:
            raise No(603, "You cannot remove the last scene in the collection.")
        self.scenes.remove(name)
        self.tell(4, "SceneRemoved", self.named("scene", name) | {"isGroup": False})
        self._scene_list()
        if self.program == name:
            self.switch(self.scenes[0])

    def rename_scene(self, asked: Asked) -> None:
        name, new = self._scene(asked), asked.text("newSceneName")
        if new in self.scenes or new in self.inputs:
            raise No(601, "A source already exists by that new scene name.")
        self.scenes[self.scenes.index(name)] = new
        self.items[new] = self.items.pop(name)
        self.filters[new] = self.filters.pop(name, [])
        self.program = new if self.program == name else self.program
        self.preview = new if self.preview == name else self.preview
        self.tell(4, "SceneNameChanged", self.named("scene", new) | {"oldSceneName": name})

    def _scene_list(self) -> None:
        self.tell(4, "SceneListChanged", {"scenes": self.listed()})

    # -- transitions -----------------------------------------------------------------------------

    def _described(self, name: str) -> Data:
        return self.named("transition", name) | {
            "transitionKind": KINDS[name],
            "transitionFixed": name == "Cut",
            "transitionConfigurable": name in ("Swipe", "Slide"),
        }

    def get_transitions(self, asked: Asked) -> Data:
        return {
            **self.named("currentSceneTransition", self.transition),
            "currentSceneTransitionKind": KINDS[self.transition],
            "transitions": [self._described(name) for name in KINDS],
        }

    def get_transition(self, asked: Asked) -> Data:
        fixed = self.transition == "Cut"
        settings: Data | None = {} if self.transition in ("Swipe", "Slide") else None
        return self._described(self.transition) | {
            "transitionDuration": None if fixed else self.duration,
            "transitionSettings": settings,
        }

    def set_transition(self, asked: Asked) -> None:
        name = asked.text("transitionName")
        if name not in KINDS:
            raise No(600, "No scene transition was found by that name.")
        if name != self.transition:
            self.transition = name
            self.tell(16, "CurrentSceneTransitionChanged", self.named("transition", name))

    def set_duration(self, asked: Asked) -> None:
        self.duration = int(asked.number("transitionDuration", 50, 20_000))
        told = {"transitionDuration": self.duration}
        self.tell(16, "CurrentSceneTransitionDurationChanged", told)

    def get_override(self, asked: Asked) -> Data:
        self._scene(asked)
        return {"transitionDuration": None, "transitionName": None}


OBS_OF = {(5, 0, 1): "28.0.3", (5, 1, 0): "29.0.2", (5, 7, 3): "32.1.0"}
"""Which OBS has which obs-websocket in it."""

SERVED: dict[str, Callable[[World, Asked], Data | None]] = {
    "GetVersion": World.get_version,
    "GetStats": World.get_stats,
    "GetVideoSettings": World.get_video,
    "GetCanvasList": World.get_canvases,
    "GetSceneList": World.get_scenes,
    "GetGroupList": World.get_groups,
    "GetCurrentProgramScene": World.get_program,
    "SetCurrentProgramScene": World.set_program,
    "GetCurrentPreviewScene": World.get_preview,
    "SetCurrentPreviewScene": World.set_preview,
    "CreateScene": World.create_scene,
    "RemoveScene": World.remove_scene,
    "SetSceneName": World.rename_scene,
    "GetStudioModeEnabled": World.get_studio,
    "SetStudioModeEnabled": World.set_studio,
    "TriggerStudioModeTransition": World.trigger,
    "GetSceneTransitionList": World.get_transitions,
    "GetCurrentSceneTransition": World.get_transition,
    "SetCurrentSceneTransition": World.set_transition,
    "SetCurrentSceneTransitionDuration": World.set_duration,
    "GetSceneSceneTransitionOverride": World.get_override,
    "GetInputList": World.get_inputs,
    "GetSpecialInputs": World.get_special,
    "SetInputName": World.rename_input,
    "GetInputMute": World.get_mute,
    "SetInputMute": World.set_mute,
    "ToggleInputMute": World.toggle_mute,
    "GetInputVolume": World.get_volume,
    "SetInputVolume": World.set_volume,
    "GetInputSettings": World.get_settings,
    "SetInputSettings": World.set_settings,
    "GetSourceFilterList": World.get_filters,
    "GetSourceFilter": World.get_filter,
    "SetSourceFilterEnabled": World.set_filter,
    "GetSourceFilterKindList": World.get_filter_kinds,
    "GetSceneItemList": World.get_items,
    "GetSceneItemId": World.get_item_id,
    "GetSceneItemEnabled": World.get_item,
    "SetSceneItemEnabled": World.set_item,
    "GetStreamStatus": World.get_stream,
    "GetRecordStatus": World.get_record,
    "StartRecord": World.start_record,
    "StopRecord": World.stop_record,
    "PauseRecord": World.pause_record,
    "ResumeRecord": World.resume_record,
    "GetReplayBufferStatus": World.get_replay,
    "StartReplayBuffer": World.start_replay,
    "StopReplayBuffer": World.stop_replay,
    "SaveReplayBuffer": World.save_replay,
    "GetVirtualCamStatus": World.get_camera,
}
