"""Profiles: `base` below, what `extends` names above it, then `.env` and the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as mi

from engines.wire.live import SECRET
from engines.wire.logline import is_secret
from kitsu_tui.config import environ as env
from kitsu_tui.config import paths
from kitsu_tui.config.errors import ConfigError, MissingError, nearest
from kitsu_tui.config.schema import ENGINES, Profile, engine_name
from kitsu_tui.config.yamlfile import Document, Place, read

DEFAULT_PROFILE = "starter"
MAX_EXTENDS = 8


class Loaded:
    """A profile as it will be used, with where each value came from.

    Attributes:
        name: how it was asked for.
        profile: the checked values.
        environ: the environment with `.env` below it.
        disabled: engines that PIPELINE_DISABLE switches off, with the words used.
        path: its file, None where there is none.
        extends: the files that it stands on, its own first and base last, as they are shown.
        places: where each key was written.
    """

    def __init__(
        self,
        name: str,
        profile: Profile,
        environ: Mapping[str, str],
        folder: Path,
        disabled: dict[str, str],
        *,
        path: Path | None = None,
        extends: list[str] | None = None,
        places: Mapping[tuple[str, ...], Place] | None = None,
    ) -> None:
        self.name = name
        self.profile = profile
        self.environ = environ
        self.folder = folder
        self.disabled = disabled
        self.path = path
        self.extends = extends or []
        self.places = places or {}

    def place(self, *key: str) -> str:
        """Where a key was written, or what holds it: `FILE:LINE`, or the variable's name."""
        return str(_place(key, self.places))

    def enabled(self, engine: str) -> bool:
        """True when the profile starts this engine and PIPELINE_DISABLE does not forbid it."""
        process = getattr(self.profile.engines, engine)
        return bool(process.enabled) and engine not in self.disabled

    def engine_config(self, engine: str, *, find_model: bool = True) -> dict[str, Any]:
        """What the engine gets by `init`: its section, model names and folders made absolute;
        without `find_model` the model as the profile calls it.

        Raises:
            ConfigError: the model's name is neither in the store's list nor a path.
        """
        config: dict[str, Any] = msgspec.to_builtins(getattr(self.profile, engine))
        if find_model and engine in STORED:
            config["model"] = self._model(engine, config["model"])
        if "cache_dir" in config:
            folder = paths.expanded(config["cache_dir"])
            config["cache_dir"] = str(paths.cache_dir(self.environ) / folder)
        for key in ("input_file", "output_file"):
            if config.get(key):
                config[key] = str(paths.expanded(config[key]).absolute())
        return config

    def _model(self, engine: str, said: str) -> str:
        from kitsu_tui.config.models import ModelError, ModelMissing, ModelStore

        if not said:
            return said
        if "/" in said or "\\" in said or paths.is_there(paths.expanded(said), folder=True):
            return str(paths.expanded(said).absolute())
        try:
            return str(ModelStore.default(self.environ).path(said))
        except ModelMissing as err:
            raise MissingError(f"{engine}.model: {err}") from None
        except ModelError as err:
            raise ConfigError(f"{engine}.model: {err}") from None

    def safety_folder(self) -> Path:
        """The folder of the gate's rule files."""
        said = self.profile.safety.folder
        return paths.expanded(said).absolute() if said else self.folder / "safety"

    def safety_files(self) -> list[str]:
        """The gate's rule files, family mode's included."""
        family = ["family"] if self.profile.persona.family_friendly else []
        return list(dict.fromkeys([*ALWAYS, *family, *self.profile.safety.files]))

    def safety_rules(self) -> tuple[Path, list[str]]:
        """The folder and the names of the gate's rule files."""
        return self.safety_folder(), self.safety_files()

    def languages(self) -> list[str] | None:
        """The languages whose rules hold; None: all that there are."""
        return self.profile.safety.languages or None

    def blocklist(self) -> Path:
        """The operator's own blocklist: a rule file that may not be there."""
        return paths.state_dir(self.environ) / "blocklist.yaml"

    def rules_read(self) -> Path:
        """Where copies of rule files lie as they were read, so that they are read more quickly."""
        return paths.state_dir(self.environ) / "rules"

    def persona_path(self) -> Path:
        """The persona's file."""
        said = self.profile.persona.file
        if said.endswith((".yaml", ".yml")) or "/" in said:
            return paths.expanded(said).absolute()
        return self.folder / "personas" / f"{said}.yaml"


