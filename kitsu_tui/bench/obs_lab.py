"""A real OBS without a screen, for tests, benches and trials by hand: own folders, own port.

    with ObsLab() as lab:                    # started, and it answers
        os.environ.update(lab.environ)       # OBS_WS_URL, OBS_WS_PASSWORD
        lab.client().request("GetSceneList")
        lab.kill(); lab.start()              # the same port, the same folder

The scenes are in `obs_scenes`. Linux; Debian packages obs-studio, xvfb, libgl1-mesa-dri. Nothing of
it touches an OBS, a screen or a sound server that the machine has. It ends with the process that
made it, however that dies.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import psutil

from kitsu_tui.bench import obs_scenes
from kitsu_tui.bench.guarded import Guarded
from kitsu_tui.obsws import ObsClient, ObsRefused, ObsTrouble, Told

START_S = 30.0
STOP_S = 7.0
"""An idle client delays OBS 29's end by 5 s; now and then it never ends, though it has saved."""
TRIES = 3
POLL_S = 0.05
HANGS_S = 2.0
PROGRAMS = {"obs": "obs-studio", "Xvfb": "xvfb"}
"""What is run, and the Debian package it is in."""
_COMMAND = (
    *("obs", "--multi", "--minimize-to-tray", "--disable-missing-files-check"),
    *("--disable-updater", "--disable-shutdown-check", "--websocket_ipv4_only"),
    *("--collection", "Lab", "--profile", "Lab"),
)


class NoObs(Exception):
    """A lab cannot be had here; the message says why, and what to do."""


def missing() -> str:
    """Why no OBS can be started here, and what would help; empty when one can."""
    if not sys.platform.startswith("linux"):
        return "an OBS without a screen is started on Linux only"
    lacking = [package for name, package in PROGRAMS.items() if not shutil.which(name)]
    if not lacking:
        return ""
    return (
        f"{' and '.join(lacking)} not installed; ./scripts/test --yes as root installs what "
        "scripts/system-packages lists"
    )


