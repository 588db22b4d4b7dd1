"""A program at the other end of a pipe, seen as lines: for tests of what is on the wire itself.

with Pipe([sys.executable, "-m", "kitsu_tui.cli", "engine", "echo", "--supervised"]) as engine:
    engine.wait(type="hello")
    engine.send({"type": "init", "config": {}})
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

Frame = dict[str, Any]
ROOT = Path(__file__).parents[2]
ENGINE = (sys.executable, "-m", "kitsu_tui.cli", "engine")


class Pipe:
    """A child process and its wire.

    Attributes:
        raw: every line of its stdout, in order.
        frames: the lines that are JSON objects.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if env is None else {**os.environ, **env},
            cwd=ROOT,
            start_new_session=True,
        )
        self.raw: list[bytes] = []
        self.frames: list[Frame] = []
        self._stderr: list[bytes] = []
        self._changed = threading.Condition()
        self._ended = False
        self._threads = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._read_stderr, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.end()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        for thread in self._threads:
            thread.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    @property
    def stderr(self) -> str:
        """What it said on stderr so far."""
        return b"".join(self._stderr).decode("utf-8", "backslashreplace")

    def send(self, *said: Frame | bytes) -> None:
        """Send frames, or bytes as they are."""
        assert self.process.stdin is not None
        for one in said:
            line = one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n"
            self.process.stdin.write(line)
        self.process.stdin.flush()

    def request(self, id_: str, name: str, **data: Any) -> None:
        """Send a request."""
        self.send({"type": "request", "id": id_, "name": name, "data": data})

    def end(self) -> None:
        """End its input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def find(self, **fields: Any) -> list[Frame]:
        """The frames so far that have these fields."""
        with self._changed:
            return [f for f in self.frames if all(f.get(k) == v for k, v in fields.items())]

    def wait(self, count: int = 1, timeout: float = 30.0, **fields: Any) -> Frame:
        """Wait for the `count`th frame that has these fields."""
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                found = [f for f in self.frames if all(f.get(k) == v for k, v in fields.items())]
                if len(found) >= count:
                    return found[count - 1]
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    why = "it ended" if self._ended else "too late"
                    raise AssertionError(
                        f"no {count}. frame with {fields}, {why}; it said {self.frames[-5:]} "
                        f"and on stderr {self.stderr[-2000:]}"
                    )
                self._changed.wait(left)

    def answer(self, id_: str, timeout: float = 30.0) -> Frame:
        """Wait for the response to a request."""
        return self.wait(type="response", id=id_, timeout=timeout)

    def ready(self, timeout: float = 30.0) -> None:
        """Wait until it says that it is ready."""
        self.wait(
            type="event", name="status", data={"state": "ready", "detail": ""}, timeout=timeout
        )

    def exit(self, timeout: float = 30.0) -> int:
        """Wait for its end, read what it said last and return its exit code."""
        code = self.process.wait(timeout)
        for thread in self._threads:
            thread.join(5)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        self._lines(self.process.stdout)
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _lines(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            try:
                frame = json.loads(line)
            except (ValueError, RecursionError):
                frame = None
            with self._changed:
                self.raw.append(line)
                if isinstance(frame, dict):
                    self.frames.append(frame)
                self._changed.notify_all()

    def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        while data := os.read(self.process.stderr.fileno(), 65536):
            self._stderr.append(data)


def supervised(name: str = "echo", config: Mapping[str, Any] | None = None, epoch: int = 0) -> Pipe:
    """An engine as a show starts it, ready."""
    engine = Pipe([*ENGINE, name, "--supervised"])
    engine.wait(type="hello")
    engine.send({"type": "init", "config": dict(config or {}), "epoch": epoch})
    engine.ready()
    return engine


def faulty(fault: str, *args: str) -> Pipe:
    """A scripted engine (see `tests.support.engines`)."""
    return Pipe([sys.executable, "-m", "tests.support.engines", fault, *args])
