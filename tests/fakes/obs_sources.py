"""Sources, filters, items and outputs of the double of OBS: see `obs_world`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from kitsu_tui.bench.obs_scenes import CAPTION, PANIC_FILTER, SCENES, SOUNDS

Data: TypeAlias = dict[str, Any]
Tell: TypeAlias = Callable[[int, str, Data], None]
UUIDS, CAPS = (5, 4, 0), (5, 7, 0)
"""Versions of obs-websocket from which these are told."""
STARTED, STOPPED = "OBS_WEBSOCKET_OUTPUT_STARTED", "OBS_WEBSOCKET_OUTPUT_STOPPED"
PAUSED, RESUMED = "OBS_WEBSOCKET_OUTPUT_PAUSED", "OBS_WEBSOCKET_OUTPUT_RESUMED"


class No(Exception):
    """A request that fails: RequestStatus and comment."""

    def __init__(self, code: int, comment: str = "") -> None:
        super().__init__(comment)
        self.code, self.comment = code, comment


class Asked:
    """The `requestData`, with OBS's checks."""

    missing: ClassVar[str] = "Your request is missing the `{}` field."

    def __init__(self, data: Data) -> None:
        self.data = data

    def need(self, key: str) -> Any:
        if self.data.get(key) is None:
            raise No(300, self.missing.format(key))
        return self.data[key]

    def text(self, key: str) -> str:
        value = self.need(key)
        if not isinstance(value, str):
            raise No(401, f"The field value of `{key}` must be a string.")
        if not value:
            raise No(403, f"The field value of `{key}` must not be empty.")
        return value

    def yes_no(self, key: str) -> bool:
        value = self.need(key)
        if not isinstance(value, bool):
            raise No(401, f"The field value of `{key}` must be boolean.")
        return value

    def number(self, key: str, least: float = 0, most: float = 1e9) -> float:
        value = self.need(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise No(401, f"The field value of `{key}` must be a number.")
        if value < least:
            words = f"The field value of `{key}` is below the minimum of `{least:f}`"
            raise No(402, words)
        if value > most:
            words = f"The field value of `{key}` is above the maximum of `{most:f}`"
            raise No(402, words)
        return value


class Sources:
    """What is in the scenes.

    Args:
        version: of obs-websocket.
        tell: told of each event: the bit of its subscription, its name, its data.
    """

    def __init__(self, version: tuple[int, int, int], tell: Tell) -> None:
        self.version = version
        self.tell = tell
        self._ids = uuid.uuid5(uuid.NAMESPACE_URL, "double")
        self.scenes = list(SCENES)
        self.items: dict[str, list[Data]] = {
            "Main": _shows("Music", "Mic", "Desktop", "Stage", "Avatar", CAPTION),
            "Close-up": _shows("Close"),
            "BRB": _shows("Curtain", "Back soon"),
            "Starting": _shows("Curtain"),
            "Ending": _shows("Curtain"),
        }
        self.items["Main"][4]["on"] = False
        self.inputs: dict[str, Data] = {
            name: {"kind": "ffmpeg_source", "muted": False, "db": 0.0, "settings": {}}
            for name in SOUNDS
        }
        for name in ("Stage", "Curtain", "Close"):
            self.inputs[name] = {"kind": "color_source_v3", "settings": {}}
        self.inputs["Avatar"] = {"kind": "image_source", "settings": {}}
        for name, text in ((CAPTION, "hello"), ("Back soon", "back soon")):
            self.inputs[name] = {"kind": "text_ft2_source_v2", "settings": {"text": text}}
        self.filters: dict[str, list[Data]] = {
            "Main": [_filter(PANIC_FILTER, {"brightness": -1.0})],
            "Stage": [_filter("Tint", {"saturation": -0.5})],
            "Curtain": [_filter("Blur", {"opacity": 0.9})],
        }

    def uuid(self, name: str) -> str:
        return str(uuid.uuid5(self._ids, name))

    def named(self, what: str, name: str | None) -> Data:
        """Fields that name something: its name, and in newer versions its UUID."""
        fields: Data = {f"{what}Name": name}
        if self.version >= UUIDS:
            fields[f"{what}Uuid"] = None if name is None else self.uuid(name)
        return fields

    # -- looked up -------------------------------------------------------------------------------

    def _exists(self, name: str) -> str:
        if name not in self.inputs and name not in self.scenes:
            raise No(600, f"No source was found by the name of `{name}`.")
        return name

    def _scene(self, asked: Asked, key: str = "sceneName") -> str:
        name = self._exists(asked.text(key))
        if name not in self.scenes:
            raise No(602, "The specified source is not a scene.")
        return name

    def _input(self, asked: Asked) -> Data:
        name = self._exists(asked.text("inputName"))
        if name not in self.inputs:
            raise No(602, "The specified source is not an input.")
        return self.inputs[name]

    def _sound(self, asked: Asked) -> Data:
        found = self._input(asked)
        if "muted" not in found:
            raise No(604, "The specified input does not support audio.")
        return found

    def _item(self, asked: Asked) -> Data:
        scene, number = self._scene(asked), int(asked.number("sceneItemId"))
        for item in self.items[scene]:
            if item["id"] == number:
                return item
        raise No(600, f"No scene items were found in scene `{scene}` with the ID `{number}`.")

    def _filter(self, asked: Asked) -> Data:
        source, name = self._exists(asked.text("sourceName")), asked.text("filterName")
        for held in self.filters.get(source, ()):
            if held["name"] == name:
                return held
        raise No(600, f"No filter was found in the source `{source}` with the name `{name}`.")

    # -- inputs ----------------------------------------------------------------------------------

    def get_inputs(self, asked: Asked) -> Data:
        wanted, found = asked.data.get("inputKind"), []
        for name, held in self.inputs.items():
            if wanted in (None, held["kind"]):
                plain = held["kind"].removesuffix("_v3").removesuffix("_v2")
                fields = {"inputKind": held["kind"], "unversionedInputKind": plain}
                if self.version >= CAPS:
                    fields["inputKindCaps"] = 2 if "muted" in held else 1
                found.append(self.named("input", name) | fields)
        return {"inputs": found}

    def rename_input(self, asked: Asked) -> None:
        self._input(asked)
        name, new = asked.text("inputName"), asked.text("newInputName")
        if new in self.scenes or new in self.inputs:
            raise No(601, "A source already exists by that new input name.")
        self.inputs[new] = self.inputs.pop(name)
        for item in (item for items in self.items.values() for item in items):
            item["source"] = new if item["source"] == name else item["source"]
        self.tell(8, "InputNameChanged", self.named("input", new) | {"oldInputName": name})

    def get_mute(self, asked: Asked) -> Data:
        return {"inputMuted": self._sound(asked)["muted"]}

    def set_mute(self, asked: Asked) -> None:
        self._sound(asked)["muted"] = asked.yes_no("inputMuted")
        self._muted(asked)

    def toggle_mute(self, asked: Asked) -> Data:
        held = self._sound(asked)
        held["muted"] = not held["muted"]
        self._muted(asked)
        return {"inputMuted": held["muted"]}

    def _muted(self, asked: Asked) -> None:
        fields = {"inputMuted": self._sound(asked)["muted"]}
        name = self.named("input", asked.text("inputName"))
        self.tell(8, "InputMuteStateChanged", fields | name)

    def get_volume(self, asked: Asked) -> Data:
        db = self._sound(asked)["db"]
        return {"inputVolumeDb": db, "inputVolumeMul": 10 ** (db / 20)}

    def set_volume(self, asked: Asked) -> None:
        held = self._sound(asked)
        if "inputVolumeDb" not in asked.data:
            raise No(300, "You must specify one volume field.")
        held["db"] = float(asked.number("inputVolumeDb", -100, 26))
        name = self.named("input", asked.text("inputName"))
        self.tell(8, "InputVolumeChanged", name | self.get_volume(asked))

    def get_settings(self, asked: Asked) -> Data:
        held = self._input(asked)
        return {"inputKind": held["kind"], "inputSettings": dict(held["settings"])}

    def set_settings(self, asked: Asked) -> None:
        held = self._input(asked)
        held["settings"].update(asked.need("inputSettings"))
        if self.version >= UUIDS:
            name = self.named("input", asked.text("inputName"))
            told = name | {"inputSettings": dict(held["settings"])}
            self.tell(8, "InputSettingsChanged", told)

    def get_special(self, asked: Asked) -> Data:
        return dict.fromkeys(("desktop1", "desktop2", "mic1", "mic2", "mic3", "mic4"))

    # -- filters ---------------------------------------------------------------------------------

    def get_filters(self, asked: Asked) -> Data:
        source = self._exists(asked.text("sourceName"))
        held = self.filters.get(source, [])
        return {"filters": [_told(f, at) | {"filterName": f["name"]} for at, f in enumerate(held)]}

    def get_filter(self, asked: Asked) -> Data:
        held = self._filter(asked)
        return _told(held, self.filters[asked.text("sourceName")].index(held))

    def set_filter(self, asked: Asked) -> None:
        held = self._filter(asked)
        held["on"] = asked.yes_no("filterEnabled")
        told = {"filterEnabled": held["on"], "filterName": held["name"]}
        source = {"sourceName": asked.text("sourceName")}
        self.tell(32, "SourceFilterEnableStateChanged", told | source)

    def get_filter_kinds(self, asked: Asked) -> Data:
        return {"sourceFilterKinds": ["color_filter_v2"]}

    # -- items -----------------------------------------------------------------------------------

    def get_items(self, asked: Asked) -> Data:
        told = []
        for at, item in enumerate(self.items[self._scene(asked)]):
            fields = {
                "inputKind": self.inputs[item["source"]]["kind"],
                "isGroup": None,
                "sceneItemBlendMode": "OBS_BLEND_NORMAL",
                "sceneItemEnabled": item["on"],
                "sceneItemId": item["id"],
                "sceneItemIndex": at,
                "sceneItemLocked": False,
                "sceneItemTransform": {},
                "sourceType": "OBS_SOURCE_TYPE_INPUT",
            }
            told.append(self.named("source", item["source"]) | fields)
        return {"sceneItems": told}

    def get_item_id(self, asked: Asked) -> Data:
        scene, wanted = self._scene(asked), asked.text("sourceName")
        for item in self.items[scene]:
            if item["source"] == wanted:
                return {"sceneItemId": item["id"]}
        raise No(600, "No scene items were found in the specified scene by that name or offset.")

    def get_item(self, asked: Asked) -> Data:
        return {"sceneItemEnabled": self._item(asked)["on"]}

    def set_item(self, asked: Asked) -> None:
        item = self._item(asked)
        item["on"] = asked.yes_no("sceneItemEnabled")
        told = {"sceneItemEnabled": item["on"], "sceneItemId": item["id"]}
        scene = self.named("scene", asked.text("sceneName"))
        self.tell(128, "SceneItemEnableStateChanged", told | scene)

    def get_groups(self, asked: Asked) -> Data:
        return {"groups": []}


class Outputs(Sources):
    """Streaming (never), recording, replay buffer."""

    recording = record_paused = replay = False

    def get_stream(self, asked: Asked) -> Data:
        fields: Data = {
            "outputActive": False,
            "outputBytes": 0,
            "outputDuration": 0,
            "outputReconnecting": False,
            "outputSkippedFrames": 0,
            "outputTimecode": "00:00:00.000",
            "outputTotalFrames": 0,
        }
        return fields | ({"outputCongestion": 0.0} if self.version >= (5, 1, 0) else {})

    def get_record(self, asked: Asked) -> Data:
        # 5.0.x misspelt it.
        paused = "outputPaused" if self.version >= (5, 1, 0) else "ouputPaused"
        return {
            "outputActive": self.recording,
            "outputBytes": 0,
            "outputDuration": 0,
            paused: self.record_paused,
            "outputTimecode": "00:00:00.000",
        }

    def _recorded(self, state: str) -> None:
        told: Data = {"outputActive": self.recording, "outputState": state}
        if self.version >= (5, 1, 0):
            told["outputPath"] = "/a/recording.mkv" if state in (STARTED, STOPPED) else None
        self.tell(64, "RecordStateChanged", told)

    def start_record(self, asked: Asked) -> None:
        if self.recording:
            raise No(500)
        self.recording, self.record_paused = True, False
        self._recorded(STARTED)

    def stop_record(self, asked: Asked) -> Data | None:
        if not self.recording:
            raise No(501)
        self.recording = self.record_paused = False
        self._recorded(STOPPED)
        return {"outputPath": "/a/recording.mkv"} if self.version >= (5, 1, 0) else None

    def pause_record(self, asked: Asked) -> None:
        if self.recording and not self.record_paused:
            self.record_paused = True
            self._recorded(PAUSED)

    def resume_record(self, asked: Asked) -> None:
        if self.recording and self.record_paused:
            self.record_paused = False
            self._recorded(RESUMED)

    def get_replay(self, asked: Asked) -> Data:
        return {"outputActive": self.replay}

    def start_replay(self, asked: Asked) -> None:
        self._replays(True)

    def stop_replay(self, asked: Asked) -> None:
        self._replays(False)

    def _replays(self, on: bool) -> None:
        if self.replay is on:
            raise No(500 if on else 501)
        self.replay = on
        told = {"outputActive": on, "outputState": STARTED if on else STOPPED}
        self.tell(64, "ReplayBufferStateChanged", told)

    def save_replay(self, asked: Asked) -> None:
        if not self.replay:
            raise No(501)
        self.tell(64, "ReplayBufferSaved", {"savedReplayPath": "/a/replay.mkv"})

    def get_camera(self, asked: Asked) -> Data:
        raise No(604, "VirtualCam is not available.")


def _shows(*names: str) -> list[Data]:
    return [{"source": name, "id": at, "on": True} for at, name in enumerate(names, 1)]


def _filter(name: str, settings: Data) -> Data:
    return {"name": name, "kind": "color_filter_v2", "settings": settings, "on": False}


def _told(held: Data, at: int) -> Data:
    return {
        "filterEnabled": held["on"],
        "filterIndex": at,
        "filterKind": held["kind"],
        "filterSettings": held["settings"],
    }
