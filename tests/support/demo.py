"""The pictures of the README, drawn from a real session: real models, a virtual sound card, an OBS.

    python -m tests.support.demo docs

Speaks to her, types, lets an engine die, and draws the console while she answers (`console.svg`)
and after panic was pressed in mid-sentence (`panic.svg`). Takes about a minute.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from kitsu_tui.bench.obs_lab import ObsLab
from tests.support.pulse import pulse
from tests.support.show import ROOT, SPEECH, RealShow, real_show

PROFILE = """
extends: starter
title: Fox hour
audio: {backend: device, input_device: mic, output_device: speakers}
tts: {cache_mb: 0}
engines: {obs: {enabled: true}}
obs: {panic_filter: Main/Panic}
scenes: {events: {speaking: Close-up}, quiet_s: 2}
"""
SIZE = "120x40"


def draw(show: RealShow, path: Path, size: str = SIZE) -> None:
    """The console as it stands now."""
    code = "from kitsu_tui.cli.console import run; run()"
    command = [sys.executable, "-c", code, "--picture", str(path), "--size", size]
    subprocess.run(command, env=show.environ, cwd=ROOT, check=True)


def over(state: dict[str, Any]) -> bool:
    """True when nobody waits for an answer."""
    return bool(state["turns"]) and all(turn["status"] for turn in state["turns"])


def session(show: RealShow, speak: Any, folder: Path) -> None:
    """What happens in the pictures."""
    for name in ("breakfast", "snack", "dream"):
        before = len(show.status()["turns"])
        speak(SPEECH / f"{name}.wav").wait(30)
        show.wait(lambda s, n=before: len(s["turns"]) > n and over(s), 60)  # type: ignore[misc]
    show.kitsu("mark", "chat loves the snack answer")
    psutil.Process(show.engine("tts")["pid"]).kill()
    show.wait_ready("tts")
    show.kitsu("acknowledge")
    show.kitsu("say", "Tell us about the stream tonight, please.")
    show.wait(lambda s: s["levels"]["speaking"], 60)
    draw(show, folder / "console.svg")
    show.wait(over, 60)
    show.kitsu("say", "And what will you eat?")
    show.wait(lambda s: s["levels"]["speaking"], 60)
    time.sleep(0.5)
    show.kitsu("panic")
    draw(show, folder / "panic.svg", "100x14")


def main() -> None:
    """Draw into the folder that is named."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs").absolute()
    with (
        tempfile.TemporaryDirectory() as place,
        ObsLab() as obs,
        pulse() as server,
        real_show(Path(place) / "show") as show,
    ):
        show.environ |= server.env | obs.environ | {"USER": "mika", "LOGNAME": "mika"}
        profile = show.folder / "fox-hour.yaml"
        profile.write_text(PROFILE)
        show.start(profile)
        show.wait_ready("audio", "asr", "policy", "tts", "obs")
        time.sleep(5)  # she is warmed up
        show.kitsu("drill")
        session(show, server.speak, folder)


if __name__ == "__main__":
    main()
