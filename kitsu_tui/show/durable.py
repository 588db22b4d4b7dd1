"""Small files that outlive the show: the panic latch with its epoch, the children's ledger, and
review mode as an operator set it, until the show is ended on purpose.

All are written whole, to a new file that then takes the old one's place, in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from kitsu_tui import platform

log = logging.getLogger("show.durable")

SWEEP_S = 2.0
"""How long the dying of what an earlier show left behind is waited for, all together."""
SAVE_S = 1.0
SHOW_MARK = "KITSU_SHOW_PID"
"""Variable that a show gives its children."""

T = TypeVar("T", bound=Struct)


class Kept(Struct, frozen=True):
    """An engine that panic was told to: what stood before, in its own words."""

    epoch: int
    """Of the first panic since it was last put back."""
    before: Any = None


class LatchFile(Struct):
    """`latch.json`: the epoch, whether panic is latched and by whom, and what it changed.

    An engine stands in `kept` from the press until it was put back, which may be long after the
    resume.
    """

    epoch: int = 0
    panicked: bool = False
    by: str = ""
    kept: dict[str, Kept] = {}


class ReviewFile(Struct, frozen=True):
    """`review.json`: review mode as an operator set it in a show that has not been ended."""

    on: bool
    wait_s: float
    then: Literal["air", "drop"]
    by: str


class Born(Struct, frozen=True):
    """A child: its process id, and when it began (to tell it from a later one)."""

    pid: int
    started: float


class LedgerFile(Struct):
    """`children.json`: children that may be alive, and the show that they are of."""

    children: dict[str, Born] = {}
    show: int = 0


def read_file(path: Path, kind: type[T], fallback: T) -> T:
    """The file's content; `fallback` when there is none or it is damaged (which is logged)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return fallback
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as err:
        log.warning("%s cannot be used, begun anew: %s", path.name, err)
        return fallback


def write_file(path: Path, value: Struct, *, sync: bool) -> None:
    """Write the file whole; with `sync` it is on the disk when this returns."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(value))
        if sync:
            file.flush()
            os.fsync(file.fileno())
    fresh.replace(path)


class Latch:
    """The epoch, the panic latch, and what is to be put back at resume.

    Attributes:
        kept: by engine; see `LatchFile`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # A damaged latch is taken for a latched one: silence is the safe mistake.
        damaged = LatchFile(epoch=0, panicked=True, by="damaged latch file")
        value = read_file(path, LatchFile, LatchFile() if not path.exists() else damaged)
        self.epoch = value.epoch + 1  # whatever was under way before this start is stale
        self.panicked = value.panicked
        self.by = value.by
        self.kept = value.kept
        self._lock = asyncio.Lock()

    async def save(self) -> bool:
        """Bring it to the disk; False when that failed (which is logged)."""
        async with self._lock:
            value = LatchFile(self.epoch, self.panicked, self.by, dict(self.kept))
            try:
                await asyncio.to_thread(write_file, self._path, value, sync=True)
            except OSError as err:
                log.error("the panic latch cannot be saved: %s", err)
                return False
        return True


class Ledger:
    """The children that are alive, so that the next show can end what this one leaves behind."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._dirty = False
        self._saver: asyncio.Task[None] | None = None
        self._children: dict[str, Born] = {}

    def sweep(self) -> list[str]:
        """End what an earlier show left alive; returns their names. Blocks; call before the loop
        has work to do.
        """
        file = read_file(self._path, LedgerFile, LedgerFile())
        left = file.children
        alive = {name: born for name, born in left.items() if _lives(born)}
        for born in alive.values():
            platform.signal_group(born.pid, "KILL")
        # Of those that have gone something they started may be left, in their group.
        gone = {born.pid: name for name, born in left.items() if name not in alive}
        kin = platform.kin_of(gone, (SHOW_MARK, str(file.show))) if gone else []
        for pid in kin:
            platform.end(pid)
        pids = [born.pid for born in alive.values()] + kin
        end = time.monotonic() + SWEEP_S
        while any(platform.start_time(pid) for pid in pids) and time.monotonic() < end:
            time.sleep(0.01)
        if left:
            write_file(self._path, LedgerFile(), sync=False)
        found = [f"{name} (pid {born.pid})" for name, born in alive.items()]
        return found + [f"what an engine had started (pid {pid})" for pid in kin]

    async def add(self, name: str, pid: int) -> None:
        """A child was started."""
        self._children[name] = Born(pid, platform.start_time(pid))
        await self._save()

    async def remove(self, name: str) -> None:
        """A child has ended."""
        self._children.pop(name, None)
        await self._save()

    def rename(self, old: str, new: str) -> None:
        """A child goes by another name from now on; saved soon."""
        if (born := self._children.pop(old, None)) is not None:
            self._children[new] = born
            self._begin_save()

    async def _save(self) -> None:
        """Bring it to the disk; a disk that hangs is not waited for."""
        await asyncio.wait({self._begin_save()}, timeout=SAVE_S)

    def _begin_save(self) -> asyncio.Task[None]:
        self._dirty = True
        if self._saver is None or self._saver.done():
            self._saver = asyncio.create_task(self._write(), name="ledger")
        return self._saver

    async def _write(self) -> None:
        while self._dirty:
            self._dirty = False
            value = LedgerFile(dict(self._children), os.getpid())
            try:
                await asyncio.to_thread(write_file, self._path, value, sync=False)
            except OSError as err:
                log.warning("the ledger of children cannot be saved: %s", err)


def _lives(born: Born) -> bool:
    now = platform.start_time(born.pid)
    return bool(now) and abs(now - born.started) < 1.0
