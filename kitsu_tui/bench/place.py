"""A show of a bench's own: its folders, its process, its end. A show that runs is not disturbed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import TracebackType

import msgspec
import psutil

from engines.wire import control, show
from kitsu_tui import platform
from kitsu_tui.client import Client, NoShow
from kitsu_tui.config import endpoint
from kitsu_tui.model.state import ShowState

START_S = 90.0
LEAVE_S = 15.0
POLL_S = 0.05
SWEEPS = 40
_OURS = ("KITSU_", "ASR_", "TTS_", "POLICY_", "PIPELINE_", "PIPER_", "LLM_", "OBS_")


class BenchFailed(Exception):
    """The bench cannot be done here; the message says why."""


class Place:
    """See the module. Ends everything it started when it is left.

    Args:
        profile: text of the show's profile (YAML).

    Attributes:
        environ: the environment of every command that is to find this show.
        process: the show, once it was started.
    """

    def __init__(self, profile: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kb-"))  # short: a socket's path is bounded
        self.profile = self.folder / "bench.yaml"
        self.profile.write_text(profile, "utf-8")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_OURS) or name == "KITSU_MODELS_DIR"
        }
        self.environ = kept | {
            "KITSU_STATE_DIR": str(self.folder / "state"),
            "KITSU_RUNTIME_DIR": str(self.folder / "run"),
            "KITSU_LOG_ROOT": str(self.folder / "logs"),
            "TTS_CACHE_DIR": str(self.folder / "tts"),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *args: str) -> list[str]:
        """The command line of `kitsu ARGS`."""
        return [sys.executable, "-m", "kitsu_tui.cli", *args]

    def start(self) -> float:
        """Start the show; returns the wall time at which it was."""
        with (self.folder / "show.said").open("wb") as said:
            began = time.time()
            self.process = subprocess.Popen(
                self.command("run", "--profile", str(self.profile)),
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                # Ctrl+c is for the bench, which then ends the show in its own way.
                **platform.detached_options(),
            )
        return began

    def detach(self) -> float:
        """Start the show as an operator does, by `kitsu run --detach`; returns the wall time at
        which that was begun.

        Raises:
            BenchFailed: it did not start.
        """
        began = time.time()
        command = self.command("run", "--detach", "--profile", str(self.profile))
        done = subprocess.run(
            command,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=START_S,
            check=False,
        )
        if done.returncode:
            words = done.stderr.decode("utf-8", "replace").strip()
            raise BenchFailed(f"the show did not start: {words}")
        return began

    async def ready(self, timeout: float = START_S) -> ShowState:
        """Wait until every engine that is wanted is ready; the picture then.

        Raises:
            BenchFailed: one failed, the show has ended, or it takes too long.
        """
        end = time.monotonic() + timeout
        state = ShowState()
        while time.monotonic() < end:
            if self.process is not None and self.process.poll() is not None:
                raise BenchFailed(f"the show ended while it started: {self._said()}")
            with suppress(NoShow, OSError):
                async with self.connect() as client:
                    while time.monotonic() < end:
                        state = await picture(client)
                        if failed := [e for e in state.engines.values() if e.state == "failed"]:
                            raise BenchFailed(f"{failed[0].name} has failed: {failed[0].detail}")
                        if _all_ready(state):
                            return state
                        await asyncio.sleep(POLL_S)
            await asyncio.sleep(POLL_S)
        states = ", ".join(f"{name} {view.state}" for name, view in state.engines.items())
        raise BenchFailed(f"not ready within {timeout:g} s: {states or 'no show answers'}")

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Client]:
        """A connection to this show.

        Raises:
            NoShow, OSError: it does not answer.
        """
        reader, writer = await endpoint.open_connection(self.environ)
        client = Client(reader, writer)
        try:
            await client.greeted()
            yield client
        finally:
            await client.close()

    def events(self) -> list[show.Told]:
        """What the journal of the newest session holds."""
        folders = sorted((self.folder / "state" / "journal").iterdir(), key=_changed)
        lines = (folders[-1] / "events.jsonl").read_bytes().splitlines()
        return [msgspec.json.decode(line, type=show.Told) for line in lines]

    def pids(self) -> list[int]:
        """Living processes of this place, known by their environment."""
        mine = []
        for process in psutil.process_iter():
            try:
                there = process.environ().get("KITSU_RUNTIME_DIR")
                if there == self.environ["KITSU_RUNTIME_DIR"] and process.pid != os.getpid():
                    mine.append(process.pid)
            except (psutil.Error, OSError):
                continue
        return mine

    def stop(self) -> float:
        """End the show; returns the seconds that it took."""
        if self.process is None:
            return 0.0
        began = time.perf_counter()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(LEAVE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(LEAVE_S)
        self.process = None
        return time.perf_counter() - began

    def close(self) -> None:
        """End all that is left, and take the folders away."""
        try:
            self.stop()
        finally:
            for _ in range(SWEEPS):  # one that is just starting another may leave that behind
                pids = self.pids()
                for pid in pids:
                    with suppress(psutil.Error):
                        psutil.Process(pid).kill()
                if not pids:
                    break
                time.sleep(POLL_S)
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _said(self) -> str:
        text = (self.folder / "show.said").read_text("utf-8", "replace")
        plain = [line for line in text.splitlines() if not line.startswith("{")]
        return " ".join(plain[-3:]) or f"it said nothing; its exit code is {self._code()}"

    def _code(self) -> int | None:
        return self.process.returncode if self.process is not None else None


async def picture(client: Client) -> ShowState:
    """The show's state."""
    snapshot = await client.ask(control.STATUS, control.Ask(by="bench"))
    return msgspec.convert(snapshot.state, ShowState)


def watch(client: Client, take: Callable[[show.Told], None]) -> None:
    """Hand every event of the show to `take`; once for each connection, or the show refuses."""

    def on_event(body: object) -> None:
        if isinstance(body, show.Told):
            take(body)

    asked = control.Watch(by="bench", logs=False, operator=False)
    client.open(control.WATCH, asked).on_event(on_event)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and a lost terminal end a bench as ctrl+c does: by its own way out, with nothing left
    behind.
    """

    def leave(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)  # asyncio makes a cancellation of it

    # A script's background jobs begin with ctrl+c ignored, and the other two lead there too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), leave) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def cpu_seconds(pids: Iterable[int]) -> dict[int, float]:
    """Processor time used by processes that live, children left out."""
    found = {}
    for pid in pids:
        with suppress(psutil.Error):
            used = psutil.Process(pid).cpu_times()
            found[pid] = float(used.user + used.system)
    return found


def _all_ready(state: ShowState) -> bool:
    wanted = [view for view in state.engines.values() if view.state not in ("off", "stopped")]
    return bool(wanted) and all(view.state in ("ready", "degraded") for view in wanted)


def _changed(path: Path) -> float:
    return path.stat().st_mtime
