"""A lock between processes on a file. The system drops it when its holder dies, however."""

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

UNKNOWN = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""A file system that knows no locks: nobody can hold one there, and nobody waits for ever."""


class LockTimeout(Exception):
    """Somebody else held the lock for too long."""


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        return err.errno in UNKNOWN
    return True


@contextmanager
def file_lock(
    path: Path,
    timeout_s: float,
    on_wait: Callable[[], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Hold the lock at `path` (made if missing, left behind: removing it would let two in).

    `on_wait` is called once if it has to wait. Raises LockTimeout after `timeout_s`, OSError if
    `path` cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        deadline = clock() + timeout_s
        waited = False
        while not _try_lock(descriptor):
            if clock() >= deadline:
                raise LockTimeout(str(path))
            if not waited and on_wait is not None:
                on_wait()
            waited = True
            sleep(0.2)
        yield
    finally:
        os.close(descriptor)