class ObsLab:
    """See the module.

    Args:
        fps: frames a second; the picture is 640 by 360.
        port: where its WebSocket server is to listen; 0 finds one.

    Attributes:
        folder: holds everything; gone at `close`.
        url, password: of its WebSocket server.

    Raises:
        NoObs: OBS or Xvfb is not installed.
    """

    def __init__(self, *, fps: int = 30, port: int = 0) -> None:
        if why := missing():
            raise NoObs(why)
        self.folder = Path(tempfile.mkdtemp(prefix="kobs-"))
        self.password = secrets.token_urlsafe(12)
        self._fixed, self._fps = bool(port), fps
        self.port = port or _free_port()
        self._screen: Guarded | None = None
        self._obs: Guarded | None = None
        self._display = ""
        self._fresh()
        atexit.register(self.close)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """What a show needs to find it."""
        return {"OBS_WS_URL": self.url, "OBS_WS_PASSWORD": self.password}

    @property
    def pid(self) -> int:
        """Of OBS; 0 when it does not run."""
        return self._obs.process.pid if self.running and self._obs else 0

    @property
    def running(self) -> bool:
        return self._obs is not None and self._obs.process.poll() is None

    @property
    def log(self) -> str:
        """What OBS has said, since the lab was made."""
        with contextlib.suppress(OSError):
            return (self.folder / "obs.said").read_text("utf-8", "replace")
        return ""

    # -- start and end ---------------------------------------------------------------------------

    def start(self, *, fresh: bool = False) -> ObsLab:
        """Start it, and wait until it answers to the right password.

        Args:
            fresh: with the scenes as they were at first; else as they were saved last.

        Raises:
            NoObs: it does not come up; its last words are in the message.
        """
        if self.running:
            return self
        if fresh:
            self._fresh()
        for left in reversed(range(TRIES)):
            self._launch()
            try:
                self._wait()
            except _PortTaken:
                self.kill()
                if self._fixed or not left:
                    raise NoObs(f"port {self.port} is taken by another process") from None
                self.port = _free_port()
                self._fresh()
            else:
                break
        self._fixed = True  # who knows its address is to find it there again
        return self

    def stop(self) -> None:
        """End it as a user does; it saves its scenes first. Killed when it takes too long."""
        if self._obs is not None and self.running:
            self.go_on()
            self._obs.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._obs.process.wait(STOP_S)
        self.kill()

    def kill(self) -> None:
        """`kill -9`."""
        if self._obs is not None:
            self._obs.end()
            self._obs = None

    def hang(self) -> None:
        """Let it stand still: it listens, and answers nothing."""
        if self._obs is None:
            return
        self._obs.process.send_signal(signal.SIGSTOP)
        # Of many threads each stops when it is next looked at: one may still answer meanwhile.
        deadline = time.monotonic() + HANGS_S
        found = psutil.Process(self._obs.process.pid)
        while found.status() != psutil.STATUS_STOPPED and time.monotonic() < deadline:
            time.sleep(0.01)

    def go_on(self) -> None:
        if self._obs is not None:
            self._obs.process.send_signal(signal.SIGCONT)

    def restart(self, *, fresh: bool = True) -> None:
        """`kill -9` and start; by default with the scenes as they were at first."""
        self.kill()
        self.start(fresh=fresh)

    def close(self) -> None:
        """End everything and take the folder away; may be called again."""
        self.kill()
        if self._screen is not None:
            self._screen.end()
            self._screen = None
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def client(self, on_event: Told | None = None, *, timeout: float = 5.0) -> ObsClient:
        """A connection of one's own.

        Raises:
            ObsTrouble: it does not answer.
        """
        return ObsClient(self.url, self.password, timeout=timeout, on_event=on_event)

    def __enter__(self) -> ObsLab:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- inside ----------------------------------------------------------------------------------

    def _fresh(self) -> None:
        obs_scenes.write(self.folder / "config", self.port, self.password, self._fps)

    def _launch(self) -> None:
        if self._screen is None or self._screen.process.poll() is not None:
            self._screen, self._display = _screen(self.folder)
        (self.folder / "run").mkdir(mode=0o700, exist_ok=True)
        environ = _without_desktop(os.environ) | {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "DISPLAY": self._display,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "QT_QPA_PLATFORM": "xcb",
            # Without these two it would look for a desktop, and start a sound server.
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "PULSE_SERVER": f"unix:{self.folder / 'no-pulse'}",
        }
        self._obs = Guarded(list(_COMMAND), environ, self.folder)

    def _wait(self) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if not self.running or self._obs is None:
                raise NoObs(f"OBS ended while it started: {self._last_words()}")
            # A port that is taken is but a line in OBS's log, and another server may answer there.
            holders = _listeners(self._obs.process.pid)
            if self.port in holders:
                with contextlib.suppress(ObsTrouble, ObsRefused), self.client() as ours:
                    if ours.request("GetCurrentProgramScene").get("currentProgramSceneName"):
                        return
            elif _taken(self.port) and self.port not in _listeners(self._obs.process.pid):
                raise _PortTaken
            time.sleep(POLL_S)
        raise NoObs(f"OBS does not answer within {START_S:g} s: {self._last_words()}")

    def _last_words(self) -> str:
        lines = [line for line in self.log.splitlines() if line.strip()]
        return " | ".join(lines[-5:])[-1000:] or "it said nothing"


class _PortTaken(Exception):
    pass


def _screen(folder: Path) -> tuple[Guarded, str]:
    """A screen that nobody sees, and its DISPLAY."""
    reading, writing = os.pipe()
    command = [
        *("Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x720x24"),
        *("-nolisten", "tcp", "-noreset"),
    ]
    try:
        part = Guarded(command, os.environ, folder, pass_fds=(writing,))
    finally:
        os.close(writing)
    try:
        os.set_blocking(reading, False)
        number, end = b"", time.monotonic() + START_S
        while not number.endswith(b"\n") and time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                number += os.read(reading, 64)
            if part.process.poll() is not None:
                break
            time.sleep(POLL_S / 5)
    finally:
        os.close(reading)
    if not number.strip():
        part.end()
        raise NoObs("Xvfb does not start: its words are " + _tail(folder / "Xvfb.said"))
    return part, f":{int(number)}"


def _tail(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text("utf-8", "replace")[-300:].strip()
    return "none"


def _without_desktop(environ: Mapping[str, str]) -> dict[str, str]:
    ours = ("KITSU_", "OBS_", "WAYLAND_", "QT_", "XDG_", "PULSE_")
    return {name: value for name, value in environ.items() if not name.startswith(ours)}


def _listeners(pid: int) -> set[int]:
    """Ports on which a process listens."""
    with contextlib.suppress(psutil.Error):
        held = psutil.Process(pid).net_connections("tcp")
        return {c.laddr.port for c in held if c.status == psutil.CONN_LISTEN}
    return set()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))  # on all addresses, as OBS does
        return int(probe.getsockname()[1])


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
