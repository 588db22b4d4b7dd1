"""A process of a bench or a test, which ends with the one that started it, however that dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

LEAVE_S = 15.0
# It ends when its input does, which is when the process that made it has died.
_GUARD = (
    'read -r _; kill -s KILL -- "-$1"; sleep 0.2; '
    'case "$2" in */kobs-* | */kls-*) rm -rf -- "$2" ;; esac'
)


class Guarded:
    """A process in a group of its own, and a guard that ends the group when we are gone.

    Args:
        folder: where it runs, and where its words go (`NAME.said`). When we are gone it is removed,
            if it is one of a lab.
        piped: its stdout is ours to read.
        pass_fds: descriptors that it gets.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        folder: Path,
        *,
        piped: bool = False,
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        with (folder / f"{command[0]}.said").open("ab") as said:
            self.process = subprocess.Popen(
                command,
                env=dict(environ),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else said,
                stderr=said,
                bufsize=0,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self.process.pid), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end(self) -> None:
        """Kill the group; may be called again."""
        if os.name == "posix":
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(LEAVE_S)
        self._guard.kill()
        self._guard.wait(LEAVE_S)
        if self._guard.stdin is not None:
            self._guard.stdin.close()
