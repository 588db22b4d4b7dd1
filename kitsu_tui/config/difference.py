"""What another profile means for a show that runs, before anything is done about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from engines.wire import control
from engines.wire.live import LIVE, SECRET, marked
from engines.wire.logline import Masker, is_secret
from kitsu_tui.config import paths
from kitsu_tui.config.errors import ConfigError, MissingError, nearest
from kitsu_tui.config.persona import load_persona
from kitsu_tui.config.profile import STORED, Loaded
from kitsu_tui.config.schema import ENGINES

AT_ONCE = (
    ("title", "title"),
    ("persona.file", "persona"),
    ("persona.preset", "preset"),
    ("persona.family_friendly", "family language"),
    ("conversation.", "conversation"),
    ("safety.", "safety rules"),
    ("scenes.", "scenes"),
    ("operator.", "operator"),
    ("console.keys", "keys"),
    ("console.layout", "layout"),
    ("console.theme", "theme"),
    ("console.bell", "bell"),
)
"""How keys begin that the show takes over while it runs, and what people call them."""
VOICE = ("tts.speaker", "tts.speed")
LATER = "show."
"""How keys begin that only the next show takes over."""
GOES_LIVE, NO_LONGER_LIVE = "goes live", "no longer live"
SET, NOT_SET, CHANGED = "(set)", "(not set)", "(changed)"


def plan(before: Loaded, after: Loaded, *, scenes: list[str] | None = None) -> control.Plan:
    """The difference between two profiles and what it comes to. Nothing is done, and only names
    and sizes in the model store are looked at.

    Args:
        before: the profile in use.
        after: the one that is wanted.
        scenes: those that OBS has, when that is known.

    Raises:
        ConfigError: the model of an engine that the new profile starts is not known.
        MissingError: it is known, and not there.
    """
    changes = _changes(before, after)
    reconfigured, restarts, starts, stops = [], [], [], []
    for name in ENGINES:
        was, will = before.enabled(name), after.enabled(name)
        if was and will:
            found, how = _engine(name, before, after)
            said = {change.key for change in changes}
            changes += [change for change in found if change.key not in said]
            if how == "restart":
                restarts.append(name)
            elif how == "live":
                reconfigured.append(name)
        elif will:
            after.engine_config(name)
            starts.append(name)
        elif was:
            stops.append(name)
    return control.Plan(
        profile=after.name,
        before=before.name,
        changes=_masked(changes, before, after),
        at_once=_at_once(changes, after, reconfigured),
        reconfigured=reconfigured,
        restarts=restarts,
        starts=starts,
        stops=stops,
        later=[change.key for change in changes if change.key.startswith(LATER)],
        problems=_problems(before, after, scenes),
    )


def check(loaded: Loaded) -> list[str]:
    """Look at what a profile names beside itself: persona, preset, rule files, models.

    Returns:
        What is wrong but does not forbid it.

    Raises:
        ConfigError: something cannot be used; says where it was named, what was found and what
            would fit.
        MissingError: a model is not there.
    """
    profile = loaded.profile
    path = loaded.persona_path()
    if not paths.is_there(path):
        hint = nearest(profile.persona.file, _names(path.parent))
        raise ConfigError(
            f"{loaded.place('persona', 'file')}: persona.file: found {profile.persona.file!r}, "
            f"but there is no {path}{hint}"
        )
    persona = load_persona(path)
    try:
        persona.check_preset(profile.persona.preset)
    except ConfigError as err:
        raise ConfigError(f"{loaded.place('persona', 'preset')}: persona.preset: {err}") from None
    folder = loaded.safety_folder()
    if profile.safety.folder and not _names(folder):
        raise ConfigError(
            f"{loaded.place('safety', 'folder')}: safety.folder: found {profile.safety.folder!r}, "
            f"but there are no rule files in {folder}"
        )
    for name in loaded.safety_files():
        file = folder / (name if name.endswith(".yaml") else f"{name}.yaml")
        if not paths.is_there(file):
            known = _names(folder)
            raise ConfigError(
                f"{loaded.place('safety', 'files')}: safety: no rule file {file}"
                f"{nearest(name, known)}; there are: {', '.join(known) or 'none'}"
            )
    for name in ENGINES:
        if loaded.enabled(name):
            _check_model(name, loaded)
    strange = [mood for mood in profile.scenes.moods if mood not in persona.moods]
    return [
        f"scenes.moods: {persona.name} has no mood {mood!r}{nearest(mood, persona.moods)}"
        for mood in strange
    ]


def _names(folder: Path) -> list[str]:
    """What a folder of YAML files has; nothing when it cannot be looked into."""
    try:
        return sorted(found.stem for found in folder.glob("*.yaml"))
    except OSError:
        return []


def _check_model(name: str, loaded: Loaded) -> None:
    """What is named by its path is looked for here, unless the engine runs elsewhere."""
    if name not in STORED:  # the guard's is a name that its server knows
        return
    place = loaded.place(name, "model")
    try:
        model = loaded.engine_config(name).get("model", "")
    except ConfigError as err:
        raise type(err)(f"{place}: {err}") from None
    elsewhere = getattr(loaded.profile.engines, name).command
    if model and not elsewhere and not paths.is_there(Path(model), folder=True):
        said = getattr(loaded.profile, name).model
        raise MissingError(
            f"{place}: {name}.model: found {said!r}, but there is no {model}; expected a path that "
            "exists, or a name of `kitsu models`"
        )


# -- keys --------------------------------------------------------------------------------------


def values(loaded: Loaded) -> dict[str, Any]:
    """Every key of a profile by its dotted name; mappings entry by entry, secrets as they are."""
    return dict(_walk(loaded.profile, ""))


def _walk(struct: Struct, path: str) -> Iterator[tuple[str, Any]]:
    for name in struct.__struct_fields__:
        value, here = getattr(struct, name), f"{path}{name}"
        if isinstance(value, Struct):
            yield from _walk(value, f"{here}.")
        elif isinstance(value, dict):
            yield from ((f"{here}.{key}", item) for key, item in value.items())
        else:
            yield here, value


def secret(key: str, loaded: Loaded) -> bool:
    """True for a key whose value is told nowhere."""
    section, _, name = key.partition(".")
    if section == "engines":
        return ".env." in name and is_secret(name.rpartition(".env.")[2])
    holder = getattr(loaded.profile, section, None)
    return isinstance(holder, Struct) and name in marked(type(holder), SECRET)


def masker(*several: Loaded) -> Masker:
    """Hides the secrets of profiles wherever else they stand, such as in a command line."""
    mask = Masker({})
    for loaded in several:
        mask.learn(loaded.environ)
        for name in ENGINES:
            mask.learn(getattr(loaded.profile.engines, name).env)
        for key, value in values(loaded).items():
            if secret(key, loaded):
                mask.add(str(value))
    return mask


def hidden(value: Any, mask: Masker) -> Any:
    """A value without the secrets in it."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [hidden(item, mask) for item in value]
    return value


