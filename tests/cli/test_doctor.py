"""`kitsu doctor` as a person meets it: a report, never a traceback, nothing left behind."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest

from kitsu_tui.config.models import ModelStore
from kitsu_tui.doctor.report import STATUSES
from tests.conftest import Sandbox
from tests.support.children import children
from tests.support.show import QUIET, real_show

Doctor = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[2]
FAULTY = ROOT / "tests" / "support" / "engines.py"
HANGING = f"""{QUIET}
  echo: {{enabled: true, command: ["{sys.executable}", "{FAULTY}", "hangs_at_start"]}}
"""


@pytest.fixture
def doctor(kitsu_bin: Path, sandbox: Sandbox) -> Doctor:
    def doctor(
        *args: str, before: tuple[str, ...] = (), **more: Any
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*before, str(kitsu_bin), "doctor", *args],
            capture_output=True,
            text=True,
            timeout=90,
            stdin=subprocess.DEVNULL,
            **more,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return doctor


def checks(done: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], dict[str, Any]]:
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1, (done.returncode, done.stdout)
    line = done.stdout
    report = json.loads(line)
    assert report["ok"] == (done.returncode == 0) == (report["counts"]["bad"] == 0)
    assert sum(report["counts"].values()) == len(report["checks"])
    for check in report["checks"]:
        assert bool(check["do"]) == (check["status"] in ("warn", "bad")), check
    return {(check["group"], check["name"]): check for check in report["checks"]}


@pytest.mark.real
def test_the_starter_is_well(doctor: Doctor, starter_models: ModelStore, kitsu_bin: Path) -> None:
    done = doctor("--json")
    assert done.returncode == 0, done.stdout
    found = checks(done)
    for engine in ("audio", "asr", "policy", "tts", "metrics"):
        assert "ready in" in found["Engines", engine]["found"]
    for engine in ("asr", "policy", "tts"):
        assert "sha256" in found["Models", engine]["found"]
    said = subprocess.run([kitsu_bin, "schema", "doctor"], capture_output=True, timeout=60)
    jsonschema.validate(json.loads(done.stdout), json.loads(said.stdout))


def test_quick_is_for_people(doctor: Doctor, starter_models: ModelStore) -> None:
    done = doctor("--quick")
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    titles = [line for line in lines if line and not line.startswith(" ")]
    assert "Python" in titles
    assert "Engines" in titles
    for line in lines:
        if line.startswith("  ") and not line.startswith("      "):
            sign, word = line.split()[:2]
            assert len(sign) == 1
            assert word in STATUSES
    assert " ok, " in lines[-1]
    assert "Next: " in lines[-1]


def test_an_output_without_signs_gets_plain_ones(doctor: Doctor) -> None:
    done = doctor("--quick", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert "  + ok" in done.stdout
    assert "✓" not in done.stdout


def test_a_broken_profile(doctor: Doctor, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("extends: starter\nadio: {}\n")
    done = doctor("--json", "--quick", "--profile", str(path))
    assert done.returncode == 1
    found = checks(done)
    assert "unknown key adio (did you mean audio?)" in found["Profile", "profile"]["found"]
    assert found["Engines", "asr"]["status"] == "skipped"
    assert found["Python", "version"]["status"] == "ok"
    assert "base.yaml" in json.loads(done.stdout)["next"]


def test_without_models_the_next_step_is_to_pull_them(doctor: Doctor, tmp_path: Path) -> None:
    done = doctor("--quick", env=os.environ | {"KITSU_MODELS_DIR": str(tmp_path / "none")})
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].endswith(
        "Next: kitsu models pull whisper-tiny.en smollm2-135m-instruct-q4_1 piper-en_US-joe-medium"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="modes of folders")
def test_no_home_closed_folders_and_hardly_an_environment(doctor: Doctor, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "in").mkdir(parents=True)
    closed.chmod(0)
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:  # root reads everything; without these it is as everybody
        if shutil.which("setpriv") is None:
            pytest.skip("root, and no setpriv")
        less = "-dac_override,-dac_read_search"
        before = ("setpriv", f"--bounding-set={less}", f"--inh-caps={less}")
    try:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(closed / "in"),
            "KITSU_LOG_ROOT": str(closed),
            "KITSU_RUNTIME_DIR": str(closed / "in"),
        }
        done = doctor("--json", "--quick", before=before, env=environ)
        found = checks(done)
        bare = doctor("--json", "--quick", env={"PATH": os.environ["PATH"]})
    finally:
        closed.chmod(0o700)
    assert done.returncode == 1
    for name in ("state", "logs", "runtime"):
        assert found["Disk", name]["status"] == "bad", found["Disk", name]
    assert found["Show", "control"]["status"] == "bad"
    assert "this check failed" not in done.stdout
    assert "this check failed" not in bare.stdout


def test_a_folder_that_has_gone(doctor: Doctor, tmp_path: Path, kitsu_bin: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd "{gone}" && rmdir "{gone}" && exec "$0" "$@"'
    done = doctor("--quick", "--json", before=("sh", "-c", script))
    assert done.returncode == 1
    assert "does not exist any more" in checks(done)["Profile", "profile"]["found"]


def test_a_secret_never_is_in_the_report(doctor: Doctor) -> None:
    secret = "hunter2-hunter2"
    more = {"OBS_WS_PASSWORD": secret, "ASR_SAMPLE_RATE": secret, "OBS_WS_URL": f"ws://u:{secret}@"}
    for args in (["--quick"], ["--quick", "--json"]):
        done = doctor(*args, env=os.environ | more)
        assert secret not in done.stdout
        assert "***" in done.stdout  # the profile's error quotes what it found


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_who_stops_it_leaves_nothing_behind(
    kitsu_bin: Path, sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "hangs.yaml"
    path.write_text(HANGING)
    child = subprocess.Popen(
        [kitsu_bin, "doctor", "--quick", "--engines", "--profile", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process = psutil.Process(child.pid)
    engine: list[psutil.Process] = []
    end = time.monotonic() + 30
    while not engine:
        assert time.monotonic() < end
        engine = children(process, str(FAULTY))
        time.sleep(0.02)
    child.send_signal(getattr(signal, name))
    out, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "kitsu doctor: stopped\n"), out
    _, alive = psutil.wait_procs(engine, 5)
    assert not alive


def test_beside_a_running_show_no_second_engines(tmp_path: Path) -> None:
    with real_show(tmp_path / "show") as show:
        profile = QUIET + "  echo: {enabled: true}\n"
        pid = show.start(profile)
        show.wait_ready("echo")
        done = show.kitsu("doctor", "--json", "--profile", str(tmp_path / "show/profile.yaml"))
        found = checks(done)
        assert f"pid {pid}" in found["Show", "control"]["found"]
        assert found["Engines", "echo"]["found"].startswith("in the running show: ready")
        # What a show writes is for its user alone, wherever the doctor looks.
        for name in ("state", "logs", "runtime"):
            assert found["Disk", name]["status"] == "ok", found["Disk", name]
        assert show.status()["pid"] == pid


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_a_terminal_that_never_answers_is_left_as_it_was(kitsu_bin: Path, sandbox: Sandbox) -> None:
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    launch = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", launch, str(kitsu_bin), "doctor", "--quick"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={k: v for k, v in os.environ.items() if k != "TMUX"} | {"TERM": "xterm-256color"},
        start_new_session=True,
    )
    output = b""
    os.set_blocking(master, False)
    end = time.monotonic() + 60
    while child.poll() is None:
        assert time.monotonic() < end
        try:
            output += os.read(master, 65536)
        except BlockingIOError:
            time.sleep(0.02)
    try:
        output += os.read(master, 65536)
    except OSError:
        pass
    assert b"\x1b[>0q\x1b[c" in output
    assert b"it does not answer" in output
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)
