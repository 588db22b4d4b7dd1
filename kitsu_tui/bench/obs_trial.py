"""`scripts/obs-lab`: a real OBS without a screen for trials by hand, until ctrl+c."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import time

from kitsu_tui.bench.obs_lab import NoObs, ObsLab
from kitsu_tui.bench.obs_scenes import CAPTION, PANIC_FILTER, SCENES, SOUNDS

LOOK_S = 0.5


def main() -> int:
    """Start it, say how to use it, and wait."""
    parser = argparse.ArgumentParser(
        prog="scripts/obs-lab",
        description="Starts a real OBS without a screen, with scenes to try things on, until "
        "ctrl+c. It touches no OBS that you have.",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="where it listens (default: a free one)"
    )
    parser.add_argument("--fps", type=int, default=30, help="frames a second (default: 30)")
    asked = parser.parse_args()
    # A terminal that goes, and who ends it, mean what ctrl+c means.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        with ObsLab(fps=asked.fps, port=asked.port) as lab:
            _tell(lab)
            while lab.running:
                time.sleep(LOOK_S)
            sys.stderr.write("obs-lab: OBS has ended\n")
            return 1
    except NoObs as err:
        sys.stderr.write(f"obs-lab: {err}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def _tell(lab: ObsLab) -> None:
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in lab.environ.items())
    sys.stdout.write(
        f"export {exports}\n"
        f"# OBS (pid {lab.pid}) listens; paste the line above where the show is started.\n"
        f"# scenes: {', '.join(SCENES)}; inputs with sound: {', '.join(SOUNDS)};\n"
        f"# text: {CAPTION}; filter for panic: OBS_PANIC_FILTER={PANIC_FILTER}\n"
        "# ctrl+c ends it\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