def _changes(before: Loaded, after: Loaded) -> list[control.KeyChange]:
    old, new = values(before), values(after)
    keys = list(dict.fromkeys([*old, *new]))
    return [
        control.KeyChange(key=key, before=old.get(key), after=new.get(key))
        for key in keys
        if old.get(key) != new.get(key)
    ]


def _masked(
    changes: list[control.KeyChange], before: Loaded, after: Loaded
) -> list[control.KeyChange]:
    mask = masker(before, after)
    told = []
    for change in changes:
        if secret(change.key, after):
            was = SET if change.before else NOT_SET
            will = CHANGED if change.before and change.after else SET if change.after else NOT_SET
        else:
            was, will = hidden(change.before, mask), hidden(change.after, mask)
        told.append(control.KeyChange(key=change.key, before=was, after=will))
    return told


# -- what they come to -------------------------------------------------------------------------


def _engine(name: str, before: Loaded, after: Loaded) -> tuple[list[control.KeyChange], str]:
    """What an engine gets that is new to it, and whether that takes a `restart`, is `live`, or
    nothing (empty).
    """
    will = after.engine_config(name)
    try:
        was = before.engine_config(name)
    except ConfigError:  # its model has gone since it was loaded
        was = before.engine_config(name, find_model=False)
        if was["model"] == getattr(after.profile, name).model:
            was["model"] = will["model"]
    found = [
        control.KeyChange(key=f"{name}.{key}", before=was.get(key), after=will.get(key))
        for key in will
        if was.get(key) != will.get(key)
    ]
    processes = (getattr(each.profile.engines, name) for each in (before, after))
    if len({_process(each) for each in processes}) > 1:
        return found, "restart"
    live = {f"{name}.{key}" for key in marked(type(getattr(after.profile, name)), LIVE)}
    if any(change.key not in live for change in found):
        return found, "restart"
    return found, "live" if found else ""


def _process(process: Struct) -> str:
    """How an engine's process is run, comparable; whether it is, is another matter."""
    said = {name: getattr(process, name) for name in process.__struct_fields__ if name != "enabled"}
    return repr(said | {"env": sorted(said["env"].items()), "needs": sorted(said["needs"])})


def _at_once(changes: list[control.KeyChange], after: Loaded, reconfigured: list[str]) -> list[str]:
    keys = [change.key for change in changes]
    said = []
    if "live" in keys:
        said.append(GOES_LIVE if after.profile.live else NO_LONGER_LIVE)
    said += [word for begin, word in AT_ONCE if any(key.startswith(begin) for key in keys)]
    if "tts" in reconfigured and any(key in VOICE for key in keys):
        said.append("voice")
    return said


def _problems(before: Loaded, after: Loaded, scenes: list[str] | None) -> list[str]:
    profile = after.profile
    named = {f"scenes.moods.{mood}": scene for mood, scene in profile.scenes.moods.items()}
    named |= {f"scenes.events.{event}": scene for event, scene in profile.scenes.events.items()}
    if not after.enabled("obs"):
        found = [f"scenes are named ({', '.join(named)}), but obs is off"] if named else []
        if profile.operator.when_gone == "brb":
            found.append("operator.when_gone is brb, but obs is off: it would do nothing")
        if before.enabled("obs"):
            found.append("obs is off: panic does not reach OBS any more, it goes on as it is")
        return found
    if scenes is None or before.profile.obs.url != profile.obs.url:
        return []
    named["obs.brb_scene"] = profile.obs.brb_scene
    named |= {f"obs.scenes.{n}": scene for n, scene in enumerate(profile.obs.scenes)}
    return [
        f"{key}: OBS has no scene {scene!r}{nearest(scene, scenes)}"
        for key, scene in named.items()
        if scene and scene not in scenes
    ]
