"""A virtual loudspeaker and a recording of it: what is really heard, and when it ended.

A PulseAudio of its own (folder, socket and ALSA configuration) plays into nothing; `parec` records
that. A sample's time is when it came out of the recorder, so it is late by the recorder's latency
(10 ms) and never early. Linux; Debian packages pulseaudio, pulseaudio-utils, libasound2-plugins.
"""

from __future__ import annotations

import array
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType

from kitsu_tui.bench.guarded import LEAVE_S, Guarded
from kitsu_tui.bench.place import BenchFailed

NAME = "speakers"
RATE = 48_000
LOUD = 33
"""Above -60 dBFS."""
START_S, POLL_S = 15.0, 0.05
KEPT_S = 20
"""Seconds of recording whose loud moments are kept."""
PROGRAMS = ("pulseaudio", "pactl", "parec")
_SCRIPT = """\
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=speakers norewinds=1 rate=48000 channels=1
set-default-sink speakers
"""
_ALSA = """\
</usr/share/alsa/alsa.conf>
pcm.speakers {{
    type pulse
    server "unix:{socket}"
    device "speakers"
    hint.description "speakers"
}}
"""


class Loudspeaker:
    """See the module. Started when it is entered, gone when it is left.

    Attributes:
        environ: variables for a process that is to play on it.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kls-"))  # short: a socket's path is bounded
        socket, alsa = self.folder / "sock", self.folder / "asound.conf"
        alsa.write_text(_ALSA.format(socket=socket), "utf-8")
        self._script = self.folder / "script.pa"
        self._script.write_text(_SCRIPT.format(socket=socket), "utf-8")
        self.environ = {
            "ALSA_CONFIG_PATH": str(alsa),
            "PULSE_SERVER": f"unix:{socket}",
            "PULSE_COOKIE": str(self.folder / "cookie"),
        }
        self._parts: list[Guarded] = []
        self._loud: deque[int] = deque(maxlen=KEPT_S * 200)
        self._upto = 0
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Loudspeaker:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything; may be called again."""
        for part in reversed(self._parts):
            part.end()
        if self._reader is not None:
            self._reader.join(LEAVE_S)
        for part in self._parts:
            if part.process.stdout is not None:
                part.process.stdout.close()
        self._parts.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def upto(self) -> int:
        """What has been recorded until then, by `time.perf_counter_ns()`."""
        return self._upto

    def last_sound_ms(self, at: int) -> float:
        """Milliseconds from `at` to the last loud sample, 0 when there was none after it."""
        last = self._loud[-1] if self._loud else 0
        return max(0.0, (last - at) / 1e6)

    # -- inside ----------------------------------------------------------------------------------

    def _start(self) -> None:
        lacking = [name for name in PROGRAMS if not shutil.which(name)]
        if lacking or not sys.platform.startswith("linux"):
            words = f"{', '.join(lacking)} not installed (scripts/system-packages)"
            raise BenchFailed(f"no virtual loudspeaker here: {words if lacking else 'Linux only'}")
        home = dict.fromkeys(
            ("HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH"), str(self.folder)
        )
        environ = {**os.environ, **home, "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        environ["PULSE_STATE_PATH"] = str(self.folder)
        command = [
            *("pulseaudio", "-n", "-F", str(self._script), "--daemonize=no"),
            *("--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes", "--realtime=no"),
        ]
        server = self._run(command, environ)
        end = time.monotonic() + START_S
        while not self._answers():
            if server.poll() is not None or time.monotonic() > end:
                raise BenchFailed("no virtual loudspeaker here: PulseAudio does not start")
            time.sleep(POLL_S)
        command = [
            *("parec", "-d", f"{NAME}.monitor", "--raw", "--latency-msec=10"),
            *(f"--rate={RATE}", "--format=s16le", "--channels=1"),
        ]
        recorder = self._run(command, {**os.environ, **self.environ}, record=True)
        self._reader = threading.Thread(target=self._read, args=(recorder,), daemon=True)
        self._reader.start()
        while not self._upto:
            if recorder.poll() is not None or time.monotonic() > end:
                raise BenchFailed("no virtual loudspeaker here: it cannot be recorded")
            time.sleep(POLL_S)

    def _run(
        self, command: list[str], environ: dict[str, str], *, record: bool = False
    ) -> subprocess.Popen[bytes]:
        part = Guarded(command, environ, self.folder, piped=record)
        self._parts.append(part)
        return part.process

    def _answers(self) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            done = subprocess.run(
                ["pactl", "list", "short", "sinks"],
                env={**os.environ, **self.environ},
                capture_output=True,
                timeout=LEAVE_S,
                check=False,
            )
            return done.returncode == 0 and NAME.encode() in done.stdout
        return False

    def _read(self, recorder: subprocess.Popen[bytes]) -> None:
        assert recorder.stdout is not None  # noqa: S101
        odd = b""
        while data := recorder.stdout.read(1 << 16):
            now = time.perf_counter_ns()
            data = odd + data
            odd = data[len(data) & ~1 :]
            samples = array.array("h", data[: len(data) & ~1])
            if sys.byteorder == "big":
                samples.byteswap()
            # From the end: only the last loud sample of a chunk matters.
            for back, value in enumerate(reversed(samples)):
                if abs(value) >= LOUD:
                    self._loud.append(now - back * 1_000_000_000 // RATE)
                    break
            self._upto = now
