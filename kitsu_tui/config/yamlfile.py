"""YAML files with the line of every key, and nothing executable in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from kitsu_tui.config.errors import ConfigError

MAX_BYTES = 1 << 20
MAX_NODES = 100_000
"""Keys and values, with aliases written out: a short file can make them without end."""


class Place(NamedTuple):
    """Where a value was written."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


Path_ = tuple[str, ...]


class Document(NamedTuple):
    """Plain data, and the place of each key by its path; `name` is how messages call it."""

    data: dict[str, Any]
    places: dict[Path_, Place]
    name: str = ""


def read(path: Path, shown: str = "") -> Document:
    """Read one file; `shown` is how messages call it.

    Raises:
        ConfigError: it cannot be read, is not YAML, has a key twice, or is not a mapping.
    """
    name = shown or str(path)
    try:
        raw = path.read_bytes()
    except OSError as err:
        raise ConfigError(f"{name}: cannot be read: {err.strerror or err}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{name}: {len(raw)} bytes is too much for a profile (limit 1 MiB)")
    try:
        text = raw.decode("utf-8-sig")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        places: dict[Path_, Place] = {}
        if node is None:
            return Document({}, places, name)
        _check(node, (), name, places, itertools.count(), 0)
        data = yaml.safe_load(text)
    except ConfigError:
        raise
    except UnicodeDecodeError as err:
        raise ConfigError(f"{name}: not UTF-8 at byte {err.start}") from None
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{name}{line}: not YAML: {err.problem or err.context}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as err:
        raise ConfigError(f"{name}: not YAML: {' '.join(str(err).split())}") from None
    if data is None:  # only `---`
        return Document({}, {}, name)
    if not isinstance(data, dict):
        raise ConfigError(f"{name}: found a {type(data).__name__}, expected keys with values")
    return Document(data, places, name)


def _check(
    node: yaml.Node,
    path: Path_,
    name: str,
    places: dict[Path_, Place],
    seen: Iterator[int],
    depth: int,
) -> None:
    if next(seen) > MAX_NODES:
        raise ConfigError(f"{name}: more than {MAX_NODES} keys and values, aliases written out")
    if depth > 20:
        raise ConfigError(f"{name}:{node.start_mark.line + 1}: nested more than 20 deep")
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _check(item, (*path, str(index)), name, places, seen, depth + 1)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{name}:{line}: a key must be a word")
        here = (*path, str(key.value))
        if here in places and places[here].file == name:
            raise ConfigError(
                f"{name}:{line}: {'.'.join(here)} stands twice, first in line {places[here].line}"
            )
        places[here] = Place(name, line)
        _check(value, here, name, places, seen, depth + 1)
