"""`kitsu bench panic` beside a real OBS: a few drills, then ctrl+c, and the figures so far."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import msgspec
import psutil
import pytest

from kitsu_tui.bench.report import BenchReport
from tests.support import obs

pytestmark = [pytest.mark.e2e, pytest.mark.real]

DRILLS = 6
"""Of ten, those that are asked for on the control socket; they come first."""


@pytest.mark.timeout(400)
def test_what_was_measured_before_it_was_ended_is_told(
    starter_models: object, kitsu_bin: Path, tmp_path: Path
) -> None:
    obs.require()
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    bench = subprocess.Popen(
        [kitsu_bin, "bench", "panic", "--samples", "10", "--json"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert bench.stderr is not None
        said = []
        for line in bench.stderr:
            said.append(line)
            if "plain: " in line:
                break
        begun = {child.pid for child in psutil.Process(bench.pid).children(recursive=True)}
        bench.send_signal(signal.SIGINT)
        out, err = bench.communicate(timeout=60)
    finally:
        bench.kill()
    assert bench.returncode == 130, "".join(said) + err
    report = msgspec.json.decode(out, type=BenchReport)
    assert report.ended == "somebody ended it"
    figures = {figure.name.strip(): figure for figure in report.figures}
    for name in (
        "press to last sound",
        "press to BRB scene, event",
        "press to BRB scene, read back",
        "press to mutes, event",
        "press to filter, event",
        "resume to all put back",
    ):
        assert figures[name].samples >= DRILLS, report.notes
    assert any("after 0 of" in note for note in report.notes), report.notes
    left = [pid for pid in begun if psutil.pid_exists(pid)]
    assert not left
    assert not list(tmp_path.glob("k*-*"))
