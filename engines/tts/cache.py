"""Lines that were spoken before, on disk.

An entry is KEY.pcm (s16le mono) and KEY.json beside it: format, voice, backend, rate, samples,
latency_ms (what making it took), phonemes (what is heard in it), visemes and the sha256 of the
sound. The text itself is not kept: the key is its hash. The .json comes last and by a
rename, so an entry with one is whole; one that does not check out is removed and made again.
Several engines may share a folder: files are only ever renamed into place, and one that vanishes
is a miss.

Everything here blocks; call it from one worker thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import time
import uuid
from pathlib import Path

import msgspec
from msgspec import Struct

from engines.wire.tts import Viseme

log = logging.getLogger("tts.cache")

FORMAT = 2
LOW_WATER = 0.9
"""An eviction goes down to this part of the bound, so that it is not needed for every line."""
RESCAN = 64
"""Lines stored between looks at what other engines have put into the folder."""
STALE_TEMP_S = 3600.0


class Meta(Struct, frozen=True, kw_only=True):
    """What KEY.json holds."""

    format: int
    voice: str
    backend: str
    rate: int
    samples: int
    latency_ms: float
    phonemes: str
    visemes: list[Viseme]
    sha256: str


class Entry(Struct, frozen=True):
    """A line that was found."""

    meta: Meta
    pcm: bytes


def key(identity: str, backend: str, speaker: int, text: str) -> str:
    """Name of a line's files: a hash of all that decides how it sounds."""
    parts = (str(FORMAT), backend, identity, str(speaker), text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class Cache:
    """A folder of lines, bounded in bytes, the least recently used leaving first.

    Args:
        folder: made when it is not there.
        limit: bytes; 0 turns the cache off.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._size = 0
        self._stored = 0
        self._off = limit <= 0
        self._warned = False

    def open(self) -> None:
        """Make the folder and measure it. A folder that cannot be used turns the cache off."""
        if self._off:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            probe = self._temp()
            probe.write_bytes(b"")
            probe.unlink()
            self._evict()
        except OSError as err:
            self._off = True
            self._warn(err)

    def resize(self, limit: int) -> None:
        """Give it another bound; what is over it leaves at once. 0 turns it off."""
        self._limit = limit
        self._off = limit <= 0
        self.open()

    def get(self, name: str) -> Entry | None:
        """A line, or None. Marks it as used; a broken one is removed."""
        if self._off:
            return None
        meta_path, pcm_path = self._paths(name)
        try:
            raw = meta_path.read_bytes()
        except OSError:
            return None
        try:
            meta = msgspec.json.decode(raw, type=Meta)
            pcm = pcm_path.read_bytes()
            if meta.format != FORMAT or len(pcm) != 2 * meta.samples or meta.rate <= 0:
                raise ValueError("its sound is cut short")
            if hashlib.sha256(pcm).hexdigest() != meta.sha256:
                raise ValueError("its sound was changed")
        except (OSError, ValueError, msgspec.MsgspecError) as err:
            log.warning("cached line %s is broken and will be made again: %s", name[:12], err)
            self._remove(name)
            return None
        with contextlib.suppress(OSError):
            os.utime(meta_path)
        return Entry(meta, pcm)

    def put(
        self,
        name: str,
        pcm: bytes,
        visemes: list[Viseme],
        *,
        voice: str,
        backend: str,
        rate: int,
        latency_ms: float,
        phonemes: str,
    ) -> None:
        """Keep a line. What cannot be written is told once."""
        if self._off or len(pcm) > self._limit:
            return
        meta = Meta(
            format=FORMAT,
            voice=voice,
            backend=backend,
            rate=rate,
            samples=len(pcm) // 2,
            latency_ms=round(latency_ms, 1),
            phonemes=phonemes,
            visemes=visemes,
            sha256=hashlib.sha256(pcm).hexdigest(),
        )
        meta_path, pcm_path = self._paths(name)
        try:
            if meta_path.exists():
                return  # another engine was quicker
            raw = msgspec.json.encode(meta)
            self._write(pcm_path, pcm)
            self._write(meta_path, raw)
            self._size += len(pcm) + len(raw)
            self._stored += 1
            if self._size > self._limit or self._stored % RESCAN == 0:
                self._evict()
        except OSError as err:
            self._warn(err)

    def _evict(self) -> None:
        """Measure the folder, and remove the least recently used lines when it is too full."""
        sizes: dict[str, int] = {}
        used: dict[str, float] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                stem, _, suffix = entry.name.rpartition(".")
                try:
                    stat = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if suffix == "tmp":
                    if time.time() - stat.st_mtime > STALE_TEMP_S:
                        self._unlink(Path(entry.path))
                elif suffix in ("pcm", "json") and len(stem) == 64:
                    sizes[stem] = sizes.get(stem, 0) + stat.st_size
                    used[stem] = max(used.get(stem, 0.0), stat.st_mtime)
        self._size = sum(sizes.values())
        if self._size <= self._limit:
            return
        for stem in sorted(sizes, key=lambda stem: used[stem]):
            if self._size <= self._limit * LOW_WATER:
                break
            self._remove(stem)
            self._size -= sizes[stem]

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self._folder / f"{name}.json", self._folder / f"{name}.pcm"

    def _temp(self) -> Path:
        return self._folder / f"{os.getpid()}-{uuid.uuid4().hex}.tmp"

    def _write(self, path: Path, data: bytes) -> None:
        temp = self._temp()
        try:
            temp.write_bytes(data)
            temp.replace(path)
        except OSError:
            self._unlink(temp)
            raise

    def _remove(self, name: str) -> None:
        for path in self._paths(name):
            self._unlink(path)

    def _unlink(self, path: Path) -> None:
        with contextlib.suppress(OSError):  # another engine may hold it or have removed it
            path.unlink()

    def _warn(self, err: OSError) -> None:
        if not self._warned:
            self._warned = True
            log.warning("lines are not cached in %s: %s", self._folder, err.strerror or err)