STORED = ("asr", "policy", "tts")
"""Engines whose model comes from the store or a path; that of `guard` is a server's own name."""

ALWAYS = (
    "base",
    "slurs",
    "hate",
    "harm",
    "sexual",
    "profanity",
    "languages",
    "private",
    "injection",
    "prompts",
    "meaning",
)
"""Rule files that every profile has."""


def profiles_folder() -> Path:
    """The profiles that come with Kitsu."""
    package = Path(__file__).resolve().parent.parent
    beside = package.parent / "profiles"
    return beside if beside.is_dir() else package / "_profiles"


def load_profile(name: str = "", environ: Mapping[str, str] | None = None) -> Loaded:
    """Load and check a profile by name or path; empty: KITSU_CONFIG_FILE, else `starter`.

    Raises:
        ConfigError: names file, line, key, what was found and what would fit.
    """
    given = os.environ if environ is None else environ
    variables = env.with_dotenv(given, [Path.cwd(), profiles_folder().parent])
    wanted = name or variables.get("KITSU_CONFIG_FILE", "").strip() or DEFAULT_PROFILE
    path = _find(wanted)
    data: dict[str, Any] = {}
    places: dict[tuple[str, ...], Place] = {}
    chain = _chain(path)
    for document in chain:
        _merge(data, document.data)
        places.update(document.places)
    said, from_environ = env.overrides(variables, given)
    _merge(data, said)
    places.update(from_environ)
    profile = _convert(data, places)
    disabled = _disabled(variables.get("PIPELINE_DISABLE", ""))
    shown = wanted if "/" not in wanted and not wanted.endswith((".yaml", ".yml")) else path.stem
    return Loaded(
        shown,
        profile,
        variables,
        profiles_folder(),
        disabled,
        path=path,
        extends=[document.name for document in reversed(chain)],
        places=places,
    )


def known_profiles() -> list[str]:
    """Names of the profiles at hand, base left out."""
    return sorted(p.stem for p in profiles_folder().glob("*.yaml") if p.stem != "base")


def _find(wanted: str) -> Path:
    if "/" in wanted or "\\" in wanted or wanted.endswith((".yaml", ".yml")):
        path = paths.expanded(wanted).absolute()
        if not paths.is_there(path):
            raise ConfigError(f"{path}: no such profile file")
        return path
    path = profiles_folder() / f"{wanted}.yaml"
    if paths.is_there(path):
        return path
    known = known_profiles()
    raise ConfigError(
        f"no profile {wanted!r}{nearest(wanted, known)}; there are: {', '.join(known)}"
    )


def _chain(path: Path) -> list[Document]:
    """The documents from base to the profile."""
    chain: list[Document] = []
    seen: list[Path] = []
    while True:
        if path in seen or len(seen) >= MAX_EXTENDS:
            raise ConfigError(f"{seen[-1]}: extends goes round in a circle by way of {path.name}")
        seen.append(path)
        document = read(path, _shown(path))
        parent = document.data.pop("extends", None)
        place = document.places.pop(("extends",), Place(_shown(path), 1))
        chain.insert(0, document)
        if parent is None:
            parent = "base" if path.stem != "base" else None
        if parent is None:
            return chain
        if not isinstance(parent, str):
            raise ConfigError(f"{place}: extends: found {parent!r}, expected a profile's name")
        beside = path.parent / f"{parent}.yaml"
        try:
            path = beside if paths.is_there(beside) else _find(parent)
        except ConfigError as err:
            raise ConfigError(f"{place}: extends: {err}") from None


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(profiles_folder().parent))
    except ValueError:
        return str(path)


