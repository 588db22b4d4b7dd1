"""Environment variables and `.env` over a profile. The environment wins over `.env`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as mi

from kitsu_tui.config.errors import ConfigError
from kitsu_tui.config.schema import Profile
from kitsu_tui.config.yamlfile import Place

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def with_dotenv(environ: Mapping[str, str], folders: list[Path]) -> dict[str, str]:
    """The environment with the first `.env` found in `folders` below it.

    Raises:
        ConfigError: the file cannot be read.
    """
    for folder in folders:
        path = folder / ".env"
        if not path.is_file():
            continue
        from dotenv import dotenv_values

        try:
            found = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as err:
            raise ConfigError(f"{path}: cannot be read: {err}") from None
        return {k: v for k, v in found.items() if v is not None} | dict(environ)
    return dict(environ)


def variables() -> dict[str, tuple[tuple[str, ...], mi.Type]]:
    """Every variable that overrides a key: its path in the profile, and the key's type."""
    return {env: (path, kind) for path, kind, env in _walk(mi.type_info(Profile), ()) if env}


def _walk(
    info: mi.Type, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], mi.Type, str | None]]:
    if not isinstance(info, mi.StructType):
        return
    for item in info.fields:
        here = (*path, item.encode_name)
        kind, env = item.type, None
        if isinstance(kind, mi.Metadata):
            env = (kind.extra or {}).get("env")
            kind = kind.type
        yield here, kind, env
        yield from _walk(kind, here)


def overrides(
    environ: Mapping[str, str], given: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], dict[tuple[str, ...], Place]]:
    """What the environment says over the profile, as nested data with places.

    Args:
        environ: all variables, those of `.env` included.
        given: the process's own; what is not among them stands in `.env`. None: all are.

    Raises:
        ConfigError: a value does not fit its key; names the variable.
    """
    data: dict[str, Any] = {}
    places: dict[tuple[str, ...], Place] = {}
    for name, (path, kind) in variables().items():
        if name not in environ:
            continue
        said = environ[name]
        own = given is None or name in given
        where = f"environment variable {name}" if own else f".env, variable {name}"
        if said == "" and not isinstance(kind, mi.StrType):
            continue  # NAME= in a .env leaves a number or a switch as it is
        target = data
        for key in path[:-1]:
            target = target.setdefault(key, {})
        target[path[-1]] = _parse(where, said, kind)
        places[path] = Place(where, 0)
    return data, places


def _parse(where: str, said: str, kind: mi.Type) -> Any:
    if isinstance(kind, mi.BoolType):
        word = said.strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise ConfigError(f"{where}: found {said!r}, expected 1 or 0")
    if isinstance(kind, mi.ListType):
        return [part.strip() for part in said.split(",") if part.strip()]
    if isinstance(kind, mi.LiteralType) and all(isinstance(v, str) for v in kind.values):
        return said.strip()
    if isinstance(kind, (mi.IntType, mi.FloatType, mi.LiteralType)):
        try:
            number = msgspec.json.decode(said.strip().encode(), type=int | float)
        except (msgspec.MsgspecError, ValueError):
            raise ConfigError(f"{where}: found {said!r}, expected a number") from None
        return number
    return said
