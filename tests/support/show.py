"""A real show in a place of its own: started, asked and ended by the real commands."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
SPEECH = ROOT / "tests" / "data" / "speech"
KITSU = [sys.executable, "-m", "kitsu_tui.cli"]

QUIET = """
extends: starter
engines:
  audio: {enabled: false}
  asr: {enabled: false}
  policy: {enabled: false}
  tts: {enabled: false}
  metrics: {enabled: false}
"""
"""A profile without engines; tests put in what they need."""


class RealShow:
    """A show's place: its folders, its environment, its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime = Path(tempfile.mkdtemp(prefix="kt-"))
        self.logs = folder / "logs"
        self.state = folder / "state"
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("KITSU_", "ASR_", "TTS_", "POLICY_", "PIPELINE_"))
            or name == "KITSU_MODELS_DIR"
        } | {
            "KITSU_STATE_DIR": str(self.state),
            "KITSU_RUNTIME_DIR": str(self.runtime),
            "KITSU_LOG_ROOT": str(self.logs),
            "TTS_CACHE_DIR": str(folder / "tts_cache"),
            "USER": "tester",
        }
        folder.mkdir(parents=True, exist_ok=True)

    def kitsu(
        self, *args: str, timeout: float = 60.0, check: bool = True, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `kitsu ARGS`; with `check`, it must end well."""
        done = subprocess.run(
            [*KITSU, *args],
            env=self.environ,
            cwd=cwd or ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"kitsu {args}: {done.returncode}\n{done.stderr}"
        return done

    def start(self, profile: str | Path = "starter") -> int:
        """Start a detached show; returns its pid."""
        if isinstance(profile, str) and "\n" in profile:
            path = self.folder / "profile.yaml"
            path.write_text(profile)
            profile = path
        self.kitsu("run", "--detach", "--profile", str(profile))
        return int(self.status()["pid"])

    def status(self) -> dict[str, Any]:
        """The picture."""
        found: dict[str, Any] = json.loads(self.kitsu("status", "--json").stdout)
        return found

    def engine(self, name: str) -> dict[str, Any]:
        """One engine of the picture."""
        found: dict[str, Any] = self.status()["engines"][name]
        return found

    def wait(
        self, what: Callable[[dict[str, Any]], Any], timeout: float = 60.0, why: str = ""
    ) -> dict[str, Any]:
        """Wait until the picture is as `what` wants it, and return it."""
        end = time.monotonic() + timeout
        state: dict[str, Any] = {}
        while time.monotonic() < end:
            state = self.status()
            if what(state):
                return state
            time.sleep(0.1)
        raise AssertionError(f"not within {timeout} s: {why}\n{json.dumps(state)[:4000]}")

    def wait_ready(self, *names: str, timeout: float = 90.0) -> dict[str, Any]:
        """Wait until these engines are ready."""
        return self.wait(
            lambda s: all(s["engines"][n]["state"] in ("ready", "degraded") for n in names),
            timeout,
            f"{names} ready",
        )

    def wait_engine(self, name: str, state: str, timeout: float = 60.0) -> dict[str, Any]:
        """Wait until an engine is in a state, and return its view."""
        found = self.wait(
            lambda s: s["engines"][name]["state"] == state, timeout, f"{name} {state}"
        )
        view: dict[str, Any] = found["engines"][name]
        return view

    def journal(self) -> list[dict[str, Any]]:
        """The events of the newest session so far."""
        folder = max((self.state / "journal").iterdir(), key=lambda p: p.stat().st_mtime_ns)
        lines = (folder / "events.jsonl").read_text().splitlines()
        return [json.loads(line)["event"] for line in lines]

    def log(self, service: str) -> str:
        """A service's log file."""
        path = self.logs / f"{service}.log"
        return path.read_text() if path.exists() else ""

    def pids(self) -> list[int]:
        """The show's process and its children."""
        state = self.status()
        return [state["pid"], *(e["pid"] for e in state["engines"].values() if e["pid"])]

    def end(self) -> None:
        """End the show, however it stands, and every process that belongs to it."""
        try:
            if self.runtime.exists() and any(self.runtime.iterdir()):
                self.kitsu("stop", check=False, timeout=40)
        finally:
            for process in self.processes():
                process.kill()
            shutil.rmtree(self.runtime, ignore_errors=True)

    def processes(self) -> list[psutil.Process]:
        """Every living process of this place, the show's and engines', known by its environment."""
        mine = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("KITSU_RUNTIME_DIR") == str(self.runtime):
                    mine.append(process)
            except psutil.Error:
                continue
        return [p for p in mine if p.pid != os.getpid() and p.status() != psutil.STATUS_ZOMBIE]

    def gone(self, timeout: float = 10.0) -> bool:
        """True when no process of this place is left within `timeout` seconds."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if not self.processes():
                return True
            time.sleep(0.1)
        return False


@contextmanager
def real_show(folder: Path) -> Iterator[RealShow]:
    """A place for a show, cleared away afterwards."""
    show = RealShow(folder)
    try:
        yield show
    finally:
        show.end()


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to one process by its id."""
    os.kill(pid, number)
