"""The files of a lab's OBS: its settings, its profile, and the scene collection `Lab`.

    scene      shows, from top to bottom
    Main       Caption (text), Avatar (image, hidden), Stage (colour, with the filter `Tint`)
    Close-up   Close (colour)
    BRB        Back soon (text), Curtain (colour, with the filter `Blur`)
    Starting   Curtain
    Ending     Curtain

Inputs that can sound, and are silent: Mic, Desktop, Music (in Main). The scene Main has the filter
`Panic`, off. The transitions are Cut, Fade, Swipe and Slide; Cut is set.

Form: what OBS 29 writes itself (basic/scenes/*.json); newer ones read it and bring it up to date.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from pathlib import Path
from typing import Any

SCENES = ("Main", "Close-up", "BRB", "Starting", "Ending")
SOUNDS = ("Mic", "Desktop", "Music")
TRANSITIONS = ("Cut", "Fade", "Swipe", "Slide")
CAPTION, PANIC_FILTER = "Caption", "Panic"
WIDTH, HEIGHT = 640, 360


def write(config: Path, port: int, password: str, fps: int) -> None:
    """Everything that OBS reads at its start.

    Args:
        config: the folder that is to be its XDG_CONFIG_HOME.
    """
    root = config / "obs-studio"
    profile, scenes = root / "basic" / "profiles" / "Lab", root / "basic" / "scenes"
    media = config / "media"
    for folder in (profile, scenes, media, root / "plugin_config" / "obs-websocket"):
        folder.mkdir(parents=True, exist_ok=True)
    general = "[General]\nFirstRun=true\nEnableAutoUpdates=false\nPre19Defaults=false\n"
    server = (
        "[OBSWebSocket]\nFirstLoad=false\nServerEnabled=true\nAlertsEnabled=false\n"
        f"ServerPort={port}\nAuthRequired=true\nServerPassword={password}\n"
    )
    for name in ("global.ini", "user.ini"):  # the second from OBS 31 on
        _private(root / name, general + server)
    _private(  # in its place from obs-websocket 5.5 on
        root / "plugin_config" / "obs-websocket" / "config.json",
        json.dumps(
            {
                "first_load": False,
                "server_enabled": True,
                "server_port": port,
                "alerts_enabled": False,
                "auth_required": True,
                "server_password": password,
            }
        ),
    )
    (profile / "basic.ini").write_text(_PROFILE.format(fps=fps, media=media), "utf-8")
    (media / "avatar.png").write_bytes(picture())
    collection(scenes / "Lab.json", "Lab", media)


_PROFILE = """\
[General]
Name=Lab
[Video]
BaseCX=640
BaseCY=360
OutputCX=640
OutputCY=360
FPSType=0
FPSCommon={fps}
[Audio]
SampleRate=48000
[Output]
Mode=Simple
[SimpleOutput]
FilePath={media}
RecFormat=mkv
RecQuality=Small
RecEncoder=x264
StreamEncoder=x264
VBitrate=400
Preset=ultrafast
RecRB=true
RecRBTime=5
RecRBSize=16
"""


def collection(path: Path, name: str, media: Path) -> None:
    """Write the scene collection."""
    stage = _source("Stage", "color_source_v3", {"color": 0xFFAA5533} | _SIZE)
    stage["filters"] = [_filter("Tint", "color_filter_v2", {"saturation": -0.5})]
    curtain = _source("Curtain", "color_source_v3", {"color": 0xFF222222} | _SIZE)
    curtain["filters"] = [_filter("Blur", "color_filter_v2", {"opacity": 0.9})]
    main = _scene("Main", ["Music", "Mic", "Desktop", "Stage", "Avatar", CAPTION], ["Avatar"])
    main["filters"] = [_filter(PANIC_FILTER, "color_filter_v2", {"brightness": -1.0})]
    sources = [
        stage,
        curtain,
        main,
        _source("Close", "color_source_v3", {"color": 0xFF3355AA} | _SIZE),
        _source(CAPTION, "text_ft2_source_v2", {"text": "hello"}),
        _source("Back soon", "text_ft2_source_v2", {"text": "back soon"}),
        _source("Avatar", "image_source", {"file": str(media / "avatar.png")}),
        _source("Mic", "ffmpeg_source", {"local_file": ""}),
        _source("Desktop", "ffmpeg_source", {"local_file": ""}),
        _source("Music", "ffmpeg_source", {"local_file": ""}),
        _scene("Close-up", ["Close"]),
        _scene("BRB", ["Curtain", "Back soon"]),
        _scene("Starting", ["Curtain"]),
        _scene("Ending", ["Curtain"]),
    ]
    whole = {
        "name": name,
        "current_scene": "Main",
        "current_program_scene": "Main",
        "scene_order": [{"name": scene} for scene in SCENES],
        "sources": sources,
        "groups": [],
        "current_transition": "Cut",
        "transition_duration": 300,
        "transitions": [
            {"name": "Swipe", "id": "swipe_transition", "settings": {}},
            {"name": "Slide", "id": "slide_transition", "settings": {}},
        ],
        "modules": {},
    }
    path.write_text(json.dumps(whole), "utf-8")


_SIZE = {"width": WIDTH, "height": HEIGHT}


def _source(name: str, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "id": kind.removesuffix("_v3") if kind.startswith("color_source") else kind,
        "versioned_id": kind,
        "settings": settings,
        "enabled": True,
        "muted": False,
        "volume": 1.0,
        "mixers": 255,
        "filters": [],
    }


def _filter(name: str, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    made = _source(name, kind, settings)
    return made | {"id": kind.removesuffix("_v2"), "enabled": False}


def _scene(name: str, shows: list[str], hidden: list[str] | None = None) -> dict[str, Any]:
    items = [
        {"name": shown, "id": number, "visible": shown not in (hidden or ())}
        for number, shown in enumerate(shows, 1)
    ]
    return _source(name, "scene", {"id_counter": len(items), "items": items})


def picture(side: int = 64) -> bytes:
    """A PNG of an orange disc on nothing."""
    rows = bytearray()
    for y in range(side):
        rows.append(0)
        for x in range(side):
            inside = math.hypot(x - side / 2, y - side / 2) < side / 2
            rows += bytes((255, 140, 60, 255 if inside else 0))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
        )

    head = struct.pack("!IIBBBBB", side, side, 8, 6, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")