def _merge(below: dict[str, Any], above: dict[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _merge(below[key], value)
        elif value is None and isinstance(below.get(key), dict):
            continue  # a section with everything commented out
        else:
            below[key] = value


def _convert(data: dict[str, Any], places: dict[tuple[str, ...], Place]) -> Profile:
    _check_keys(data, mi.type_info(Profile), (), places)
    try:
        return msgspec.convert(data, Profile)
    except msgspec.ValidationError as err:
        problem, _, where = str(err).partition(" - at `$")
        path, found = _resolve(where, data)
        place = _place(path, places)
        expected = _options(path) or problem[:1].lower() + problem[1:].replace("`", "")
        shown = "***" if _secret(path) else repr(found)
        raise ConfigError(f"{place}: {'.'.join(path)}: found {shown}: {expected}") from None


def _secret(path: tuple[str, ...]) -> bool:
    """True for a key whose value is told nowhere, such as a password of digits without quotes."""
    info: mi.Type = mi.type_info(Profile)
    for key in path:
        if isinstance(info, mi.StructType):
            info = next((f.type for f in info.fields if f.encode_name == key), mi.AnyType())
        if isinstance(info, mi.Metadata):
            if (info.extra or {}).items() >= SECRET.items():
                return True
            info = info.type
    return any(is_secret(key) for key in path)


def _resolve(where: str, data: dict[str, Any]) -> tuple[tuple[str, ...], Any]:
    """The path that msgspec writes as `.a.b[0]`, or `.a.b[...]` for any value of a mapping."""
    path: tuple[str, ...] = ()
    found: Any = data
    dotted = where.strip("`.").replace("[...]", ".*").replace("[", ".").replace("]", "")
    for part in dotted.split("."):
        key = part
        if isinstance(found, list):
            found = found[int(part)]
        elif part == "*":  # the only such mapping is one of texts
            key, found = next((str(k), v) for k, v in found.items() if not isinstance(v, str))
        else:
            found = found.get(part, found)
        path = (*path, key)
    return path, found


def _options(path: tuple[str, ...]) -> str:
    """`expected one of ...` when the key at `path` takes one of a few words or numbers."""
    info: mi.Type = mi.type_info(Profile)
    for key in path:
        if isinstance(info, mi.StructType):
            info = next((f.type for f in info.fields if f.encode_name == key), mi.AnyType())
        elif isinstance(info, mi.ListType):
            info = info.item_type
        if isinstance(info, mi.Metadata):
            info = info.type
    if not isinstance(info, mi.LiteralType):
        return ""
    return "expected one of: " + ", ".join(str(value) for value in info.values)


def _check_keys(
    data: Any, info: mi.Type, path: tuple[str, ...], places: dict[tuple[str, ...], Place]
) -> None:
    if isinstance(info, mi.Metadata):
        info = info.type
    if not isinstance(info, mi.StructType) or not isinstance(data, dict):
        return
    known = {item.encode_name: item.type for item in info.fields}
    for key, value in data.items():
        here = (*path, str(key))
        if key not in known:
            raise ConfigError(
                f"{_place(here, places)}: unknown key {'.'.join(here)}{nearest(str(key), known)}; "
                f"known here: {', '.join(sorted(known))}"
            )
        _check_keys(value, known[key], here, places)


def _place(path: tuple[str, ...], places: Mapping[tuple[str, ...], Place]) -> Place:
    while path and path not in places:
        path = path[:-1]
    return places.get(path, Place("profile", 0))


def _disabled(said: str) -> dict[str, str]:
    """Engines that PIPELINE_DISABLE names, each with the word that named it.

    Raises:
        ConfigError: a word names no engine.
    """
    disabled: dict[str, str] = {}
    later = {"avatar", "twitch", "gateway", "telemetry"}
    for word in said.split(","):
        if not word.strip():
            continue
        name = engine_name(word)
        if name not in ENGINES and name not in later:
            known = [*ENGINES, *sorted(later)]
            raise ConfigError(
                f"environment variable PIPELINE_DISABLE: found {word.strip()!r}"
                f"{nearest(name, known)}; expected some of: {', '.join(known)}"
            )
        disabled[name] = word.strip()
    return disabled
