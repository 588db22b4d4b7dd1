"""A private PulseAudio for tests: a microphone to speak into, a loudspeaker to listen to.

    with pulse() as server:
        env = os.environ | server.env         # what a process needs to find `mic`, `speakers`
        server.speak("question.wav")          # into the microphone, in real time
        with server.listen("heard.wav"): ...  # what the loudspeaker plays

Nothing of it touches a PulseAudio that the machine may run: own folder, own socket, own ALSA
configuration. Debian packages: pulseaudio pulseaudio-utils libportaudio2 libasound2-plugins.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = "pulseaudio pulseaudio-utils libportaudio2 libasound2-plugins"
TIMEOUT = 15.0

# norewinds: without it the first capture starts 0.3 to 0.5 s late.
_SCRIPT = """\
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=feed norewinds=1 rate=48000 channels=1
load-module module-null-sink sink_name=speakers norewinds=1 rate=48000 channels=1
load-module module-remap-source source_name=mic master=feed.monitor
set-default-sink speakers
set-default-source mic
"""

# On top of the system's own configuration, without which PortAudio aborts.
_ALSA = """\
</usr/share/alsa/alsa.conf>
pcm.mic {{
    type pulse
    server "unix:{socket}"
    device "mic"
    hint.description "mic"
}}
pcm.speakers {{
    type pulse
    server "unix:{socket}"
    device "speakers"
    hint.description "speakers"
}}
"""


def require() -> None:
    """Skip where PulseAudio cannot be; fail where it is only not installed."""
    if not sys.platform.startswith("linux"):
        pytest.skip("PulseAudio tests are for Linux")
    missing = [
        tool for tool in ("pulseaudio", "paplay", "parec", "pactl") if not shutil.which(tool)
    ]
    if missing:
        pytest.fail(
            f"{', '.join(missing)} missing; as root: "
            f"apt-get install --no-install-recommends {PACKAGES}"
        )


class Pulse:
    """One server. Start it with `start`, kill it with `kill`, as often as you like."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "sock"
        self._alsa = folder / "asound.conf"
        self._alsa.write_text(_ALSA.format(socket=self.socket), encoding="utf-8")
        (folder / "script.pa").write_text(_SCRIPT.format(socket=self.socket), encoding="utf-8")
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """Variables for a process that is to use this server, through ALSA or directly."""
        return {
            "ALSA_CONFIG_PATH": str(self._alsa),
            "PULSE_SERVER": f"unix:{self.socket}",
            "PULSE_COOKIE": str(self.folder / "cookie"),
        }

    def start(self) -> None:
        """Start the server and wait until it answers."""
        home = {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "PULSE_RUNTIME_PATH": str(self.folder),
            "PULSE_STATE_PATH": str(self.folder),
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        }
        self.socket.unlink(missing_ok=True)
        with (self.folder / "pulse.log").open("ab") as log:
            self._server = subprocess.Popen(
                [
                    *("pulseaudio", "-n", "-F", str(self.folder / "script.pa")),
                    *("--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"),
                    *("--disable-shm=yes", "--realtime=no", "--high-priority=no"),
                ],
                env={**os.environ, **home},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if self._server.poll() is not None:
                break
            answer = self._client("pactl", "list", "short", "sources")
            if answer.returncode == 0 and b"mic" in answer.stdout:
                return
            time.sleep(0.05)
        text = (self.folder / "pulse.log").read_text(encoding="utf-8", errors="replace")
        pytest.fail(f"PulseAudio did not start:\n{text[-2000:]}")

    def kill(self) -> None:
        """End the server at once: what a pulled-out device is to a program."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGKILL)
            self._server.wait(TIMEOUT)
        self._server = None

    def hang(self, hanging: bool) -> None:
        """Let the server stand still, or go on."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP if hanging else signal.SIGCONT)

    def speak(self, wav: Path | str) -> subprocess.Popen[bytes]:
        """Play a wav into the microphone; returns the player, which ends with the file."""
        return subprocess.Popen(
            ["paplay", "-d", "feed", str(wav)],
            env={**os.environ, **self.env},
            stdin=subprocess.DEVNULL,
        )

    @contextlib.contextmanager
    def listen(self, wav: Path, rate: int = 48000) -> Iterator[None]:
        """Record what the loudspeaker plays, to a s16 mono wav."""
        raw = wav.with_suffix(".raw")
        with raw.open("wb") as out:
            recorder = subprocess.Popen(
                [
                    *("parec", "-d", "speakers.monitor", "--raw", "--latency-msec=20"),
                    *(f"--rate={rate}", "--format=s16le", "--channels=1"),
                ],
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=out,
            )
            try:
                end = time.monotonic() + TIMEOUT
                while not raw.stat().st_size and time.monotonic() < end:
                    time.sleep(0.02)  # until it records
                yield
                time.sleep(0.3)  # what is still on its way
            finally:
                recorder.terminate()
                recorder.wait(TIMEOUT)
        with wave.open(str(wav), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(raw.read_bytes())

    def _client(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command, env={**os.environ, **self.env}, capture_output=True, timeout=TIMEOUT
        )


@contextlib.contextmanager
def pulse() -> Iterator[Pulse]:
    """A running server in a folder of its own, gone afterwards."""
    require()
    # A short path: a Unix socket's may not be longer than about a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="kp-") as folder:
        server = Pulse(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()
