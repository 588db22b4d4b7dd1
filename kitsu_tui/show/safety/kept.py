"""Rule files as they were read the last time, in this process and on disk.

Reading a rule file takes a while: its YAML, its terms written out, its patterns compiled to see
that they are patterns, and what a text must hold for each of them. All that follows from the file
and from this package's code, so it is kept under the hash of both. The copy on disk is msgpack with
a checksum before it; one that is broken, of another version, or of another file is not used, and
written again. Who can write there can write the blocklist as well.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import unicodedata
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from kitsu_tui import __version__
from kitsu_tui.show.safety import rules
from kitsu_tui.show.safety.compiled import Pattern
from kitsu_tui.show.safety.needed import Needed
from kitsu_tui.show.safety.rule import spoken_as
from kitsu_tui.show.safety.rules import RuleFile

log = logging.getLogger("show.rules")

FORMAT = 1
MAX_BYTES = 50_000_000
MOST = 60
"""Copies in the folder; the oldest go."""
_SUM = 32


class _Copy(Struct, array_like=True):
    """A rule file as it lies on disk. `needed`: of each of its patterns, see `_patterns`."""

    key: bytes
    file: RuleFile
    needed: list[Needed]


class Kept:
    """Files that were read.

    Args:
        folder: where copies lie; None: there are none.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._files: dict[Path, tuple[bytes, RuleFile, list[Pattern]]] = {}

    def read(self, path: Path) -> RuleFile:
        """The same as `rules.read`, the same object as long as the file is the same."""
        content = rules.raw(path)
        key = _key(path, content)
        known = self._files.get(path)
        if known is not None and known[0] == key:
            return known[1]
        copy = self._load(key)
        if copy is None:
            found = rules.parsed(path, content)
            every = _patterns(found)
            self._store(_Copy(key, found, [pattern.needed for pattern in every]))
        else:
            found = copy.file
            every = _patterns(found)
            for pattern, needed in zip(every, copy.needed, strict=True):
                pattern.know(needed)
        # The patterns stay, so that nothing of them is made again when only other files change.
        self._files[path] = (key, found, every)
        return found

    def _path(self, folder: Path, key: bytes) -> Path:
        return folder / f"{key.hex()[:32]}.rules"

    def _load(self, key: bytes) -> _Copy | None:
        if self._folder is None:
            return None
        path = self._path(self._folder, key)
        try:
            if path.stat().st_size > MAX_BYTES:
                return None
            content = path.read_bytes()
            if blake2b(content[_SUM:], digest_size=_SUM).digest() != content[:_SUM]:
                raise ValueError("its checksum is wrong")
            copy = _DECODER.decode(content[_SUM:])
            if copy.key != key or len(copy.needed) != len(_patterns(copy.file)):
                raise ValueError("it is of another file")
            return copy
        except FileNotFoundError:
            return None
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            log.warning("a kept rule file cannot be used and is read again: %s", error)
            return None

    def _store(self, copy: _Copy) -> None:
        folder = self._folder
        if folder is None or not folder.parent.exists():
            return  # who makes the state's folder makes it for its user alone
        try:
            raw = msgspec.msgpack.encode(copy, enc_hook=_encoded)
            folder.mkdir(exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=folder, prefix=".rules-")
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(blake2b(raw, digest_size=_SUM).digest() + raw)
                Path(name).replace(self._path(folder, copy.key))
            finally:
                Path(name).unlink(missing_ok=True)
            copies = sorted(folder.glob("*.rules"), key=lambda path: path.stat().st_mtime)
            for path in copies[:-MOST]:
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("a rule file that was read is not kept: %s", error.strerror or error)


def _patterns(file: RuleFile) -> list[Pattern]:
    """All of a file, in order."""
    return [pattern for rule in file.rules for pattern in (*rule.patterns, *spoken_as(rule))]


def _key(path: Path, content: bytes) -> bytes:
    """What a file's rules follow from. The path is in it because problems name it."""
    made = blake2b(_code(), digest_size=_SUM)
    made.update(os.fsencode(path.absolute()) + b"\0" + os.fsencode(path) + b"\0")
    made.update(content)
    return made.digest()


@cache
def _code() -> bytes:
    """Of this code and of what it is built on: another version may read a file in another way."""
    told = [FORMAT, __version__, sys.version, unicodedata.unidata_version]
    here = Path(__file__).parent
    told.append(version("google-re2"))
    for path in [*sorted(here.glob("*.py")), *sorted((here / "data").iterdir())]:
        stat = path.stat()
        told += [path.name, stat.st_size, stat.st_mtime_ns]
    return blake2b(repr(told).encode(), digest_size=_SUM).digest()


def _encoded(value: object) -> object:
    if isinstance(value, Pattern):
        return value.pattern
    raise NotImplementedError(type(value))


def _decoded(kind: type, value: Any) -> Any:
    if kind is Pattern and isinstance(value, str):
        return Pattern.of(value)
    raise NotImplementedError(kind)


_DECODER = msgspec.msgpack.Decoder(_Copy, dec_hook=_decoded)
