"""OBS, when the profile uses it: it answers, and it has what panic, scenes and captions name.

It is asked directly, by a client that shares nothing with the `obs` engine: what is found here
holds whatever the engine says. Nothing in OBS is changed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from kitsu_tui.config import Profile
from kitsu_tui.config.errors import nearest
from kitsu_tui.doctor.context import Context
from kitsu_tui.doctor.report import Finding, ok, warn
from kitsu_tui.obsws import ObsClient, ObsRefused, ObsTrouble

NAME = "OBS Studio"
ANSWER_S = 3.0
"""For each answer."""
LIMIT_S = 20.0
MOST = 500
"""Inputs and filters that are looked at."""
TEXT_KINDS = ("text_ft2_source", "text_gdiplus", "text_pango_source")


@dataclass
class Has:
    """What OBS has.

    Attributes:
        kinds: kind of each input, by its name.
        sounding: inputs that make sound.
        filters: pairs of source and filter.
    """

    scenes: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    sounding: set[str] = field(default_factory=set)
    filters: list[tuple[str, str]] = field(default_factory=list)


def look(context: Context) -> list[Finding]:
    """The findings. The profile must start `obs` here."""
    assert context.loaded is not None  # noqa: S101
    profile = context.loaded.profile
    try:
        with ObsClient(profile.obs.url, profile.obs.password, timeout=ANSWER_S) as client:
            found = [_version(client)]
            has = _has(client)
    except ObsTrouble as trouble:
        return [_trouble(trouble, profile)]
    except ObsRefused as refused:
        return [warn(NAME, f"it refuses {refused}", "wait until OBS has started, and run it again")]
    missing = list(_missing(profile, has))
    if not missing:
        words = f"{len(has.scenes)} scenes; all that the profile names is there"
        return [*found, ok("OBS scenes", words)]
    return [*found, *(warn(name, words, do) for name, words, do in missing)]


def _version(client: ObsClient) -> Finding:
    told = client.request("GetVersion")
    obs = told.get("obsVersion", "?")
    words = f"OBS {obs} with obs-websocket {told.get('obsWebSocketVersion', '?')}"
    return ok(NAME, f"{words} answers, and takes the password")


def _trouble(trouble: ObsTrouble, profile: Profile) -> Finding:
    held = "OBS_WS_PASSWORD in .env"
    match trouble.why:
        case "closed":
            do = "start OBS; in it: Tools, WebSocket Server Settings, Enable WebSocket server"
        case "refused" if not profile.obs.password:
            do = f"put it into {held}; in OBS: Tools, WebSocket Server Settings, Show Connect Info"
        case "refused":
            do = f"correct {held}; in OBS: Tools, WebSocket Server Settings, Show Connect Info"
        case "late":
            do = "OBS hangs, or something else listens there; look at it, start it again"
        case _:
            do = "name OBS's own address in OBS_WS_URL; OBS 28 or newer is needed"
    return warn(NAME, f"no OBS for this profile: {trouble}", do)


def _has(client: ObsClient) -> Has:
    has = Has()
    listed = client.request("GetSceneList")["scenes"]  # from the bottom up
    has.scenes = [scene["sceneName"] for scene in reversed(listed)]
    for told in client.request("GetInputList")["inputs"][:MOST]:
        has.kinds[told["inputName"]] = told.get("unversionedInputKind", "")
        with contextlib.suppress(ObsRefused):  # 604: it makes no sound
            client.request("GetInputMute", inputName=told["inputName"])
            has.sounding.add(told["inputName"])
    for source in [*has.scenes, *has.kinds][: 2 * MOST]:
        with contextlib.suppress(ObsRefused):  # gone meanwhile
            held = client.request("GetSourceFilterList", sourceName=source)["filters"]
            has.filters += [(source, told["filterName"]) for told in held]
    return has


def _missing(profile: Profile, has: Has) -> Iterator[tuple[str, str, str]]:
    """Name of the check, what is missing, and what to do."""
    ours = profile.obs
    if ours.brb_scene not in has.scenes:
        near = nearest(ours.brb_scene, has.scenes)
        words = f"no scene {ours.brb_scene!r}{near}, which panic brings (obs.brb_scene)"
        yield "OBS panic", words, _correct("obs.brb_scene", ours.brb_scene)
    yield from _filter(ours.panic_filter, has)
    for name in ours.panic_mutes:
        if name == "all":
            if not has.sounding:
                words = "no input makes sound, so panic mutes none"
                yield "OBS panic", words, "is this the OBS of the show? see its Audio Mixer"
        elif name not in has.kinds:
            words = f"no input {name!r}{nearest(name, has.sounding)} (obs.panic_mutes)"
            yield "OBS panic", words, _correct("obs.panic_mutes", name)
        elif name not in has.sounding:
            words = f"the input {name!r} makes no sound (obs.panic_mutes)"
            yield "OBS panic", words, "name one that does in obs.panic_mutes"
    if ours.caption and ours.caption not in has.kinds:
        texts = [name for name, kind in has.kinds.items() if kind in TEXT_KINDS]
        words = f"no text source {ours.caption!r}{nearest(ours.caption, texts)} (obs.caption)"
        yield "OBS captions", words, _correct("obs.caption", ours.caption)
    elif ours.caption and has.kinds[ours.caption] not in TEXT_KINDS:
        words = f"{ours.caption!r} is no text source (obs.caption)"
        yield "OBS captions", words, "name one that is in obs.caption"
    for key, name in _scenes(profile):
        if name not in has.scenes:
            words = f"no scene {name!r}{nearest(name, has.scenes)} ({key})"
            yield "OBS scenes", words, _correct(key, name)


def _correct(key: str, name: str) -> str:
    return f"correct {key} in the profile, or make {name!r} in OBS"


def _filter(wanted: str, has: Has) -> Iterator[tuple[str, str, str]]:
    if not wanted:
        return
    whole = {f"{source}/{name}" for source, name in has.filters}
    sources = [source for source, name in has.filters if name == wanted]
    if wanted in whole or len(sources) == 1:
        return
    if sources:
        places = ", ".join(f"{source}/{wanted}" for source in sources[:5])
        words = f"{len(sources)} filters are called {wanted!r}: {places} (OBS_PANIC_FILTER)"
        yield (
            "OBS panic",
            words,
            f"name one of them in OBS_PANIC_FILTER, such as {sources[0]}/{wanted}",
        )
    else:
        known = whole if "/" in wanted else {name for _, name in has.filters}
        words = f"no filter {wanted!r}{nearest(wanted, known)} (OBS_PANIC_FILTER)"
        yield "OBS panic", words, _correct("obs.panic_filter", wanted)


def _scenes(profile: Profile) -> Iterator[tuple[str, str]]:
    """Key and name of every other scene in the profile."""
    for name in profile.obs.scenes:
        yield "obs.scenes", name
    for mood, name in profile.scenes.moods.items():
        yield f"scenes.moods.{mood}", name
    for event, name in profile.scenes.events.items():
        yield f"scenes.events.{event}", name
